import t from 'tap';
import { simulate } from './simulation.ts';

/** The same histories every time: a failure here is repeated by `npm run -s sim -- --seed S`. */
const SEEDS = 80;

t.test('no history breaks an invariant, and all of them converge', async (t) => {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const { findings } = await simulate(seed);
    t.strictSame(findings, [], `npm run -s sim -- --seed ${seed}`);
  }
});
