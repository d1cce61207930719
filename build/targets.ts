import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ReconciledError } from '../lib/errors.ts';
import { ROOT } from './root.ts';

/** A platform that the one binary can be built for. */
export interface Target {
  readonly name: string;
  /** The package that carries Node for it. */
  readonly nodePackage: string;
  /** The driver's compiled half in `better-sqlite3/prebuilds`. */
  readonly addon: string;
}

const TARGETS: readonly Target[] = ['linux-x64', 'linux-arm64'].map((name) => ({
  name,
  nodePackage: `node-${name}`,
  addon: `${name}.node`,
}));

/** The platform that this runs on. */
export const HOST = `${process.platform}-${process.arch}`;

/**
 * The target of that name.
 * @throws ReconciledError `usage` for another.
 */
export function findTarget(name: string): Target {
  const target = TARGETS.find((one) => one.name === name);
  if (target !== undefined) return target;
  const names = TARGETS.map((one) => one.name).join(', ');
  throw new ReconciledError('usage', `The one binary cannot be built for ${name}.`, {
    hint: `Choose one with --target: ${names}. Elsewhere it runs from a checkout.`,
  });
}

/**
 * The file of the pinned Node for a target: npm installs only that of the machine itself, any other is fetched with npm and
 * compared with package-lock.json.
 * @throws ReconciledError `not_found` when it cannot be had.
 */
export function nodeOf({ nodePackage, name }: Target): string {
  const installed = join(ROOT, 'node_modules', nodePackage, 'bin', 'node');
  if (existsSync(installed)) return installed;
  const folder = join(ROOT, 'dist', 'cache', nodePackage);
  const fetched = join(folder, 'package', 'bin', 'node');
  if (existsSync(fetched)) return fetched;
  const { version, integrity } = locked(nodePackage);
  const wanted = `${nodePackage}@${version}`;
  mkdirSync(folder, { recursive: true });
  const archive = join(folder, `${nodePackage}-${version}.tgz`);
  try {
    execFileSync('npm', ['pack', wanted, '--silent', '--pack-destination', folder], {
      cwd: ROOT,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  } catch (cause) {
    throw new ReconciledError('not_found', `Node for ${name} (${wanted}) cannot be fetched.`, {
      hint: `Build where npm reaches a registry that has it, or put its bin/node to ${installed}, or build on a ${name} machine.`,
      cause,
    });
  }
  const found = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
  if (found !== integrity) {
    rmSync(folder, { recursive: true, force: true });
    throw new ReconciledError('conflict', `${wanted} is not what package-lock.json names.`, {
      hint: 'Ask whoever runs the registry. Nothing was kept of it.',
    });
  }
  execFileSync('tar', ['-xzf', archive, '-C', folder, 'package/bin/node']);
  rmSync(archive);
  return fetched;
}

interface Locked {
  readonly version: string;
  readonly integrity: string;
}

function locked(name: string): Locked {
  const lock: { packages: Record<string, Locked | undefined> } = JSON.parse(
    readFileSync(join(ROOT, 'package-lock.json'), 'utf8'),
  );
  const found = lock.packages[`node_modules/${name}`];
  if (found !== undefined) return found;
  throw new ReconciledError('not_found', `package-lock.json does not name ${name}.`, {
    hint: 'Restore package-lock.json from the repository.',
  });
}
