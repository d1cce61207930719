import { statSync } from 'node:fs';
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

/** A connection that is given up may fail once more while it closes: nothing more can be learned from that. */
export function closeQuietly(database: Database.Database | undefined): void {
  try {
    database?.close();
  } catch {
    // The system closes its files at the latest when the process ends.
  }
}
