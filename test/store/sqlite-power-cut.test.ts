import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { backUp } from '../../lib/store/sqlite/copying.ts';
import { openSqliteStore } from '../../lib/store/sqlite/index.ts';
import { cannotTrace, watchedDisk } from '../support/power-cut.ts';
import { newOrder, T0, testClock } from '../support/store-fixtures.ts';
import { directoryOf, startWriterProcess, writerCommand } from '../support/store-process.ts';
import { HeldSyncs } from '../support/syncing.ts';

/** A power cut keeps what was synced, and nothing that only the system holds. */

/** A database whose writers are watched. */
async function watched(t: Test) {
  const path = join(directoryOf(t), 'orders.db');
  await openSqliteStore({ path, clock: testClock(), tell: () => {} }).upkeep.close();
  const disk = watchedDisk(path);
  return {
    path,
    start: (inject?: string) => startWriterProcess(t, disk.watch(writerCommand(path), inject)),
    /** The orders that are there after a power cut at this moment. */
    afterTheCut: () => {
      const database = new Database(disk.cut());
      const ids = database.prepare('SELECT id FROM orders ORDER BY id').pluck().all();
      database.close();
      return ids;
    },
  };
}

t.test(
  'a sync that failed: what is acknowledged later does not stand on what the disk never got',
  { skip: cannotTrace },
  async (t) => {
    const { path, start, afterTheCut } = await watched(t);
    const writer = start('error=EIO:when=2');
    t.equal(await writer.heard(), 'ready');
    t.equal(await writer.create('ORDER1'), 'ORDER1');
    // Beside somebody who reads (a backup, Litestream) the log cannot begin anew.
    const reader = new Database(path, { readonly: true });
    t.teardown(() => reader.close());
    reader.exec('BEGIN; SELECT 1 FROM orders');
    t.match(await writer.create('ORDER2'), /^ORDER2 store_failed .*not known whether/);
    t.equal(await writer.create('ORDER3'), 'ORDER3');
    t.strictSame(afterTheCut(), ['ORDER1', 'ORDER2', 'ORDER3']);
  },
);

t.test(
  'a process that died before its sync: the next one puts on the disk what it finds',
  { skip: cannotTrace },
  async (t) => {
    const { start, afterTheCut } = await watched(t);
    const first = start('signal=SIGKILL:when=2');
    t.equal(await first.heard(), 'ready');
    t.equal(await first.create('ORDER1'), 'ORDER1');
    t.equal(await first.create('ORDER2'), null);
    t.strictSame(afterTheCut(), ['ORDER1']);
    const next = start();
    t.equal(await next.heard(), 'ready');
    t.strictSame(afterTheCut(), ['ORDER1', 'ORDER2']);
  },
);

t.test('a sync that failed: nobody hears of the change before it is on the disk', async (t) => {
  const path = join(directoryOf(t), 'orders.db');
  const syncs = new HeldSyncs();
  const store = openSqliteStore({
    path,
    clock: testClock(),
    tell: () => {},
    syncFile: syncs.syncFile,
  });
  t.teardown(() => store.upkeep.close());
  const created = store.intake.createOrders([newOrder({ id: 'ORDER1' })], T0);
  while (syncs.underWay === 0) await new Promise(setImmediate);
  const waiting = store.reader.order('ORDER1');
  // Who else writes keeps it from being put on the disk.
  const other = new Database(path);
  other.exec('BEGIN IMMEDIATE');
  syncs.fail(Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' }));
  await t.rejects(created, { code: 'store_failed', message: /not known whether/ });
  await t.rejects(waiting, { code: 'store_busy', retryable: true });
  other.exec('ROLLBACK');
  other.close();
  t.not(await store.reader.order('ORDER1'), null, 'now it is there for good');
});

t.test(
  'the folders that a first start makes have their names on the disk',
  { skip: cannotTrace },
  async (t) => {
    const folder = directoryOf(t);
    const trace = join(folder, 'trace');
    const command = writerCommand(join(folder, 'new', 'data', 'orders.db'));
    const strace = ['strace', '-f', '-qq', '-y', '-e', 'trace=fsync', '-o', trace];
    const writer = startWriterProcess(t, [...strace, ...command]);
    t.equal(await writer.heard(), 'ready');
    const said = readFileSync(trace, 'utf8');
    for (const holder of [folder, join(folder, 'new'), join(folder, 'new', 'data')])
      t.ok(said.includes(`<${holder}>) = 0`), holder);
  },
);

t.test(
  'on a disk without hard links nothing but a whole backup has its name',
  { skip: cannotTrace },
  async (t) => {
    const folder = directoryOf(t);
    const trace = join(folder, 'trace');
    const path = join(folder, 'reconciled.db');
    await openSqliteStore({ path, clock: testClock(), tell: () => {} }).upkeep.close();
    const backup = join(folder, 'backup.db');
    const calls = 'trace=link,linkat,write,pwrite64,copy_file_range,sendfile';
    const faults = 'inject=link,linkat:error=EPERM';
    const strace = ['strace', '-f', '-qq', '-y', '-e', calls, '-e', faults, '-o', trace];
    const reconciled = [process.execPath, join(import.meta.dirname, '../../lib/main.ts')];
    const [program = '', ...rest] = [
      ...strace,
      ...reconciled,
      'backup',
      backup,
      '--data-dir',
      folder,
    ];
    execFileSync(program, rest, { cwd: folder });
    const said = readFileSync(trace, 'utf8');
    t.match(said, /EPERM.*INJECTED/);
    t.notOk(said.includes(`<${backup}>`), 'nothing is written into it');
    const database = new Database(backup, { readonly: true });
    t.equal(database.pragma('quick_check', { simple: true }), 'ok');
    database.close();
    t.notOk(existsSync(`${backup}.draft`));
  },
);

for (const command of ['backup', 'restore'])
  t.test(
    `${command}: a draft that cannot be removed any more takes nothing from what is made`,
    { skip: cannotTrace },
    async (t) => {
      const folder = directoryOf(t);
      const path = join(folder, 'reconciled.db');
      const backup = join(folder, 'backup.db');
      await openSqliteStore({ path, clock: testClock(), tell: () => {} }).upkeep.close();
      await backUp(path, backup, () => {});
      const elsewhere = join(folder, 'elsewhere');
      const made =
        command === 'backup' ? join(folder, 'other.db') : join(elsewhere, 'reconciled.db');
      const args =
        command === 'backup' ? [made, '--data-dir', folder] : [backup, '--data-dir', elsewhere];
      const draft = `${made}.draft`;
      const faults = ['-P', draft, '-e', 'trace=unlink', '-e', 'inject=unlink:error=EIO'];
      const strace = ['-f', '-qq', '-o', join(folder, 'trace'), ...faults, process.execPath];
      const main = join(import.meta.dirname, '../../lib/main.ts');
      const { status, stderr } = spawnSync('strace', [...strace, main, command, ...args], {
        cwd: folder,
        encoding: 'utf8',
      });
      t.match(readFileSync(join(folder, 'trace'), 'utf8'), /INJECTED/);
      t.equal(status, 0, stderr);
      t.ok(existsSync(made));
      // What can be removed again is: the draft is no obstacle to the next copy.
      rmSync(made);
      spawnSync(process.execPath, [main, command, ...args], { cwd: folder });
      t.ok(existsSync(made) && !existsSync(draft));
    },
  );
