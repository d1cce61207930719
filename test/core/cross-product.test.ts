import t from 'tap';
import { decide } from '../../lib/core/decide.ts';
import { assertDecision } from '../../lib/core/invariants.ts';
import { expected, ROWS } from './cross/oracle.ts';
import { scenes } from './cross/product.ts';
import { build, type Scene } from './cross/scene.ts';
import { NOW } from './words.ts';

/** Disagreements shown before the enumeration gives up: the first ones tell. */
const MAX_SHOWN = 5;

t.test('every point of the cross product fits the row that the oracle names', async (t) => {
  const hits = new Map<string, number>();
  const wrong: object[] = [];
  let count = 0;
  for (const scene of scenes()) {
    count += 1;
    const should = expected(scene);
    hits.set(should.row, (hits.get(should.row) ?? 0) + 1);
    const is = outcomeOf(scene);
    const agreed = [should.state, should.reason, ...should.payments].join(' ');
    if (is !== agreed) wrong.push({ scene, should, is });
    if (wrong.length === MAX_SHOWN) break;
  }
  t.same(wrong, []);
  t.ok(count > 100_000, 'the product is large');
  t.comment(`${count} scenes`, Object.fromEntries(hits));
  const never = ROWS.map(({ name }) => name).filter((name) => !hits.has(name));
  t.same(never, [], 'every row is hit');
});

/** `completed captured succeeded failed`: the state, the reason, the states of the payments. */
function outcomeOf(scene: Scene): string {
  const { theCase, heard, policy } = build(scene);
  try {
    const decision = decide(theCase, heard, policy, NOW);
    assertDecision(theCase, decision);
    const changed = new Map(decision.payments.map((payment) => [payment.id, payment]));
    const payments = theCase.payments.map((payment) => changed.get(payment.id) ?? payment);
    const states = [...payments, ...decision.added].map(({ state }) => state);
    return [decision.order.state, decision.reason, ...states].join(' ');
  } catch (error) {
    return String(error);
  }
}
