import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { build, type Plugin, transform } from 'esbuild';
import { comesLater } from './binary/later.ts';
import { asFunction } from './binary/program.ts';
import { ROOT } from './root.ts';

/** Where the sources are said to be, in stack traces and wherever a file is named by its place. */
const PLACE = '/reconciled';

/** Plain JavaScript for the Node that is inside, in ASCII. */
const SCRIPT = {
  platform: 'node',
  target: 'node24',
  charset: 'ascii',
  legalComments: 'none',
  logLevel: 'error',
} as const;

/** A bundle in memory. However packages were installed, they are named by their place in this folder. */
const OUTPUT = {
  ...SCRIPT,
  absWorkingDir: ROOT,
  bundle: true,
  outdir: 'dist',
  write: false,
  preserveSymlinks: true,
} as const;

/**
 * Bundles the sources with what they import into scripts, by name: `start.js` runs first, `main.js` is the command line,
 * `threads.js` Piscina's loop that runs in threads, `worker-NAME.js` what it runs there, a file of `workers/` each, and `undici-NAME.js` a
 * parser of undici each. Whatever the sources load later is a script of its own, so that a start reads what it needs and no more. The same sources give the same bytes: nothing of the machine, the folder or the time goes in.
 */
export async function bundle(about: {
  readonly commit: string;
  readonly sqlite: string;
}): Promise<ReadonlyMap<string, Buffer>> {
  const define = {
    RECONCILED_BUILD: JSON.stringify(about),
    __dirname: JSON.stringify(PLACE),
    __filename: JSON.stringify(`${PLACE}/bundle.js`),
  };
  const start = await build({
    ...OUTPUT,
    entryPoints: { start: 'build/binary/start.ts' },
    format: 'cjs',
  });
  const parsers = await build({
    ...OUTPUT,
    entryPoints: Object.fromEntries(
      PARSERS.map((path) => [parserName(path), `node_modules/undici/lib/${path}`]),
    ),
    format: 'cjs',
  });
  const split = await build({
    ...OUTPUT,
    entryPoints: {
      main: 'build/binary/main.ts',
      threads: './node_modules/piscina/dist/worker.js',
      ...workers(),
    },
    define,
    plugins: [places, threads, taughtZod, oneLocale, oneProtocol, parsersApart],
    splitting: true,
    format: 'esm',
    chunkNames: 'chunk-[hash]',
    // Piscina wants it only for threads of another priority, and ours have none.
    external: ['@napi-rs/nice'],
  });
  const scripts = await Promise.all(
    [...split.outputFiles, ...parsers.outputFiles].map(
      async ({ path, text }) => [basename(path), await asScript(text)] as const,
    ),
  );
  const starts = start.outputFiles.map(
    ({ path, contents }) => [basename(path), Buffer.from(contents)] as const,
  );
  return new Map([...starts, ...scripts].toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

/**
 * Modules can be split but not be run from memory, scripts the other way round. What esbuild makes of `import part from 'node:…'` copies
 * everything out of that part and puts `default` beside it; a part that comes later is its own copy.
 */
async function asScript(module: string): Promise<Buffer> {
  const supported = { 'dynamic-import': false };
  const { code } = await transform(module, { ...SCRIPT, format: 'cjs', supported });
  const uncopied = code.replaceAll(/__toESM\(require\("(node:\w+)"\)\)/g, (copied, name: string) =>
    comesLater(name) ? `require("${name}")` : copied,
  );
  return Buffer.from(asFunction(uncopied), 'latin1');
}

/** The files of `workers/`, each a script of its own: a thread that asks need not load what sends and draws. */
function workers(): Readonly<Record<string, string>> {
  const names = readdirSync(join(ROOT, 'workers')).filter((name) => name.endsWith('.ts'));
  return Object.fromEntries(
    names.sort().map((name) => [`worker-${basename(name, '.ts')}`, join('workers', name)]),
  );
}

/** Piscina's threads run from memory, not from a file. */
const threads: Plugin = {
  name: 'threads',
  setup(build) {
    build.onResolve({ filter: /^node:worker_threads$/ }, ({ importer }) =>
      importer.includes('/piscina/')
        ? { path: join(ROOT, 'build/binary/worker-threads.ts') }
        : undefined,
    );
  },
};

/**
 * This package teaches zod to describe itself and hands it on. esbuild sees through that, and lets a script that asks for zod
 * here have it from zod, untaught. A variable of its own it does not see through.
 */
const taughtZod: Plugin = {
  name: 'taught zod',
  setup(build) {
    const plain = 'import { z } from "zod";';
    build.onLoad({ filter: /\/@hono\/zod-openapi\/dist\/index\.mjs$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      if (!text.includes(plain)) throw new Error(`${path} imports zod in another way`);
      const contents = text.replace(plain, 'import { z as plain } from "zod"; const z = plain;');
      return { contents, loader: 'js' };
    });
  },
};

/** zod exports its messages in fifty languages, and ours are our own: without them its code is a third. */
const oneLocale: Plugin = {
  name: 'one locale',
  setup(build) {
    build.onLoad({ filter: /\/zod\/v4\/locales\/index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
    }));
  },
};

/**
 * undici loads HTTP/2 and TLS with it wherever Node has them, and goes without where Node has not. We speak HTTP/1 with gateways
 * (`allowH2` in lib/gateways/http.ts), and both together are a third of a thread's loading. TLS comes when it is needed.
 */
const oneProtocol: Plugin = {
  name: 'one protocol',
  setup(build) {
    build.onResolve({ filter: /^node:http2$/ }, ({ importer }) =>
      importer.includes('/undici/') ? { path: 'none', namespace: 'one protocol' } : undefined,
    );
    build.onLoad({ filter: /./, namespace: 'one protocol' }, () => ({
      contents: "throw new Error('HTTP/2 is not part of this program');",
    }));
  },
};

/** undici's parsers, as WebAssembly in a string. Of four it uses one: each is a script of its own, and of the others nothing is read. */
const PARSERS = [
  'llhttp/llhttp-wasm.js',
  'llhttp/llhttp_simd-wasm.js',
  'milo/simd.js',
  'milo/no-simd.js',
];

const parserName = (path: string) => `undici-${basename(path, '.js')}`;

const parsersApart: Plugin = {
  name: 'parsers apart',
  setup(build) {
    build.onResolve({ filter: /\/(llhttp|milo)\// }, ({ importer, path }) => {
      const parser =
        importer.includes('/undici/') && PARSERS.find((file) => path.endsWith(`/${file}`));
      return parser ? { path: `./${parserName(parser)}.js`, external: true } : undefined;
    });
  },
};

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
