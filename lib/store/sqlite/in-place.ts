import { existsSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type Database from 'better-sqlite3';

/** Which file a name leads to; `null`: none that is known. */
export type FileAt = { readonly dev: number; readonly ino: number } | null;

/** The file of this name. @throws what the system says where nobody may look. */
export function fileAt(path: string): FileAt {
  return statSync(path, { throwIfNoEntry: false }) ?? null;
}

/** True as long as nobody knows better: what cannot be looked at need not be gone. */
export function isInPlace(path: string, file: FileAt): boolean {
  if (file === null) return true;
  try {
    const there = fileAt(path);
    return there?.ino === file.ino && there.dev === file.dev;
  } catch {
    return true;
  }
}

/** The one name of a file, which need not be there yet: two names of one file must lead to one lock. */
export function realPath(path: string): string {
  return existsSync(path) ? realpathSync(path) : join(realpathSync(dirname(path)), basename(path));
}

/** The file that is locked by whoever writes to a database. */
export function lockPath(database: string): string {
  return `${database}.lock`;
}

/** True of a database that was here: the file is made before its lock, which nobody removes but a person. */
export function isGone(database: string): boolean {
  // In this order: another process may be making both.
  return existsSync(lockPath(database)) && !existsSync(database);
}

/**
 * Tells databases of this machine apart: two processes that find the same here would have to wait for each other. Empty: nobody has
 * written to it yet; `null`: this user may not look.
 */
export function databaseId(path: string): string | null {
  try {
    const lock = fileAt(lockPath(realPath(path)));
    return lock === null ? '' : `${lock.dev}-${lock.ino}`;
  } catch (error) {
    const isThere = !(error instanceof Error && 'code' in error && error.code === 'ENOENT');
    return isThere ? null : '';
  }
}

/** A connection that is given up may fail once more while it closes: nothing more can be learned from that. */
export function closeQuietly(database: Database.Database | undefined): void {
  try {
    database?.close();
  } catch {
    // The system closes its files at the latest when the process ends.
  }
}
