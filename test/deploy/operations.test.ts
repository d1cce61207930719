import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { run } from '../cli/run.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { ROOT, read } from './image.ts';

/** docs/operations.md does what it says: a newcomer types it as it is written. */

const page = read('docs/operations.md');

/** `reconciled` of these sources. */
const checkout = `'${process.execPath}' '${join(ROOT, 'lib/main.ts')}'`;

t.test('the quick start leads to a settled order', async (t) => {
  const scratch = scratchDir('quick-start');
  const [gatewayPort, port] = [await freePort(), await freePort()];
  const place = (name: string) => join(scratch.path, name);
  // The ports of the page may be taken on this machine; everything else is typed as it stands there.
  const commands = blocks(section('Quick start'), 'sh')
    .join('')
    .replaceAll(':8082', `:${gatewayPort}`)
    .replaceAll(':8090', `:${port}`);
  const program = `exec ${builtHere() ?? checkout} "$@"`;
  const elsewhere = `[ "$1" = simulate-gateway ] && set -- "$@" --port ${gatewayPort}`;
  writeFileSync(place('reconciled'), `#!/bin/sh\n${elsewhere}\n${program}\n`, { mode: 0o755 });
  const shell = spawn('bash', ['-eu', '-c', commands], {
    cwd: scratch.path,
    detached: true,
    env: {
      PATH: `${scratch.path}:${process.env.PATH}`,
      RECONCILED_LISTEN: `127.0.0.1:${port}`,
    },
  });
  t.teardown(() => {
    killGroup(shell);
    scratch.remove();
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(shell.stdout),
    text(shell.stderr),
    once(shell, 'close'),
  ]);
  t.equal(code, 0, stderr);
  const promised = blocks(section('Quick start'), '')
    .join('')
    .split('\n')
    .filter((line) => line !== '' && line !== '…');
  t.ok(promised.length > 10);
  for (const line of promised) t.ok(stdout.includes(`${line}\n`), line);
});

t.test('the configuration of the installation is right as it is written', async (t) => {
  const scratch = scratchDir('installation');
  t.teardown(scratch.remove);
  const file = join(scratch.path, 'reconciled.toml');
  writeFileSync(file, heredoc('/etc/reconciled/reconciled.toml'));
  const env = { RECONCILED_API_TOKEN: 'a-token-of-the-test' };
  const { code, stderr } = await run(['config', 'check', '--config', file], {
    cwd: scratch.path,
    env,
  });
  t.equal(code, 0, stderr);
});

t.test(
  'the unit of the installation is that of the repository, without its comments',
  async (t) => {
    const settings = (unit: string) =>
      unit.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    t.same(
      settings(heredoc('/etc/systemd/system/reconciled.service')),
      settings(read('deploy/reconciled.service')),
    );
  },
);

/** The binary, when it was built of what is here; null: build it with `npm run build`, or try the sources. */
function builtHere(): string | null {
  const file = join(ROOT, 'dist/reconciled');
  const built = spawnSync(file, ['--version'], { encoding: 'utf8' }).stdout ?? '';
  const head =
    spawnSync('git', ['rev-parse', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).stdout ?? '';
  return head !== '' && built.includes(`(commit ${head.slice(0, 12)},`) ? `'${file}'` : null;
}

/** What stands below a heading of the second level. */
function section(heading: string): string {
  const [, after = ''] = page.split(`\n## ${heading}\n`);
  return after.split('\n## ')[0] ?? '';
}

/** The blocks of code in this language, each with its last line end. */
function blocks(markdown: string, language: string): readonly string[] {
  return [...markdown.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].flatMap(([, named, code = '']) =>
    named === language ? [code] : [],
  );
}

/** What the page writes into this file. */
function heredoc(file: string): string {
  const [, after = ''] = page.split(`cat >${file} <<'END'\n`);
  return `${after.split('\nEND\n')[0]}\n`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Everything that the shell started, should the page leave something running. */
function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing is left: as it should be.
  }
}
