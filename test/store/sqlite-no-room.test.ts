import fs, { mkdirSync, readdirSync, rmdirSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { openSqliteStore } from '../../lib/store/sqlite/index.ts';
import { newOrder, T0, testClock } from '../support/store-fixtures.ts';
import { directoryOf } from '../support/store-process.ts';

/**
 * A disk that takes no more files, though there may be gigabytes free: its inodes are used up, or a quota is reached. SQLite says of it what
 * it says of a folder that may not be written to.
 */

function opening(path: string) {
  return openSqliteStore({ path, clock: testClock(), tell: () => {} });
}

/** New files meet this, until the result is called. */
function newFilesMeet(test: Test, code: string): () => void {
  const { openSync } = fs;
  const meets: typeof openSync = (path, flags, mode) => {
    if (flags !== 'wx') return openSync(path, flags, mode);
    throw Object.assign(new Error(`${code}: open`), { code });
  };
  const set = (as: typeof openSync) => {
    Object.assign(fs, { openSync: as });
    syncBuiltinESMExports();
  };
  const mend = () => set(openSync);
  test.teardown(mend);
  set(meets);
  return mend;
}

for (const [code, expected] of [
  ['ENOSPC', 'store_full'],
  ['EDQUOT', 'store_full'],
  ['EACCES', 'store_readonly'],
] as const)
  t.test(`a log that cannot be made is ${expected} where the system says ${code}`, async (t) => {
    const folder = directoryOf(t);
    const path = join(folder, 'orders.db');
    const before = opening(path);
    await before.intake.createOrders([newOrder({ id: 'ORDER1' })], T0);
    await before.upkeep.close();
    // SQLite cannot open it as its log.
    mkdirSync(`${path}-wal`);
    const mend = newFilesMeet(t, code);
    t.throws(() => opening(path), { code: expected, message: /orders\.db/ });
    t.throws(() => openSqliteStore({ path, clock: testClock(), tell: () => {}, readOnly: true }), {
      code: expected,
    });
    mend();
    t.throws(() => opening(path), { code: 'store_readonly' });
    t.strictSame(
      readdirSync(folder).filter((name) => name.endsWith('.room')),
      [],
      'nothing is left of the question',
    );
    rmdirSync(`${path}-wal`);
    const after = opening(path);
    t.teardown(() => after.upkeep.close());
    t.equal((await after.reader.counts()).orders.pending, 1);
  });

t.test('a lock that cannot be made is a full disk too', async (t) => {
  const path = join(directoryOf(t), 'orders.db');
  mkdirSync(`${path}.lock`);
  newFilesMeet(t, 'ENOSPC');
  t.throws(() => opening(path), { code: 'store_full' });
});
