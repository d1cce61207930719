import fs, {
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { backUp, restore } from '../../lib/store/sqlite/copying.ts';
import { openSqliteStore } from '../../lib/store/sqlite/index.ts';
import { MIGRATIONS } from '../../lib/store/sqlite/migrations.ts';
import {
  createForOwner,
  isRootsAlone,
  makeFolderForOwner,
  readyForOwner,
} from '../../lib/store/sqlite/ownership.ts';
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
  t.equal(statSync(join(restored, 'reconciled.db')).gid, DAEMON, 'and to its group');

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
  t.equal(statSync(join(opened, 'backups')).mode & 0o777, 0o700);

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
  for (const name of ['reconciled.db', 'reconciled.db.lock']) writeFileSync(join(folder, name), '');
  open(t, folder);
  for (const name of ['reconciled.db', 'reconciled.db.lock'])
    t.equal(lstatSync(join(folder, name)).uid, 0, name);
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

t.test('a folder that is there stays as it is', { skip }, async (t) => {
  const path = scratch(t);
  const folder = folderOf(0, folderOf(DAEMON, path, 'data'), 'backups');
  fs.chmodSync(folder, 0o755);
  makeFolderForOwner(folder);
  t.match(statSync(folder), { uid: 0 });
  t.equal(statSync(folder).mode & 0o777, 0o755);
});

t.test(
  'nothing is left open, because a second close would drop the locks of SQLite',
  { skip },
  async (t) => {
    const folder = folderOf(DAEMON, scratch(t), 'data');
    const descriptors = () => readdirSync('/proc/self/fd').length;
    const before = descriptors();
    readyForOwner(join(folder, 'reconciled.db'));
    readyForOwner(join(folder, 'reconciled.db'));
    makeFolderForOwner(join(folder, 'backups'));
    makeFolderForOwner(join(folder, 'backups'));
    t.equal(descriptors(), before);
  },
);

/** Does something, as another process does, right after the system did what is named for the first time. */
function rightAfter(test: Test, call: 'fstatSync' | 'mkdirSync', work: () => void): void {
  const real = fs[call] as (...args: unknown[]) => unknown;
  const restore = () => {
    Object.assign(fs, { [call]: real });
    syncBuiltinESMExports();
  };
  test.teardown(restore);
  Object.assign(fs, {
    [call]: (...args: unknown[]) => {
      restore();
      const result = real(...args);
      work();
      return result;
    },
  });
  syncBuiltinESMExports();
}

t.test(
  'what the owner of the folder puts in the place of something meanwhile',
  { skip },
  async (t) => {
    t.test('a link in that of the folder leads root nowhere else', async (t) => {
      const path = scratch(t);
      const roots = folderOf(0, path, 'roots');
      const data = folderOf(DAEMON, path, 'data');
      rightAfter(t, 'fstatSync', () => {
        renameSync(data, join(path, 'moved'));
        symlinkSync(roots, data);
      });
      readyForOwner(join(data, 'reconciled.db'));
      t.strictSame(owners(path), {
        data: 0,
        moved: DAEMON,
        'moved/reconciled.db': DAEMON,
        roots: 0,
      });
    });

    t.test('a link in that of a folder that root makes gives nothing away', async (t) => {
      const path = scratch(t);
      const roots = folderOf(0, path, 'roots');
      const backups = join(folderOf(DAEMON, path, 'data'), 'backups');
      rightAfter(t, 'mkdirSync', () => {
        renameSync(backups, join(path, 'moved'));
        symlinkSync(roots, backups);
      });
      t.throws(() => makeFolderForOwner(backups), { code: 'ENOTDIR' });
      t.equal(statSync(roots).uid, 0);
    });

    t.test('nor does a folder of somebody else there', async (t) => {
      const path = scratch(t);
      const others = folderOf(DAEMON - 1, path, 'others');
      const backups = join(folderOf(DAEMON, path, 'data'), 'backups');
      rightAfter(t, 'mkdirSync', () => {
        renameSync(backups, join(path, 'moved'));
        renameSync(others, backups);
      });
      makeFolderForOwner(backups);
      t.equal(statSync(backups).uid, DAEMON - 1);
    });
  },
);

t.test(
  'where no folder can be held open for it, what root makes stays root’s',
  { skip },
  async (t) => {
    const file = join(folderOf(DAEMON, scratch(t), 'data'), 'reconciled.db');
    const { existsSync } = fs;
    const patch = (exists: typeof existsSync) => {
      Object.assign(fs, { existsSync: exists });
      syncBuiltinESMExports();
    };
    t.teardown(() => patch(existsSync));
    patch((path) => !String(path).startsWith('/proc/') && existsSync(path));
    readyForOwner(file);
    t.equal(statSync(file).uid, 0);
  },
);
