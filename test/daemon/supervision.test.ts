import { spawn, spawnSync } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t, { type Test } from 'tap';
import { startSupervision } from '../../lib/daemon/supervision.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { TurnedClock } from '../support/turned-clock.ts';
import { reconciled } from './process.ts';

/** What systemd hears of a daemon. */

const READY = { ready: true, checks: [{ name: 'store', ok: true, text: 'The database answers.' }] };
const BROKEN = { name: 'store', ok: false, text: 'The database does not answer.' };
const NOT_READY = { ready: false, checks: [BROKEN] };

/** Minutes, as systemd writes them into `WATCHDOG_USEC`. */
const THREE_MINUTES = { WATCHDOG_USEC: '180000000' };

t.test('without a socket nothing is told and no timer waits', async (t) => {
  const clock = new TurnedClock();
  for (const env of [{}, { NOTIFY_SOCKET: '' }, THREE_MINUTES]) {
    const supervision = startSupervision({ ...watched([]), env, clock, say: t.fail });
    supervision.stopping();
  }
  t.equal(clock.nextAt(), null);
});

t.test('the watchdog is fed while the checks hold, and starves when one does not', async (t) => {
  const { heard, env } = await standIn(t);
  const clock = new TurnedClock();
  const supervision = startSupervision({
    ...watched([READY, NOT_READY, READY]),
    env: { ...env, ...THREE_MINUTES },
    clock,
    say: t.fail,
  });
  t.equal(await heard(), 'READY=1');
  t.equal(await heard(), 'WATCHDOG=1 STATUS=Every check holds.');
  await turn(clock);
  t.equal(clock.monotonicMs(), 60_000, 'three times within the time of the watchdog');
  t.equal(await heard(), 'STATUS=The database does not answer.');
  await turn(clock);
  t.equal(await heard(), 'WATCHDOG=1 STATUS=Every check holds.');
  supervision.stopping();
  t.match(await heard(), /^STOPPING=1 STATUS=/);
});

t.test('without a watchdog only the status is told', async (t) => {
  const { heard, env } = await standIn(t);
  const clock = new TurnedClock();
  const supervision = startSupervision({ ...watched([READY]), env, clock, say: t.fail });
  t.equal(await heard(), 'READY=1');
  t.equal(await heard(), 'STATUS=Every check holds.');
  supervision.stopping();
  t.match(await heard(), /^STOPPING=1/);
});

t.test('the program that tells is given no secret of the environment', async (t) => {
  const { heard, env } = await standIn(t, 'Object.values(process.env)');
  const secrets = { RECONCILED_API_TOKEN: 'a secret', SMTP_PASSWORD: 'a secret' };
  const clock = new TurnedClock();
  const supervised = { ...watched([]), env: { ...env, ...secrets }, clock, say: t.fail };
  const supervision = startSupervision(supervised);
  const given = [await heard(), await heard()];
  supervision.stopping();
  for (const values of [...given, await heard()]) {
    t.match(values, env.NOTIFY_SOCKET);
    t.notMatch(values, 'a secret');
  }
});

t.test('where systemd-notify is missing it is said once, with what to do', async (t) => {
  const clock = new TurnedClock();
  const said: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const say = (line: string) => {
    said.push(line);
    if (line.startsWith('hint: ')) resolve();
  };
  const env = { NOTIFY_SOCKET: '/nowhere', PATH: '/nowhere', ...THREE_MINUTES };
  const supervision = startSupervision({ ...watched([READY, READY]), env, clock, say });
  await promise;
  await turn(clock);
  supervision.stopping();
  t.match(said, [/^systemd cannot be told how the daemon is: .*ENOENT/, /^hint: Install/]);
});

t.test('that it is ready is told again until systemd has been told once', async (t) => {
  const { heard, env } = await standIn(t);
  const [there, elsewhere] = [join(env.PATH, 'systemd-notify'), join(env.PATH, 'elsewhere')];
  renameSync(there, elsewhere);
  const clock = new TurnedClock();
  const say = (line: string) => line.startsWith('hint: ') && renameSync(elsewhere, there);
  const supervision = startSupervision({ ...watched([]), env, clock, say });
  t.equal(await heard(), 'READY=1 STATUS=Every check holds.');
  await turn(clock);
  t.equal(await heard(), 'STATUS=Every check holds.');
  supervision.stopping();
  t.match(await heard(), /^STOPPING=1/);
});

t.test('a program that the system does not even try to start ends nothing', async (t) => {
  const { heard, env } = await standIn(t);
  // Node throws for more words than the system takes as it does without memory for another process.
  const endless = { ready: false, checks: [{ ...BROKEN, text: 'x'.repeat(4_000_000) }] };
  const clock = new TurnedClock();
  const said: string[] = [];
  const supervision = startSupervision({
    ...watched([endless, READY]),
    env,
    clock,
    say: (line) => said.push(line),
  });
  t.equal(await heard(), 'READY=1');
  await turn(clock);
  t.match(said, [/^systemd cannot be told how the daemon is: spawn E2BIG/, /^hint: /]);
  t.equal(await heard(), 'STATUS=Every check holds.');
  supervision.stopping();
  t.match(await heard(), /^STOPPING=1/);
});

const missing = ['systemd-notify', 'perl'].find(
  (name) => spawnSync(name, ['--version']).error !== undefined,
);
const skip = missing === undefined ? false : `this machine has no ${missing}`;

t.test('the real systemd-notify and a real socket of the service manager', { skip }, async (t) => {
  const scratch = scratchDir('supervised');
  t.teardown(scratch.remove);
  const socket = join(scratch.path, 'notify');
  const heard = await datagrams(t, socket);
  const file = join(scratch.path, 'reconciled.toml');
  writeFileSync(
    file,
    `[http]
listen = "127.0.0.1:0"
[[gateway]]
name = "pg"
kind = "pg-simulator"
base_url = "http://127.0.0.1:1"
methods = ["CARD"]
`,
  );
  const daemon = reconciled(['serve', '--config', file], {
    NOTIFY_SOCKET: socket,
    ...THREE_MINUTES,
  });
  t.teardown(() => daemon.child.kill('SIGKILL'));
  await heard('READY=1');
  await heard('WATCHDOG=1');
  daemon.child.kill('SIGTERM');
  await heard('STOPPING=1');
  t.equal((await daemon.ended).code, 0);
});

/** A daemon that is like this, one look after the other. */
function watched(looks: readonly (typeof READY)[]) {
  const left = [...looks];
  return { daemon: { readiness: async () => left.shift() ?? READY } };
}

/** Lets the next timer fire as soon as one waits: it waits when the program that tells has ended. */
async function turn(clock: TurnedClock): Promise<void> {
  const { setImmediate } = await import('node:timers/promises');
  while (clock.nextAt() === null) await setImmediate();
  clock.turn();
}

/** A program of that name that says what it was given (or other words) to a stream, which Node can listen to. */
async function standIn(t: Test, words = 'process.argv.slice(2)') {
  const scratch = scratchDir('stand-in');
  const socket = join(scratch.path, 'socket');
  const script = `#!${process.execPath}
require('node:net').connect(process.env.NOTIFY_SOCKET).end(${words}.join(' '));
`;
  writeFileSync(join(scratch.path, 'systemd-notify'), script, { mode: 0o755 });
  const said = queue();
  const server = createServer((connection) => {
    let text = '';
    connection.setEncoding('utf8').on('data', (data) => {
      text += data;
    });
    connection.on('end', () => said.put(text));
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  t.teardown(() => {
    server.close();
    scratch.remove();
  });
  return { heard: said.take, env: { NOTIFY_SOCKET: socket, PATH: scratch.path } };
}

/** Listens as systemd does; resolves for each assignment that was wanted, when it has come. */
async function datagrams(t: Test, socket: string) {
  const program = `use Socket; $| = 1;
socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die $!; bind($s, pack_sockaddr_un($ARGV[0])) or die $!;
print "bound\\n"; while (defined recv($s, my $m, 4096, 0)) { print "$m\\n" }`;
  const listener = spawn('perl', ['-e', program, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => listener.kill());
  const lines = queue();
  createInterface({ input: listener.stdout }).on('line', lines.put);
  const heard = async (wanted: string) => {
    while ((await lines.take()) !== wanted);
    t.pass(wanted);
  };
  await heard('bound');
  return heard;
}

/** What comes, one after the other. */
function queue() {
  const come: string[] = [];
  const waiting: ((text: string) => void)[] = [];
  return {
    put: (text: string) => {
      const next = waiting.shift();
      if (next === undefined) come.push(text);
      else next(text);
    },
    take: (): Promise<string> => {
      const next = come.shift();
      if (next !== undefined) return Promise.resolve(next);
      return new Promise((resolve) => waiting.push(resolve));
    },
  };
}
