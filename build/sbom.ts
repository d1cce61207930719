import { execFileSync } from 'node:child_process';
import { ROOT } from './root.ts';
import { shippedPackages } from './shipped.ts';

/**
 * What the one binary is made of, as CycloneDX JSON: every package of the lock that is not for development, Node and SQLite. The same
 * for the same lock: the moment and the number that npm draws are left out.
 */
export function sbomOf(nodeVersion: string, sqliteVersion: string): string {
  const bom: Bom = JSON.parse(listAll());
  // Not npm's own `--omit dev`: it leaves out what a package for development needs as well as we do.
  const shipped = new Set(shippedPackages().map(({ name, version }) => `${name}@${version}`));
  const components = bom.components.filter((one) => shipped.has(one['bom-ref']));
  const { serialNumber: _drawn, dependencies, metadata, ...rest } = bom;
  const { timestamp: _moment, component, ...origin } = metadata;
  const refs = new Set([component['bom-ref'], ...components.map((one) => one['bom-ref'])]);
  const made = {
    ...rest,
    // npm calls it after the folder that it lies in.
    metadata: { ...origin, component: { ...component, name: 'reconciled' } },
    components: [
      besides('node', nodeVersion, 'platform', 'MIT'),
      // Within the driver, which does not list it.
      besides('sqlite', sqliteVersion, 'library', 'blessing'),
      ...components,
    ],
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

/** What is in the binary and no package of the lock. */
function besides(name: string, version: string, type: string, license: string) {
  return {
    'bom-ref': `${name}@${version}`,
    type,
    name,
    version,
    purl: `pkg:generic/${name}@${version}`,
    licenses: [{ license: { id: license } }],
  };
}
