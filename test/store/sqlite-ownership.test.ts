import {
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { backUp, restore } from '../../lib/store/sqlite/copying.ts';
import { openSqliteStore } from '../../lib/store/sqlite/index.ts';
import { MIGRATIONS } from '../../lib/store/sqlite/migrations.ts';
import { createForOwner, isRootsAlone, readyForOwner } from '../../lib/store/sqlite/ownership.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { testClock } from '../support/store-fixtures.ts';

/** Commands of root in the data directory of another user, who may put anything there at any moment. */

const skip = process.getuid?.() === 0 ? false : 'only root makes files that others cannot write';

/** The user of a daemon: nobody, on every Linux. */
const DAEMON = 65_534;

function scratch(test: Test): string {
  const { path, remove } = scratchDir('ownership');
  test.teardown(remove);
  return path;
}

function folderOf(uid: number, ...path: readonly string[]): string {
  const folder = join(...path);
  mkdirSync(folder);
  chownSync(folder, uid, uid);
  return folder;
}

function open(test: Test, folder: string, migrations: readonly string[] = MIGRATIONS) {
  const path = join(folder, 'reconciled.db');
  const store = openSqliteStore({ path, clock: testClock(), tell: () => {}, migrations });
  test.teardown(() => store.upkeep.close());
  return store;
}

/** Everything that lies in a folder, with the user it belongs to. */
function owners(folder: string): Readonly<Record<string, number>> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(names.map((name) => [name, lstatSync(join(folder, name)).uid]));
}

t.test('what root makes belongs to whoever owns the folder', { skip }, async (t) => {
  const path = scratch(t);
  const [source, restored, opened] = [
    folderOf(0, path, 'source'),
    folderOf(DAEMON, path, 'restored'),
    folderOf(DAEMON, path, 'opened'),
  ];
  open(t, source);
  const backup = join(path, 'backup.db');
  await backUp(join(source, 'reconciled.db'), backup, () => {});
  // As the state directory of a service of systemd.
  symlinkSync(restored, join(path, 'linked'));
  restore(backup, join(path, 'linked', 'reconciled.db'));
  t.strictSame(owners(restored), { 'reconciled.db': DAEMON, 'reconciled.db.lock': DAEMON });

  const store = open(t, opened);
  const database = {
    'reconciled.db': DAEMON,
    'reconciled.db-shm': DAEMON,
    'reconciled.db-wal': DAEMON,
    'reconciled.db.lock': DAEMON,
  };
  t.strictSame(owners(opened), database);
  await store.upkeep.close();
  open(t, opened, [...MIGRATIONS, 'ALTER TABLE orders ADD COLUMN colour TEXT;']);
  const kept = `backups/layout-${MIGRATIONS.length}.db`;
  t.strictSame(owners(opened), { backups: DAEMON, [kept]: DAEMON, ...database });
  t.equal(statSync(join(opened, kept)).mode & 0o777, 0o600, 'and nobody else reads it');

  t.equal(statSync(backup).uid, 0, 'a folder of root stays root’s');
  for (const [name, uid] of Object.entries(owners(source))) t.equal(uid, 0, name);
});

t.test('a copy that root makes elsewhere stays root’s', { skip }, async (t) => {
  const path = scratch(t);
  open(t, path);
  const backup = join(folderOf(DAEMON, path, 'of-somebody'), 'backup.db');
  await backUp(join(path, 'reconciled.db'), backup, () => {});
  t.equal(statSync(backup).uid, 0);
});

t.test('nothing that was there already is given away', { skip }, async (t) => {
  const path = scratch(t);
  const folder = folderOf(DAEMON, path, 'data');
  const precious = join(path, 'precious');
  writeFileSync(precious, '');
  linkSync(precious, join(folder, 'linked'));
  symlinkSync(precious, join(folder, 'led'));
  symlinkSync(join(path, 'to-be-made'), join(folder, 'leads-nowhere'));
  writeFileSync(join(folder, 'moved-here'), '');
  for (const name of ['linked', 'led', 'leads-nowhere', 'moved-here']) {
    readyForOwner(join(folder, name));
    t.throws(() => createForOwner(join(folder, name)), { code: 'EEXIST' }, name);
  }
  writeFileSync(join(folder, 'reconciled.db.lock'), '');
  open(t, folder);
  t.equal(lstatSync(join(folder, 'reconciled.db.lock')).uid, 0);
  t.strictSame(owners(path), { ...owners(path), precious: 0, 'data/moved-here': 0 });
  t.notOk(readdirSync(path).includes('to-be-made'));
});

t.test('root loads its driver from where nobody else can exchange it', { skip }, async (t) => {
  const path = scratch(t);
  const [roots, daemons] = [folderOf(0, path, 'roots'), folderOf(DAEMON, path, 'daemons')];
  t.ok(isRootsAlone('/'));
  t.ok(isRootsAlone(folderOf(0, roots, 'data')));
  t.notOk(isRootsAlone(daemons));
  t.notOk(isRootsAlone(folderOf(0, daemons, 'data')), 'its owner can put another in its place');
});
