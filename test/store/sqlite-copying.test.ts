import fs, {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename, dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { backUp, restore } from '../../lib/store/sqlite/copying.ts';
import { openSqliteStore } from '../../lib/store/sqlite/index.ts';
import { MIGRATIONS, SCHEMA_VERSION } from '../../lib/store/sqlite/migrations.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { newOrder, T0, testClock } from '../support/store-fixtures.ts';

/** Copies of a database: made beside a daemon, put back, and kept before an upgrade. */

function folder(test: Test) {
  const scratch = scratchDir('copying');
  test.teardown(scratch.remove);
  return {
    source: join(scratch.path, 'reconciled.db'),
    backup: join(scratch.path, 'backup.db'),
    target: join(scratch.path, 'elsewhere', 'reconciled.db'),
    path: scratch.path,
  };
}

async function withOrders(test: Test, path: string, count: number) {
  const store = openSqliteStore({ path, clock: testClock(), tell: () => {} });
  test.teardown(() => store.upkeep.close());
  const orders = Array.from({ length: count }, (_, index) => newOrder({ id: `ORDER${index}` }));
  await store.intake.createOrders(orders, T0);
  return store;
}

const quiet = () => {};

/** Bytes of a page of the database. */
const PAGE = 4_096;

t.test('a backup is the database of one moment, whatever is written meanwhile', async (t) => {
  const { source, backup } = folder(t);
  const store = await withOrders(t, source, 5_000);
  let written = 0;
  let more = Promise.resolve<unknown>(null);
  const shares: number[] = [];
  const copied = await backUp(source, backup, (share) => {
    shares.push(share);
    // A daemon that goes on writing between the steps: it must make nothing begin anew.
    written += 1;
    const later = newOrder({ id: `LATER${written}` });
    more = more.then(() => store.intake.createOrders([later], T0));
  });
  await more;
  t.match(copied, { path: backup, orders: 5_000, layout: SCHEMA_VERSION });
  t.equal(copied.bytes, statSync(backup).size);
  t.ok(shares.length > 1 && written > 1, `${shares.length} steps`);
  t.strictSame(shares, shares.toSorted(), 'it only goes forward');
  t.notOk(existsSync(`${backup}-wal`) || existsSync(`${backup}.draft`), 'one file and no other');
  const made = new Database(backup, { readonly: true });
  t.equal(made.pragma('journal_mode', { simple: true }), 'delete', 'nor does it make another');
  made.close();
});

/** A disk that does these things otherwise, for as long as the test takes. */
function withDisk(test: Test, otherwise: Partial<Pick<typeof fs, 'fsyncSync' | 'linkSync'>>): void {
  const { fsyncSync, linkSync } = fs;
  test.teardown(() => {
    Object.assign(fs, { fsyncSync, linkSync });
    syncBuiltinESMExports();
  });
  Object.assign(fs, otherwise);
  syncBuiltinESMExports();
}

const says = (code: string) => () => {
  throw Object.assign(new Error(code), { code });
};

t.test(
  'a copy is on the disk before it has its name, and its name before it is told',
  async (t) => {
    const { source, backup, target } = folder(t);
    await withOrders(t, source, 2_000);
    const synced: string[] = [];
    withDisk(t, {
      fsyncSync: (file) => {
        const named = [backup, target].filter((copy) => existsSync(copy));
        const place = readlinkSync(`/proc/self/fd/${file}`);
        synced.push([place, ...named].map((path) => basename(path)).join(' '));
      },
    });
    let steps = 0;
    await backUp(source, backup, () => {
      steps += 1;
    });
    const drafts = Array(steps + 1).fill('backup.db.draft');
    t.strictSame(
      synced,
      [...drafts, `${basename(dirname(backup))} backup.db`],
      'and each step of it',
    );
    synced.length = 0;
    restore(backup, target);
    t.strictSame(synced, [
      `${basename(dirname(backup))} backup.db`,
      'reconciled.db.draft backup.db',
      'elsewhere backup.db reconciled.db',
    ]);
  },
);

t.test('a copy that the disk does not take leaves nothing', async (t) => {
  const { source, backup, target, path } = folder(t);
  await withOrders(t, source, 1);
  await backUp(source, backup, quiet);
  withDisk(t, { fsyncSync: says('ENOSPC') });
  await t.rejects(backUp(source, `${backup}.2`, quiet), {
    code: 'store_full',
    hint: `Free space on the disk of ${path}, or name a file elsewhere.`,
  });
  t.throws(() => restore(backup, target), {
    code: 'store_full',
    hint: `Free space on the disk of ${dirname(target)}, then restore again.`,
  });
  const left = [...readdirSync(path), ...readdirSync(dirname(target))];
  t.notOk(left.some((name) => name.includes('draft') || name.startsWith('backup.db.2')));
  t.notOk(existsSync(target));
});

for (const [disk, otherwise] of [
  ['a disk', {}],
  ['a disk without links', { linkSync: says('EPERM') }],
] as const)
  t.test(`on ${disk} a copy takes no name that somebody else took meanwhile`, async (t) => {
    const { source, backup, path } = folder(t);
    await withOrders(t, source, 1);
    const { fsyncSync } = fs;
    withDisk(t, otherwise);
    t.match(await backUp(source, backup, quiet), { orders: 1 });
    const other = join(path, 'other.db');
    withDisk(t, {
      fsyncSync: (file) => {
        writeFileSync(other, 'precious');
        fsyncSync(file);
      },
    });
    await t.rejects(backUp(source, other, quiet), { name: 'ReconciledError', message: /EEXIST/ });
    t.equal(readFileSync(other, 'utf8'), 'precious');
    t.notOk(readdirSync(path).some((name) => name.includes('draft')));
  });

t.test('a folder that cannot be made is said to be that', async (t) => {
  const { source, backup, path } = folder(t);
  await withOrders(t, source, 1);
  await backUp(source, backup, quiet);
  const file = join(path, 'file');
  writeFileSync(file, '');
  for (const place of [file, join(file, 'data')])
    t.throws(() => restore(backup, join(place, 'reconciled.db')), {
      code: 'store_readonly',
      message: /file/,
      hint: /data_dir/,
    });
});

const skip = process.getuid?.() === 0 ? false : 'only root becomes somebody who may not look';

t.test(
  'where nobody may write or read it is said which folder or file that is',
  { skip },
  async (t) => {
    const { source, backup, target, path } = folder(t);
    await withOrders(t, source, 1);
    await backUp(source, backup, quiet);
    chmodSync(path, 0o755);
    const theirs = join(path, 'theirs');
    mkdirSync(theirs);
    chmodSync(theirs, 0o777);
    process.seteuid?.(NOBODY);
    try {
      await t.rejects(backUp(source, join(theirs, 'copy.db'), quiet), {
        code: 'store_readonly',
        message: /^The database cannot be read \(.*reconciled\.db;/,
      });
      t.throws(() => restore(backup, join(theirs, 'reconciled.db')), {
        code: 'store_readonly',
        message: /^The database cannot be read \(.*backup\.db;/,
        hint: /the right to read it/,
      });
      process.seteuid?.(0);
      for (const file of readdirSync(path)) chmodSync(join(path, file), 0o755);
      process.seteuid?.(NOBODY);
      await t.rejects(backUp(source, join(path, 'copy.db'), quiet), {
        code: 'store_readonly',
        hint: `Give the user that runs this the right to write to ${path}, or name a file elsewhere.`,
      });
    } finally {
      process.seteuid?.(0);
    }
    t.notOk(existsSync(target));
  },
);

/** A user of every Linux that owns nothing. */
const NOBODY = 65_534;

t.test('a backup replaces nothing', async (t) => {
  const { source, backup, path } = folder(t);
  await withOrders(t, source, 1);
  writeFileSync(backup, 'precious');
  await t.rejects(backUp(source, backup, quiet), { code: 'conflict', hint: /another file/ });
  t.equal(readFileSync(backup, 'utf8'), 'precious');
  await t.rejects(backUp(join(path, 'none.db'), join(path, 'new.db'), quiet), {
    code: 'not_found',
  });
  await t.rejects(backUp(source, join(path, 'no', 'such', 'folder.db'), quiet), {
    code: 'not_found',
    message: `There is no folder ${join(path, 'no', 'such')}.`,
  });
  const foreign = join(path, 'foreign.db');
  new Database(foreign).exec('CREATE TABLE tracks (title TEXT)').close();
  await t.rejects(backUp(foreign, join(path, 'new.db'), quiet), { code: 'store_foreign' });
  t.notOk(existsSync(join(path, 'new.db')));
});

t.test('of two backups into one file the second is refused, and the first is made', async (t) => {
  const { source, backup, path } = folder(t);
  await withOrders(t, source, 2_000);
  const first = backUp(source, backup, quiet);
  await t.rejects(backUp(source, backup, quiet), { code: 'store_busy', message: /backup\.db/ });
  t.match(await first, { path: backup, orders: 2_000 });
  t.strictSame(
    readdirSync(path).filter((name) => name.startsWith('backup')),
    ['backup.db'],
  );
});

t.test('a copy that is ended early leaves nothing', async (t) => {
  const { source, backup, path } = folder(t);
  await (await withOrders(t, source, 2_000)).upkeep.close();
  const early = new AbortController();
  let steps = 0;
  const at = () => {
    steps += 1;
    early.abort('SIGINT');
  };
  t.equal(await backUp(source, backup, at, early.signal).catch((reason) => reason), 'SIGINT');
  t.equal(steps, 1);
  t.notOk(readdirSync(path).some((name) => name.startsWith('backup')));
});

t.test(
  'what is wrong with the database is said of the database, and not of the copy',
  async (t) => {
    const { source, backup, path, target } = folder(t);
    for (const [content, code] of [
      ['', 'not_found'],
      ['no database at all, but long enough for one', 'store_corrupt'],
    ] as const) {
      writeFileSync(source, content);
      await t.rejects(
        backUp(source, backup, quiet),
        { code, message: new RegExp(source) },
        content,
      );
    }
    for (const place of [path, '/dev/null']) {
      const wanted = { code: 'store_foreign', message: `${place} is no file, and so no database.` };
      await t.rejects(backUp(place, backup, quiet), wanted);
      t.throws(() => restore(place, target), wanted);
    }
    t.strictSame(readdirSync(path), ['reconciled.db'], 'nothing is left of it');
    // What SQLite itself does not open, as it opens nothing that this user may not read.
    const deep = join(path, ...Array(6).fill('n'.repeat(100)), 'reconciled.db');
    mkdirSync(dirname(deep), { recursive: true });
    writeFileSync(deep, '');
    await t.rejects(backUp(deep, backup, quiet), {
      code: 'store_readonly',
      message: new RegExp(deep),
    });
  },
);

t.test('what was backed up is there again after it was restored', async (t) => {
  const { source, backup, target } = folder(t);
  await withOrders(t, source, 20);
  await backUp(source, backup, quiet);
  t.match(restore(backup, target), { path: target, orders: 20 });
  const store = openSqliteStore({ path: target, clock: testClock(), tell: () => {} });
  t.teardown(() => store.upkeep.close());
  t.strictSame(await store.upkeep.check(), []);
  t.equal((await store.reader.counts()).orders.pending, 20);
});

t.test('a restore replaces nothing, and nothing that is damaged', async (t) => {
  const { source, backup, target, path } = folder(t);
  const running = await withOrders(t, source, 2_000);
  await backUp(source, backup, quiet);
  t.throws(() => restore(backup, source), { code: 'store_busy' }, 'a daemon runs there');
  await running.upkeep.close();
  t.throws(() => restore(backup, source), { code: 'conflict', hint: /Move it away/ });
  const half = join(path, 'half.db');
  writeFileSync(half, readFileSync(backup));
  truncateSync(half, statSync(half).size / 2);
  t.throws(() => restore(half, target), { code: 'store_corrupt', hint: /another backup/ });
  const spoilt = join(path, 'spoilt.db');
  const bytes = readFileSync(backup);
  // The page of a table in the middle: whoever only opens the file does not meet it.
  writeFileSync(spoilt, bytes.fill(0, PAGE * 200, PAGE * 201));
  t.throws(() => restore(spoilt, target), {
    code: 'store_corrupt',
    message: /spoilt.* is damaged/,
  });
  const empty = join(path, 'empty.db');
  writeFileSync(empty, '');
  t.throws(() => restore(empty, target), { code: 'store_foreign', message: /empty/ });
  const newer = join(path, 'newer.db');
  writeFileSync(newer, readFileSync(backup));
  new Database(newer).exec('PRAGMA user_version = 99').close();
  t.throws(() => restore(newer, target), { code: 'store_newer' });
  t.throws(() => restore(join(path, 'none.db'), target), { code: 'not_found' });
  const draft = `${target}.draft`;
  mkdirSync(join(path, 'elsewhere'));
  writeFileSync(draft, readFileSync(backup));
  t.throws(() => restore(draft, target), { code: 'conflict', hint: /another name/ });
  t.ok(existsSync(draft), 'what is to be restored is not removed');
  t.notOk(existsSync(target));
});

t.test('a copy that was named and then cut off loses its other name to the next one', async (t) => {
  const { source, backup, target, path } = folder(t);
  await withOrders(t, source, 1);
  await backUp(source, backup, quiet);
  restore(backup, target);
  for (const copy of [backup, target]) linkSync(copy, `${copy}.draft`);
  const others = ['mine.draft', 'reconciled.db.draft', 'of.db.draft'].map((n) => join(path, n));
  for (const other of others.slice(0, 2)) writeFileSync(other, 'precious');
  symlinkSync(backup, others[2] ?? '');
  t.match(await backUp(source, `${backup}.2`, quiet), { orders: 1 });
  t.notOk(existsSync(`${backup}.draft`));
  t.equal(statSync(backup).nlink, 1);
  for (const other of others) t.ok(existsSync(other), other);
  t.throws(() => restore(backup, target), { code: 'conflict' });
  t.notOk(existsSync(`${target}.draft`));
});

t.test('nothing is named where SQLite would take what lies beside it for its own', async (t) => {
  const { source, backup, target, path } = folder(t);
  await withOrders(t, source, 1);
  await backUp(source, backup, quiet);
  mkdirSync(dirname(target));
  for (const end of ['-wal', '-journal']) {
    writeFileSync(`${target}${end}`, 'of another file');
    const beside = { code: 'conflict', message: `${target}${end} exists already.` };
    t.throws(() => restore(backup, target), { ...beside, hint: /Move it away/ });
    await t.rejects(backUp(source, target, quiet), { ...beside, hint: /another file/ });
    rmSync(`${target}${end}`);
  }
  t.notOk(existsSync(target));
  // A change of the backup itself that was cut off while it was made.
  const cut = join(path, 'cut.db');
  writeFileSync(cut, readFileSync(backup));
  writeFileSync(`${cut}-journal`, 'what was there before');
  t.throws(() => restore(cut, target), { code: 'conflict', hint: /journal_mode = DELETE/ });
});

t.test('nobody else can read a copy', async (t) => {
  const { source, backup, target } = folder(t);
  await withOrders(t, source, 1);
  await backUp(source, backup, quiet);
  restore(backup, target);
  for (const file of [backup, target]) t.equal(statSync(file).mode & 0o777, 0o600, file);
});

t.test('a copy is never written through what lies in its way', async (t) => {
  const { source, backup, path } = folder(t);
  await withOrders(t, source, 3);
  const mine = join(path, 'mine');
  writeFileSync(mine, 'precious', { mode: 0o644 });
  const data = join(path, 'data');
  mkdirSync(data);
  const target = join(data, 'reconciled.db');
  for (const copy of [backup, target]) symlinkSync(mine, `${copy}.draft`);
  await backUp(source, backup, quiet);
  t.match(restore(backup, target), { orders: 3 });
  t.equal(readFileSync(mine, 'utf8'), 'precious');
  t.equal(statSync(mine).mode & 0o777, 0o644);
  for (const copy of [backup, target]) t.ok(lstatSync(copy).isFile(), copy);
});

t.test('a file whose newest changes lie beside it is not restored without them', async (t) => {
  const { source, target, path } = folder(t);
  const running = await withOrders(t, source, 5);
  const torn = join(path, 'torn.db');
  // What a copy by hand beside a running daemon gets.
  writeFileSync(torn, readFileSync(source));
  writeFileSync(`${torn}-wal`, readFileSync(`${source}-wal`));
  t.throws(() => restore(torn, target), { code: 'conflict', hint: /reconciled backup/ });
  t.notOk(existsSync(target));
  await running.upkeep.close();
});

t.test('before an upgrade the database is kept as it is', async (t) => {
  const { source, path } = folder(t);
  const before = await withOrders(t, source, 3);
  await before.upkeep.close();
  const migrations = [...MIGRATIONS, 'ALTER TABLE orders ADD COLUMN colour TEXT;'];
  const open = (steps: readonly string[]) =>
    openSqliteStore({ path: source, clock: testClock(), tell: () => {}, migrations: steps });
  const kept = join(path, 'backups', `layout-${SCHEMA_VERSION}.db`);
  t.throws(() => open([...MIGRATIONS, 'ALTER TABLE nonsense;']), { name: 'ReconciledError' });
  t.ok(existsSync(kept), 'an upgrade that fails has kept it');
  t.match(restore(kept, join(path, 'old', 'reconciled.db')), { layout: SCHEMA_VERSION, orders: 3 });
  const upgraded = open(migrations);
  t.equal((await upgraded.reader.counts()).orders.pending, 3, 'nothing is lost by an upgrade');
  await upgraded.upkeep.close();
  t.throws(() => open(MIGRATIONS), {
    code: 'store_newer',
    message: new RegExp(`layout is ${SCHEMA_VERSION + 1}`),
  });
});

t.test('an upgrade is told before anything is done about it', async (t) => {
  const { source, path } = folder(t);
  await (await withOrders(t, source, 1)).upkeep.close();
  const told: unknown[] = [];
  const store = openSqliteStore({
    path: source,
    clock: testClock(),
    tell: (event) => told.push([event, existsSync(join(path, 'backups'))]),
    migrations: [...MIGRATIONS, 'ALTER TABLE orders ADD COLUMN colour TEXT;'],
  });
  t.teardown(() => store.upkeep.close());
  const [from, to] = [SCHEMA_VERSION, SCHEMA_VERSION + 1];
  t.strictSame(told, [[{ name: 'store.upgrading', from, to }, false]]);
});

t.test('each copy before an upgrade is kept, and the same is not kept twice', async (t) => {
  const { source, path } = folder(t);
  await (await withOrders(t, source, 3)).upkeep.close();
  const failing = [...MIGRATIONS, 'ALTER TABLE nonsense;'];
  const upgrade = () =>
    openSqliteStore({ path: source, clock: testClock(), tell: () => {}, migrations: failing });
  const kept = () => readdirSync(join(path, 'backups')).toSorted();
  mkdirSync(join(path, 'backups'));
  writeFileSync(join(path, 'backups', `layout-${SCHEMA_VERSION}.db.draft`), 'cut off');
  for (const _ of [1, 2, 3]) {
    t.throws(upgrade, { name: 'ReconciledError' });
    t.strictSame(kept(), [`layout-${SCHEMA_VERSION}.db`], 'a restart again and again keeps one');
  }
  const later = openSqliteStore({ path: source, clock: testClock(), tell: () => {} });
  await later.intake.createOrders([newOrder({ id: 'LATER1' })], T0);
  await later.upkeep.close();
  for (const _ of [1, 2]) t.throws(upgrade, { name: 'ReconciledError' });
  t.strictSame(kept(), [`layout-${SCHEMA_VERSION}-2.db`, `layout-${SCHEMA_VERSION}.db`]);
  const second = join(path, 'backups', `layout-${SCHEMA_VERSION}-2.db`);
  t.match(restore(second, join(path, 'back', 'reconciled.db')), { orders: 4 });
});

t.test('a copy before an upgrade that cannot be finished takes no room', async (t) => {
  const { source, path } = folder(t);
  await (await withOrders(t, source, 3)).upkeep.close();
  const backups = join(path, 'backups');
  mkdirSync(backups);
  const inTheWay = `layout-${SCHEMA_VERSION}.db`;
  symlinkSync('nowhere', join(backups, inTheWay));
  writeFileSync(join(backups, `${inTheWay}.draft-journal`), 'of one that was cut off');
  const migrations = [...MIGRATIONS, 'ALTER TABLE orders ADD COLUMN colour TEXT;'];
  t.throws(
    () => openSqliteStore({ path: source, clock: testClock(), tell: () => {}, migrations }),
    { code: 'store_failed', message: /nowhere|ENOENT/ },
  );
  t.strictSame(readdirSync(backups), [inTheWay]);
});

t.test('a copy before an upgrade is on the disk before anything is done', async (t) => {
  const { source, path } = folder(t);
  await (await withOrders(t, source, 1)).upkeep.close();
  const synced: string[] = [];
  withDisk(t, {
    fsyncSync: (file) => {
      const [place, kept] = [readlinkSync(`/proc/self/fd/${file}`), join(path, 'backups')];
      if (place.startsWith(kept)) synced.push(`${basename(place)}: ${readdirSync(kept)}`);
    },
  });
  const migrations = [...MIGRATIONS, 'ALTER TABLE nonsense;'];
  t.throws(() => openSqliteStore({ path: source, clock: testClock(), tell: () => {}, migrations }));
  const name = `layout-${SCHEMA_VERSION}.db`;
  t.strictSame(synced, [`${name}.draft: ${name}.draft`, `backups: ${name}`]);
});

t.test('a new database and one that is up to date need no copy', async (t) => {
  const { source, path } = folder(t);
  await (await withOrders(t, source, 1)).upkeep.close();
  await openSqliteStore({ path: source, clock: testClock(), tell: () => {} }).upkeep.close();
  t.notOk(existsSync(join(path, 'backups')));
});
