import packageJson from '../package.json' with { type: 'json' };

/** What `npm run build` writes into the one binary, in the place of the name below. */
interface Build {
  readonly commit: string;
  readonly sqlite: string;
}

declare const RECONCILED_BUILD: Build;

/** What `npm run package` writes there: true. */
declare const RECONCILED_PACKAGE: true;

/** What the one binary was built from; `null` in a checkout, which changes under one's hands. */
const BUILD: Build | null = typeof RECONCILED_BUILD === 'undefined' ? null : RECONCILED_BUILD;

/** The version of this program. */
export const VERSION: string = packageJson.version;

/** True in the one binary, false in a checkout. */
export const IS_ONE_BINARY: boolean = BUILD !== null;

/** What `--version` says: this program, where it comes from, and what runs inside. */
export function describeVersion(): string {
  const place = typeof RECONCILED_PACKAGE === 'undefined' ? 'a checkout' : 'the npm package';
  const from = BUILD === null ? place : `commit ${BUILD.commit}`;
  const inside = [`Node ${process.versions.node}`, ...(BUILD ? [`SQLite ${BUILD.sqlite}`] : [])];
  return `${VERSION} (${from}, ${inside.join(', ')})`;
}
