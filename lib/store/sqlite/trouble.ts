import Database from 'better-sqlite3';
import { type ErrorCode, messageOf, ReconciledError } from '../../errors.ts';

/**
 * What is known of a write that failed. `unknown`: the engine failed inside COMMIT, or the system while it put that on the disk, so it
 * may or may not be there after the next opening.
 */
export type Written = 'nothing' | 'unknown';

/** The error for people that stands for an error of the engine or of the file system. Passes a `ReconciledError` on. */
export function storeTrouble(
  error: unknown,
  path: string,
  written: Written = 'nothing',
): ReconciledError {
  if (error instanceof ReconciledError) return error;
  return troubleOf(errorCodeOf(codeOf(error)), error, path, written);
}

/** The same for who only reads. */
export function readingTrouble(error: unknown, path: string): ReconciledError {
  const code = errorCodeOf(codeOf(error));
  if (error instanceof ReconciledError || code !== 'store_readonly')
    return storeTrouble(error, path);
  return troubleOf(code, error, path, 'nothing', UNREADABLE);
}

/** The same for a COMMIT that the system could not put on the disk: never the fault of the work, whatever the system says. */
export function syncTrouble(error: unknown, path: string): ReconciledError {
  const code = errorCodeOf(codeOf(error));
  return troubleOf(code === 'internal' ? 'store_failed' : code, error, path, 'unknown');
}

function troubleOf(
  code: StoreErrorCode,
  error: unknown,
  path: string,
  written: Written,
  { what, hint, retryable }: Words = WORDS[code],
): ReconciledError {
  const engineCode = codeOf(error);
  const fate = written === 'unknown' ? ' It is not known whether the last change was written.' : '';
  const detail = messageOf(error);
  // The system begins its sentence with the code, SQLite does not.
  const said = detail.startsWith(engineCode) ? detail : `${engineCode}: ${detail}`;
  return new ReconciledError(code, `${what} (${path}; ${said}).${fate}`, {
    hint,
    retryable,
    cause: error,
  });
}

/** True when the work itself was wrong (a constraint, a bug) and the engine is sound: the same work alone fails again. */
export function isFaultOfTheWork(error: unknown): boolean {
  return storeTrouble(error, '').code === 'internal' || error instanceof ReconciledError;
}

/** The code for people of an engine's (`SQLITE_…`) or a system's (`ENOSPC` …) code; `internal` when it is our own bug. */
export function errorCodeOf(engineCode: string): StoreErrorCode {
  return CODES.find(([prefix]) => engineCode.startsWith(prefix))?.[1] ?? 'internal';
}

type StoreErrorCode = Extract<
  ErrorCode,
  'store_full' | 'store_readonly' | 'store_corrupt' | 'store_busy' | 'store_failed' | 'internal'
>;

/** First match wins, so the longer codes stand first. */
const CODES: readonly (readonly [string, StoreErrorCode])[] = [
  ['SQLITE_FULL', 'store_full'],
  ['ENOSPC', 'store_full'],
  ['EDQUOT', 'store_full'],
  // The index of the log could not grow: SQLite says no more than that.
  ['SQLITE_IOERR_SHMSIZE', 'store_full'],
  ['SQLITE_READONLY_DBMOVED', 'store_failed'],
  ['SQLITE_READONLY', 'store_readonly'],
  ['SQLITE_CANTOPEN', 'store_readonly'],
  ['SQLITE_PERM', 'store_readonly'],
  ['EACCES', 'store_readonly'],
  ['EPERM', 'store_readonly'],
  ['EROFS', 'store_readonly'],
  ['ENOTDIR', 'store_readonly'],
  ['ENAMETOOLONG', 'store_readonly'],
  ['ELOOP', 'store_readonly'],
  ['EEXIST', 'store_readonly'],
  ['SQLITE_CORRUPT', 'store_corrupt'],
  ['SQLITE_NOTADB', 'store_corrupt'],
  ['SQLITE_FORMAT', 'store_corrupt'],
  ['SQLITE_IOERR_CORRUPTFS', 'store_corrupt'],
  ['SQLITE_BUSY', 'store_busy'],
  ['SQLITE_LOCKED', 'store_busy'],
  ['SQLITE_CONSTRAINT', 'internal'],
  ['SQLITE_MISMATCH', 'internal'],
  ['SQLITE_MISUSE', 'internal'],
  ['SQLITE_RANGE', 'internal'],
  ['SQLITE_TOOBIG', 'internal'],
  ['SQLITE_ERROR', 'internal'],
  ['SQLITE_', 'store_failed'],
  ['EIO', 'store_failed'],
  ['EMFILE', 'store_failed'],
  ['ENFILE', 'store_failed'],
  ['ENOENT', 'store_failed'],
  // The system does not load the driver: too little memory, a rule of SELinux or AppArmor.
  ['ERR_DLOPEN_FAILED', 'store_failed'],
];

interface Words {
  readonly what: string;
  readonly hint: string;
  readonly retryable: boolean;
}

const WORDS: Readonly<Record<StoreErrorCode, Words>> = {
  store_full: {
    what: 'There is no room to write the database',
    hint: 'Free space on the disk that it lies on (df -h and df -i show what is left). A daemon goes on by itself then, a command has to be given again.',
    retryable: true,
  },
  store_readonly: {
    what: 'The data directory or the database cannot be written',
    hint: 'Give the user that runs reconciled the right to write to data_dir and to the files in it, or set data_dir to a directory that can be written.',
    retryable: false,
  },
  store_corrupt: {
    what: 'The database is damaged, or is no SQLite database at all',
    hint: 'Check data_dir. If the file is ours, stop the daemon, keep a copy of the file and put the last backup in its place.',
    retryable: false,
  },
  store_busy: {
    what: 'Another program holds the database',
    hint: 'End other programs that write to the database (a second daemon, an open sqlite3 shell).',
    retryable: true,
  },
  store_failed: {
    what: 'The database engine failed',
    hint: 'Look at the disk and at the system log; the daemon opens the database again for the next change.',
    retryable: true,
  },
  internal: {
    what: 'A change does not fit the rules of the database',
    hint: 'This is a bug in reconciled. Please report it with this message.',
    retryable: false,
  },
};

/** SQLite wants a file of its own beside one that has a log, even to read it. */
const UNREADABLE: Words = {
  what: 'The database cannot be read',
  hint: 'Give the user that runs this the right to read it. Where nothing can be written beside it (a snapshot that is mounted read-only): copy the file and its -wal, if there is one, into a folder that can be written, and set data_dir to that.',
  retryable: false,
};

function codeOf(error: unknown): string {
  if (error instanceof Database.SqliteError) return error.code;
  if (error instanceof Error && 'code' in error && typeof error.code === 'string')
    return error.code;
  return '';
}
