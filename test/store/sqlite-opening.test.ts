import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import type { Notice } from '../../lib/store/port.ts';
import { openSqliteStore, type SqliteStoreOptions } from '../../lib/store/sqlite/index.ts';
import { takeLock } from '../../lib/store/sqlite/lock.ts';
import { SCHEMA_VERSION } from '../../lib/store/sqlite/migrations.ts';
import { newOrder, T0, testClock } from '../support/store-fixtures.ts';
import { directoryOf, startWriterProcess, writerCommand } from '../support/store-process.ts';

function open(test: Test, path: string, over: Partial<SqliteStoreOptions> = {}) {
  const store = openSqliteStore({ path, clock: testClock(), tell: () => {}, ...over });
  test.teardown(() => store.upkeep.close());
  return store;
}

/** A closed database of ours with a few orders. */
async function ours(path: string): Promise<void> {
  const store = openSqliteStore({ path, clock: testClock(), tell: () => {} });
  const ids = Array.from({ length: 200 }, (_, index) => `ORDER${index}`);
  await store.intake.createOrders(
    ids.map((id) => newOrder({ id })),
    T0,
  );
  await store.upkeep.close();
}

function sql(path: string, statements: string): void {
  const database = new Database(path);
  database.exec(statements);
  database.close();
}

const troubles: readonly {
  readonly what: string;
  readonly prepare: (path: string) => Promise<void> | void;
  readonly error: object;
}[] = [
  {
    what: 'a database of a newer version',
    prepare: async (path) => {
      await ours(path);
      sql(path, 'PRAGMA user_version = 99');
    },
    error: {
      code: 'store_newer',
      message: new RegExp(`layout is 99, this version knows ${SCHEMA_VERSION}`),
      hint: /layout 99/,
    },
  },
  {
    what: 'a database of another program',
    prepare: (path) => sql(path, 'CREATE TABLE tracks (title TEXT)'),
    error: { code: 'store_foreign', message: /another program/, hint: /data_dir/ },
  },
  {
    what: 'a file that is no database',
    prepare: (path) => writeFileSync(path, 'Dear diary, '.repeat(1_000)),
    error: { code: 'store_corrupt', message: /SQLITE_NOTADB/, hint: /backup/ },
  },
  {
    what: 'a database that was cut off',
    prepare: async (path) => {
      await ours(path);
      truncateSync(path, 4_096 + 100);
    },
    error: { code: 'store_corrupt', hint: /backup/ },
  },
  {
    what: 'a directory in its place',
    prepare: (path) => {
      mkdirSync(path);
    },
    error: { code: 'store_readonly', message: /orders\.db/, hint: /data_dir/ },
  },
  {
    what: 'something in its place that is no file',
    prepare: (path) => symlinkSync('/dev/null', path),
    error: { code: 'store_readonly', message: /a pipe or a device/, hint: /data_dir/ },
  },
];
for (const { what, prepare, error } of troubles)
  t.test(`${what} is refused and left as it is`, async (t) => {
    const path = join(directoryOf(t), 'orders.db');
    await prepare(path);
    const before = statSync(path).isFile() ? readFileSync(path) : null;
    for (const readOnly of [false, true])
      t.throws(() => open(t, path, { readOnly }), { name: 'ReconciledError', ...error });
    if (before !== null) t.ok(before.equals(readFileSync(path)));
  });

t.test('a data directory below a file cannot be made', async (t) => {
  const file = join(directoryOf(t), 'file');
  writeFileSync(file, '');
  t.throws(() => open(t, join(file, 'data', 'orders.db')), {
    code: 'store_readonly',
    hint: /data_dir/,
  });
});

t.test(
  'a data directory that the system itself refuses is not tried for ever',
  { skip: process.platform === 'linux' ? false : 'only Linux has /proc' },
  async (t) => {
    t.throws(() => open(t, '/proc/reconciled/orders.db'), { name: 'ReconciledError' });
  },
);

const skip = process.getuid?.() === 0 ? false : 'only root becomes somebody who may not look';

t.test(
  'a data directory that nobody else may look into is said to be that',
  { skip },
  async (t) => {
    const path = join(directoryOf(t), 'orders.db');
    await ours(path);
    process.seteuid?.(NOBODY);
    try {
      for (const readOnly of [false, true])
        t.throws(() => open(t, path, { readOnly }), { code: 'store_readonly', hint: /data_dir/ });
    } finally {
      process.seteuid?.(0);
    }
  },
);

t.test(
  'a reader beside whose database nothing can be written is told to copy it',
  { skip },
  async (t) => {
    const directory = directoryOf(t);
    const path = join(directory, 'orders.db');
    await ours(path);
    chmodSync(directory, 0o555);
    chmodSync(path, 0o444);
    process.seteuid?.(NOBODY);
    try {
      t.throws(() => open(t, path, { readOnly: true }), {
        code: 'store_readonly',
        message: /^The database cannot be read \(.*orders\.db; SQLITE_READONLY_DIRECTORY/,
        hint: /mounted read-only\): copy the file and its -wal/,
      });
    } finally {
      process.seteuid?.(0);
    }
  },
);

/** A user of every Linux that owns nothing. */
const NOBODY = 65_534;

t.test('a reader does not make a database, and says what does', async (t) => {
  const path = join(directoryOf(t), 'data', 'orders.db');
  t.throws(() => open(t, path, { readOnly: true }), { code: 'not_found', hint: /daemon/ });
  t.throws(() => statSync(dirname(path)));
});

t.test('a writer makes the directory, for its user only, and the newest layout', async (t) => {
  const path = join(directoryOf(t), 'new', 'data', 'orders.db');
  const store = open(t, path);
  t.equal(statSync(dirname(path)).mode & 0o777, 0o700);
  t.strictSame(await store.upkeep.check(), []);
  await store.upkeep.close();
  const database = new Database(path, { readonly: true });
  t.equal(database.pragma('user_version', { simple: true }), SCHEMA_VERSION);
  database.close();
});

t.test(
  'nobody else reads a database, whatever the folder allows that was there before',
  async (t) => {
    const directory = directoryOf(t);
    chmodSync(directory, 0o777);
    const store = open(t, join(directory, 'orders.db'));
    await store.intake.createOrders([newOrder({ id: 'ORDER1' })], T0);
    const names = ['orders.db', 'orders.db-shm', 'orders.db-wal', 'orders.db.lock'];
    t.strictSame(readdirSync(directory).sort(), names);
    for (const name of names) t.equal(statSync(join(directory, name)).mode & 0o777, 0o600, name);
  },
);

t.test('an empty file becomes a database', async (t) => {
  const path = join(directoryOf(t), 'orders.db');
  writeFileSync(path, '');
  t.strictSame(await open(t, path).upkeep.check(), []);
});

t.test('a database of an older layout is upgraded by the daemon, not by a reader', async (t) => {
  const path = join(directoryOf(t), 'orders.db');
  sql(path, 'PRAGMA application_id = 0x52434e44; PRAGMA user_version = 0');
  t.throws(() => open(t, path, { readOnly: true }), {
    code: 'store_readonly',
    hint: /Start the daemon once/,
  });
  const store = open(t, path);
  t.strictSame(await store.intake.createOrders([newOrder({ id: 'ORDER1' })], T0), [
    { kind: 'created' },
  ]);
});

t.test('a second daemon on the same file is refused, whatever name it gives it', async (t) => {
  const directory = directoryOf(t);
  const path = join(directory, 'orders.db');
  const first = open(t, path);
  const link = join(directory, 'link.db');
  symlinkSync(path, link);
  symlinkSync(directory, join(directory, 'linked'));
  const busy = {
    code: 'store_busy',
    message: /^A daemon or another command works on .*orders\.db/,
    hint: /data_dir/,
  };
  for (const name of [path, link, join(directory, 'linked', 'orders.db')])
    t.throws(() => open(t, name), busy);
  const other = startWriterProcess(t, writerCommand(path));
  t.match(await other.heard(), /^store_busy A daemon or another command works on .*orders\.db/);
  await first.upkeep.close();
  t.strictSame(await open(t, path).upkeep.check(), [], 'free again');
});

t.test('a lock that this user may only read is none', { skip }, async (t) => {
  const directory = directoryOf(t);
  const path = join(directory, 'orders.db');
  writeFileSync(`${path}.lock`, '');
  chmodSync(directory, 0o755);
  process.seteuid?.(NOBODY);
  try {
    t.throws(() => takeLock(path), { code: 'store_readonly', message: /orders\.db\.lock/ });
  } finally {
    process.seteuid?.(0);
  }
});

t.test('of a damaged lock it is not said that the database is damaged', async (t) => {
  const path = join(directoryOf(t), 'orders.db');
  writeFileSync(path, '');
  writeFileSync(`${path}.lock`, 'Dear diary, '.repeat(1_000));
  t.throws(() => open(t, path), {
    code: 'store_corrupt',
    message: `${path}.lock is damaged.`,
    hint: /Remove it/,
  });
});

t.test('a reader sees what the daemon writes, and writes nothing', async (t) => {
  const path = join(directoryOf(t), 'orders.db');
  const daemon = open(t, path);
  const reader = open(t, path, { readOnly: true });
  await daemon.intake.createOrders([newOrder({ id: 'ORDER1' })], T0);
  t.equal((await reader.reader.order('ORDER1'))?.order.id, 'ORDER1');
  t.strictSame(await reader.upkeep.check(), []);
  const refused = { code: 'store_readonly', message: /opened for reading/, hint: /running daemon/ };
  await t.rejects(reader.intake.createOrders([newOrder({ id: 'ORDER2' })], T0), refused);
  await daemon.intake.createOrders([newOrder({ id: 'ORDER2' })], T0);
  t.not(await reader.reader.order('ORDER2'), null);
});

function callback(eventId: string): Notice {
  return { gateway: 'pg', eventId, key: null, orderId: 'ORDER1', receivedAt: T0 };
}

t.test('a program that holds the write lock: busy, and later it works', async (t) => {
  const path = join(directoryOf(t), 'orders.db');
  const store = open(t, path);
  const shell = new Database(path);
  t.teardown(() => shell.close());
  shell.exec('BEGIN IMMEDIATE');
  const order = newOrder({ id: 'ORDER1' });
  const busy = { code: 'store_busy', retryable: true };
  await Promise.all([
    t.rejects(store.intake.createOrders([order], T0), busy),
    t.rejects(store.intake.admit(callback('e1')), busy),
  ]);
  t.equal(await store.reader.order('ORDER1'), null, 'reading goes on');
  shell.exec('ROLLBACK');
  t.strictSame(await store.intake.createOrders([order], T0), [{ kind: 'created' }]);
  t.equal(await store.intake.admit(callback('e1')), 'kept');
});

t.test('damage inside the file is found', async (t) => {
  const path = join(directoryOf(t), 'orders.db');
  await ours(path);
  const bytes = readFileSync(path);
  bytes.fill(0xff, bytes.length - 40_000, bytes.length - 20_000);
  writeFileSync(path, bytes);
  const store = open(t, path);
  const troubles = await store.upkeep.check();
  t.match(troubles, [/^The (file|database) is damaged/]);
});

const tampering: readonly (readonly [string, RegExp])[] = [
  ['UPDATE products SET on_hand = 7', /^Product pen has 7 on hand, its movements sum up to 5\.$/],
  ['UPDATE products SET on_hand = 3', /^Product pen has 3 on hand, its movements sum up to 5\.$/],
  ['UPDATE orders SET version = 3', /^Order ORDER1 has version 3 and 1 journal rows up to 1\.$/],
  ['DELETE FROM journal', /^Order ORDER1 has version 1 and 0 journal rows up to 0\.$/],
  [
    `UPDATE counters SET value = 4 WHERE name = 'pending'`,
    /^The counter pending says 4, there are 1\.$/,
  ],
  [
    `INSERT OR REPLACE INTO counters VALUES ('refund_due', '', 1)`,
    /^The counter refund_due says 1, there are 0\.$/,
  ],
  [
    `UPDATE orders SET state = 'completed', paid_by = 'nobody-s'`,
    /^Order ORDER1 was paid by nobody-s, which is a payment of nobody\.$/,
  ],
  ['UPDATE orders SET notices_kept = 2', /^Order ORDER1 counts 2 callbacks, there are 0\.$/],
  [`UPDATE orders SET state = 'held'`, /^The counter held says 0, there are 1\.$/],
  [
    `INSERT INTO counters VALUES ('unmatched', 'pg', 2)`,
    /^The counter unmatched pg says 2, there are 0\.$/,
  ],
  [
    `INSERT INTO notices (gateway, event_id, received_at) VALUES ('pg', 'e1', 0), ('pg', 'e2', 0);
     UPDATE notices SET state = 'matched', order_id = 'ORDER9' WHERE event_id = 'e2'`,
    /^Callback 1 is not matched yet, and a later one is\.$/,
  ],
  [
    `PRAGMA foreign_keys = OFF; INSERT INTO items VALUES ('ORDER9', 0, 'pen', 1, 1)`,
    /of items refers to a row of orders that is gone/,
  ],
];
for (const [statements, trouble] of tampering)
  t.test(`the check finds what was done by hand: ${statements}`, async (t) => {
    const path = join(directoryOf(t), 'orders.db');
    const store = open(t, path);
    await store.intake.putProduct({ id: 'pen', name: 'Pen', onHand: 5, lowStockAt: null }, T0);
    await store.intake.createOrders([newOrder({ id: 'ORDER1' })], T0);
    sql(path, statements);
    t.ok((await store.upkeep.check()).some((line) => trouble.test(line)));
  });
