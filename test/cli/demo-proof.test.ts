import { join } from 'node:path';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { alternatives } from '../../lib/cli/demo/alternatives.ts';
import { type CheckName, checkAll, type Evidence } from '../../lib/cli/demo/checks.ts';
import { compare, toRows } from '../../lib/cli/demo/results.ts';
import {
  createScenario,
  DEMANDS,
  LEAST_ORDERS,
  type StuckOrder,
  TRUTHS,
} from '../../lib/cli/demo/scenario.ts';
import { type Report, reportJson, reportText } from '../../lib/cli/demo/show.ts';
import { MINUTE_MS } from '../../lib/core/time.ts';
import type { OrderView } from '../../lib/store/port.ts';
import { openSqliteStore } from '../../lib/store/sqlite/index.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { foundPayment, pendingOrder, T0, testClock } from '../support/store-fixtures.ts';

/** A demo that cannot fail proves nothing: whatever goes wrong is seen by the check that is about it. */

t.test('a hundred orders have the truths that the README shows', async (t) => {
  const { orders } = createScenario({ orders: 100, seed: 1, now: T0 });
  const counts = TRUTHS.map((truth) => orders.filter((order) => order.truth === truth).length);
  t.strictSame(counts, [39, 8, 6, 7, 4, 8, 3, 6, 3, 3, 2, 6, 5]);
});

t.test('every shop has so many orders, each truth, and too few of the last pieces', async (t) => {
  for (const number of [LEAST_ORDERS, LEAST_ORDERS + 1, 20, 37, 100, 1_000]) {
    const { orders, products } = createScenario({ orders: number, seed: 3, now: T0 });
    t.equal(orders.length, number);
    t.equal(new Set(orders.map(({ truth }) => truth)).size, TRUTHS.length, 'each truth');
    t.equal(new Set(orders.map(({ request }) => request.id)).size, number, 'ids of their own');
    const keys = orders.flatMap(({ atGateway }) => atGateway.map((one) => one.transactionKey));
    t.equal(new Set(keys).size, keys.length, 'keys of their own');
    const ages = orders.map(({ request }) => (T0 - Date.parse(request.createdAt)) / MINUTE_MS);
    t.strictSame([Math.max(...ages), Math.min(...ages)], [70, 11], 'stuck for 11 to 70 minutes');
    const wanted = orders.filter(({ truth }) => truth === 'last_pieces').length;
    const last = products.find(({ id }) => id === 'P-9')?.onHand ?? 0;
    t.ok(last >= 1 && last < wanted, `${last} of ${wanted} get one`);
  }
});

t.test('other ways are reckoned from the lookups that were measured', async (t) => {
  const ids = Array.from({ length: 11 }, (_, index) => `O-${index}`);
  const durations = Object.fromEntries(ids.map((id, index) => [id, [100 + index]]));
  const other = alternatives([...ids, 'never asked'], { ...durations, 'O-0': [300, 100] });
  t.strictSame(other, { oneByOneMs: 1_455, chunkByChunkMs: 510, chunk: 10, lookups: 12 });
});

/** The order as its truth demands it, or with what went wrong. */
function viewOf({ truth, request, atGateway }: StuckOrder, sold: boolean): OrderView {
  const [first, second] = DEMANDS[truth];
  const { state, reason } = (sold ? first : second) ?? { state: 'pending', reason: null };
  const captured = atGateway.filter(({ status }) => status === 'SUCCESS');
  const payments = captured.map((one, index) => {
    const pays = state === 'completed' && index === 0;
    const due = { state: 'refund_due', refundDue: one.amount } as const;
    const kept = state === 'held' ? ({ state: 'pending' } as const) : due;
    return foundPayment({
      id: one.transactionKey,
      ...(pays ? ({ state: 'succeeded' } as const) : kept),
    });
  });
  const order = pendingOrder({ id: request.id, amount: request.amount, state, reason });
  return { order, items: request.items, payments };
}

async function evidence(t: Test): Promise<Evidence & { readonly path: string }> {
  const scenario = createScenario({ orders: 30, seed: 1, now: T0 });
  const scratch = scratchDir('demo-proof');
  const path = join(scratch.path, 'reconciled.db');
  const store = openSqliteStore({ path, clock: testClock(), tell: () => undefined });
  t.teardown(() => store.upkeep.close().then(scratch.remove));
  const left = new Map(scenario.products.map((product) => [product.id, product.onHand]));
  const results = scenario.orders.map((stuck) => {
    const wants = stuck.request.items;
    const sold = stuck.truth !== 'last_pieces' || (left.get('P-9') ?? 0) > 0;
    const view = viewOf(stuck, sold);
    for (const { productId, quantity } of view.order.state === 'completed' ? wants : [])
      left.set(productId, (left.get(productId) ?? 0) - quantity);
    return compare(stuck, view);
  });
  for (const { id, name } of scenario.products)
    await store.intake.putProduct({ id, name, onHand: left.get(id) ?? 0, lowStockAt: null }, T0);
  const transactions = scenario.orders.flatMap(({ atGateway }) => atGateway);
  const stats = { maxInFlight: 10, durationsMs: {} };
  return { scenario, results, store, stats, transactions, maxInFlight: 10, notices: 0, path };
}

/** What is wrong, and which checks have to see it. `once` and `replay` are about the journal, which is empty here. */
const WRONGS: readonly {
  readonly what: string;
  readonly seenBy: readonly CheckName[];
  readonly change: (one: Evidence) => Partial<Evidence>;
}[] = [
  { what: 'nothing', seenBy: [], change: () => ({}) },
  {
    what: 'an order that is not as its truth demands',
    seenBy: ['truth'],
    change: ({ results }) => ({
      results: results.map((one, index) => (index === 0 ? { ...one, right: false } : one)),
    }),
  },
  {
    what: 'an order that nothing came of',
    seenBy: ['truth'],
    change: ({ results }) => ({
      results: results.filter(({ stuck }) => stuck.truth !== 'never_paid'),
    }),
  },
  {
    what: 'a capture of which nobody knows',
    seenBy: ['money'],
    change: ({ transactions }) => ({
      transactions: [...transactions, { orderId: 'ORDER999999', amount: 1, status: 'SUCCESS' }],
    }),
  },
  {
    what: 'too many lookups at once',
    seenBy: ['window'],
    change: () => ({ stats: { maxInFlight: 11, durationsMs: {} } }),
  },
  { what: 'a message that nobody sent', seenBy: ['told'], change: () => ({ notices: 1 }) },
];

t.test('what is wrong is seen by the check that is about it', async (t) => {
  const right = await evidence(t);
  t.ok(right.results.every((one) => one.right));
  const failing = async (one: Evidence) => {
    const checks = await checkAll(one);
    return checks.flatMap(({ name, ok }) =>
      ok || name === 'replay' || name === 'once' ? [] : name,
    );
  };
  for (const { what, seenBy, change } of WRONGS) {
    t.strictSame(await failing({ ...right, ...change(right) }), seenBy, what);
  }
  const checks = await checkAll(right);
  const completed = right.results.filter(({ view }) => view.order.state === 'completed').length;
  t.strictSame(
    checks.filter(({ name }) => name === 'once' || name === 'replay'),
    [
      { name: 'once', ok: false, numbers: `0 / ${completed}` },
      { name: 'replay', ok: false, numbers: '0 / 0' },
    ],
    'without a journal nothing is proven',
  );
  const hand = new Database(right.path);
  hand.exec("UPDATE products SET on_hand = on_hand - 1 WHERE id = 'P-1'");
  hand.close();
  t.strictSame(await failing(right), ['stock', 'file'], 'a piece that is gone');
});

t.test('an order is right in its state, its reason and what it owes', async (t) => {
  const { results } = await evidence(t);
  const twice = results.find(({ stuck }) => stuck.truth === 'captured_twice');
  if (twice === undefined) throw new Error('nobody was charged twice');
  const { stuck, view } = twice;
  const [paid, due] = view.payments;
  if (paid === undefined || due === undefined) throw new Error('a payment is missing');
  const otherwise = (order: Partial<OrderView['order']>) =>
    compare(stuck, { ...view, order: { ...view.order, ...order } }).right;
  t.equal(otherwise({}), true);
  t.equal(otherwise({ state: 'failed' }), false);
  t.equal(otherwise({ reason: 'nothing_due' }), false);
  t.equal(
    compare(stuck, { ...view, payments: [paid] }).right,
    false,
    'money that is not owed back',
  );
});

t.test('what is wrong is shown as wrong', async (t) => {
  const { results, scenario } = await evidence(t);
  const rows = toRows([...results].reverse());
  t.strictSame(
    [...new Set(rows.map(({ truth }) => truth))],
    TRUTHS,
    'in the order in which people read them',
  );
  const report: Report = {
    orders: scenario.orders.length,
    seed: 1,
    rows: rows.map((row) => (row.truth === 'captured' ? { ...row, right: row.right - 1 } : row)),
    tookMs: 1_000,
    maxInFlight: 10,
    alternatives: alternatives([], {}),
    story: { orderId: 'ORDER000001', lines: [] },
    notices: [],
    checks: [
      { name: 'truth', ok: false, numbers: '29 / 30' },
      { name: 'stock', ok: true, numbers: '1 = 1 + 0' },
    ],
  };
  const text = reportText(report, 'en');
  t.match(text, /^captured +\d+ +completed +captured +\d+\/\d+ WRONG$/m);
  t.match(text, /^ {2}FAILED +every order is as its truth demands +29 \/ 30$/m);
  t.match(text, /^ {2}ok +pieces put in/m);
  t.match(text, /\n1 check failed\. This is a bug; please report it with the output above\.$/);
  t.notMatch(text, 'No payment is left in doubt');
  t.match(JSON.parse(reportJson(report)), { ok: false, checks: [{ ok: false }, { ok: true }] });
});
