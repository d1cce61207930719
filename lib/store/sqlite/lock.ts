import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { ReconciledError } from '../../errors.ts';
import { nativeBinding } from './addon.ts';
import { closeQuietly, type FileAt, fileAt, isInPlace, lockPath } from './in-place.ts';
import { readyForOwner } from './ownership.ts';
import { storeTrouble } from './trouble.ts';
import { whyNotOpened } from './why-not-opened.ts';

/** What keeps a second writer out of a database. */
export interface Lock {
  /**
   * Takes the lock anew when its file was removed, moved or replaced: whoever comes next would find another one there, and take it.
   * @throws ReconciledError `store_busy` when somebody has, until they end; `store_…` when it cannot be taken.
   */
  keep(): void;
  close(): void;
}

/**
 * Holds an SQLite lock on a sibling file for as long as the process lives: the system drops it whatever ends the process.
 * Not a lock on the database itself, because that would keep readers out.
 * @throws ReconciledError `store_busy` when somebody else writes to the database, `store_…` when it cannot be taken.
 */
export function takeLock(path: string): Lock {
  let held: Held | null = lockFile(path);
  return {
    keep: () => {
      if (held !== null && isInPlace(lockPath(path), held.file)) return;
      closeQuietly(held?.database);
      held = null;
      held = lockFile(path);
    },
    close: () => closeQuietly(held?.database),
  };
}

interface Held {
  readonly database: Database.Database;
  readonly file: FileAt;
}

function lockFile(path: string): Held {
  const name = lockPath(path);
  let lock: Database.Database | undefined;
  try {
    readyForOwner(name);
    lock = new Database(name, { timeout: 0, ...nativeBinding(dirname(path)) });
    // Nothing of what is written reaches the file, so it needs no journal file of its own.
    lock.pragma('journal_mode = MEMORY');
    // A file that may only be read is locked by nothing but a write, which says so.
    lock.exec('BEGIN EXCLUSIVE; PRAGMA user_version = 0');
    return { database: lock, file: fileAt(name) };
  } catch (error) {
    closeQuietly(lock);
    throw lockTrouble(whyNotOpened(error, name), path);
  }
}

function lockTrouble(error: unknown, path: string): ReconciledError {
  const trouble = storeTrouble(error, lockPath(path));
  switch (trouble.code) {
    case 'store_busy':
      return new ReconciledError('store_busy', `A daemon or another command works on ${path}.`, {
        hint: 'Stop the daemon, or wait until the command (an import) ends; or set another data_dir.',
        cause: error,
      });
    case 'store_corrupt':
      return new ReconciledError('store_corrupt', `${lockPath(path)} is damaged.`, {
        hint: 'Remove it: nothing is kept in it, and nobody holds it.',
        cause: error,
      });
    default:
      return trouble;
  }
}
