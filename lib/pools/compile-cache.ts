import { lstatSync, mkdirSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { isSea } from 'node:sea';

/**
 * A folder of this user's alone for compiled code, made when it is not there; `null` when it cannot be trusted: whoever
 * may write into it decides what our threads run. `null` in the one binary too, which holds its compiled code itself.
 */
export function privateCompileCache(parent: string = tmpdir()): string | null {
  if (isSea()) return null;
  try {
    const { uid } = userInfo();
    const folder = join(parent, `reconciled-compile-cache-${uid}`);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const found = lstatSync(folder);
    // Windows has no owners of this kind, and a temporary folder for each user.
    const ours = process.platform === 'win32' || (found.uid === uid && (found.mode & 0o077) === 0);
    return found.isDirectory() && ours ? folder : null;
  } catch {
    return null;
  }
}
