import {
  copyFileSync,
  existsSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import type { Event } from '../../lib/observe/events.ts';
import { fileAt, isInPlace } from '../../lib/store/sqlite/in-place.ts';
import { openSqliteStore } from '../../lib/store/sqlite/index.ts';
import type { SyncFile } from '../../lib/store/sqlite/log-file.ts';
import { newOrder, T0, testClock } from '../support/store-fixtures.ts';
import { directoryOf, startWriterProcess, writerCommand } from '../support/store-process.ts';
import { syncHere } from '../support/syncing.ts';

/** Somebody takes the file of a running daemon away: what is acknowledged from then on would be found by nobody. */

const MOVED = {
  code: 'store_failed',
  message: /orders\.db was removed, moved or replaced/,
  hint: /Put the file back/,
  retryable: true,
};

function opened(t: Test, syncFile: SyncFile = syncHere) {
  const path = join(directoryOf(t), 'data', 'orders.db');
  const events: Event[] = [];
  const tell = (event: Event) => events.push(event);
  const store = openSqliteStore({ path, clock: testClock(), tell, syncFile });
  t.teardown(() => store.upkeep.close());
  const create = (id: string) => store.intake.createOrders([newOrder({ id })], T0);
  return { path, store, events, create };
}

interface Taken {
  readonly what: string;
  /** Takes it away; the result puts it back, where that can be done. */
  take(path: string): (() => void) | null;
}

const ends = ['', '-wal', '-shm'];

const ways: readonly Taken[] = [
  {
    what: 'its folder was moved',
    take: (path) => {
      renameSync(dirname(path), `${dirname(path)}.moved`);
      return () => renameSync(`${dirname(path)}.moved`, dirname(path));
    },
  },
  {
    what: 'it was moved with its log',
    take: (path) => {
      for (const end of ends) renameSync(`${path}${end}`, `${path}.moved${end}`);
      return () => {
        for (const end of ends) renameSync(`${path}.moved${end}`, `${path}${end}`);
      };
    },
  },
  {
    what: 'another one was put in its place',
    take: (path) => {
      copyFileSync(path, `${path}.other`);
      renameSync(path, `${path}.moved`);
      renameSync(`${path}.other`, path);
      return () => renameSync(`${path}.moved`, path);
    },
  },
  {
    what: 'it was removed',
    take: (path) => {
      rmSync(path);
      return null;
    },
  },
  {
    what: 'its folder was removed',
    take: (path) => {
      rmSync(dirname(path), { recursive: true });
      return null;
    },
  },
];

for (const { what, take } of ways)
  t.test(`nothing is acknowledged or read when ${what}`, async (t) => {
    const { path, store, events, create } = opened(t);
    await create('ORDER1');
    const putBack = take(path);
    const there = existsSync(path);
    await t.rejects(create('ORDER2'), MOVED);
    await t.rejects(create('ORDER3'), MOVED, 'and again');
    await t.rejects(store.reader.order('ORDER1'), MOVED);
    t.match(events.at(-1), { name: 'store.failed', error: /^store_failed: .*orders\.db was/ });
    t.equal(existsSync(path), there, 'no empty database in its place');
    if (putBack === null) return;
    putBack();
    t.match(await create('ORDER4'), [{ kind: 'created' }], 'goes on when it is back');
    t.not(await store.reader.order('ORDER1'), null);
    t.equal(await store.reader.order('ORDER2'), null);
    t.strictSame(await store.upkeep.check(), []);
  });

t.test(
  'a file that was removed can be saved as long as the process lives',
  { skip: !existsSync('/proc/self/fd') && 'there is no /proc here' },
  async (t) => {
    const { path, create } = opened(t);
    await create('ORDER1');
    for (const end of ends) rmSync(`${path}${end}`);
    await t.rejects(create('ORDER2'), MOVED);
    const saved = join(directoryOf(t), 'saved.db');
    for (const end of ['', '-wal'])
      copyFileSync(openFile(`${path}${end} (deleted)`), `${saved}${end}`);
    const database = new Database(saved);
    t.teardown(() => database.close());
    t.strictSame(database.prepare('SELECT id FROM orders').pluck().all(), ['ORDER1']);
  },
);

t.test('a connection in doubt is not used again when its file is back', async (t) => {
  let broken = false;
  const { path, store, create } = opened(t, async (file) => {
    if (!broken) return syncHere(file);
    renameSync(path, `${path}.moved`);
    throw Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' });
  });
  await create('ORDER1');
  broken = true;
  await t.rejects(create('ORDER2'), { code: 'store_failed', message: /not known whether/ });
  broken = false;
  await t.rejects(create('ORDER3'), MOVED);
  renameSync(`${path}.moved`, path);
  t.match(await create('ORDER4'), [{ kind: 'created' }]);
  t.strictSame(await store.upkeep.check(), []);
});

t.test('the next start makes no empty one where a database was', async (t) => {
  const { path, store, create } = opened(t);
  await create('ORDER1');
  await store.upkeep.close();
  renameSync(path, `${path}.moved`);
  for (const readOnly of [false, true]) {
    const start = () => openSqliteStore({ path, readOnly, clock: testClock(), tell: () => {} });
    t.throws(start, {
      code: 'store_failed',
      message: /orders\.db is gone/,
      hint: /Put the file back.*, or restore a backup.*remove .*orders\.db\.lock/,
    });
  }
  t.notOk(existsSync(path));
  renameSync(`${path}.moved`, path);
  const again = openSqliteStore({ path, clock: testClock(), tell: () => {} });
  t.teardown(() => again.upkeep.close());
  t.not(await again.reader.order('ORDER1'), null);
});

t.test('a first start that ended before there was a lock is made up for by the next', async (t) => {
  const path = join(directoryOf(t), 'orders.db');
  writeFileSync(path, '');
  const store = openSqliteStore({ path, clock: testClock(), tell: () => {} });
  t.teardown(() => store.upkeep.close());
  t.match(await store.intake.createOrders([newOrder({ id: 'ORDER1' })], T0), [{ kind: 'created' }]);
});

t.test('who begins anew removes the lock of the old one', async (t) => {
  const { path, store, create } = opened(t);
  await create('ORDER1');
  await store.upkeep.close();
  for (const end of [...ends, '.lock']) rmSync(`${path}${end}`, { force: true });
  const anew = openSqliteStore({ path, clock: testClock(), tell: () => {} });
  t.teardown(() => anew.upkeep.close());
  t.equal(await anew.reader.order('ORDER1'), null);
});

t.test('a lock whose file was removed is taken anew, and by nobody else', async (t) => {
  const { path, create } = opened(t);
  rmSync(`${path}.lock`);
  await create('ORDER1');
  const other = startWriterProcess(t, writerCommand(path));
  t.match(await other.heard(), /^store_busy /);
});

t.test('who took the lock first after its file was removed is the one who writes', async (t) => {
  const { path, create } = opened(t);
  await create('ORDER1');
  rmSync(`${path}.lock`);
  const other = startWriterProcess(t, writerCommand(path));
  t.equal(await other.heard(), 'ready');
  for (const id of ['ORDER2', 'ORDER3']) await t.rejects(create(id), { code: 'store_busy' });
  t.equal(await other.create('ORDER4'), 'ORDER4');
  await other.end();
  t.match(await create('ORDER5'), [{ kind: 'created' }]);
});

/** The way to a file that this process has open. */
function openFile(name: string): string {
  const files = readdirSync('/proc/self/fd').map((file) => `/proc/self/fd/${file}`);
  return files.find((file) => nameOf(file) === name) ?? `${name} is not open`;
}

function nameOf(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    // The descriptor by which the folder was listed.
    return '';
  }
}

t.test('a file is in its place unless it is known to be another one', (t) => {
  const here = fileAt(import.meta.filename);
  if (here === null) throw new Error('this file is gone');
  const loop = join(directoryOf(t), 'loop');
  symlinkSync(loop, loop);
  for (const [path, file, is] of [
    [import.meta.filename, here, true],
    [import.meta.filename, { ...here, ino: here.ino + 1 }, false],
    [import.meta.filename, { ...here, dev: here.dev + 1 }, false],
    [import.meta.filename, null, true],
    [`${import.meta.filename}.gone`, here, false],
    // Where nobody may look.
    [loop, here, true],
  ] as const)
    t.equal(isInPlace(path, file), is, path);
  t.end();
});
