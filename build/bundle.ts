import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { ROOT } from './root.ts';

/** The scripts that the one binary is made of, by name. */
export interface Bundles {
  /** Runs first, in the process and in each thread. */
  readonly start: Buffer;
  /** The command line, the daemon, the simulator. */
  readonly main: Buffer;
  /** What runs in threads, of every kind. */
  readonly threads: Buffer;
}

/** Where the sources are said to be, in stack traces and wherever a file is named by its place. */
const PLACE = '/reconciled';

/**
 * Bundles the sources and what they import into one script each. The same sources give the same bytes: nothing of the
 * machine, the folder or the time goes in.
 */
export async function bundle(about: {
  readonly commit: string;
  readonly sqlite: string;
}): Promise<Bundles> {
  const define = {
    RECONCILED_BUILD: JSON.stringify(about),
    __dirname: JSON.stringify(PLACE),
    __filename: JSON.stringify(`${PLACE}/bundle.js`),
  };
  const [start, main, threads] = await Promise.all([
    bundleOne({ entryPoints: ['build/binary/start.ts'] }),
    bundleOne({
      entryPoints: ['build/binary/main.ts'],
      define,
      plugins: [places, threadsFromMemory],
    }),
    bundleOne({ stdin: { contents: threadsEntry(), resolveDir: ROOT }, define, plugins: [places] }),
  ]);
  return { start, main, threads };
}

async function bundleOne(options: BuildOptions): Promise<Buffer> {
  const { outputFiles } = await build({
    ...options,
    absWorkingDir: ROOT,
    bundle: true,
    platform: 'node',
    target: `node24`,
    format: 'cjs',
    charset: 'ascii',
    legalComments: 'none',
    write: false,
    logLevel: 'error',
    // However packages were installed, they are named by their place in this folder.
    preserveSymlinks: true,
    // Piscina wants it only for threads of another priority, and ours have none.
    external: ['@napi-rs/nice'],
  });
  const [file] = outputFiles ?? [];
  if (file === undefined) throw new Error('esbuild gave no script');
  return Buffer.from(file.contents);
}

/** Every file of `workers/` by its place, and Piscina's own loop that runs them. */
function threadsEntry(): string {
  const files = readdirSync(join(ROOT, 'workers')).filter((name) => name.endsWith('.ts'));
  const entries = files
    .sort()
    .map((name) => `['${PLACE}/workers/${name}', () => require('./workers/${name}')]`);
  return `export const workers = new Map([${entries.join(', ')}]);
require('./node_modules/piscina/dist/worker.js');`;
}

/** Sources name other files by their own place; in a bundle they have none but the one that is written here. */
const places: Plugin = {
  name: 'places',
  setup(build) {
    build.onLoad({ filter: /\.[jt]s$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      if (!text.includes('import.meta.url')) return null;
      const place = JSON.stringify(`file://${PLACE}/${relative(ROOT, path)}`);
      const contents = text.replaceAll('import.meta.url', place);
      return { contents, loader: path.endsWith('.ts') ? 'ts' : 'js' };
    });
  },
};

/** Piscina starts its threads from memory. */
const threadsFromMemory: Plugin = {
  name: 'threads from memory',
  setup(build) {
    build.onResolve({ filter: /^node:worker_threads$/ }, ({ importer }) =>
      importer.includes('/piscina/')
        ? { path: join(ROOT, 'build/binary/worker-threads.ts') }
        : undefined,
    );
  },
};
