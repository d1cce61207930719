import {
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type Database from 'better-sqlite3';
import { createForOwner, makeFolderForOwner } from './ownership.ts';

/**
 * Keeps a copy of a database that is about to be brought to a newer layout, for whoever has to go back to the version before. A copy
 * that says the same is made once only: an upgrade that fails at every start does not fill the disk. Another one is never
 * replaced: it was made before somebody went back, and what has been written since is in the new copy alone.
 */
export function keepAsItIs(database: Database.Database, version: number, path: string): void {
  const folder = join(dirname(path), BACKUP_FOLDER);
  makeFolderForOwner(folder);
  const draft = join(folder, `layout-${version}.db${DRAFT}`);
  removeDraft(draft);
  try {
    // SQLite takes an empty file too, and leaves it to whoever it belongs to.
    closeSync(createForOwner(draft));
    database.prepare('VACUUM INTO ?').run(draft);
    syncFile(draft);
    const name = freeName(draft, version, folder);
    if (name === null) removeDraft(draft);
    else renameSync(draft, name);
  } catch (error) {
    // It may have taken the last room on the disk.
    dropDraft(draft);
    throw error;
  }
  syncFolder(folder);
}

/** `null`: a copy that says the same as the draft is kept already. */
function freeName(draft: string, version: number, folder: string): string | null {
  const there = new Set(readdirSync(folder));
  for (let number = 1; ; number += 1) {
    const name = `layout-${version}${number === 1 ? '' : `-${number}`}.db`;
    const kept = join(folder, name);
    if (!there.has(name)) return kept;
    if (haveSameContent(draft, kept)) return null;
  }
}

/** Beside the database: what it was before each upgrade. */
const BACKUP_FOLDER = 'backups';

/** Removes what is left of a copy that was cut off, or was put in its place. Throws what the system says. */
export function removeDraft(draft: string): void {
  for (const end of ENDS) remove(`${draft}${end}`);
}

/** The same where something else is to be told: what is left is removed before the next copy. */
export function dropDraft(draft: string): void {
  for (const end of ENDS) tidyAway(`${draft}${end}`);
}

/**
 * A copy that was cut off right after it got its name has the one of its draft still: it would keep its room when the copy is removed.
 * Removes those of a folder.
 */
export function tidyNamedDrafts(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (!name.endsWith(DRAFT)) continue;
    const draft = join(folder, name);
    const [file, named] = [draft, draft.slice(0, -DRAFT.length)].map((path) =>
      lstatSync(path, { bigint: true, throwIfNoEntry: false }),
    );
    if (file === undefined || file.nlink < 2n) continue;
    if (file.ino === named?.ino && file.dev === named.dev) tidyAway(draft);
  }
}

/** What stands behind the name of a copy until it is whole. */
export const DRAFT = '.draft';

/** Removes a file that is not needed any more, and is no harm where it cannot be removed. */
export function tidyAway(path: string): void {
  try {
    remove(path);
  } catch {
    // Whoever needs its name says what is in the way.
  }
}

/** What SQLite has beside a database. */
const ENDS = ['', '-wal', '-shm', '-journal'];

/** Not `rmSync`: of most of what the system says that makes an error without a code. */
function remove(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) unlinkSync(path);
}

/** Returns when the system has put the file on the disk. */
export function syncFile(path: string): void {
  withFile(path, 'r+', fsyncSync);
}

/** Returns when the names in a folder are on the disk. Windows has no such thing, and needs none. */
export function syncFolder(path: string): void {
  if (process.platform !== 'win32') withFile(path, 'r', fsyncSync);
}

/**
 * Makes a folder, for its user only, and those above it that are missing. Their names are on the disk when it returns: whatever is synced in
 * a folder whose own name is not is found by nobody. As with SQLite's own files a folder that cannot be synced hinders nothing.
 * @throws what the system says.
 */
export function makeFolder(path: string): void {
  if (isFolder(path)) return;
  const above = dirname(path);
  if (above !== path) makeFolder(above);
  try {
    // Not `recursive`: of a file system that is read-only, that says that there is nothing by this name.
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another command may have made it meanwhile.
    if (!isFolder(path)) throw error;
  }
  try {
    syncFolder(above);
  } catch {
    // Nobody may read it, or its file system has no such thing.
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/**
 * Copies a file into a new one, which belongs to whoever owns the folder. By descriptors: nobody can make it be written into another.
 * @throws what the system says; `EEXIST` when anything has the name.
 */
export function copyForOwner(source: string, target: string): void {
  withFile(source, 'r', (from) => {
    const to = createForOwner(target);
    try {
      const piece = Buffer.alloc(PIECE_BYTES);
      for (;;) {
        const length = readSync(from, piece);
        if (length === 0) return;
        // Not `writeSync`: on a full disk that writes a part of it and says nothing.
        writeFileSync(to, piece.subarray(0, length));
      }
    } finally {
      closeSync(to);
    }
  });
}

/** Bytes of a file that are compared or copied at a time. */
const PIECE_BYTES = 1024 * 1024;

function haveSameContent(one: string, other: string): boolean {
  if (statSync(one).size !== statSync(other).size) return false;
  const [mine, theirs] = [Buffer.alloc(PIECE_BYTES), Buffer.alloc(PIECE_BYTES)];
  return withFile(one, 'r', (first) =>
    withFile(other, 'r', (second) => {
      for (;;) {
        const length = readSync(first, mine);
        if (readSync(second, theirs) !== length) return false;
        if (length === 0) return true;
        if (mine.compare(theirs, 0, length, 0, length) !== 0) return false;
      }
    }),
  );
}

function withFile<T>(path: string, flags: 'r' | 'r+', work: (file: number) => T): T {
  const file = openSync(path, flags);
  try {
    return work(file);
  } finally {
    closeSync(file);
  }
}
