import { closeSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { tidyAway } from './keeping.ts';
import { createForOwner } from './ownership.ts';
import { storeTrouble } from './trouble.ts';

/**
 * Why SQLite could not open a file, or make one beside it. It says the same of a folder that may not be written to and of a disk that takes no
 * more files (no inode is left, a quota is reached); but the second is over when there is room. It says the same, too, of an index of
 * the log that has no room to grow and of a disk that fails; and the second is not over by itself. So the system is asked, with a file
 * that is removed at once.
 * @returns what the system says where the disk is full or fails, else the error that was given.
 */
export function whyNotOpened(error: unknown, path: string): unknown {
  const code = error instanceof Database.SqliteError ? error.code : '';
  const bytes = QUESTIONS.find(([prefix]) => code.startsWith(prefix))?.[1];
  if (bytes === undefined) return error;
  const said = whatTheSystemSays(`${path}.room`, bytes);
  const isOfTheDisk = ['store_full', 'store_failed'].includes(storeTrouble(said, path).code);
  return isOfTheDisk ? said : error;
}

/** What SQLite says of more than one thing, with the bytes whose writing tells which: it makes the index of its log 32 KiB at a time. */
const QUESTIONS: readonly (readonly [string, number])[] = [
  ['SQLITE_CANTOPEN', 0],
  ['SQLITE_IOERR_SHMSIZE', 32 * 1024],
];

/** `null`: the file can be made. */
function whatTheSystemSays(probe: string, bytes: number): unknown {
  tidyAway(probe);
  try {
    const file = createForOwner(probe);
    try {
      // Not `writeSync`: on a full disk that writes a part of it and says nothing.
      writeFileSync(file, Buffer.alloc(bytes));
    } finally {
      closeSync(file);
      tidyAway(probe);
    }
    return null;
  } catch (said) {
    return said;
  }
}
