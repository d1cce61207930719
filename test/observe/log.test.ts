import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import t from 'tap';
import { MINUTE_MS } from '../../lib/core/time.ts';
import type { Event } from '../../lib/observe/events.ts';
import { createLogger, type LogLevel, logTeller, together } from '../../lib/observe/log.ts';
import { decided } from '../support/events.ts';
import { testClock } from '../support/store-fixtures.ts';

function logOf(level: LogLevel) {
  const lines: string[] = [];
  const clock = testClock();
  const logger = createLogger(level, { write: (line) => void lines.push(line) });
  return {
    logger,
    clock,
    tell: logTeller(logger, clock),
    read: () => lines.map((line) => JSON.parse(line)),
  };
}

const delivery: Extract<Event, { name: 'delivery.attempted' }> = {
  name: 'delivery.attempted',
  channel: 'ops',
  topic: 'order.held',
  outcome: 'delivered',
  cause: null,
  attempt: 1,
  durationMs: 12,
  detail: '200',
};

const circuit: Extract<Event, { name: 'gateway.circuit' }> = {
  name: 'gateway.circuit',
  gateway: 'pg',
  state: 'open',
  cause: 'timeout',
};

const made: Extract<Event, { name: 'report.made' }> = {
  name: 'report.made',
  day: '2026-11-23',
  orders: 3,
  tiesOut: true,
  differences: 0,
  durationMs: 1,
};

const callback: Extract<Event, { name: 'callback.received' }> = {
  name: 'callback.received',
  gateway: 'pg',
  outcome: 'kept',
  cause: null,
  durationMs: 1,
};

const matched: Extract<Event, { name: 'callback.matched' }> = {
  name: 'callback.matched',
  gateway: 'pg',
  outcome: 'admitted',
};

const sweep = (looked: number): Event => ({
  name: 'sweep.ended',
  sweepId: 1,
  looked,
  durationMs: 1,
});

/** How loud each event is. What happens per request, and what changes nothing, is not heard at `info`. */
const LEVELS: readonly (readonly [LogLevel, Event])[] = [
  [
    'info',
    { name: 'daemon.started', version: '1', listen: '127.0.0.1:8090', callbackListen: null },
  ],
  ['info', { name: 'daemon.stopping', signal: 'SIGTERM' }],
  ['info', { name: 'daemon.stopped' }],
  ['debug', { name: 'order.created', orderId: 'ORDER000001' }],
  ['info', decided],
  ['debug', { ...decided, changed: false }],
  ['debug', { ...decided, outcome: 'stale' }],
  ['warn', { ...decided, outcome: 'refused' }],
  [
    'warn',
    { name: 'notice', channel: 'log', topic: 'order.held', key: 'order.held:O:v2', text: 'Look.' },
  ],
  [
    'info',
    {
      name: 'notice',
      channel: 'log',
      topic: 'order.completed',
      key: 'order.completed:O:v2',
      text: '',
    },
  ],
  ['debug', delivery],
  ['warn', { ...delivery, outcome: 'failed', cause: 'timeout' }],
  ['warn', { ...delivery, outcome: 'dead', cause: 'rejected' }],
  ['warn', { name: 'deliveries.abandoned', count: 3 }],
  ['error', { name: 'order.poisoned', orderId: 'ORDER000001', error: 'x' }],
  ['debug', { name: 'sweep.started', sweepId: 1 }],
  ['info', sweep(3)],
  ['debug', sweep(0)],
  ['error', { name: 'sweep.failed', error: 'x' }],
  [
    'debug',
    {
      name: 'gateway.exchanged',
      gateway: 'pg',
      orderId: 'ORDER000001',
      exchange: {
        kind: 'lookup',
        durationMs: 1,
        result: 'answered',
        status: 200,
        retryAfterMs: null,
      },
    },
  ],
  ['warn', circuit],
  ['info', { ...circuit, state: 'half_open' }],
  ['info', { ...circuit, state: 'closed' }],
  ['info', made],
  ['error', { ...made, tiesOut: false, differences: 1 }],
  ['error', { name: 'report.failed', day: null, error: 'x' }],
  ['error', { name: 'gateway.misconfigured', gateway: 'pg', status: 401 }],
  ['debug', callback],
  ['debug', { ...callback, outcome: 'duplicate' }],
  ['warn', { ...callback, outcome: 'invalid', cause: 'not_json' }],
  ['warn', { ...callback, outcome: 'dropped' }],
  ['warn', { ...callback, outcome: 'failed' }],
  ['debug', matched],
  ['debug', { ...matched, outcome: 'unmatched' }],
  ['warn', { ...matched, outcome: 'dropped' }],
  ['info', { name: 'payment.requested', orderId: 'ORDER000001', outcome: 'accepted' }],
  ['warn', { name: 'payment.requested', orderId: 'ORDER000001', outcome: 'nobody_knows' }],
  ['info', { name: 'store.upgrading', from: 1, to: 2 }],
  ['debug', { name: 'store.committed', rows: 1, durationMs: 1 }],
  ['error', { name: 'store.failed', error: 'x' }],
  ['error', { name: 'pool.failed', pool: 'asking', error: 'x' }],
  ['info', { name: 'pool.recovered', pool: 'asking' }],
  ['error', { name: 'http.failed', method: 'GET', route: '/v1/orders', error: 'TypeError' }],
];

t.test('every event is one line of JSON under its name', async (t) => {
  for (const [level, event] of LEVELS) {
    const log = logOf('debug');
    log.tell(event);
    const { name, ...fields } = event;
    const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
    t.match(log.read(), [{ level, time, msg: name, ...fields }], `${level} ${name}`);
  }
});

t.test('quieter lines are left out', async (t) => {
  const log = logOf('warn');
  for (const [, event] of LEVELS) log.tell(event);
  t.same(new Set(log.read().map(({ level }) => level)), new Set(['warn', 'error']));
});

t.test('the same trouble with callbacks is one line a minute', async (t) => {
  const log = logOf('info');
  const flood = (outcome: 'invalid' | 'dropped', gateway = 'pg') => {
    const cause = outcome === 'invalid' ? 'not_json' : null;
    for (let number = 0; number < 5; number += 1)
      log.tell({ ...callback, gateway, outcome, cause });
  };
  flood('invalid');
  flood('dropped');
  flood('invalid', 'bank');
  t.equal(log.read().length, 3, 'one for each gateway and outcome');
  log.tell({ ...callback, outcome: 'invalid', cause: 'compressed' });
  t.match(log.read().at(-1), { cause: 'compressed' }, 'and cause: forged ones hide no mistake');
  log.clock.turn(MINUTE_MS - 1);
  flood('invalid');
  t.equal(log.read().length, 4);
  log.clock.turn(1);
  flood('invalid');
  t.equal(log.read().length, 5);
});

t.test('what must not be there is struck out all the same', async (t) => {
  const log = logOf('debug');
  log.tell({ name: 'store.failed', error: 'at 4111-1111-1111-1111\nnext line' });
  log.logger.info(
    { cardNo: '4111', request: { cardNo: '4111', headers: { authorization: 'Bearer 4111' } } },
    'x',
  );
  log.logger.info({ token: '4111', payment: { memberId: '4111' } }, 'x');
  log.logger.info({ payments: [{ id: 'P1', userId: '4111', paid: null }] }, 'x');
  t.notMatch(JSON.stringify(log.read()), /4111/);
  t.match(log.read()[0], { error: 'at **** next line' });
  t.match(log.read()[3], { payments: [{ id: 'P1', userId: '****', paid: null }] });
});

t.test('the lines of one turn of the loop are written with one call, at its end', async (t) => {
  const writes: string[] = [];
  const to = together({ write: (lines) => void writes.push(lines) });
  to.write('one\n');
  to.write('two\n');
  t.strictSame(writes, []);
  await nextTurn();
  t.strictSame(writes, ['one\ntwo\n']);
  to.write('three\n');
  to.flushSync();
  t.strictSame(writes.slice(1), ['three\n']);
  await nextTurn();
  t.equal(writes.length, 2);
});

for (const [end, how] of [
  ['a process that ends itself', 'process.exit(3);'],
  [
    'one that is killed in its next turn',
    "setImmediate(() => process.kill(process.pid, 'SIGKILL'));",
  ],
] as const) {
  t.test(`${end} has written what it logged`, async (t) => {
    const program = `
      const { createLogger } = await import(${JSON.stringify(import.meta.resolve('../../lib/observe/log.ts'))});
      createLogger('info').info('the last line');
      ${how}`;
    const { stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
      encoding: 'utf8',
    });
    t.match(JSON.parse(stderr), { msg: 'the last line' });
  });
}

// A disk without any room; only Linux has it.
const FULL = '/dev/full';

t.test('a log that nobody takes ends nobody', { skip: !existsSync(FULL) }, async (t) => {
  const full = openSync(FULL, 'w');
  t.teardown(() => closeSync(full));
  const program = `
    import { createLogger } from '${new URL('../../lib/observe/log.ts', import.meta.url)}';
    const logger = createLogger('info');
    logger.info('one');
    setImmediate(() => { logger.info('two'); setImmediate(() => process.stdout.write('alive')); });
  `;
  const { status, stdout } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', program],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', full] },
  );
  t.strictSame({ status, stdout }, { status: 0, stdout: 'alive' });
});

/** Five times what the system keeps of a pipe that nobody reads. */
const MANY = Array.from({ length: 1_000 }, (_, index) => `${index} ${'x'.repeat(1_000)}`);

/** A program that logs many lines, turn by turn, and says so; its log is read only when the test does. */
function logging(then: string) {
  const program = `
    import { createLogger } from '${new URL('../../lib/observe/log.ts', import.meta.url)}';
    const logger = createLogger('info');
    for (let at = 0; at < ${MANY.length}; at += 1) {
      logger.info(at + ' ' + 'x'.repeat(1000));
      await new Promise(setImmediate);
    }
    process.stdout.write('alive');
    ${then}
  `;
  return spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: 'pipe' });
}

t.test('a reader that stops holds nobody, and has all lines when it goes on', async (t) => {
  const child = logging("process.stdin.on('data', () => logger.info('more'));");
  t.equal(String(await once(child.stdout, 'data')), 'alive');
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (lines) => {
    log += lines;
    // Each further line takes along what there is room for.
    if (!log.includes('"999 ')) child.stdin.write('.');
    else child.stdin.end();
  });
  child.stdin.write('.');
  t.strictSame(await once(child, 'close'), [0, null]);
  const said = log.trimEnd().split('\n');
  t.strictSame(
    said.map((line) => JSON.parse(line).msg).filter((msg) => msg !== 'more'),
    MANY,
  );
});

t.test('a reader that stopped does not keep a process from its end', async (t) => {
  const child = logging('process.exit(3);');
  t.strictSame(await once(child, 'exit'), [3, null]);
  child.stderr.destroy();
});
