import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './root.ts';

/** A package that goes into the one binary. */
export interface Shipped {
  readonly name: string;
  readonly version: string;
  /** As the package names it, in the words of SPDX. */
  readonly license: string;
  /** Absolute; it is not installed where it is for another platform. */
  readonly folder: string;
}

/** Every package of the lock that is not for development. The Node packages of the platforms are left out: they are Node itself. */
export function shippedPackages(): readonly Shipped[] {
  const lock: Lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  return Object.entries(lock.packages).flatMap(([path, { version, dev, license = 'unknown' }]) => {
    const name = path.slice(path.lastIndexOf(MODULES) + MODULES.length);
    return path === '' || dev === true || /^node-(linux|win)-/.test(name)
      ? []
      : [{ name, version, license, folder: join(ROOT, path) }];
  });
}

const MODULES = 'node_modules/';

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly version: string; readonly dev?: boolean; readonly license?: string }>
  >;
}
