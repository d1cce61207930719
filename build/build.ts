import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { bundle } from './bundle.ts';
import { compileScripts } from './compile.ts';
import { ROOT } from './root.ts';
import { seal } from './seal.ts';
import { HOST, nodeOf, type Target } from './targets.ts';

/** A finished binary. */
export interface Built {
  /** Absolute. */
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
}

/**
 * Builds the one binary for a target, into `dist` unless another file is named. It is there whole or not at all. The same
 * commit gives the same bytes on every machine of that platform.
 * @throws ReconciledError when something that it needs cannot be had.
 */
export async function buildBinary(target: Target, out?: string): Promise<Built> {
  const name = target.name === HOST ? 'reconciled' : `reconciled-${target.name}`;
  const file = resolve(out ?? join(ROOT, 'dist', name));
  const node = nodeOf(target);
  mkdirSync(dirname(file), { recursive: true });
  const folder = mkdtempSync(join(dirname(file), '.build-'));
  try {
    const assets = await writeParts(target, folder);
    const binary = join(folder, name);
    seal({ node, host: process.execPath, folder, assets, binary });
    const content = readFileSync(binary);
    renameSync(binary, file);
    const sha256 = createHash('sha256').update(content).digest('hex');
    return { file, sha256, bytes: content.length };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Writes everything that goes beside Node into the folder, and gives the names of the files. */
async function writeParts(target: Target, folder: string): Promise<readonly string[]> {
  const scripts = await bundle({ commit: commit(), sqlite: sqliteVersion() });
  for (const [name, content] of scripts) writeFileSync(join(folder, name), content);
  // V8's code is for its own kind of processor. Another one compiles at each start, and is slower by that.
  if (target.name === HOST) compileScripts(process.execPath, folder);
  const addon = readFileSync(join(ROOT, 'node_modules/better-sqlite3/prebuilds', target.addon));
  const hash = createHash('sha256').update(addon).digest('hex').slice(0, 16);
  writeFileSync(join(folder, `better-sqlite3-${hash}.node`), addon);
  return readdirSync(folder).sort();
}

/** The commit that is built, marked when files differ from it; `unknown` without git. */
function commit(): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const changed = git('status', '--porcelain', '--', 'lib', 'workers', 'build', 'package.json');
    return `${git('rev-parse', 'HEAD').slice(0, 12)}${changed === '' ? '' : '-changed'}`;
  } catch {
    return 'unknown';
  }
}

/** The version of SQLite within the driver. */
export function sqliteVersion(): string {
  const Database: typeof import('better-sqlite3') = createRequire(import.meta.url)(
    'better-sqlite3',
  );
  const database = new Database(':memory:');
  const { version } = database.prepare('SELECT sqlite_version() AS version').get() as {
    readonly version: string;
  };
  database.close();
  return version;
}
