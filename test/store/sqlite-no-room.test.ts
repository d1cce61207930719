import fs, {
  copyFileSync,
  mkdirSync,
  readdirSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { backUp, restore } from '../../lib/store/sqlite/copying.ts';
import { openSqliteStore } from '../../lib/store/sqlite/index.ts';
import { storeTrouble } from '../../lib/store/sqlite/trouble.ts';
import { whyNotOpened } from '../../lib/store/sqlite/why-not-opened.ts';
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
  return withDisk(test, {
    openSync: (path, flags, mode) => {
      if (flags !== 'wx') return openSync(path, flags, mode);
      throw Object.assign(new Error(`${code}: open`), { code });
    },
  });
}

/** What is written meets this. */
function writesMeet(test: Test, code: string): void {
  withDisk(test, {
    writeFileSync: () => {
      throw Object.assign(new Error(`${code}: write`), { code });
    },
  });
}

/** A disk that does these things otherwise, until the result is called. */
function withDisk(
  test: Test,
  otherwise: Partial<Pick<typeof fs, 'openSync' | 'writeFileSync'>>,
): () => void {
  const { openSync, writeFileSync } = fs;
  const set = (as: typeof otherwise) => {
    Object.assign(fs, as);
    syncBuiltinESMExports();
  };
  const mend = () => set({ openSync, writeFileSync });
  test.teardown(mend);
  set(otherwise);
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

/** A database at rest, with an order. */
async function withAnOrder(path: string): Promise<void> {
  const store = opening(path);
  await store.intake.createOrders([newOrder({ id: 'ORDER1' })], T0);
  await store.upkeep.close();
}

t.test('a lock that cannot be made is a full disk too', async (t) => {
  const path = join(directoryOf(t), 'orders.db');
  writeFileSync(path, '');
  mkdirSync(`${path}.lock`);
  newFilesMeet(t, 'ENOSPC');
  t.throws(() => opening(path), { code: 'store_full' });
});

t.test(
  'a backup that cannot be looked through meets the full disk, not a lack of rights',
  async (t) => {
    const folder = directoryOf(t);
    const path = join(folder, 'orders.db');
    await withAnOrder(path);
    const copy = join(folder, 'copy.db');
    await t.rejects(
      backUp(path, copy, () => {
        // The copy is made; what SQLite needs beside it to look through it is not.
        mkdirSync(`${copy}.draft-wal`, { recursive: true });
        newFilesMeet(t, 'ENOSPC');
      }),
      {
        code: 'store_full',
        hint: `Free space on the disk of ${folder}, or name a file elsewhere.`,
      },
    );
  },
);

t.test(
  'what wants a log to be read, and has no room for one, meets the full disk as well',
  async (t) => {
    const folder = directoryOf(t);
    const path = join(folder, 'orders.db');
    await withAnOrder(path);
    // By hand, so that it still wants a log.
    const copied = join(folder, 'copied.db');
    copyFileSync(path, copied);
    for (const file of [path, copied]) symlinkSync('nowhere', `${file}-shm`);
    newFilesMeet(t, 'ENOSPC');
    await t.rejects(
      backUp(path, join(folder, 'copy.db'), () => {}),
      { code: 'store_full' },
    );
    t.throws(() => restore(copied, join(folder, 'restored.db')), { code: 'store_full' });
  },
);

for (const [code, expected] of [
  ['ENOSPC', 'store_full'],
  ['EIO', 'store_failed'],
  [null, 'store_full'],
] as const)
  t.test(
    `an index of the log that cannot grow is ${expected} where the system says ${code}`,
    async (t) => {
      const folder = directoryOf(t);
      const path = join(folder, 'orders.db');
      if (code !== null) writesMeet(t, code);
      const said = new Database.SqliteError('disk I/O error', 'SQLITE_IOERR_SHMSIZE');
      t.equal(storeTrouble(whyNotOpened(said, path), path).code, expected);
      t.strictSame(readdirSync(folder), []);
    },
  );

t.test('a data directory cannot be made where nothing can be written', async (t) => {
  const { mkdirSync: make } = fs;
  const set = (as: typeof make) => {
    Object.assign(fs, { mkdirSync: as });
    syncBuiltinESMExports();
  };
  t.teardown(() => set(make));
  // A file system that is read-only; what is made with those above it meets another code there.
  const meets = (_path: fs.PathLike, options?: fs.MakeDirectoryOptions) => {
    const code = options?.recursive ? 'ENOENT' : 'EROFS';
    throw Object.assign(new Error(`${code}: mkdir`), { code });
  };
  const path = join(directoryOf(t), 'data', 'orders.db');
  set(meets as typeof make);
  t.throws(() => opening(path), {
    code: 'store_readonly',
    message: /orders\.db; EROFS: mkdir\)/,
    hint: /data_dir/,
  });
});

t.test('a first database without room is none that was taken away', async (t) => {
  const folder = directoryOf(t);
  const path = join(folder, 'orders.db');
  const mend = newFilesMeet(t, 'ENOSPC');
  t.throws(() => opening(path), { code: 'store_full' });
  t.notOk(readdirSync(folder).includes('orders.db.lock'), 'no lock before the file');
  mend();
  t.teardown(() => opening(path).upkeep.close());
});
