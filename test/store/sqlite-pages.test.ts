import { join } from 'node:path';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import type { Page, Store } from '../../lib/store/port.ts';
import { openSqliteStore } from '../../lib/store/sqlite/index.ts';
import { change, newOrder, newPayment, T0, testClock } from '../support/store-fixtures.ts';
import { directoryOf } from '../support/store-process.ts';
import { caseOf } from './contract.ts';

/** A page is read and sent by the thread that settles payments: it costs the same whatever lies in the database. */

async function openStore(t: Test, fill: (database: Database.Database) => void): Promise<Store> {
  const path = join(directoryOf(t), 'orders.db');
  const open = () => openSqliteStore({ path, clock: testClock(), tell: () => {} });
  await open().upkeep.close();
  const database = new Database(path);
  fill(database);
  database.close();
  const store = open();
  t.teardown(() => store.upkeep.close());
  return store;
}

async function pages<T>(
  next: (after: string | null) => Promise<Page<T>>,
): Promise<readonly (readonly T[])[]> {
  const all: (readonly T[])[] = [];
  for (let after: string | null = null; ; ) {
    const page: Page<T> = await next(after);
    all.push(page.items);
    after = page.next;
    if (after === null) return all;
  }
}

/** So many that two pages look through them, and some on a third. */
const MANY = 20_500;

t.test('what no index leads to is looked for in steps, and none is missed', async (t) => {
  const store = await openStore(t, (database) => {
    database.exec(`
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${MANY})
      INSERT INTO orders (id, member_id, currency, amount, state, reason, created_at, updated_at, looks, version, content, ask_at)
      SELECT printf('ORDER%06d', i), 'm', 'KRW', 1, iif(i % 8000 = 0, 'held', 'completed'), 'captured', i / 3, i, 0, 1, x'00', '[]' FROM n`);
    database.exec(`
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${MANY})
      INSERT INTO effects (key, topic, at) SELECT 'e' || i, 'gateway.up', i FROM n;
      INSERT INTO deliveries (effect, channel, state, first_due_at, settled_at)
      SELECT seq, iif(seq % 8000 = 0, 'ops', 'shop'), 'delivered', 1, 1 FROM effects ORDER BY seq`);
  });
  const orders = (state: 'held' | 'failed') =>
    pages((after) => store.reader.orders({ state, reason: 'captured', after, limit: 1 }));
  t.strictSame(
    (await orders('held')).map((page) => page.map(({ order }) => order.id)),
    [['ORDER008000'], ['ORDER016000'], []],
  );
  t.strictSame(await orders('failed'), [[], [], []]);
  for (const state of [null, 'delivered'] as const) {
    const found = await pages((after) =>
      store.reader.deliveries({ state, channel: 'ops', after, limit: 100 }),
    );
    t.strictSame(
      found.map((page) => page.map(({ id }) => id)),
      [[16_000], [8_000], []],
    );
  }
});

t.test('large orders and a large journal come in more pages than was asked for', async (t) => {
  const products = Array.from({ length: 500 }, (_, index) => `${'p'.repeat(60)}${index}`);
  const store = await openStore(t, (database) => {
    const insert = database.prepare('INSERT INTO products (id, name, on_hand) VALUES (?, ?, 0)');
    for (const id of products) insert.run(id, 'n'.repeat(200));
  });
  const ids = Array.from({ length: 25 }, (_, index) => `ORDER-${String(index).padStart(2, '0')}`);
  const items = products.map((productId) => ({ productId, quantity: 1, unitPrice: 1 }));
  await store.intake.createOrders(
    ids.map((id) => newOrder({ id, items, payments: [newPayment({ id })] })),
    T0,
  );
  const query = { state: null, reason: null, limit: 1_000 };
  const orders = await pages((after) => store.reader.orders({ ...query, after }));
  t.strictSame(
    orders.map((page) => page.map(({ order }) => order.id)),
    [ids.slice(0, 10), ids.slice(10, 20), ids.slice(20)],
  );
  for (let version = 2; version <= 20; version += 1) {
    const theCase = await caseOf(store, 'ORDER-00');
    await store.docket.commit([change(theCase, { order: { reasonText: `${version}` } })]);
  }
  const journal = await pages((after) =>
    store.reader.journal('ORDER-00', Number(after ?? 0), 1_000),
  );
  t.ok(journal.length > 1);
  t.strictSame(
    journal.flatMap((page) => page.map(({ version }) => version)),
    Array.from({ length: 20 }, (_, index) => index + 1),
  );
  for (const page of journal) t.ok(JSON.stringify(page).length < 4 * 1024 * 1024);
});
