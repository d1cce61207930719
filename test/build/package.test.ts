import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import packageJson from '../../package.json' with { type: 'json' };
import { ROOT } from '../deploy/image.ts';
import { scratchDir } from '../support/scratch-dir.ts';

/** The npm package: packed, installed into an empty folder from the registry, and run by whatever Node the machine has. */

const scratch = scratchDir('package');
t.teardown(scratch.remove);

/** Nothing of this checkout: neither its programs nor what npm told the tests. */
const env = Object.fromEntries(
  Object.entries(process.env)
    .filter(
      ([name]) =>
        !/^(npm_(?!config_(registry|userconfig|cafile|cache)$)|NODE_|INIT_CWD|TAP)/i.test(name),
    )
    .map(([name, value]) => {
      const paths = (value ?? '').split(':').filter((path) => !path.includes('node_modules'));
      return [name, name === 'PATH' ? paths.join(':') : value];
    }),
);

function run(cwd: string, command: string, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, env, encoding: 'utf8' });
  return { code: status, stdout, stderr };
}

const archive = join(scratch.path, `reconciled-${packageJson.version}.tgz`);
const packed = run(ROOT, 'npm', 'pack', '--silent', '--pack-destination', scratch.path);

const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
const folder = join(scratch.path, 'elsewhere');
mkdirSync(folder);
const installed = run(folder, 'npm', ...install, archive);
const unreachable = /ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ETIMEDOUT|ENETUNREACH/.test(installed.stderr)
  ? 'the registry cannot be reached from this machine'
  : false;

t.test('the package is small and complete', async (t) => {
  t.equal(packed.code, 0, packed.stderr);
  const files = run(scratch.path, 'tar', '-tzf', archive).stdout.split('\n');
  for (const file of [
    'package/bin/reconciled.js',
    'package/bin/sources.js',
    'package/lib/main.ts',
    'package/workers/ask.ts',
    'package/README.md',
    'package/LICENSE',
  ]) {
    t.ok(files.includes(file), file);
  }
  const others =
    /^package\/(bin\/\w+\.js$|(lib|workers)\/.*\.ts$|[A-Z.a-z]+\.md$|LICENSE$|package\.json$)/;
  for (const file of files.filter((name) => name !== ''))
    t.match(file, others, `${file} belongs there`);
});

t.test('npx reconciled demo settles its orders', { skip: unreachable }, async (t) => {
  t.equal(installed.code, 0, installed.stderr);
  const version = run(folder, 'npx', '--no-install', 'reconciled', '--version');
  const { node } = process.versions;
  t.equal(
    version.stdout,
    `${packageJson.version} (the npm package, Node ${node})\n`,
    version.stderr,
  );
  const demo = run(folder, 'npx', '--no-install', 'reconciled', 'demo', '--orders', '14');
  t.equal(demo.code, 0, demo.stderr);
  t.notMatch(`${version.stderr}${demo.stderr}`, 'Warning', 'Node complains about nothing');
  t.match(demo.stdout, 'No payment is left in doubt.');
});

t.test(
  'without npx it finds its Node by itself, and ends as it ends',
  { skip: unreachable },
  async (t) => {
    const launcher = join(folder, 'node_modules/reconciled/bin/reconciled.js');
    const version = run(folder, 'node', launcher, '--version');
    t.match(version.stdout, `Node ${process.versions.node})`, 'on the Node of this machine');
    t.equal(run(folder, 'node', launcher, 'ordres').code, 2);
  },
);
