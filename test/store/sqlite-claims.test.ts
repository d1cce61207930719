import { join } from 'node:path';
import Database from 'better-sqlite3';
import t from 'tap';
import { DUE, NUDGED } from '../../lib/store/sqlite/claims.ts';
import { openSqliteStore } from '../../lib/store/sqlite/index.ts';
import { claimRequest, newOrder, newPayment, T0, testClock } from '../support/store-fixtures.ts';
import { directoryOf } from '../support/store-process.ts';

t.test('claims read their index and nothing else, however many orders are settled', async (t) => {
  const path = join(directoryOf(t), 'orders.db');
  const store = openSqliteStore({ path, clock: testClock(), tell: () => {} });
  await store.upkeep.close();
  const database = new Database(path, { readonly: true });
  t.teardown(() => database.close());
  const queues = [
    [DUE, 'orders_due'],
    [NUDGED, 'orders_nudged'],
  ] as const;
  for (const [queue, index] of queues)
    for (const sql of Object.values(queue)) {
      const plan = database.prepare<unknown[], { readonly detail: string }>(
        `EXPLAIN QUERY PLAN ${sql}`,
      );
      const values = Array(sql.split('?').length - 1).fill(0);
      const steps = plan.all(...values).map((step) => step.detail);
      t.match(steps, [new RegExp(`^SEARCH orders USING COVERING INDEX ${index} `)]);
      t.equal(steps.length, 1, 'no sorting');
    }
});

t.test('a claim steps over hundreds of leased and left out orders', async (t) => {
  const path = join(directoryOf(t), 'orders.db');
  const store = openSqliteStore({ path, clock: testClock(), tell: () => {} });
  t.teardown(() => store.upkeep.close());
  const orders = Array.from({ length: 900 }, (_, index) =>
    newOrder({
      id: `ORDER${String(index).padStart(4, '0')}`,
      lookAt: T0 - 1_000 + index,
      payments: [newPayment({ id: `pay-${index}`, gateway: index % 3 === 0 ? 'down' : 'pg' })],
    }),
  );
  await store.intake.createOrders(orders, T0);
  const request = { exceptGateways: ['down'], limit: 500 };
  t.equal((await store.docket.claim(claimRequest(request))).length, 500);
  const rest = await store.docket.claim(claimRequest(request));
  t.equal(rest.length, 100, 'the others are left out');
  t.equal(rest[0]?.lease.orderId, 'ORDER0751', 'the oldest that is neither leased nor left out');
  t.equal(
    (await store.docket.claim(claimRequest())).length,
    100,
    'those left out, when they may be asked',
  );
});
