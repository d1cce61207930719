import Database from 'better-sqlite3';
import t from 'tap';
import { ReconciledError } from '../../lib/errors.ts';
import { errorCodeOf, storeTrouble } from '../../lib/store/sqlite/trouble.ts';

const table = [
  ['SQLITE_FULL', 'store_full'],
  ['ENOSPC', 'store_full'],
  ['EDQUOT', 'store_full'],
  ['SQLITE_IOERR_SHMSIZE', 'store_full'],
  ['SQLITE_READONLY', 'store_readonly'],
  ['SQLITE_READONLY_DIRECTORY', 'store_readonly'],
  ['SQLITE_READONLY_CANTINIT', 'store_readonly'],
  ['SQLITE_CANTOPEN', 'store_readonly'],
  ['SQLITE_CANTOPEN_ISDIR', 'store_readonly'],
  ['SQLITE_PERM', 'store_readonly'],
  ['EACCES', 'store_readonly'],
  ['EROFS', 'store_readonly'],
  ['ENOTDIR', 'store_readonly'],
  ['ENAMETOOLONG', 'store_readonly'],
  ['ELOOP', 'store_readonly'],
  ['SQLITE_READONLY_DBMOVED', 'store_failed'],
  ['SQLITE_CORRUPT', 'store_corrupt'],
  ['SQLITE_CORRUPT_INDEX', 'store_corrupt'],
  ['SQLITE_NOTADB', 'store_corrupt'],
  ['SQLITE_IOERR_CORRUPTFS', 'store_corrupt'],
  ['SQLITE_IOERR', 'store_failed'],
  ['SQLITE_IOERR_FSYNC', 'store_failed'],
  ['SQLITE_IOERR_WRITE', 'store_failed'],
  ['SQLITE_NOMEM', 'store_failed'],
  ['SQLITE_PROTOCOL', 'store_failed'],
  ['EIO', 'store_failed'],
  ['ERR_DLOPEN_FAILED', 'store_failed'],
  ['SQLITE_BUSY', 'store_busy'],
  ['SQLITE_BUSY_SNAPSHOT', 'store_busy'],
  ['SQLITE_LOCKED', 'store_busy'],
  ['SQLITE_CONSTRAINT_CHECK', 'internal'],
  ['SQLITE_CONSTRAINT_UNIQUE', 'internal'],
  ['SQLITE_MISMATCH', 'internal'],
  ['SQLITE_ERROR', 'internal'],
  ['', 'internal'],
  ['SQLITE_OF_TOMORROW', 'store_failed'],
] as const;
for (const [engineCode, code] of table)
  t.test(`${engineCode || 'a bug'} is ${code}`, async (t) => {
    t.equal(errorCodeOf(engineCode), code);
    const trouble = storeTrouble(
      new Database.SqliteError('it broke', engineCode),
      '/data/orders.db',
    );
    t.match(trouble, { code, message: /\/data\/orders\.db; .*it broke/ });
    t.ok(trouble.hint.length > 20, 'it says what to do');
  });

t.test('a write that failed inside COMMIT is in doubt, and the message says so', async (t) => {
  const error = new Database.SqliteError('disk I/O error', 'SQLITE_IOERR_FSYNC');
  t.match(
    storeTrouble(error, '/d', 'unknown').message,
    /not known whether the last change was written/,
  );
  t.notMatch(storeTrouble(error, '/d', 'nothing').message, /not known/);
});

t.test('an error for people stays as it is', async (t) => {
  const error = new ReconciledError('invalid', 'wrong', { hint: 'right' });
  t.equal(storeTrouble(error, '/d'), error);
});
