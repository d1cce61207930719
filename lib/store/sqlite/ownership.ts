import {
  closeSync,
  constants,
  existsSync,
  fchownSync,
  fstatSync,
  mkdirSync,
  openSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * Makes a file that was not there, for its user only, and opens it for writing. What root makes belongs to whoever owns the folder: a
 * daemon that runs as another user could not write what a command of root has left there. Nothing that was there is given away or
 * followed, whatever that user puts in its place meanwhile.
 * @returns its descriptor.
 * @throws what the system says; `EEXIST` when anything has the name, a link among them.
 */
export function createForOwner(path: string): number {
  return inFolderOf(path, (place, owner) => {
    const file = openSync(place, 'wx', 0o600);
    give(file, owner);
    return file;
  });
}

/**
 * Makes the file that SQLite is about to open, as `createForOwner` does: SQLite would let everybody read it, and leave it root's. It
 * gives its log the rights and the owner of the file. Made before it is opened and never later, because a file that is closed a
 * second time loses the locks that SQLite holds on it.
 */
export function readyForOwner(path: string): void {
  try {
    closeSync(createForOwner(path));
  } catch {
    // It is there already; or SQLite is about to say what is wrong, with the name of the file.
  }
}

/** Makes a folder as `createForOwner` makes a file. One that is there stays as it is. */
export function makeFolderForOwner(path: string): void {
  inFolderOf(path, (place, owner) => {
    if (existsSync(place)) return;
    mkdirSync(place, { mode: 0o700 });
    if (owner === null) return;
    const folder = openSync(place, constants.O_DIRECTORY | constants.O_NOFOLLOW);
    try {
      if (fstatSync(folder).uid === 0) give(folder, owner);
    } finally {
      closeSync(folder);
    }
  });
}

/**
 * True when nobody but root can exchange what this folder holds: it is root's, and so is each folder that leads to it.
 * @param folder as `realpath` has it: a link may lead elsewhere a moment later.
 */
export function isRootsAlone(folder: string): boolean {
  const above = dirname(folder);
  return statSync(folder).uid === 0 && (above === folder || isRootsAlone(above));
}

/** True for a process that may do anything. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Does something in the folder of `path`. For root in the folder of somebody else, the folder is held open and `place` leads through
 * it: it stays the one whose owner was looked at, even when its name leads elsewhere by now. Where the system has no such way
 * (no Linux, no /proc), `owner` is `null` as for everybody else, and what root makes stays root's.
 */
function inFolderOf<T>(path: string, work: (place: string, owner: Owner | null) => T): T {
  if (!isRoot()) return work(path, null);
  // The folder itself may be a link: systemd makes it so.
  const folder = openSync(dirname(path), constants.O_DIRECTORY);
  try {
    const { uid, gid } = fstatSync(folder);
    const held = `/proc/self/fd/${folder}`;
    if (uid === 0 || !existsSync(held)) return work(path, null);
    return work(join(held, basename(path)), { uid, gid });
  } finally {
    closeSync(folder);
  }
}

function give(file: number, owner: Owner | null): void {
  if (owner === null) return;
  try {
    fchownSync(file, owner.uid, owner.gid);
  } catch {
    // The root of a container may have no right to do so. Whoever cannot write then says so, with the name of the file.
  }
}
