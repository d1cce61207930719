import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './root.ts';

/**
 * What the one binary is made of, as CycloneDX JSON: every package of the lock that is not for development, and Node. The same
 * for the same lock: the moment and the number that npm draws are left out.
 */
export function sbomOf(nodeVersion: string): string {
  const bom: Bom = JSON.parse(listAll());
  // Not npm's own `--omit dev`: it leaves out what a package for development needs as well as we do.
  const shipped = shippedPackages();
  const components = bom.components.filter((one) => shipped.has(one['bom-ref']));
  const { serialNumber: _drawn, dependencies, metadata, ...rest } = bom;
  const { timestamp: _moment, component, ...origin } = metadata;
  const refs = new Set([component['bom-ref'], ...components.map((one) => one['bom-ref'])]);
  const made = {
    ...rest,
    // npm calls it after the folder that it lies in.
    metadata: { ...origin, component: { ...component, name: 'reconciled' } },
    components: [nodeItself(nodeVersion), ...components],
    dependencies: dependencies
      .filter(({ ref }) => refs.has(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((one) => refs.has(one)) })),
  };
  return `${JSON.stringify(made, null, 2)}\n`;
}

/** As npm writes it, as far as it matters here. */
interface Bom {
  readonly serialNumber: string;
  readonly metadata: { readonly timestamp: string; readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

interface Component {
  /** name@version */
  readonly 'bom-ref': string;
}

function listAll(): string {
  const npm = process.env.npm_execpath;
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
  const [program, first] = npm === undefined ? ['npm', []] : [process.execPath, [npm]];
  return execFileSync(program, [...first, ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: MAX_BYTES,
  });
}

/** Some hundred packages, a kilobyte each. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Of every package that is not for development, name@version. The Node packages of the platforms are Node itself. */
function shippedPackages(): ReadonlySet<string> {
  const lock: Lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  const all = Object.entries(lock.packages).flatMap(([path, { version, dev }]) => {
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    return path === '' || dev === true || /^node-(linux|win)-/.test(name)
      ? []
      : [`${name}@${version}`];
  });
  return new Set(all);
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version: string; readonly dev?: boolean }>>;
}

function nodeItself(version: string) {
  return {
    'bom-ref': `node@${version}`,
    type: 'platform',
    name: 'node',
    version,
    purl: `pkg:generic/node@${version}`,
    licenses: [{ license: { id: 'MIT' } }],
  };
}
