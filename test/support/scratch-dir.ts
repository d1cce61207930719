import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory of its own for real database files, in memory where the system has such a place: syncs cost little there. */
export function scratchDir(name: string): { readonly path: string; remove(): void } {
  const root = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const path = mkdtempSync(join(root, `reconciled-${name}-`));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
