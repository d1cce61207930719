import t from 'tap';
import { BrokenInvariant } from '../../lib/core/assert.ts';
import { ladderWait } from '../../lib/core/backoff.ts';
import { MINUTE_MS } from '../../lib/core/time.ts';
import { LADDER_MS } from './words.ts';

t.test('the ladder of waits: a rung a look, the last one repeats', async (t) => {
  const minutes = [0, 1, 2, 3, 4, 5, 6, 7, 8, 1_000_000].map(
    (looks) => ladderWait(LADDER_MS, looks) / MINUTE_MS,
  );
  t.same(minutes, [1, 1, 1, 2, 5, 10, 30, 60, 60, 60]);
  t.equal(ladderWait([7], 3), 7, 'one rung is a ladder');
  t.throws(() => ladderWait([], 0), BrokenInvariant, 'none is not');
});
