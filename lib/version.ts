import packageJson from '../package.json' with { type: 'json' };

/** What `npm run build` writes into the one binary, in the place of the name below. */
interface Build {
  readonly commit: string;
  readonly sqlite: string;
}

declare const RECONCILED_BUILD: Build;

/** What the one binary was built from; `null` in a checkout, which changes under one's hands. */
const BUILD: Build | null = typeof RECONCILED_BUILD === 'undefined' ? null : RECONCILED_BUILD;

/** The version of this program. */
export const VERSION: string = packageJson.version;

/** True in the one binary, false wherever the sources are run. */
export const IS_ONE_BINARY: boolean = BUILD !== null;

/** Node's own measure of what was installed, and not checked out. */
const IS_NPM_PACKAGE = import.meta.url.includes('/node_modules/');

/** What a Node has to be told that runs a source of ours, in a thread or as a process: how to read it. */
export const NODE_FLAGS: readonly string[] = IS_NPM_PACKAGE
  ? ['--import', new URL('../bin/sources.js', import.meta.url).href]
  : [];

/** What `--version` says: this program, where it comes from, and what runs inside. */
export function describeVersion(): string {
  const place = IS_NPM_PACKAGE ? 'the npm package' : 'a checkout';
  const from = BUILD === null ? place : `commit ${BUILD.commit}`;
  const inside = [`Node ${process.versions.node}`, ...(BUILD ? [`SQLite ${BUILD.sqlite}`] : [])];
  return `${VERSION} (${from}, ${inside.join(', ')})`;
}
