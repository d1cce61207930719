import t from 'tap';
import { BEGINNINGS } from './every/beginnings.ts';
import { search } from './every/search.ts';

/** Seconds on an ordinary machine. `npm run -s sim -- --exhaustive 2` goes further. */
const DEPTH = 1;

t.test('whatever happens in whatever order, no money is forgotten', async (t) => {
  for (const beginning of BEGINNINGS) {
    // Where nothing is there yet the first step is mostly that something comes.
    const depth = beginning.first.length === 0 ? DEPTH + 1 : DEPTH;
    const { counterexample, states } = await search(beginning, depth);
    t.strictSame(counterexample, null, `${beginning.words}: ${states} states`);
  }
});
