import { closeSync, existsSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import packageJson from '../../package.json' with { type: 'json' };
import { reconciled } from '../daemon/process.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { run } from './run.ts';

/** What every command has in common: help, exit codes, and where words and data go. */

const scratch = scratchDir('cli');
t.teardown(scratch.remove);
const cwd = scratch.path;

const COMMANDS = [
  'serve',
  'demo',
  'sweep',
  'import',
  'orders',
  'explain',
  'resolve',
  'refunded',
  'replay',
  'health',
  'config',
  'simulate-gateway',
];

t.test('the help names every command, and each command shows examples', async (t) => {
  const help = await run(['--help'], { cwd });
  t.equal(help.code, 0);
  for (const name of COMMANDS) t.match(help.stdout, new RegExp(`^  ${name} +\\w`, 'm'), name);
  for (const args of [...COMMANDS.map((name) => [name]), ['config', 'check'], ['config', 'show']]) {
    const { code, stdout, stderr } = await run([...args, '--help'], { cwd });
    t.equal(code, 0, args.join(' '));
    t.equal(stderr, '', args.join(' '));
    t.match(stdout, /^Usage: reconciled /, args.join(' '));
    t.match(stdout, /^Examples:\n {2}(reconciled|npm)/m, args.join(' '));
  }
});

t.test('help COMMAND is COMMAND --help', async (t) => {
  const { code, stdout } = await run(['help', 'orders'], { cwd });
  t.equal(code, 0);
  t.equal(stdout, (await run(['orders', '--help'], { cwd })).stdout);
});

t.test('the version is that of the package, and says what runs it', async (t) => {
  const { code, stdout } = await run(['--version'], { cwd });
  t.equal(code, 0);
  const { node } = process.versions;
  t.equal(stdout, `${packageJson.version} (a checkout, Node ${node})\n`);
});

t.test('a command line that is off ends with 2 and says what was meant', async (t) => {
  const rows: readonly (readonly [args: readonly string[], said: RegExp])[] = [
    [[], /^Usage: reconciled/],
    [['config'], /^Usage: reconciled config/],
    [['ordres'], /^error: unknown command 'ordres' \(Did you mean orders\?\)\nhint: /],
    [['config', 'chekc'], /^error: unknown command 'chekc' \(Did you mean check\?\)\nhint: /],
    [
      ['orders', '--stat', 'held'],
      /^error: unknown option '--stat' \(Did you mean --state\?\)\nhint: /,
    ],
    [['orders', '--state', 'helt'], /^error: .*--state.*'helt' is invalid\. Did you mean held\?\n/],
    [['orders', '--reason', 'out_of_stok'], /Did you mean out_of_stock\?/],
    [['orders', '--limit', '0'], /Write a whole number from 1 to 1000000\./],
    [['explain', '-O0001'], /^error: unknown option '-O0001'\nhint: .* behind a --\.$/m],
    [['explain'], /^error: missing required argument 'order'\nhint: /],
    [
      ['resolve', 'ORDER000001', '--state', 'failed', '--by', 'kim'],
      /required option '--note <text>'/,
    ],
    [
      ['resolve', 'ORDER000001', '--state', 'failed', '--note', '', '--by', 'k'],
      /^error: --note: not a text of 1 to 500 characters/,
    ],
    [
      ['resolve', 'ORDER000001', '--state', 'failed', '--payment', 'P', '--note', 'n', '--by', 'k'],
      /^error: --payment: not wanted here\nhint: Only --state completed/,
    ],
    [['import', 'nowhere.ndjson'], /^error: nowhere\.ndjson is no file that can be read\.\nhint: /],
    [
      ['simulate-gateway', '--failure-rate', '40'],
      /Write a number from 0 \(never\) to 1 \(always\)\./,
    ],
    [
      ['simulate-gateway', '--lookup-delay', 'slow'],
      /^error: --lookup-delay: "slow" is not a distribution/,
    ],
    [['simulate-gateway', '--host', ''], /^error: --host: it is empty\.\nhint: Write/],
    [
      ['simulate-gateway', '--limit-exceeded-rate', '0.9', '--invalid-card-rate', '0.5'],
      /^error: --limit-exceeded-rate \+ --invalid-card-rate: 1\.4 is not a share\.\n/,
    ],
    [['simulate-gateway', '--preload', 'nowhere'], /^error: --preload: nowhere cannot be read\./],
  ];
  for (const [args, said] of rows) {
    const { code, stdout, stderr } = await run(args, { cwd });
    t.equal(code, 2, args.join(' '));
    t.equal(stdout, '', args.join(' '));
    t.match(stderr, said, args.join(' '));
  }
});

t.test(
  'trouble ends with 1, a configuration that is off with 78, as words or as JSON',
  async (t) => {
    const missing = await run(['explain', 'ORDER000001', '--json'], { cwd });
    t.equal(missing.code, 1);
    const { error } = JSON.parse(missing.stderr);
    t.match(error, { code: 'not_found', message: /There is no database at/, hint: /data_dir/ });

    const unconfigured = await run(['import', '-'], { cwd });
    t.equal(unconfigured.code, 78);
    t.match(unconfigured.stderr, /^error: No gateway is configured.*\nhint: /);

    for (const name of ['orders', 'replay', 'sweep']) {
      const { code, stdout, stderr } = await run([name], { cwd, env: { RECONCILED_LOCALE: 'jp' } });
      t.equal(code, 78, name);
      t.equal(stdout, '', name);
      t.match(
        stderr,
        /^error: One mistake in .*:\n {2}RECONCILED_LOCALE: "jp" is not one of ko, en\..*\nhint: /,
        name,
      );
    }
  },
);

t.test('config check says that all is right, or everything that is wrong', async (t) => {
  const bare = await run(['config', 'check'], { cwd });
  t.equal(bare.code, 0);
  t.match(
    bare.stdout,
    /^ok: defaults, flags and variables \(no file was read\); gateways: none; channels: log\n$/,
  );
  t.match(bare.stderr, /^No gateway is configured yet/);
  const json = await run(['config', 'check', '--json'], { cwd });
  t.strictSame(JSON.parse(json.stdout), { ok: true, file: null });
  const file = join(cwd, 'wrong.toml');
  writeFileSync(file, 'locale = "jp"\n[sweep]\nthreads = 0\n');
  const wrong = await run(['config', 'check', '--config', 'wrong.toml'], { cwd });
  t.equal(wrong.code, 78);
  t.match(wrong.stderr, `2 mistakes in ${file}:`);
});

// A disk without any room; only Linux has it.
const FULL = '/dev/full';

t.test('output that nobody takes', { skip: !existsSync(FULL) }, async (t) => {
  const full = openSync(FULL, 'w');
  t.teardown(() => closeSync(full));
  const rows: readonly (readonly [args: readonly string[], said: RegExp])[] = [
    [['config', 'show'], /^error: Standard output cannot be written \(ENOSPC.*\)\.\nhint: .*\n$/],
    [['config', 'show', '--json'], /^\{"error":\{"code":"output_failed",.*\}\}\n$/],
    [['--help'], /^error: Standard output cannot be written/],
  ];
  for (const [args, said] of rows) {
    const { code, stderr } = await run(args, { cwd, stdout: full });
    t.equal(code, 1, args.join(' '));
    t.match(stderr, said, args.join(' '));
  }
  const mute = await run(['ordres'], { cwd, stderr: full });
  t.equal(mute.code, 2, 'words that cannot be said change nothing');
});

t.test('a reader that has enough is no trouble', async (t) => {
  const { child, ended } = reconciled(['--help']);
  child.stdout?.destroy();
  const { code, stderr } = await ended;
  t.equal(code, 0);
  t.equal(stderr, '');
});

t.test('a bug ends a command with 70, and asks to be reported', async (t) => {
  const bug = `process.stdout.write=()=>{throw%20new%20Error('of%20ours')}`;
  const env = { NODE_OPTIONS: `--import=data:text/javascript,${bug}` };
  const words = await run(['config', 'show'], { cwd, env });
  t.equal(words.code, 70);
  t.match(
    words.stderr,
    /^error: Error: of ours\n +at [\s\S]*\nhint: This is a bug in reconciled\./,
  );
  const json = await run(['config', 'show', '--json'], { cwd, env });
  t.equal(json.code, 70);
  t.match(JSON.parse(json.stderr), {
    error: { code: 'internal', message: /of ours/, hint: /bug/ },
  });
});

t.test('config show prints what holds, without secrets', async (t) => {
  writeFileSync(join(cwd, 'named.toml'), 'timezone = "UTC"\n');
  const env = {
    RECONCILED_API_TOKEN: 'hunter2',
    RECONCILED_CONFIG: 'named.toml',
    RECONCILED_LOCALE: 'en',
  };
  const toml = await run(['config', 'show', '--listen', '0.0.0.0:9000'], { cwd, env });
  t.equal(toml.code, 0);
  for (const line of [
    `# from ${join(cwd, 'named.toml')}\n`,
    'timezone = "UTC"',
    'locale = "en"',
    'listen = "0.0.0.0:9000"',
    'api_token = "(set)"',
    'stale_after = "10m"',
  ]) {
    t.match(toml.stdout, line);
  }
  const json = await run(['config', 'show', '--json'], { cwd, env });
  t.match(JSON.parse(json.stdout), { timezone: 'UTC', http: { api_token: '(set)' } });
  t.notMatch(toml.stdout + json.stdout, 'hunter2');
});
