import Database from 'better-sqlite3';
import t from 'tap';
import { percentile } from '../../lib/report/percentiles.ts';
import type { Tie } from '../../lib/report/report.ts';
import { factsOf, sectionsOf, summaryOf } from '../../lib/report/sections.ts';
import { DAY, openShop, reportOf, withSource } from './shop.ts';

const won = (count: number) => ({ count, amount: 1_000 * count });

t.test('a day is counted by state, reason, gateway and hour, and by what settled it', async (t) => {
  const shop = await openShop();
  t.teardown(shop.close);
  const report = reportOf(shop);
  t.match(report, {
    from: DAY,
    to: DAY,
    begins: '2025-08-15T15:00:00.000Z',
    ends: '2025-08-16T15:00:00.000Z',
    complete: false,
    orders: 8,
    tiesOut: true,
    differences: [],
    deadDeliveries: [],
    stock: { products: 1, pieces: 4, most: [{ id: 'tea', name: 'Tea', pieces: 4 }] },
    timeToSettle: { orders: 6, medianMs: 660_000, p95Ms: 4_330_000, maxMs: 4_330_200 },
  });
  const [krw] = report.currencies;
  t.equal(report.currencies.length, 1);
  t.match(krw, {
    currency: 'KRW',
    total: won(8),
    states: { completed: won(4), failed: won(2), held: won(1), pending: won(1) },
    settled: {
      sweep: { completed: won(3), failed: won(1), total: won(4) },
      callback: { completed: won(1), failed: won(0), total: won(1) },
      request: { total: won(0) },
      person: { completed: won(0), failed: won(1), total: won(1) },
    },
    gateways: [
      {
        gateway: 'pg',
        total: won(9),
        states: { succeeded: won(4), failed: won(1), pending: won(2), refund_due: won(2) },
        refundDue: 1_900,
      },
    ],
  });
  t.same(
    krw?.reasons.map(({ state, reason, count }) => `${state} ${reason} ${count}`),
    [
      'pending still_open 1',
      'completed captured 4',
      'failed declined 1',
      'failed resolved_by_person 1',
      'held mismatched 1',
    ],
  );
  const hours = krw?.hours.filter(({ states }) =>
    Object.values(states).some(({ count }) => count > 0),
  );
  t.equal(krw?.hours.length, 24);
  // Made eleven minutes before nine, and before ten.
  t.same(
    hours?.map(({ hour }) => hour),
    [8, 9],
  );
  t.match(hours?.[1]?.states, { completed: won(1), failed: won(0) });
  t.match(report.open, {
    held: [{ currency: 'KRW', reason: 'mismatched', count: 1, amount: 1_000 }],
    refundsOwed: [{ currency: 'KRW', gateway: 'pg', count: 2, amount: 1_900 }],
  });
});

t.test('other days and ranges of days', async (t) => {
  const shop = await openShop();
  t.teardown(shop.close);
  const before = reportOf(shop, { from: '2025-08-15', to: '2025-08-15' });
  t.match(before, { orders: 0, currencies: [], tiesOut: true, complete: true });
  t.match(before.timeToSettle, { orders: 0, medianMs: null, p95Ms: null, maxMs: null });
  const week = reportOf(shop, { from: '2025-08-10', to: '2025-08-17' });
  t.match(week, { orders: 8, tiesOut: true });
  t.same(week.currencies, reportOf(shop).currencies);
  t.equal(reportOf(shop, { from: '2025-08-17', to: '2025-08-17' }).orders, 0);
});

t.test('one snapshot: what is written meanwhile is not in it', async (t) => {
  const shop = await openShop();
  t.teardown(shop.close);
  const span = { from: 0, until: Number.MAX_SAFE_INTEGER };
  const writer = new Database(shop.path);
  t.teardown(() => writer.close());
  const counts = withSource(shop, (source) =>
    source.snapshot((view) => {
      const before = view.orders(span);
      writer.exec("UPDATE orders SET reason = 'unclear' WHERE id = 'ORDER-5'");
      return [before, view.orders(span)];
    }),
  );
  t.same(counts[0], counts[1]);
});

/** What somebody did to the database by hand, and which totals then contradict each other. */
const TAMPERED: readonly (readonly [string, readonly Tie['what'][]])[] = [
  [
    "UPDATE orders SET amount = 9000 WHERE id = 'ORDER-1'",
    ['created', 'completed', 'agreeing', 'paid', 'paying'],
  ],
  [
    "UPDATE orders SET state = 'completed' WHERE id = 'ORDER-3'",
    ['completed', 'failed', 'agreeing', 'paid', 'paying', 'stock'],
  ],
  [
    "UPDATE orders SET state = 'pending', paid_by = NULL WHERE id = 'ORDER-1'",
    ['pending', 'completed', 'agreeing', 'paid', 'stock'],
  ],
  [
    "UPDATE orders SET state = 'failed' WHERE id = 'ORDER-5'",
    ['failed', 'held', 'agreeing', 'open_held'],
  ],
  ["UPDATE orders SET currency = 'USD' WHERE id = 'ORDER-8'", ['agreeing']],
  ["UPDATE orders SET version = version + 1 WHERE id = 'ORDER-8'", ['agreeing', 'history']],
  [
    "DELETE FROM journal WHERE order_id = 'ORDER-1' AND version = 2",
    ['pending', 'completed', 'agreeing', 'history'],
  ],
  [
    "DELETE FROM journal WHERE order_id = 'ORDER-2'",
    ['created', 'completed', 'agreeing', 'history'],
  ],
  ["UPDATE payments SET amount = 1 WHERE id = 'ORDER-1-pay-1'", ['paid', 'paying']],
  ["UPDATE payments SET state = 'failed' WHERE id = 'ORDER-1-pay-1'", ['paid', 'paying']],
  ["UPDATE payments SET state = 'succeeded' WHERE id = 'ORDER-3-pay-1'", ['paid']],
  ["UPDATE payments SET state = 'refunded' WHERE id = 'ORDER-6-pay-1'", ['open_refunds']],
  // The totals stay as they are, only the orders are not the same any more.
  [
    "UPDATE orders SET amount = amount + CASE id WHEN 'ORDER-1' THEN 500 ELSE -500 END WHERE id IN ('ORDER-1', 'ORDER-2')",
    ['agreeing', 'paying'],
  ],
  ["UPDATE orders SET paid_by = 'ORDER-2-pay-1' WHERE id = 'ORDER-1'", ['paying']],
  ["UPDATE stock_movements SET change = -7 WHERE reference = 'ORDER-1'", ['stock']],
  ["DELETE FROM stock_movements WHERE reference = 'ORDER-4'", ['stock']],
  ["UPDATE items SET quantity = 2 WHERE order_id = 'ORDER-1'", ['stock']],
];

for (const [statement, differing] of TAMPERED) {
  t.test(`after ${statement}`, async (t) => {
    const shop = await openShop();
    t.teardown(shop.close);
    const hand = new Database(shop.path);
    hand.exec(statement);
    hand.close();
    const report = reportOf(shop);
    t.same(
      report.differences.map(({ what }) => what),
      differing,
    );
    t.equal(report.tiesOut, differing.length === 0);
    t.same(
      report.ties.filter(({ equal }) => !equal),
      report.differences,
    );
    if (differing.length === 0) return;
    const [first] = sectionsOf(report, { locale: 'en' });
    t.equal(first?.title, 'What does not agree', 'it stands first');
    t.equal(first?.rows.length, differing.length);
    t.match(summaryOf(report, { locale: 'en' }), /^DIFFERENCES/);
    t.match(summaryOf(report, { locale: 'ko' }), /^불일치/);
  });
}

const MOST = Number.MAX_SAFE_INTEGER;

/** Many orders like ORDER-8, of the day or not: SQLite itself adds up to 1,024 of the largest amounts. */
const manyOrders = (createdAt: string) => `
  WITH RECURSIVE each (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM each WHERE n < 1025)
  INSERT INTO orders (id, member_id, currency, amount, state, created_at, updated_at, looks, version, content, ask_at)
  SELECT 'MANY-' || n, member_id, currency, ${MOST}, 'held', ${createdAt}, updated_at, looks, 1, content, ask_at
  FROM each, orders WHERE id = 'ORDER-8'`;

/** What nobody can add up exactly. */
const TOO_LARGE: readonly (readonly [string, string])[] = [
  ['the orders of the day', `UPDATE orders SET amount = ${MOST}`],
  ['so many of them that SQLite cannot either', manyOrders('created_at')],
  ['held orders of another day', `UPDATE orders SET amount = ${MOST}, created_at = 0`],
  ['so many of those', manyOrders('0')],
  [
    'refunds of the day',
    `UPDATE payments SET refund_due = ${MOST}, state = 'refunded' WHERE refund_due > 0`,
  ],
  [
    'refunds of another day',
    `UPDATE payments SET refund_due = ${MOST} WHERE refund_due > 0; UPDATE orders SET created_at = 0`,
  ],
];

t.test('a sum that a plain number does not hold is told of no table', async (t) => {
  for (const [what, statement] of TOO_LARGE) {
    const shop = await openShop();
    const hand = new Database(shop.path);
    hand.exec(
      `UPDATE orders SET state = 'held', reason = 'mismatched' WHERE id = 'ORDER-8'; ${statement}`,
    );
    hand.close();
    t.throws(() => reportOf(shop), { code: 'invalid', message: /too large to add up/ }, what);
    await shop.close();
  }
});

t.test('the day in a sentence', async (t) => {
  const shop = await openShop();
  t.teardown(shop.close);
  const report = reportOf(shop);
  t.equal(
    summaryOf(report, { locale: 'en' }),
    '2025-08-16: 8 orders (₩8,000) – 4 completed, 2 failed, 1 held, 1 pending. Open: 1 held, 2 refunds owed.',
  );
  t.equal(
    summaryOf(report, { locale: 'ko' }),
    '2025-08-16: 주문 8건 (₩8,000) – 완료 4, 실패 2, 보류 1, 대기 1. 미해결: 보류 1건, 환불 필요 2건.',
  );
});

t.test('every table is as wide as its head, in both languages', async (t) => {
  const shop = await openShop();
  t.teardown(shop.close);
  const report = reportOf(shop);
  for (const locale of ['en', 'ko'] as const) {
    const sections = sectionsOf(report, { locale });
    t.equal(new Set(sections.map(({ title }) => title)).size, sections.length);
    for (const { title, head, rows } of sections)
      t.ok(
        rows.every((row) => row.length === head.length),
        title,
      );
    t.ok(factsOf(report, { locale }).length > 5);
  }
});

t.test('what went back already is not told as what is to pay back', async (t) => {
  const shop = await openShop();
  t.teardown(shop.close);
  const hand = new Database(shop.path);
  hand.exec("UPDATE payments SET state = 'refunded' WHERE refund_due > 0");
  hand.close();
  const sections = sectionsOf(reportOf(shop), { locale: 'en' });
  const gateways = sections.find(({ title }) => title === 'Payments by gateway (KRW)');
  t.equal(gateways?.head.at(-1)?.text, 'to pay back or paid back');
  t.equal(gateways?.rows[0]?.at(-1), '₩1,900');
});

t.test('of the products that are not named it is told how many', async (t) => {
  const shop = await openShop();
  t.teardown(shop.close);
  const report = reportOf(shop);
  for (const [products, more] of [
    [1, ''],
    [2, 'and 1 more product'],
    [3, 'and 2 more products'],
  ] as const) {
    const stock = { ...report.stock, products };
    const sections = sectionsOf({ ...report, stock }, { locale: 'en' });
    const rows = sections.find(({ title }) => title === 'Taken from the stock')?.rows;
    t.strictSame(rows?.at(-1), ['total', more, '4']);
  }
});

/** Lengths, the share, and the length that this share did not exceed. */
const PERCENTILES: readonly (readonly [
  readonly (readonly [number, number])[],
  number,
  number | null,
])[] = [
  [[], 0.5, null],
  [[[7, 1]], 0.5, 7],
  [[[7, 1]], 0.95, 7],
  [
    [
      [2, 1],
      [1, 1],
    ],
    0.5,
    1,
  ],
  [
    [
      [1, 1],
      [2, 1],
      [3, 1],
    ],
    0.5,
    2,
  ],
  [
    [
      [1, 95],
      [2, 5],
    ],
    0.95,
    1,
  ],
  [
    [
      [1, 94],
      [2, 6],
    ],
    0.95,
    2,
  ],
  [
    [
      [10, 1_000_000],
      [99, 1],
    ],
    1,
    99,
  ],
];

for (const [lengths, share, expected] of PERCENTILES) {
  t.test(`${share} of ${JSON.stringify(lengths)}`, async (t) => {
    t.equal(percentile(new Map(lengths), share), expected);
  });
}
