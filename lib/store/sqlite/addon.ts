import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { getAssetKeys, getRawAsset, isSea } from 'node:sea';
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';
import { ReconciledError } from '../../errors.ts';
import { isRoot, isRootsAlone } from './ownership.ts';

/** Names of the driver's compiled half: in the one binary and beside the database. Its hash stands between. */
export const ADDON_NAME = /^better-sqlite3-[0-9a-f]+\.node$/;

/**
 * The compiled half of the driver for a database in this folder, as an option of `new Database`. The system loads it from
 * files only: the one binary writes it beside the database, once for each build, and compares it with what it holds before
 * each use. Root does so where nobody else can exchange the file, and else keeps one of its own; so does everybody where the folder is
 * mounted `noexec`. In a checkout the driver finds its own.
 * @throws ReconciledError `store_readonly` when there is no folder that it can be written into and loaded from.
 */
export function nativeBinding(folder: string): { readonly nativeBinding?: string } {
  if (!isSea()) return {};
  written ??= writtenBefore() ?? write(folder);
  setEnvironmentData(WRITTEN, written);
  return { nativeBinding: written };
}

/** Once it is loaded, every database of this process uses it. */
let written: string | null = null;

/** Under this name a thread hears of it: a second SQLite in one process would drop the locks that the first one holds. */
const WRITTEN = 'reconciled.driver';

function writtenBefore(): string | null {
  const path = getEnvironmentData(WRITTEN);
  return typeof path === 'string' ? path : null;
}

function write(folder: string): string {
  const name = getAssetKeys().find((key) => ADDON_NAME.test(key)) ?? '';
  const content = Buffer.from(getRawAsset(name));
  const path = join(realpathSync(folder), name);
  // It is loaded a moment after it was compared. In between whoever owns a folder on its path could put a program of theirs
  // there, and root would run it.
  if (isRoot() && !isRootsAlone(dirname(path))) return writeElsewhere(name, content, folder);
  try {
    if (!isWritten(path, content)) {
      writeWhole(path, content);
      removeOlder(folder, name);
    }
    if (isLoadable(path)) return path;
  } catch {
    // Whoever may read the database need not be allowed to write beside it.
  }
  return writeElsewhere(name, content, folder);
}

/** False where the disk is mounted `noexec`: that takes the right to run a file from everybody, root included. */
function isLoadable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Part by part: every start waits for this, and to touch memory for all of it at once takes longer than to read and compare it. */
function isWritten(path: string, content: Buffer): boolean {
  const part = Buffer.allocUnsafeSlow(PART_BYTES);
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    if (fstatSync(file).size !== content.length) return false;
    for (let at = 0; at < content.length; ) {
      const read = readSync(file, part);
      if (read === 0 || !part.subarray(0, read).equals(content.subarray(at, at + read)))
        return false;
      at += read;
    }
    return true;
  } catch {
    return false;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

const PART_BYTES = 65_536;

/** Nobody ever sees half of it, and two processes that start at once both end with a whole one. */
function writeWhole(path: string, content: Buffer): void {
  const draft = `${path}.${process.pid}`;
  try {
    const file = openSync(draft, 'wx', 0o700);
    try {
      // Not `writeSync`: on a full disk that writes a part of it and says nothing.
      writeFileSync(file, content);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/** Those of earlier builds. A process that still runs on one keeps it until it ends. */
function removeOlder(folder: string, name: string): void {
  for (const file of readdirSync(folder)) {
    if (ADDON_NAME.test(file) && file !== name) rmSync(join(folder, file), { force: true });
  }
}

function writeElsewhere(name: string, content: Buffer, folder: string): string {
  const path = writeApart(name, content, folder);
  if (isLoadable(path)) return path;
  throw new ReconciledError(
    'store_readonly',
    `The SQLite driver can be loaded neither from ${folder} nor from ${tmpdir()}: the disk is mounted noexec.`,
    {
      hint: 'Mount it without noexec, or name a folder on another disk for the driver with TMPDIR=…',
    },
  );
}

function writeApart(name: string, content: Buffer, folder: string): string {
  try {
    const apart = mkdtempSync(join(tmpdir(), 'reconciled-'));
    process.once('exit', () => rmSync(apart, { recursive: true, force: true }));
    const path = join(apart, name);
    writeWhole(path, content);
    return path;
  } catch (cause) {
    throw new ReconciledError(
      'store_readonly',
      `The SQLite driver can be written neither into ${folder} nor into ${tmpdir()}.`,
      { hint: `Let this user write into ${folder}, or name a folder for it with TMPDIR=…`, cause },
    );
  }
}
