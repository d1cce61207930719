import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { readFile } from '../../config/file.ts';

/**
 * The files that a configuration takes secrets from and that any user of this machine may read. Those in `mounted` are left out:
 * a container's runtime mounts them so, and nobody else is in there.
 */
export function openSecretFiles(file: string, mounted = '/run/secrets/'): readonly string[] {
  const { folder, table } = readFile(file, undefined);
  const paths = secretPaths(table).map((path) => resolve(folder, path));
  return [...new Set(paths)].filter((path) => !path.startsWith(mounted) && isOpen(path));
}

/** Every `{ file = "…" }`, however deep. */
function secretPaths(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('file' in value && typeof value.file === 'string') return [value.file];
  return Object.values(value).flatMap(secretPaths);
}

/** One that is not there is a mistake of the configuration, and told as such. */
function isOpen(path: string): boolean {
  const { mode } = statSync(path, { throwIfNoEntry: false }) ?? { mode: 0 };
  return (mode & 0o004) !== 0;
}
