import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { BINARY_FLAGS } from './binary-flags.ts';

const BLOB = 'sea.blob';

/** Node finds what was put into a copy of it by these two names; they are part of Node. */
const RESOURCE = 'NODE_SEA_BLOB';
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/**
 * Puts a start script and its assets into a copy of Node.
 * `node` is that copy's original, `host` a Node of the same version that runs here; `folder` holds what is in between.
 */
export function seal(options: {
  readonly node: string;
  readonly host: string;
  readonly folder: string;
  /** Files of the folder that the program asks for. `start.js` is run. */
  readonly assets: readonly string[];
  readonly binary: string;
}): void {
  const { node, host, folder, assets, binary } = options;
  const config = {
    // Names and no paths: Node writes down where its script came from.
    main: 'start.js',
    output: BLOB,
    disableExperimentalSEAWarning: true,
    // Our own caches hold what a start really runs; Node's would hold only what lies at the top of this little script.
    useCodeCache: false,
    useSnapshot: false,
    execArgv: BINARY_FLAGS,
    // NODE_OPTIONS is for other programs: nothing in the environment changes what this one runs.
    execArgvExtension: 'none',
    assets: Object.fromEntries(assets.map((name) => [name, name])),
  };
  writeFileSync(join(folder, 'sea.json'), JSON.stringify(config));
  execFileSync(host, ['--experimental-sea-config', 'sea.json'], {
    cwd: folder,
    stdio: 'pipe',
    env: {},
  });
  copyFileSync(node, binary);
  chmodSync(binary, 0o755);
  // As a program, because the library writes on the terminal: it does not know some notes that Debian leaves in programs.
  const postject = createRequire(import.meta.url).resolve('postject/dist/cli.js');
  const args = [binary, RESOURCE, join(folder, BLOB), '--sentinel-fuse', FUSE];
  execFileSync(host, [postject, ...args], { stdio: 'pipe', env: {} });
}
