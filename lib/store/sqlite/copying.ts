import {
  closeSync,
  existsSync,
  linkSync,
  openSync,
  realpathSync,
  renameSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { type ErrorCode, ReconciledError } from '../../errors.ts';
import { nativeBinding } from './addon.ts';
import { identify } from './connection.ts';
import { closeQuietly, lockPath } from './in-place.ts';
import {
  copyForOwner,
  DRAFT,
  dropDraft,
  makeFolder,
  removeDraft,
  syncFile,
  syncFolder,
  tidyAway,
  tidyNamedDrafts,
} from './keeping.ts';
import { takeLock } from './lock.ts';
import { readingTrouble, storeTrouble } from './trouble.ts';
import { whyNotOpened } from './why-not-opened.ts';

/** A database that stands by itself in one file. */
interface CopiedDatabase {
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
  /** The version of its layout. */
  readonly layout: number;
  readonly orders: number;
}

/** Pages of 4 KiB copied, and brought to the disk, before others get their turn, and the bar its step. */
const PAGES_PER_STEP = 256;

/**
 * Copies a database, beside a daemon that may run: it is not held up, because the copy is made by another process that only
 * reads. What is copied is the database of one moment. It is looked through before it gets its name, and never replaces a file.
 * @param at hears which part is done, 0–1.
 * @param end ends it early, with its reason: nothing is left of the copy then.
 * @throws ReconciledError `conflict` when the target exists, `not_found`, `store_…` whatever is wrong with either file.
 */
export async function backUp(
  source: string,
  target: string,
  at: (share: number) => void,
  end?: AbortSignal,
): Promise<CopiedDatabase> {
  const path = resolve(target);
  refuseTaken(path, 'Name another file; a backup replaces nothing.');
  if (!existsSync(dirname(path))) {
    throw new ReconciledError('not_found', `There is no folder ${dirname(path)}.`, {
      hint: 'Make it first, or name a file elsewhere.',
    });
  }
  const draft = `${path}${DRAFT}`;
  const from = openSnapshot(source);
  try {
    // Another backup into the same file would write into this draft, and end with neither.
    const lock = takeLock(draft);
    try {
      return await copyOut(from, draft, path, at, end);
    } finally {
      tidyAway(lockPath(draft));
      lock.close();
    }
  } catch (error) {
    if (end?.aborted) throw end.reason;
    const folder = dirname(path);
    throw hinted(storeTrouble(error, path), {
      store_full: `Free space on the disk of ${folder}, or name a file elsewhere.`,
      store_readonly: `Give the user that runs this the right to write to ${folder}, or name a file elsewhere.`,
    });
  } finally {
    from.close();
  }
}

async function copyOut(
  from: Database.Database,
  draft: string,
  path: string,
  at: (share: number) => void,
  end?: AbortSignal,
): Promise<CopiedDatabase> {
  try {
    tidyNamedDrafts(dirname(path));
    removeDraft(draft);
    // It holds what members ordered: nobody else can read it from its first byte on.
    closeSync(openSync(draft, 'wx', 0o600));
    await from.backup(draft, {
      progress: ({ totalPages, remainingPages }) => {
        end?.throwIfAborted();
        at(totalPages === 0 ? 0 : 1 - remainingPages / totalPages);
        // Not all of it at the end: a commit of the daemon on the same disk would wait until hundreds of megabytes are written.
        syncFile(draft);
        return PAGES_PER_STEP;
      },
    });
    // From now on the daemon can put its log back: the longer it could not, the longer that takes.
    from.close();
    return finish(draft, path);
  } catch (error) {
    throw giveUp(draft, error);
  }
}

/** Removes what there is of the copy. @returns why it was not made: found out before, because the removal makes room for a file. */
function giveUp(draft: string, error: unknown): unknown {
  const why = whyNotOpened(error, draft);
  dropDraft(draft);
  return why;
}

/** One snapshot of the database: without it each write of the daemon would make the copy begin anew. What is wrong here is the source. */
function openSnapshot(source: string): Database.Database {
  let from: Database.Database | undefined;
  try {
    from = open(source, true);
    if (identify(from, source) === 0) {
      throw new ReconciledError('not_found', `${source} is empty: there is nothing to copy.`, {
        hint: 'Check data_dir; `reconciled serve` or `reconciled import` makes the database.',
      });
    }
    from.exec('BEGIN');
    from.prepare('SELECT 1 FROM sqlite_schema').all();
    return from;
  } catch (error) {
    closeQuietly(from);
    throw readingTrouble(whyNotOpened(error, source), source);
  }
}

/**
 * Puts a backup where a daemon will find it. Everything is looked at before anything is written, and nothing is replaced.
 * @throws ReconciledError `store_busy` while a daemon runs there, `conflict` when a database is there, `store_…` whatever is wrong
 * with the backup.
 */
export function restore(source: string, target: string): CopiedDatabase {
  const path = resolve(target);
  try {
    return copyBack(source, path);
  } catch (error) {
    throw hinted(storeTrouble(error, path), {
      store_full: `Free space on the disk of ${dirname(path)}, then restore again.`,
    });
  }
}

function copyBack(source: string, path: string): CopiedDatabase {
  // The driver is written beside the first database that is opened: not among the backups.
  if (existsSync(dirname(path))) nativeBinding(dirname(path));
  refuseLog(source);
  lookAtBackup(source);
  makeFolder(dirname(path));
  const draft = `${path}${DRAFT}`;
  refuseDraft(source, draft);
  const lock = takeLock(path);
  try {
    refuseTaken(path, 'Move it away (with its -wal and -shm), then restore again.');
    // It is removed, not written into.
    removeDraft(draft);
    copyForOwner(source, draft);
    return finish(draft, path);
  } catch (error) {
    throw giveUp(draft, error);
  } finally {
    lock.close();
  }
}

function lookAtBackup(source: string): void {
  try {
    lookThrough(source, 'only look');
  } catch (error) {
    throw hinted(readingTrouble(whyNotOpened(error, source), source), {
      store_corrupt: 'Restore another backup; nothing was written.',
      store_readonly: 'Give the user that runs this the right to read it; nothing was written.',
    });
  }
}

/** What is to be done about a copy: the words of the store are about the database in use, and name the last backup as the way out. */
function hinted(
  trouble: ReconciledError,
  hints: Readonly<Partial<Record<ErrorCode, string>>>,
): ReconciledError {
  const { code, message, retryable, cause } = trouble;
  const hint = hints[code];
  return hint === undefined
    ? trouble
    : new ReconciledError(code, message, { hint, retryable, cause });
}

/** Looks through a draft, which only its owner can read, puts it on the disk and gives it its name. */
function finish(draft: string, path: string): CopiedDatabase {
  const looked = lookThrough(draft, 'seal');
  syncFile(draft);
  nameIt(draft, path);
  syncFolder(dirname(path));
  return { ...looked, path };
}

/**
 * A copy that stands by itself: its pages are sound and it is a database of ours.
 * @throws ReconciledError `store_corrupt`, `store_foreign`, `store_newer`, and whatever the engine says.
 */
function lookThrough(path: string, how: 'only look' | 'seal'): CopiedDatabase {
  const database = open(path, how === 'only look');
  try {
    const layout = identify(database, path);
    if (layout === 0) {
      throw new ReconciledError('store_foreign', `${path} is empty.`, {
        hint: 'Name a file that `reconciled backup` has written.',
      });
    }
    // A copy needs no log beside it: one file is all there is to carry away.
    if (how === 'seal') database.pragma('journal_mode = DELETE');
    const found = database.pragma('quick_check', { simple: true });
    if (found !== 'ok') {
      throw new ReconciledError('store_corrupt', `${path} is damaged: ${String(found)}.`, {
        hint: 'Take another backup; `reconciled check` tells whether the database itself is sound.',
      });
    }
    const orders = database.prepare<[], number>('SELECT count(*) FROM orders').pluck().get() ?? 0;
    return { path: resolve(path), bytes: statSync(path).size, layout, orders };
  } finally {
    database.close();
  }
}

function open(path: string, readonly: boolean): Database.Database {
  if (!existsSync(path)) {
    throw new ReconciledError('not_found', `There is no file ${path}.`, {
      hint: 'Check the name; --config or --data-dir names another database.',
    });
  }
  if (!statSync(path).isFile()) {
    throw new ReconciledError('store_foreign', `${path} is no file, and so no database.`, {
      hint: 'Name the file; --config or --data-dir names another database.',
    });
  }
  return new Database(path, { readonly, fileMustExist: true, ...nativeBinding(dirname(path)) });
}

/** Unlike a rename alone both ways fail when somebody has put a file there meanwhile. What has the name is never a part of the copy. */
function nameIt(draft: string, path: string): void {
  try {
    linkSync(draft, path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!WITHOUT_LINKS.includes(code)) throw error;
    closeSync(openSync(path, 'wx', 0o600));
    renameSync(draft, path);
  }
  tidyAway(draft);
}

/** What file systems say that have no hard links: those of USB disks, many that come over the network. */
const WITHOUT_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

/**
 * A file that was copied by hand has its newest changes in the log beside it, and would be restored without them. One whose last change was
 * cut off holds a part of it, until SQLite undoes that by the journal beside it.
 */
function refuseLog(source: string): void {
  const [log, journal] = [`${source}-wal`, `${source}-journal`];
  if (isFilled(log))
    throw new ReconciledError(
      'conflict',
      `${log} holds changes that ${source} alone does not have.`,
      {
        hint: `Make a backup of it first: put both into a folder of their own as reconciled.db and reconciled.db-wal, then reconciled backup FILE --data-dir FOLDER, and restore FILE.`,
      },
    );
  if (isFilled(journal))
    throw new ReconciledError(
      'conflict',
      `${journal} is of a change of ${source} that was cut off.`,
      {
        hint: `Restore another backup, or let SQLite undo that change first: sqlite3 ${source} 'PRAGMA journal_mode = DELETE'.`,
      },
    );
}

function isFilled(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

/** What is left of a restore that was cut off is no backup: it would be removed before it is copied. */
function refuseDraft(source: string, draft: string): void {
  if (realpathSync(source) !== join(realpathSync(dirname(draft)), basename(draft))) return;
  throw new ReconciledError('conflict', `${source} is where the copy is made.`, {
    hint: 'Give it another name, then restore that.',
  });
}

/** The log or the journal of another file SQLite would put into the one that gets this name. */
function refuseTaken(path: string, hint: string): void {
  for (const file of [path, `${path}-wal`, `${path}-journal`])
    if (existsSync(file))
      throw new ReconciledError('conflict', `${file} exists already.`, { hint });
}
