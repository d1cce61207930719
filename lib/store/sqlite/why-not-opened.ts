import { closeSync } from 'node:fs';
import Database from 'better-sqlite3';
import { tidyAway } from './keeping.ts';
import { createForOwner } from './ownership.ts';
import { storeTrouble } from './trouble.ts';

/**
 * Why SQLite could not open a file, or make one beside it. It says the same of a folder that may not be written to and of a disk that takes no
 * more files (no inode is left, a quota is reached); but the second is over when there is room. So the system is asked, with a file
 * that is removed at once.
 * @returns what the system says when there is no room, else the error that was given.
 */
export function whyNotOpened(error: unknown, path: string): unknown {
  if (!(error instanceof Database.SqliteError) || !error.code.startsWith('SQLITE_CANTOPEN'))
    return error;
  const probe = `${path}.room`;
  tidyAway(probe);
  try {
    closeSync(createForOwner(probe));
  } catch (said) {
    return storeTrouble(said, path).code === 'store_full' ? said : error;
  }
  tidyAway(probe);
  return error;
}
