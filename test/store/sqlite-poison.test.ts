import { join } from 'node:path';
import Database from 'better-sqlite3';
import t from 'tap';
import type { Event } from '../../lib/observe/events.ts';
import { openSqliteStore } from '../../lib/store/sqlite/index.ts';
import { callBack, newOrder, notice, T0, testClock } from '../support/store-fixtures.ts';
import { directoryOf } from '../support/store-process.ts';

t.test('a callback that cannot be matched waits, and those behind it are matched', async (t) => {
  const path = join(directoryOf(t), 'orders.db');
  const told: Event[] = [];
  const store = openSqliteStore({ path, clock: testClock(), tell: (event) => told.push(event) });
  t.teardown(() => store.upkeep.close());
  await store.intake.createOrders([newOrder({ id: 'POISON' }), newOrder({ id: 'GOOD' })], T0);
  // A rule of the schema that nobody has thought of: this order takes no nudge.
  const other = new Database(path);
  other.exec(`CREATE TRIGGER poison BEFORE UPDATE OF nudges ON orders WHEN old.id = 'POISON'
              BEGIN SELECT RAISE(ABORT, 'no nudges'); END`);
  const named = ['GOOD', 'POISON', 'GOOD', 'GOOD'];
  for (const [index, orderId] of named.entries())
    t.equal(await store.intake.admit(notice({ eventId: `e${index}`, orderId })), 'kept');

  t.strictSame(
    (await store.docket.match(10)).map(({ outcome }) => outcome),
    ['admitted', 'unmatched', 'admitted', 'admitted'],
  );
  t.strictSame(await store.docket.match(10), [], 'none is new');
  t.strictSame((await store.reader.counts()).unmatched, { pg: 1 });
  const failures = told.filter(({ name }) => name === 'store.failed');
  t.match(failures.at(-1), { error: /a callback: .*no nudges/ });
  t.equal(await store.intake.admit(notice({ eventId: 'next', orderId: 'GOOD' })), 'kept');
  t.equal((await store.docket.match(10)).length, 1, 'and so on');

  other.exec('DROP TRIGGER poison');
  other.close();
  t.strictSame(await store.upkeep.check(), []);
  await callBack(store, [notice({ eventId: 'e1', orderId: 'POISON' })]);
  t.strictSame((await store.reader.counts()).unmatched, {}, 'a repeat matches what waited');
});
