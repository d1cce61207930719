import { copyFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import type { Clock } from '../../lib/clock.ts';
import { openSqliteStore } from '../../lib/store/sqlite/index.ts';
import { newOrder, T0, testClock } from '../support/store-fixtures.ts';
import { directoryOf } from '../support/store-process.ts';
import { syncHere } from '../support/syncing.ts';

/** When the write-ahead log is put back into the file: in a pause, when it gets long without one, and at the end. */

/** A store whose pauses the test makes. */
function logged(t: Test) {
  const path = join(directoryOf(t), 'orders.db');
  let pause: (() => void) | null = null;
  const clock: Clock = {
    ...testClock(),
    after: (_, call) => {
      pause = call;
      return () => {
        pause = null;
      };
    },
  };
  const store = openSqliteStore({ path, clock, tell: () => {}, syncFile: syncHere });
  t.teardown(() => store.upkeep.close());
  let orders = 0;
  return {
    path,
    close: () => store.upkeep.close(),
    rest: () => pause?.(),
    write: async (count: number) => {
      const ids = Array.from({ length: count }, (_, index) => `ORDER${orders + index}`);
      orders += count;
      await store.intake.createOrders(
        ids.map((id) => newOrder({ id, memberId: 'm'.repeat(2_000) })),
        T0,
      );
    },
    /** Pages of the log, and how many of them are in the file. */
    state: () => {
      const database = new Database(path, { readonly: true });
      const state = database.prepare('PRAGMA wal_checkpoint(NOOP)').get();
      database.close();
      return state as { readonly log: number; readonly checkpointed: number };
    },
    bytes: () => statSync(`${path}-wal`).size,
  };
}

/** Somebody else who has the file open. */
function readerOf(t: Test, path: string) {
  const store = openSqliteStore({ path, clock: testClock(), tell: () => {}, readOnly: true });
  t.teardown(() => store.upkeep.close());
  return store.reader;
}

t.test('in a pause, once it is worth it', async (t) => {
  const { write, rest, state } = logged(t);
  await write(10);
  rest();
  t.match(state(), { checkpointed: 0 }, 'not worth it');
  await write(300);
  const { log, checkpointed } = state();
  t.ok(log > 300);
  t.equal(checkpointed, 0, 'there was no pause');
  rest();
  t.strictSame(state(), { busy: 0, log, checkpointed: log });
  await write(1);
  t.ok(state().log < 100, 'and it begins anew');
});

t.test('without a pause it does not grow beyond its bound', async (t) => {
  const { write, bytes } = logged(t);
  for (let round = 0; round < 50; round += 1) await write(100);
  t.ok(bytes() > 500 * 4_096);
  t.ok(bytes() < 1_000 * 4_096, `${bytes()} bytes`);
});

t.test('when the store is closed, also while somebody else has the file open', async (t) => {
  const { path, write, close } = logged(t);
  await write(10);
  const reader = readerOf(t, path);
  const copy = `${path}.by-hand`;
  await close();
  copyFileSync(path, copy);
  t.equal((await readerOf(t, copy).counts()).orders.pending, 10, 'the file is whole by itself');
  t.equal((await reader.counts()).orders.pending, 10);
});

t.test(
  'not when the store is closed that lost its file: another one may have its name',
  async (t) => {
    const { path, write, close } = logged(t);
    await write(10);
    readerOf(t, path);
    renameSync(path, `${path}.moved`);
    const { size } = statSync(`${path}.moved`);
    await close();
    t.equal(statSync(`${path}.moved`).size, size);
  },
);
