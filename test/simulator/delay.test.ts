import t from 'tap';
import { readDelay } from '../../lib/simulator/delay.ts';
import { Draws, uniform } from '../../lib/simulator/random.ts';

/** A thousand draws in order of size. */
function draws(text: string): readonly number[] {
  const delay = readDelay('delay', text);
  const random = new Draws(1);
  const values = Array.from({ length: 1_000 }, () => delay?.(random.next('lookup', 'K')) ?? 0);
  return values.sort((one, other) => one - other);
}

t.test('distributions', async (t) => {
  t.equal(readDelay('delay', 'none'), null);
  t.equal(readDelay('delay', 'constant:0'), null, 'no time needs no timer');
  t.strictSame(new Set(draws('constant:500')), new Set([500]));
  const even = draws('uniform:100-500');
  t.ok((even[0] ?? 0) >= 100 && (even[999] ?? 0) <= 500);
  t.ok(Math.abs((even[500] ?? 0) - 300) < 25, 'the median lies in the middle');
  const heavy = draws('lognormal:120:3000');
  t.ok(Math.abs((heavy[500] ?? 0) - 120) < 25, `median ${heavy[500]}`);
  t.ok((heavy[990] ?? 0) > 2_000 && (heavy[990] ?? 0) < 4_500, `99th percentile ${heavy[990]}`);
});

t.test('draws depend on the seed and the subject alone', async (t) => {
  t.equal(uniform(1, 'a'), uniform(1, 'a'));
  t.not(uniform(1, 'a'), uniform(2, 'a'));
  t.not(uniform(1, 'a'), uniform(1, 'b'));
  const one = new Draws(1);
  const other = new Draws(1);
  other.next('lookup', 'B');
  t.equal(one.next('lookup', 'A')('x'), other.next('lookup', 'A')('x'), 'B came first');
  t.not(one.next('lookup', 'A')('x'), other.next('lookup', 'B')('x'));
  t.not(one.next('lookup', 'A')('x'), one.next('lookup', 'A')('x'), 'the next is another one');
});
