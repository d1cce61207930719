import Database from 'better-sqlite3';
import t from 'tap';
import { spanOfDays } from '../../lib/report/days.ts';
import type { Report } from '../../lib/report/report.ts';
import { DAY, openShop, reportOf, ZONE } from './shop.ts';

/** What a report counts, and in which order it tells it. */

const span = spanOfDays(DAY, DAY, ZONE);

/** Products beside the tea of which so many pieces left the stock each, with this order. */
const products = (pieces: readonly number[], name = 'p', order = 'ORDER-1') =>
  pieces
    .map((taken, index) => {
      const id = `${name}-${String(index).padStart(2, '0')}`;
      return `
        INSERT INTO products (id, name, on_hand) VALUES ('${id}', 'Product ${index}', 0);
        INSERT INTO items VALUES ('${order}', ${10 + index}, '${id}', ${taken}, 0);
        INSERT INTO stock_movements (product_id, change, on_hand, kind, reference, at)
          VALUES ('${id}', -${taken}, 0, 'taken', '${order}', 0);`;
    })
    .join('');

const dead = (number: number, at: number) => `
  INSERT INTO effects (seq, key, topic, at) VALUES (${number}, 'told-${number}', 'order.held', 0);
  INSERT INTO deliveries (effect, channel, state, first_due_at, settled_at)
    VALUES (${number}, 'ops', 'dead', 0, ${at});`;

/** What was changed in the database by hand, what is read of the report, and what that is. */
const ROWS: readonly (readonly [string, string, (report: Report) => unknown, unknown])[] = [
  [
    'currencies',
    "UPDATE orders SET currency = 'USD' WHERE id = 'ORDER-2'; UPDATE orders SET currency = 'JPY' WHERE id = 'ORDER-8'",
    ({ orders, currencies }) => [orders, ...currencies.map(({ currency }) => currency)],
    [8, 'JPY', 'KRW', 'USD'],
  ],
  [
    'orders of no amount, and such as have no reason yet',
    "UPDATE orders SET amount = 0, reason = 'nothing_due' WHERE id = 'ORDER-1'; UPDATE orders SET reason = NULL WHERE id = 'ORDER-8'",
    ({ currencies: [krw] }) => krw?.reasons.slice(0, 2),
    [
      { state: 'pending', reason: null, count: 1, amount: 1_000 },
      { state: 'completed', reason: 'nothing_due', count: 1, amount: 0 },
    ],
  ],
  [
    'gateways',
    "UPDATE payments SET gateway = 'aa' WHERE order_id = 'ORDER-8'; UPDATE payments SET gateway = NULL WHERE order_id = 'ORDER-5'",
    ({ currencies: [krw] }) => krw?.gateways.map(({ gateway, total }) => [gateway, total.count]),
    [
      [null, 1],
      ['aa', 1],
      ['pg', 7],
    ],
  ],
  [
    'payments by their state',
    "UPDATE payments SET state = 'refunded', amount = 700 WHERE order_id = 'ORDER-6'",
    ({ currencies: [krw] }) => krw?.gateways[0]?.states,
    {
      pending: { count: 2, amount: 2_000 },
      succeeded: { count: 4, amount: 4_000 },
      failed: { count: 1, amount: 1_000 },
      refund_due: { count: 1, amount: 1_000 },
      refunded: { count: 1, amount: 700 },
    },
  ],
  [
    'how long a hundred orders took: half of them a minute, most others two',
    `WITH RECURSIVE each (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM each WHERE n < 94)
     INSERT INTO orders (id, member_id, currency, amount, state, created_at, updated_at, looks, version, content, ask_at)
     SELECT 'MANY-' || n, member_id, currency, amount, state, created_at, updated_at, looks, 1, content, ask_at
     FROM each, orders WHERE id = 'ORDER-3';
     INSERT INTO journal (order_id, version, at, state, settled_by, record)
     SELECT id, 1, created_at + 60000 * (1 + (CAST(substr(id, 6) AS INTEGER) > 50)), 'failed', 'sweep', '{}' FROM orders WHERE id LIKE 'MANY-%'`,
    ({ timeToSettle }) => timeToSettle,
    { orders: 100, medianMs: 60_000, p95Ms: 660_000, maxMs: 4_330_200 },
  ],
  [
    'orders at the first and after the last instant of the day, and at a quarter of an hour',
    `UPDATE orders SET created_at = ${span.from} WHERE id = 'ORDER-1';
     UPDATE orders SET created_at = ${span.until} WHERE id = 'ORDER-2';
     UPDATE orders SET created_at = ${span.from + 15 * 60_000} WHERE id = 'ORDER-3'`,
    ({ orders, currencies: [krw] }) => [orders, krw?.hours[0]?.states],
    [
      7,
      {
        pending: { count: 0, amount: 0 },
        completed: { count: 1, amount: 1_000 },
        failed: { count: 1, amount: 1_000 },
        held: { count: 0, amount: 0 },
      },
    ],
  ],
  [
    'what is held for each reason, since its oldest order',
    `UPDATE orders SET state = 'held', reason = 'mismatched', paid_by = NULL WHERE id = 'ORDER-4';
     UPDATE orders SET state = 'held', reason = 'unclear' WHERE id = 'ORDER-8'`,
    ({ open: { held } }) =>
      held.map(({ reason, count, oldestAt }) => [reason, count, oldestAt.slice(0, 16)]),
    [
      ['mismatched', 2, '2025-08-15T23:49'],
      ['unclear', 1, '2025-08-15T23:49'],
    ],
  ],
  [
    'messages that were given up, in the day and before it',
    dead(1_000, span.from) + dead(1_001, span.from - 1) + dead(1_002, span.until),
    ({ deadDeliveries }) => deadDeliveries,
    [{ channel: 'ops', count: 3, inReport: 1 }],
  ],
  [
    'products of which most left the stock',
    products([1, 9, 9]) + products([4], 'cup', 'ORDER-4'),
    ({ stock }) => stock,
    {
      products: 5,
      pieces: 27,
      most: [
        { id: 'p-01', name: 'Product 1', pieces: 9 },
        { id: 'p-02', name: 'Product 2', pieces: 9 },
        { id: 'cup-00', name: 'Product 0', pieces: 4 },
        { id: 'tea', name: 'Tea', pieces: 4 },
        { id: 'p-00', name: 'Product 0', pieces: 1 },
      ],
    },
  ],
  [
    'more products than are named',
    products(Array(21).fill(1)),
    ({ stock }) => [stock.products, stock.pieces, stock.most.length],
    [22, 25, 20],
  ],
  [
    'products of which none left the stock',
    "DELETE FROM stock_movements WHERE kind = 'taken'",
    ({ stock }) => stock,
    { products: 0, pieces: 0, most: [] },
  ],
];

for (const [what, statements, read, expected] of ROWS) {
  t.test(what, async (t) => {
    const shop = await openShop();
    t.teardown(shop.close);
    const hand = new Database(shop.path);
    hand.exec(statements);
    hand.close();
    t.same(read(reportOf(shop)), expected);
  });
}

t.test('a message that was given up on one of several days is of the report', async (t) => {
  const shop = await openShop();
  t.teardown(shop.close);
  const hand = new Database(shop.path);
  hand.exec(dead(1_000, span.from));
  hand.close();
  const report = reportOf(shop, { to: '2025-08-17' });
  t.same(report.deadDeliveries, [{ channel: 'ops', count: 1, inReport: 1 }]);
});

t.test('a day is complete from its end on', async (t) => {
  const shop = await openShop();
  t.teardown(shop.close);
  t.notOk(reportOf(shop, { now: span.until - 1 }).complete);
  t.ok(reportOf(shop, { now: span.until }).complete);
});
