import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

/**
 * The order of the house: who may import whom, what may stand where, and docs that are true. Each rule is data; a breach
 * names the file and the line.
 */

const root = normalize(join(dirname(fileURLToPath(import.meta.url)), '..'));

/** A layer is the first entry whose path starts the file's; what it may import is listed, everything else is a breach. */
const LAYERS: readonly { readonly at: string; readonly may: readonly string[] }[] = [
  { at: 'lib/core/', may: ['lib/core/'] },
  { at: 'lib/clock.ts', may: ['lib/core/'] },
  { at: 'lib/retry-after.ts', may: ['lib/core/'] },
  { at: 'lib/errors.ts', may: [] },
  { at: 'lib/version.ts', may: ['package.json'] },
  { at: 'lib/priority.ts', may: ['node:'] },
  { at: 'lib/store/port.ts', may: ['lib/core/', 'lib/store/outbox-port.ts'] },
  { at: 'lib/store/outbox-port.ts', may: ['lib/core/'] },
  { at: 'lib/store/report-port.ts', may: ['lib/core/', 'lib/store/port.ts'] },
  {
    at: 'lib/store/',
    may: [
      'lib/core/',
      'lib/store/',
      'lib/errors.ts',
      'lib/clock.ts',
      'lib/observe/events.ts',
      'better-sqlite3',
      'node:',
    ],
  },
  {
    at: 'lib/gateways/',
    may: ['lib/core/', 'lib/gateways/', 'lib/clock.ts', 'lib/retry-after.ts', 'undici', 'node:'],
  },
  {
    at: 'lib/channels/',
    may: [
      'lib/core/',
      'lib/channels/',
      'lib/clock.ts',
      'lib/retry-after.ts',
      'lib/texts',
      '@slack/webhook',
      'nodemailer',
      'string-width',
      'undici',
      'node:',
    ],
  },
  {
    at: 'lib/report/',
    may: [
      'lib/core/',
      'lib/report/',
      'lib/store/port.ts',
      'lib/store/report-port.ts',
      'lib/texts',
      'lib/clock.ts',
      'lib/errors.ts',
      'd3-scale',
      'd3-shape',
      'node:',
    ],
  },
  // The one thread that sees the store, and only reads it.
  {
    at: 'workers/report.ts',
    may: [
      'lib/report/',
      'lib/store/report-port.ts',
      'lib/store/sqlite/report.ts',
      'lib/errors.ts',
      'lib/priority.ts',
    ],
  },
  {
    at: 'workers/',
    may: ['lib/core/', 'lib/gateways/', 'lib/channels/', 'lib/pools/messages.ts', 'node:'],
  },
  {
    at: 'lib/pools/',
    may: [
      'lib/core/',
      'lib/pools/',
      'lib/gateways/',
      'lib/channels/port.ts',
      'lib/report/',
      'lib/errors.ts',
      'lib/version.ts',
      'lib/config.ts',
      'lib/observe/events.ts',
      'lib/clock.ts',
      'piscina',
      'node:',
    ],
  },
  {
    at: 'lib/flows/',
    may: [
      'lib/core/',
      'lib/flows/',
      'lib/store/port.ts',
      'lib/store/outbox-port.ts',
      'lib/report/',
      'lib/pools/port.ts',
      'lib/gateways/port.ts',
      'lib/gateways/index.ts',
      'lib/channels/port.ts',
      'lib/config.ts',
      'lib/observe/events.ts',
      'lib/clock.ts',
      'lib/errors.ts',
      'node-cron',
    ],
  },
  {
    at: 'lib/http/',
    may: [
      'lib/core/',
      'lib/http/',
      'lib/store/port.ts',
      'lib/store/outbox-port.ts',
      'lib/report/',
      'lib/flows/port.ts',
      'lib/gateways/port.ts',
      'lib/config.ts',
      'lib/config/closest.ts',
      'lib/observe/events.ts',
      'lib/clock.ts',
      'lib/errors.ts',
      'hono',
      '@hono/',
      'node:',
    ],
  },
  {
    at: 'lib/observe/',
    may: [
      'lib/core/',
      'lib/observe/',
      'lib/gateways/port.ts',
      'lib/store/port.ts',
      'lib/store/outbox-port.ts',
      'lib/clock.ts',
      'pino',
      'prom-client',
      'node:',
    ],
  },
  {
    at: 'lib/simulator/',
    may: [
      'lib/core/',
      'lib/simulator/',
      'lib/clock.ts',
      'lib/errors.ts',
      'hono',
      '@hono/',
      'zod',
      'node:',
    ],
  },
  {
    at: 'lib/config',
    may: [
      'lib/core/',
      'lib/config',
      'lib/errors.ts',
      'lib/gateways/',
      'lib/channels/port.ts',
      'zod',
      'smol-toml',
      'node-cron',
      'node:',
    ],
  },
  {
    at: 'lib/texts',
    may: ['lib/core/', 'lib/texts', 'lib/store/port.ts', 'lib/store/outbox-port.ts'],
  },
  { at: 'lib/daemon', may: [''] },
  { at: 'lib/cli/', may: [''] },
  { at: 'lib/main.ts', may: ['lib/', 'node:'] },
  // What ends up inside the one binary …
  { at: 'build/binary/', may: ['lib/cli/index.ts', 'build/binary/', 'node:'] },
  // … and what puts it there. It never runs at a customer's.
  {
    at: 'build/',
    may: ['lib/errors.ts', 'build/', 'esbuild', 'postject', 'better-sqlite3', 'node:'],
  },
];

/** Words that only the named files may use. */
const BANS: readonly { readonly word: RegExp; readonly why: string; readonly except: RegExp }[] = [
  {
    word: /\bDate\.now\(|new Date\(/,
    why: 'only clock.ts reads the time',
    except: /^lib\/clock\.ts$/,
  },
  { word: /\bMath\.random\(/, why: 'randomness is seeded or injected', except: /^$/ },
  {
    word: /\bsetTimeout\(|\bsetInterval\(/,
    why: 'timers go through the clock',
    except: /^(lib|workers)\/(clock\.ts|ask\.ts|simulator\/.*|cli\/demo.*|gateways\/.*)$/,
  },
  {
    word: /\bprocess\.env\b/,
    why: 'only config.ts reads the environment',
    except: /^(lib\/(config.*|pools\/threads)|build\/binary\/start|build\/sbom)\.ts$/,
  },
  {
    word: /\bconsole\./,
    why: 'words go to stderr through the CLI, events through tell',
    except: /^$/,
  },
  { word: /\bexport default\b/, why: 'no default exports', except: /^$/ },
  { word: /:\s*any\s*[;,)=[\]|}>]|<any>|\bas any\b/, why: 'no any', except: /^$/ },
  { word: /\b(TODO|FIXME|XXX|HACK)\b/, why: 'nothing is left behind', except: /^$/ },
  {
    word: /from 'piscina'/,
    why: 'the pools are the only importers of piscina',
    except: /^lib\/pools\//,
  },
];

/** About 300 lines is a long file; beyond this there is a second idea in it. */
const LONGEST_FILE_LINES = 420;

const sources = ['lib', 'workers', 'build']
  .flatMap((folder) => filesBelow(folder))
  .filter((file) => file.endsWith('.ts'));

t.test('each file imports only what its layer may know', async (t) => {
  for (const file of sources) {
    const layer = LAYERS.find(({ at }) => file.startsWith(at));
    t.ok(layer, `${file} belongs to a layer`);
    for (const imported of importsOf(file)) {
      const allowed = layer?.may.some((start) => imported.startsWith(start)) ?? false;
      t.ok(allowed || imported === file, `${file} may import ${imported}`);
    }
  }
});

t.test('the core knows no platform', async (t) => {
  const core = sources.filter((file) => file.startsWith('lib/core/'));
  t.ok(core.length > 10, 'the core was found');
  for (const file of core) {
    const text = withoutComments(read(file));
    for (const word of [
      /\basync\b/,
      /\bawait\b/,
      /\bPromise\b/,
      /\bDate\b/,
      /\bprocess\b/,
      /\bnode:/,
    ]) {
      t.notMatch(text, word, `${file} has no ${word}`);
    }
  }
});

t.test('each word stands where it may', async (t) => {
  for (const file of sources) {
    const lines = withoutComments(read(file)).split('\n');
    for (const { word, why, except } of BANS) {
      if (except.test(file)) continue;
      const line = lines.findIndex((text) => word.test(text));
      t.equal(line, -1, `${file}:${line + 1} ${why}`);
    }
  }
});

t.test('everything exported says what it promises', async (t) => {
  const exported = /^export (?:async )?(?:function|const|class|interface|type) (\w+)/;
  for (const file of sources) {
    const lines = read(file).split('\n');
    lines.forEach((line, index) => {
      const name = exported.exec(line)?.[1];
      if (name === undefined) return;
      const above = lines[index - 1]?.trim() ?? '';
      // A type that only names the members of the list right above it is told by the list.
      const derived =
        /^export type \w+ = \(typeof \w+\)\[number\];/.test(line) || /keyof typeof/.test(line);
      t.ok(
        above.endsWith('*/') || derived || /^export const \w+_MS\b/.test(line),
        `${file}:${index + 1} ${name} has a docstring`,
      );
    });
  }
});

t.test('no file has a second idea in it', async (t) => {
  for (const file of sources) {
    const lines = read(file).split('\n').length;
    t.ok(lines <= LONGEST_FILE_LINES, `${file} has ${lines} lines`);
  }
});

t.test('no test sleeps, and none is skipped without a reason', async (t) => {
  const tests = filesBelow('test').filter(
    (file) => file.endsWith('.ts') && file !== 'test/tidy.test.ts',
  );
  for (const file of tests) {
    const text = withoutComments(read(file));
    t.notMatch(
      text,
      /setTimeout[^\n]*timers\/promises|\bsleep\(|scheduler\.wait|\bsetTimeout\([^,]*resolve|\b(t|test)\.(only|todo)\(/,
      `${file} neither sleeps nor picks`,
    );
    t.notMatch(text, /skip:\s*true|\.skip\(\s*\)/, `${file} gives a reason for what it skips`);
  }
});

t.test('what is loaded later is there in the one binary too', async (t) => {
  // In a bundle a CommonJS package that is imported later has its default and no names.
  const later = /(?:const \{ ?([^}]*?) ?\} = )?\(?await import\('([^.'][^']*)'\)\)?(\.default\b)?/g;
  for (const file of sources) {
    for (const [, names = '', name = '', byDefault] of read(file).matchAll(later)) {
      if (!('module.exports' in (await import(name)))) continue;
      const isDefault = byDefault !== undefined || /^default: \w+$/.test(names);
      t.ok(isDefault, `${file} takes the default of ${name}, or has it from a file of ours`);
    }
  }
});

t.test('every dependency is pinned and has a reason', async (t) => {
  const manifest = JSON.parse(read('package.json')) as Record<
    string,
    Record<string, string> | undefined
  >;
  const architecture = read('ARCHITECTURE.md');
  for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies']) {
    for (const [name, version] of Object.entries(manifest[kind] ?? {})) {
      t.match(version, /^\d+\.\d+\.\d+(-[\w.]+)?$/, `${name} has an exact version`);
      t.ok(architecture.includes(`\`${name}\``), `ARCHITECTURE.md says why ${name} is here`);
    }
  }
});

t.test('links in the docs lead somewhere', async (t) => {
  const pages = ['.', 'docs', 'bench'].flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name)),
  );
  for (const page of pages) {
    for (const [, target] of read(page).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (target === undefined || /^[a-z]+:/.test(target)) continue;
      t.ok(existsSync(join(root, dirname(page), target)), `${page} links to ${target}`);
    }
  }
});

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

/** Keeps the lines where they are, so that a breach names the right one. */
function withoutComments(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '))
    .replace(/(^|\s)\/\/.*$/gm, '$1');
}

function importsOf(file: string): string[] {
  const text = withoutComments(read(file));
  const found = [...text.matchAll(/(?:from|(?<!-)import)\s*\(?\s*'([^']+)'/g)].flatMap(
    ([, name]) => name ?? [],
  );
  return found.map((name) => (name.startsWith('.') ? normalize(join(dirname(file), name)) : name));
}
