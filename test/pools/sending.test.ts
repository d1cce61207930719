import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { Message, WebhookSettings } from '../../lib/channels/port.ts';
import { systemClock } from '../../lib/clock.ts';
import { conditionEffect } from '../../lib/core/announce.ts';
import type { Event } from '../../lib/observe/events.ts';
import { createSending, type SendingOptions } from '../../lib/pools/sending.ts';
import { turnedClock } from './clock.ts';

/** A receiver that the test answers by hand: `next` is the next request to arrive. */
async function receiver(t: Test, name: string) {
  const arrived: ServerResponse[] = [];
  const waiting: ((response: ServerResponse) => void)[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    request.resume();
    const waiter = waiting.shift();
    if (waiter === undefined) arrived.push(response);
    else waiter(response);
  });
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const settings: WebhookSettings = {
    kind: 'webhook',
    name,
    url: `http://127.0.0.1:${port}/`,
    secrets: ['secret'],
    allowPrivate: true,
    timeoutMs: 15_000,
  };
  const next = () => {
    const first = arrived.shift();
    if (first !== undefined) return Promise.resolve(first);
    return new Promise<ServerResponse>((resolve) => waiting.push(resolve));
  };
  return { settings, next, connections: () => connections };
}

function pool(t: Test, options: Partial<SendingOptions> = {}) {
  const events: Event[] = [];
  const sending = createSending({
    threads: 2,
    maxInFlight: 4,
    style: { locale: 'en', timezone: 'UTC', orderUrl: null },
    clock: systemClock,
    tell: (event) => events.push(event),
    closeWithinMs: 0,
    ...options,
  });
  t.teardown(() => sending.close());
  return { sending, events };
}

function message(id: string): Message {
  const effect = { ...conditionEffect('gateway.down', 'pg', 0, null), at: 0 };
  return { id, topic: effect.topic, effects: [effect], isTest: false };
}

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const settled = promise.then(() => true);
  return Promise.race([settled, setImmediate(false)]);
}

const worker = (name: string) => new URL(`./workers/${name}.ts`, import.meta.url).href;

t.test('a receiver that hangs holds up no other', async (t) => {
  const [hangs, well] = [await receiver(t, 'hangs'), await receiver(t, 'well')];
  const { sending, events } = pool(t, { threads: 1, maxInFlight: 2 });
  t.equal(sending.utilization(), 0);
  const held = sending.send(hangs.settings, message('a'));
  const response = await hangs.next();
  t.equal(sending.utilization(), 0.5);
  for (const id of ['b', 'c', 'd']) {
    const sent = sending.send(well.settings, message(id));
    (await well.next()).end();
    t.match(await sent, { kind: 'delivered' });
  }
  response.end('late');
  t.strictSame(await held, { kind: 'delivered', detail: '200 late' });
  t.equal(sending.utilization(), 0);
  t.strictSame(events, []);
});

t.test(
  'as many may be on their way as the channels allow, however they fall on threads',
  async (t) => {
    const hangs = await receiver(t, 'hangs');
    const { sending } = pool(t, { threads: 2, maxInFlight: 3 });
    const sent = ['a', 'b', 'c'].map((id) => sending.send(hangs.settings, message(id)));
    const arrived = [await hangs.next(), await hangs.next(), await hangs.next()];
    t.equal(sending.utilization(), 1);
    for (const response of arrived) response.end();
    for (const receipt of await Promise.all(sent)) t.match(receipt, { kind: 'delivered' });
  },
);

t.test('messages that go out one after the other share connections', async (t) => {
  const well = await receiver(t, 'well');
  const { sending } = pool(t, { threads: 1 });
  for (let number = 0; number < 20; number += 1) {
    const sent = sending.send(well.settings, message(`m${number}`));
    (await well.next()).end();
    t.match(await sent, { kind: 'delivered' });
  }
  t.ok(well.connections() < 10, `${well.connections()} connections`);
});

t.test('closing', async (t) => {
  t.test('lets what is being sent finish, and takes nothing more', async (t) => {
    const well = await receiver(t, 'well');
    const { sending } = pool(t, { closeWithinMs: 60_000, clock: turnedClock() });
    const before = sending.send(well.settings, message('before'));
    (await well.next()).end();
    await before;
    const sent = ['a', 'b'].map((id) => sending.send(well.settings, message(id)));
    const [one, other] = [await well.next(), await well.next()];
    const closed = sending.close();
    t.match(await sending.send(well.settings, message('c')), { cause: 'stopping' });
    one.end();
    t.match(await Promise.race(sent), { kind: 'delivered' });
    t.notOk(await isSettled(closed), 'there is another one');
    other.end();
    t.match(await Promise.all(sent), [{ kind: 'delivered' }, { kind: 'delivered' }]);
    await closed;
  });

  t.test('not for longer than its bound', async (t) => {
    const hangs = await receiver(t, 'hangs');
    const clock = turnedClock();
    const { sending, events } = pool(t, { closeWithinMs: 5_000, clock });
    const sent = sending.send(hangs.settings, message('a'));
    await hangs.next();
    const closed = sending.close();
    clock.turn(4_999);
    t.notOk(await isSettled(closed));
    clock.turn(1);
    await closed;
    t.match(await sent, { cause: 'stopping', permanent: false });
    t.strictSame(events, []);
  });

  t.test('at once when nothing was ever sent', async (t) => {
    await t.resolves(pool(t, { closeWithinMs: 60_000 }).sending.close());
  });
});

t.test('threads that break', async (t) => {
  t.test('one that dies is a receipt, and the next message finds another', async (t) => {
    const well = await receiver(t, 'well');
    const { sending, events } = pool(t, { workerUrl: worker('sends-stuck') });
    t.match(await sending.send(well.settings, message('dies')), { cause: 'internal' });
    t.ok(events.some((event) => event.name === 'pool.failed' && event.pool === 'sending'));
    const sent = sending.send(well.settings, message('a'));
    (await well.next()).end();
    t.match(await sent, { kind: 'delivered' });
  });

  t.test('one that cannot start is a receipt, and its message is not sent later', async (t) => {
    const well = await receiver(t, 'well');
    const { sending, events } = pool(t, { compileCacheDir: null });
    const { NODE_OPTIONS: options = '' } = process.env;
    // With that Node throws as it does where the system has no thread left.
    process.env.NODE_OPTIONS = '--no-such-option';
    const failed = await sending.send(well.settings, message('a'));
    process.env.NODE_OPTIONS = options;
    t.match(failed, { cause: 'internal', permanent: false });
    t.match(events, [{ name: 'pool.failed', pool: 'sending' }]);
    const sent = sending.send(well.settings, message('b'));
    const first = await well.next();
    t.equal(first.req.headers['webhook-id'], 'b');
    first.end();
    t.match(await sent, { kind: 'delivered' });
  });

  t.test('what waited for one that cannot start is not sent later', async (t) => {
    const well = await receiver(t, 'well');
    const { sending } = pool(t, { compileCacheDir: null, workerUrl: worker('starts-late') });
    process.env.RECONCILED_TEST_START = 'fails';
    const sent = ['a', 'b', 'c'].map((id) => sending.send(well.settings, message(id)));
    delete process.env.RECONCILED_TEST_START;
    for (const receipt of await Promise.all(sent)) t.match(receipt, { cause: 'internal' });
    const again = sending.send(well.settings, message('d'));
    const first = await well.next();
    t.equal(first.req.headers['webhook-id'], 'd');
    first.end();
    t.match(await again, { kind: 'delivered' });
  });

  for (const [first, last, stuckMs] of [
    [15_000, 1_000, 60_000],
    [1_000, 1_000, 20_000],
  ] as const)
    t.test(`after time-outs of ${first} and ${last} ms one is stuck and ended`, async (t) => {
      const well = await receiver(t, 'well');
      const clock = turnedClock();
      const { sending } = pool(t, { threads: 1, workerUrl: worker('sends-stuck'), clock });
      // The thread is up when its first message is taken.
      const taken = sending.send({ ...well.settings, timeoutMs: first }, message('a'));
      (await well.next()).end();
      await taken;
      const stuck = sending.send({ ...well.settings, timeoutMs: last }, message('stuck'));
      clock.turn(stuckMs - 1);
      clock.turn(5_000);
      t.notOk(await isSettled(stuck), 'four times the longest, and a moment');
      clock.turn(5_000);
      t.match(await stuck, { cause: 'timeout', detail: /stuck/ });
      const sent = sending.send(well.settings, message('b'));
      (await well.next()).end();
      t.match(await sent, { kind: 'delivered' }, 'by a new thread');
    });

  t.test('a message that has its receipt ends no thread later', async (t) => {
    const well = await receiver(t, 'well');
    const clock = turnedClock();
    const { sending, events } = pool(t, { threads: 1, clock });
    const before = sending.send(well.settings, message('a'));
    (await well.next()).end();
    t.match(await before, { kind: 'delivered' });
    clock.turn(30_000);
    const sent = sending.send(well.settings, message('b'));
    const response = await well.next();
    clock.turn(30_000);
    clock.turn(5_000);
    response.end();
    t.match(await sent, { kind: 'delivered' });
    t.strictSame(events, []);
  });

  t.test('threads that cannot start', async (t) => {
    const well = await receiver(t, 'well');
    const { sending } = pool(t, { workerUrl: worker('cannot-start') });
    const sent = ['a', 'b', 'c'].map((id) => sending.send(well.settings, message(id)));
    for (const receipt of await Promise.all(sent)) t.match(receipt, { cause: 'internal' });
    t.equal(sending.utilization(), 0);
  });
});
