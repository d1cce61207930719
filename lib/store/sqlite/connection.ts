import { closeSync, existsSync, type Stats, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { ReconciledError } from '../../errors.ts';
import { nativeBinding } from './addon.ts';
import {
  closeQuietly,
  type FileAt,
  fileAt,
  isGone,
  isInPlace,
  lockPath,
  realPath,
} from './in-place.ts';
import { keepAsItIs, makeFolder } from './keeping.ts';
import { type Lock, takeLock } from './lock.ts';
import { type LogFile, logFile, type SyncFile } from './log-file.ts';
import { APPLICATION_ID, MIGRATIONS } from './migrations.ts';
import { createForOwner } from './ownership.ts';
import { type Session, sessionOf } from './session.ts';
import { readingTrouble, storeTrouble } from './trouble.ts';
import { whyNotOpened } from './why-not-opened.ts';

/** The file, opened again by itself after a failure. */
export interface Connection {
  readonly path: string;
  readonly readOnly: boolean;
  /**
   * The open database. Throws `store_closed`, what opening it again met, and `store_failed` while its file is not in its place: what is
   * written to a file that was removed or moved is found by nobody, and a new one in its place would be empty.
   */
  session(): Session;
  /** Resolves when every COMMIT of the open database is on the disk. Rejects with what the system says. */
  sync(): Promise<void>;
  /** The sync under way, which does not reject; `null`: whatever was committed is on the disk, or was told that it failed. */
  readonly syncing: Promise<unknown> | null;
  /**
   * Puts the write-ahead log back into the file if it has grown to `LOG_PAGES`: for a moment when nobody waits. Never throws: a log that
   * stays is no harm, and whatever keeps it fails the next write, which says so.
   */
  putBack(): void;
  /**
   * Drops a connection whose state is in doubt after a failed write; the next `session` opens a new one. While the file is not in its
   * place it stays open until then: it may be all that is left of it.
   */
  abandon(): void;
  close(): void;
}

/** Which file is opened, and how. */
interface ConnectionOptions {
  readonly path: string;
  readonly readOnly: boolean;
  readonly maxPages: number | null;
  /** The layout, as steps. */
  readonly migrations: readonly string[];
  /** Hears that the layout is about to be changed from the one that is there; the call of `openConnection` takes long then. */
  readonly upgrading: (from: number) => void;
  /** How the log is put on the disk. */
  readonly syncFile: SyncFile;
}

/**
 * Opens the file, creates or upgrades its layout, and (for a writer) takes the lock that keeps a second daemon out.
 * Throws `store_busy`, `store_newer`, `store_foreign`, `store_corrupt`, `store_readonly`, `store_full`, `not_found`.
 */
export function openConnection(options: ConnectionOptions): Connection {
  const path = readyPath(options);
  const settled = { ...options, path };
  const lock = options.readOnly ? null : lockOf(path);
  let open: Open | null = null;
  let file: FileAt = null;
  let inDoubt = false;
  /** False: the log may hold what the disk does not: from a process that died before its sync, or after a sync that failed. */
  let isOnDisk = options.readOnly;
  let closed = false;
  const opened = () => {
    if (closed) throw closedError(path);
    if (!isInPlace(path, file)) throw movedError(path);
    lock?.keep();
    if (inDoubt) drop();
    open ??= openOrSayWhy(settled);
    if (!isOnDisk) putOnDisk(open);
    isOnDisk = true;
    return open;
  };
  const drop = () => {
    open?.log.close();
    closeQuietly(open?.database);
    open = null;
    inDoubt = false;
  };
  try {
    opened();
    file = fileAt(path);
  } catch (error) {
    drop();
    lock?.close();
    throw troubleOf(options, error, path);
  }
  return {
    path,
    readOnly: options.readOnly,
    session: () => opened().session,
    sync: async () => {
      try {
        await opened().log.sync();
      } catch (error) {
        // Before those go on who waited for `syncing`.
        isOnDisk = false;
        throw error;
      }
    },
    get syncing() {
      return open?.log.syncing ?? null;
    },
    putBack: () => {
      if (open !== null) putBack(open.database);
    },
    abandon: () => {
      inDoubt = true;
      if (isInPlace(path, file)) drop();
    },
    close: () => {
      if (closed) return;
      // SQLite itself does so only where nobody else has the file open; and whoever copies it by hand knows no better.
      if (open !== null && !options.readOnly && !inDoubt && isInPlace(path, file))
        beginLogAnew(open.database);
      drop();
      closed = true;
      lock?.close();
    },
  };
}

/**
 * Takes the lock of a file that is there, or was never: then the file is made first. So an end in between, or a disk without room for both,
 * never leaves a lock alone, which is what a database leaves that was taken away.
 * @throws ReconciledError `store_failed` for such a one: an empty one in its place would look as if all were well.
 */
function lockOf(path: string): Lock {
  if (isGone(path)) throw goneError(path);
  try {
    closeSync(createForOwner(path));
  } catch (error) {
    // It is there already, or a link leads to where it is to be.
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    if (!isThere) throw storeTrouble(error, path);
  }
  return takeLock(path);
}

/** Another program that writes (a sqlite3 shell) is waited for this long; the whole daemon waits with us, so not for long. */
const BUSY_TIMEOUT_MS = 1_000;

/** The write-ahead log is cut back to this after a checkpoint: it grows beyond while a long reader holds it. */
const LOG_SIZE_LIMIT_BYTES = 64 * 1024 * 1024;

/** So long is worth putting back as soon as nothing is written. The loop is held meanwhile, for a few milliseconds. */
const LOG_PAGES = 300;

/**
 * While one write follows another the log is put back only when it is so long, within the COMMIT that makes it so. SQLite's own thousand
 * holds the loop for half as long again when every page is another one, as they are when old orders are removed.
 */
const LONG_LOG_PAGES = 500;

interface Open {
  readonly database: Database.Database;
  readonly session: Session;
  readonly log: LogFile;
}

function openOrSayWhy(options: ConnectionOptions): Open {
  try {
    return openDatabase(options);
  } catch (error) {
    throw whyNotOpened(error, options.path);
  }
}

function openDatabase(options: ConnectionOptions): Open {
  const database = new Database(options.path, {
    readonly: options.readOnly,
    fileMustExist: options.readOnly,
    timeout: BUSY_TIMEOUT_MS,
    ...nativeBinding(dirname(options.path)),
  });
  try {
    const { migrations, path } = options;
    const version = identify(database, path, migrations.length);
    if (options.maxPages !== null) database.pragma(`max_page_count = ${options.maxPages}`);
    if (options.readOnly) refuseOlder(version, options);
    else prepareForWriting(database, version, options);
    // What a statement could have to undo SQLite would else keep in a file in /var/tmp or /tmp, which may be full, or not be there.
    database.pragma('temp_store = MEMORY');
    database.pragma('foreign_keys = ON');
    database.pragma('trusted_schema = OFF');
    const log = logFile(path, options.syncFile);
    return { database, session: sessionOf(database), log };
  } catch (error) {
    closeQuietly(database);
    throw error;
  }
}

/**
 * The layout version of a file of ours, 0 for an empty one. Changes nothing, so that a foreign file stays as it was. `known`: the
 * newest that this program knows.
 * @throws ReconciledError `store_foreign`, `store_newer`.
 */
export function identify(
  database: Database.Database,
  path: string,
  known = MIGRATIONS.length,
): number {
  const applicationId = numberOf(database.pragma('application_id', { simple: true }));
  const version = numberOf(database.pragma('user_version', { simple: true }));
  const tables = database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').all().length;
  if (applicationId === 0 && version === 0 && tables === 0) return 0;
  if (applicationId !== APPLICATION_ID)
    throw new ReconciledError('store_foreign', `${path} is a database of another program.`, {
      hint: 'Set data_dir to a directory of its own.',
    });
  if (version > known)
    throw new ReconciledError(
      'store_newer',
      `${path} was written by a newer version of reconciled: its layout is ${version}, this version knows ${known}.`,
      { hint: `Install a version of reconciled that knows layout ${version}, or newer.` },
    );
  return version;
}

function refuseOlder(version: number, { path, migrations }: ConnectionOptions): void {
  if (version === migrations.length) return;
  throw new ReconciledError(
    'store_readonly',
    `${path} has layout ${version} and must be brought to ${migrations.length} before it can be read.`,
    { hint: 'Start the daemon once with this version: it upgrades the database.' },
  );
}

function prepareForWriting(
  database: Database.Database,
  version: number,
  { path, migrations, upgrading }: ConnectionOptions,
): void {
  const mode = database.pragma('journal_mode = WAL', { simple: true });
  if (mode !== 'wal')
    throw new ReconciledError('store_failed', `${path} cannot be used with a write-ahead log.`, {
      hint: 'Set data_dir to a directory on a local disk (not a network share).',
    });
  // NORMAL: a power cut never damages the file, but may take the last COMMIT with it. That it does not take what was acknowledged is
  // the writer's part: it syncs the log after each COMMIT as SQLite would with FULL, but beside the loop, which SQLite would hold.
  database.pragma('synchronous = NORMAL');
  database.pragma(`wal_autocheckpoint = ${LONG_LOG_PAGES}`);
  database.pragma(`journal_size_limit = ${LOG_SIZE_LIMIT_BYTES}`);
  if (version > 0 && version < migrations.length) {
    upgrading(version);
    keepAsItIs(database, version, path);
  }
  for (const [index, step] of migrations.entries()) {
    if (index < version) continue;
    database.exec(
      `BEGIN IMMEDIATE; ${step} PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${index + 1}; COMMIT`,
    );
  }
}

/**
 * Puts on the disk what is in the log, whatever the system has made of it so far: into the file, and the log begins anew with blocks of its
 * own. While somebody reads from it, or the file has no room to grow, it is written once more in its place; who else would begin it anew
 * meanwhile (Litestream does) has to wait, or would lose what it writes.
 */
function putOnDisk({ database, log }: Open): void {
  if (beginLogAnew(database)) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    log.writeAgain();
  } finally {
    database.exec('ROLLBACK');
  }
}

function beginLogAnew(database: Database.Database): boolean {
  try {
    return database.pragma('wal_checkpoint(TRUNCATE)', { simple: true }) === 0;
  } catch {
    return false;
  }
}

function putBack(database: Database.Database): void {
  try {
    const state = database.prepare<[], LogState>('PRAGMA wal_checkpoint(NOOP)').get();
    if (state !== undefined && state.log - state.checkpointed >= LOG_PAGES)
      database.pragma('wal_checkpoint(PASSIVE)');
  } catch {
    // SQLite keeps it to itself as well when this fails within a COMMIT.
  }
}

/** Pages of the log, and how many of them are in the file. */
interface LogState {
  readonly log: number;
  readonly checkpointed: number;
}

/** The real path of the file. Makes the directory for a writer. */
function readyPath(options: ConnectionOptions): string {
  const wanted = resolve(options.path);
  const kind = kindOf(wanted, options);
  if (kind !== null && !kind.isFile()) {
    // A pipe would be waited for for ever.
    const what = kind.isDirectory() ? 'a directory' : 'a pipe or a device';
    throw new ReconciledError('store_readonly', `${wanted} is ${what}, not a database.`, {
      hint: 'Set data_dir to the directory that holds the database.',
    });
  }
  if (options.readOnly && !existsSync(wanted)) {
    if (isGone(wanted)) throw goneError(wanted);
    throw new ReconciledError('not_found', `There is no database at ${wanted}.`, {
      hint: 'Check data_dir, or start the daemon once: it creates the database.',
    });
  }
  try {
    // 0700: the database holds what members ordered.
    if (!options.readOnly) makeFolder(dirname(wanted));
    return realPath(wanted);
  } catch (error) {
    throw troubleOf(options, error, wanted);
  }
}

/** What a name leads to; `null`: nothing. @throws ReconciledError where nobody may look. */
function kindOf(path: string, options: ConnectionOptions): Stats | null {
  try {
    return statSync(path, { throwIfNoEntry: false }) ?? null;
  } catch (error) {
    throw troubleOf(options, error, path);
  }
}

function troubleOf({ readOnly }: ConnectionOptions, error: unknown, path: string): ReconciledError {
  return readOnly ? readingTrouble(error, path) : storeTrouble(error, path);
}

function goneError(path: string): ReconciledError {
  return new ReconciledError(
    'store_failed',
    `${path} is gone: its lock is there still, so it was removed or moved.`,
    {
      hint: `Put the file back (with its -wal, if there is one), or restore a backup. Whoever wants to begin with an empty one may remove ${lockPath(path)}.`,
    },
  );
}

function movedError(path: string): ReconciledError {
  return new ReconciledError(
    'store_failed',
    `${path} was removed, moved or replaced while it was open: nothing is written to it any more.`,
    {
      hint: `Put the file back, and the daemon goes on by itself. A removed one can be copied, with its -wal, out of /proc/${process.pid}/fd until the daemon ends.`,
      retryable: true,
    },
  );
}

function closedError(path: string): ReconciledError {
  return new ReconciledError('store_closed', `The store was closed already (${path}).`, {
    hint: 'Start the daemon again.',
  });
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
