import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { replayJournal } from '../../lib/cli/replaying.ts';
import { openSqliteStore } from '../../lib/store/sqlite/index.ts';
import { MIGRATIONS, SCHEMA_VERSION } from '../../lib/store/sqlite/migrations.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { newOrder, T0, testClock } from '../support/store-fixtures.ts';
import { dumpDatabase, schemaOf } from './released/dump.ts';

/** A database of every layout that was ever released is opened by this version, and nothing in it is lost. */

for (const layout of MIGRATIONS.map((_, index) => index + 1)) {
  t.test(`a database of layout ${layout}`, async (t) => {
    const file = join(import.meta.dirname, 'released', `layout-${layout}.sql`);
    t.ok(existsSync(file), `${file} is kept (npx node test/store/released/keep.ts writes it)`);
    const kept = readFileSync(file, 'utf8');
    const path = madeFrom(t, kept);
    t.equal(dumpDatabase(path), kept, 'it is again what was kept');
    t.strictSame(
      schemaAt(path),
      schemaMadeBy(MIGRATIONS.slice(0, layout)),
      `the steps up to ${layout} are as they were released; a change is a new step (before the first release: keep.ts again)`,
    );

    const store = openSqliteStore({ path, clock: testClock(), tell: () => {} });
    t.teardown(() => store.upkeep.close());
    t.strictSame(await store.upkeep.check(), []);
    t.match((await store.reader.counts()).orders, { pending: 1, completed: 2, failed: 4, held: 2 });
    t.match(await store.reader.order('ORDER-COMPLETED'), {
      order: { state: 'completed', reason: 'captured' },
      payments: [{ state: 'succeeded' }],
    });
    const again = await replayJournal(store.reader.journalAfter, () => {});
    t.match(again, { differing: 0, differences: [] }, 'or other rules made them: see RULES');
    const [created] = await store.intake.createOrders([newOrder({ id: 'ORDER-NEW' })], T0);
    t.match(created, { kind: 'created' }, 'and it can be written');
    t.equal(schemaVersion(path), SCHEMA_VERSION);
  });
}

t.test('a kept database goes through steps that are yet to come', async (t) => {
  const kept = readFileSync(join(import.meta.dirname, 'released', 'layout-1.sql'), 'utf8');
  const path = madeFrom(t, kept);
  const migrations = [
    ...MIGRATIONS,
    "ALTER TABLE orders ADD COLUMN channel TEXT NOT NULL DEFAULT 'shop';",
    "UPDATE orders SET channel = 'app' WHERE state = 'held';",
  ];
  const store = openSqliteStore({ path, clock: testClock(), tell: () => {}, migrations });
  t.strictSame(await store.upkeep.check(), []);
  await store.upkeep.close();
  const database = new Database(path, { readonly: true });
  t.teardown(() => database.close());
  const counts = database.prepare('SELECT channel, count(*) AS orders FROM orders GROUP BY 1');
  t.strictSame(counts.all(), [
    { channel: 'app', orders: 2 },
    { channel: 'shop', orders: 7 },
  ]);
  t.equal(schemaVersion(path), SCHEMA_VERSION + 2);
});

function madeFrom(test: Test, sql: string): string {
  const scratch = scratchDir('released');
  test.teardown(scratch.remove);
  const path = join(scratch.path, 'reconciled.db');
  const database = new Database(path);
  database.pragma('foreign_keys = OFF');
  database.exec(`BEGIN; ${sql} COMMIT`);
  database.close();
  return path;
}

function schemaAt(path: string) {
  const database = new Database(path, { readonly: true });
  try {
    return schemaOf(database);
  } finally {
    database.close();
  }
}

function schemaMadeBy(steps: readonly string[]) {
  const database = new Database(':memory:');
  try {
    for (const step of steps) database.exec(step);
    return schemaOf(database);
  } finally {
    database.close();
  }
}

function schemaVersion(path: string): number {
  const database = new Database(path, { readonly: true });
  try {
    return Number(database.pragma('user_version', { simple: true }));
  } finally {
    database.close();
  }
}
