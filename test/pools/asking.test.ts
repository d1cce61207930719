import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { systemClock } from '../../lib/clock.ts';
import { type GatewayConfig, loadConfig } from '../../lib/config.ts';
import type { Heard, Question } from '../../lib/core/gateway.ts';
import type { PaymentRequest } from '../../lib/gateways/port.ts';
import type { Event } from '../../lib/observe/events.ts';
import { type AskingOptions, createAsking } from '../../lib/pools/asking.ts';
import { layThreads, type ThreadLayout, warmThreads } from '../../lib/pools/asking-threads.ts';
import { turnedClock } from './clock.ts';
import { FAIL, gatewayConfig, handGateway, inquiry, orderIds } from './gateway.ts';

/** A pool in front of one gateway that the test answers by hand. */
async function set(
  t: Test,
  changes: Partial<GatewayConfig> = {},
  options: Partial<AskingOptions> = {},
) {
  const gateway = await handGateway();
  const events: Event[] = [];
  const pool = createAsking({
    gateways: [gatewayConfig(gateway.baseUrl, changes)],
    threads: 10,
    clock: systemClock,
    tell: (event) => events.push(event),
    closeWithinMs: 0,
    ...options,
  });
  t.teardown(async () => {
    await pool.close();
    await gateway.close();
  });
  const told = (name: Event['name']) => events.filter((event) => event.name === name);
  return { gateway, pool, told };
}

function ask(pool: { ask: ReturnType<typeof createAsking>['ask'] }, orderId: string) {
  return pool.ask([inquiry(orderId)]);
}

/** In a word: `captured`, `silent timeout`, … */
function word([one]: readonly Heard[]): string {
  if (one === undefined) return 'nothing';
  const { answer } = one;
  if (answer.kind === 'silent') return `silent ${answer.cause}`;
  if (answer.kind === 'refund') return answer.outcome;
  return answer.silence ? `silent in part ${answer.silence}` : 'captured';
}

const REQUEST: PaymentRequest = {
  gateway: 'pg',
  orderId: 'ORDER000001',
  userId: 'member-1',
  amount: 5_000,
  cardType: 'SAMSUNG',
  cardNo: '1234-5678-9814-1451',
};

// As many requests as one question may take, each of them until its deadline.
const STUCK_MS = 101 * 20_000;

// One order that is silent by key and by order id opens it.
const BREAKER = {
  failures: 0.6,
  windowMs: 30_000,
  minimum: 2,
  openMs: 10_000,
  halfOpen: 1,
  slowMs: 600_000,
};

t.test('the gateway never sees more than its window, and sees all of it', async (t) => {
  const { gateway, pool, told } = await set(t, { maxInFlight: 7 });
  const asked = orderIds(30).map((id) => ask(pool, id));
  const first = await Promise.all(orderIds(7).map(() => gateway.next()));
  t.equal(pool.utilization(), 1);
  gateway.always((arrival) => arrival.captured());
  for (const arrival of first) arrival.captured();
  t.same(new Set((await Promise.all(asked)).map(word)), new Set(['captured']));
  t.equal(gateway.peak(), 7);
  t.equal(told('gateway.exchanged').length, 30);
  t.equal(pool.utilization(), 0);
});

t.test('no barrier: a slow answer delays its own order only', async (t) => {
  const { gateway, pool } = await set(t, { maxInFlight: 2 });
  const done: string[] = [];
  const asked = orderIds(6).map(async (id) => {
    await ask(pool, id);
    done.push(id);
  });
  const [slow, ...others] = orderIds(6);
  const held = [await gateway.next(), await gateway.next()];
  const hanging = held.find(({ name }) => name === `TR-${slow}`);
  held.find(({ name }) => name !== `TR-${slow}`)?.captured();
  for (const _ of others.slice(1)) (await gateway.next()).captured();
  await Promise.all(asked.slice(1));
  t.same(done, others, 'all the others, in the order they were asked');
  hanging?.captured();
  await Promise.all(asked);
  t.equal(done.at(-1), slow);
});

t.test('answers come in the order in which they are heard', async (t) => {
  const { gateway, pool } = await set(t, { maxInFlight: 5 });
  const done: string[] = [];
  const asked = orderIds(5).map((id) => ask(pool, id).then(() => done.push(`TR-${id}`)));
  const held = await Promise.all(asked.map(() => gateway.next()));
  const backwards = held.toSorted((one, other) => (one.name < other.name ? 1 : -1));
  for (const [place, arrival] of backwards.entries()) {
    arrival.captured();
    await asked[Number(arrival.name.slice(-6))];
    t.equal(done.length, place + 1);
  }
  t.same(
    done,
    backwards.map(({ name }) => name),
  );
});

t.test('a gateway that answers at once gets hundreds through the same window', async (t) => {
  const { gateway, pool } = await set(t);
  gateway.always((arrival) => arrival.captured());
  for (const count of [40, 600]) {
    const heard = await Promise.all(orderIds(count).map((id) => ask(pool, id)));
    t.same(new Set(heard.map(word)), new Set(['captured']));
    t.same(
      heard.map(([one]) => one?.question.orderId),
      orderIds(count),
      'each its own answer',
    );
  }
  t.ok(gateway.peak() <= 10);
});

t.test('orders that come one after the other share connections', async (t) => {
  const { gateway, pool } = await set(t);
  gateway.always((arrival) => arrival.captured());
  for (const id of orderIds(20)) await ask(pool, id);
  t.equal(gateway.seen(), 20);
  t.ok(gateway.connections() < 10, `${gateway.connections()} connections`);
});

t.test('as many may be claimed as keep the window full', async (t) => {
  const { gateway, pool } = await set(t, { maxInFlight: 4 });
  t.equal(pool.freeSlots(), 8, 'four, and four at hand');
  const asked = orderIds(8).map((id) => ask(pool, id));
  t.equal(pool.freeSlots(), 0);
  const free = pool.whenFree();
  (await gateway.next()).captured();
  await free;
  t.equal(pool.freeSlots(), 1);
  gateway.always((arrival) => arrival.captured());
  await Promise.all(asked);
  await pool.whenFree();
  t.equal(pool.freeSlots(), 8, 'nothing is under way, so nobody waits');
});

t.test('questions for two gateways take a slot of each', async (t) => {
  const other = await handGateway();
  const own = await handGateway();
  const pool = createAsking({
    gateways: [
      gatewayConfig(own.baseUrl, { maxInFlight: 1 }),
      gatewayConfig(other.baseUrl, { name: 'other', maxInFlight: 3 }),
    ],
    threads: 10,
    clock: systemClock,
    tell: () => {},
  });
  t.teardown(() => Promise.all([pool.close(), own.close(), other.close()]));
  const questions = [inquiry('ORDER000001', 'other'), inquiry('ORDER000001')];
  const asked = pool.ask(questions);
  const [atOwn, atOther] = await Promise.all([own.next(), other.next()]);
  t.equal(pool.utilization(), 0.5);
  atOwn.captured();
  atOther.captured();
  const heard = await asked;
  t.same(
    heard.map(({ question }) => question),
    questions,
    'heard in the order of the questions',
  );
  t.same(pool.answering().toSorted(), ['other', 'pg']);
  t.equal(word(await pool.ask([inquiry('ORDER000001', 'nobody')])), 'silent internal');
  t.same(await pool.ask([]), []);
});

t.test('the circuit', async (t) => {
  const clock = turnedClock();
  const { gateway, pool, told } = await set(t, { breaker: BREAKER, maxInFlight: 3 }, { clock });
  const asked = orderIds(5).map((id) => ask(pool, id));
  const lookups = await Promise.all([gateway.next(), gateway.next(), gateway.next()]);
  for (const arrival of lookups) arrival.reply(500, FAIL);
  // Each asks by order id as well when its key is silent.
  gateway.always((arrival) => arrival.reply(500, FAIL));
  const words = (await Promise.all(asked)).map(word);
  t.same(words.slice(-2), ['silent circuit_open', 'silent circuit_open'], 'what waits is told so');
  t.same(pool.blocked(), ['pg']);
  t.same(pool.answering(), []);
  t.equal(pool.freeSlots(), 0);

  const seen = gateway.seen();
  const [refused] = await ask(pool, 'ORDER000009');
  t.same(refused?.answer, { kind: 'silent', cause: 'circuit_open', retryAfterMs: 10_000 });
  t.same(await pool.request(REQUEST), { kind: 'not_reached', cause: 'circuit_open' });
  t.equal(gateway.seen(), seen, 'nothing is asked');

  const free = pool.whenFree();
  await new Promise(setImmediate);
  clock.turn(10_000);
  await free;
  t.equal(pool.freeSlots(), 1, 'one trial');
  t.same(pool.blocked(), []);
  gateway.always((arrival) => arrival.captured());
  const after = await Promise.all(orderIds(4).map((id) => ask(pool, id)));
  t.same(new Set(after.map(word)), new Set(['captured']));
  t.same(
    told('gateway.circuit').map((event) => event.name === 'gateway.circuit' && event.state),
    ['open', 'half_open', 'closed'],
  );
  t.same(pool.answering(), ['pg']);
  clock.turn(65 * 60_000 + 1);
  t.same(pool.answering(), [], 'an answer is not for ever');
});

t.test('refused credentials are told once and asked no more', async (t) => {
  const { gateway, pool, told } = await set(t, { maxInFlight: 2 }, { clock: turnedClock() });
  gateway.always((arrival) => arrival.reply(401, FAIL));
  await Promise.all(orderIds(6).map((id) => ask(pool, id)));
  t.same(told('gateway.misconfigured'), [
    { name: 'gateway.misconfigured', gateway: 'pg', status: 401 },
  ]);
  t.same(pool.blocked(), ['pg']);
});

t.test('a pause that the gateway asks for', async (t) => {
  t.test('a short one is waited for', async (t) => {
    const clock = turnedClock();
    const { gateway, pool } = await set(t, { maxInFlight: 1 }, { clock });
    const first = ask(pool, 'ORDER000001');
    (await gateway.next()).reply(429, FAIL, { 'retry-after': '3' });
    gateway.always((arrival) => arrival.reply(429, FAIL, { 'retry-after': '3' }));
    await first;
    const seen = gateway.seen();
    const second = ask(pool, 'ORDER000002');
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    t.equal(gateway.seen(), seen);
    gateway.always((arrival) => arrival.captured());
    clock.turn(3_000);
    t.equal(word(await second), 'captured');
  });

  t.test('a long one blocks', async (t) => {
    const clock = turnedClock();
    const { gateway, pool } = await set(t, { maxInFlight: 1 }, { clock });
    gateway.always((arrival) => arrival.reply(503, FAIL, { 'retry-after': '60' }));
    await ask(pool, 'ORDER000001');
    t.same(pool.blocked(), ['pg']);
    const [refused] = await ask(pool, 'ORDER000002');
    t.same(refused?.answer, { kind: 'silent', cause: 'circuit_open', retryAfterMs: 60_000 });
    gateway.always((arrival) => arrival.captured());
    clock.turn(60_000);
    t.same(pool.blocked(), []);
    t.equal(word(await ask(pool, 'ORDER000002')), 'captured');
  });
});

t.test('requests a second', async (t) => {
  const clock = turnedClock();
  const { gateway, pool } = await set(t, { ratePerSecond: 2 }, { clock });
  t.equal(pool.freeSlots(), 4, 'two seconds’ worth');
  gateway.always((arrival) => arrival.captured());
  const asked = orderIds(3).map((id) => ask(pool, id));
  for (const [done, one] of asked.entries()) {
    await one;
    t.equal(gateway.seen(), done + 1);
    await new Promise(setImmediate);
    clock.turn(500);
  }
});

t.test('payment requests', async (t) => {
  const accepted = {
    meta: { result: 'SUCCESS' },
    data: { transactionKey: '20250816:TR:9577c5', status: 'PENDING' },
  };
  t.test('are sent through a slot of the gateway', async (t) => {
    const { gateway, pool, told } = await set(t, { maxInFlight: 1 });
    const asked = ask(pool, 'ORDER000002');
    const requested = pool.request(REQUEST);
    (await gateway.next()).captured();
    await asked;
    const arrival = await gateway.next();
    t.equal(arrival.method, 'POST');
    arrival.reply(200, accepted);
    t.same(await requested, { kind: 'accepted', key: '20250816:TR:9577c5' });
    // How long it took may happen to have these digits.
    const events = JSON.stringify(told('gateway.exchanged'), (name, value) =>
      name === 'durationMs' ? 0 : value,
    );
    t.notMatch(events, /1451/, 'no event holds the number');
    t.equal(gateway.peak(), 1);
  });

  t.test('one that has waited for a minute is not sent any more', async (t) => {
    const clock = turnedClock();
    const { gateway, pool } = await set(t, { ratePerSecond: 0.02 }, { clock });
    gateway.always((arrival) => arrival.reply(200, accepted));
    const sent = pool.request(REQUEST);
    const waiting = pool.request(REQUEST);
    const late = pool.request(REQUEST);
    t.match(await sent, { kind: 'accepted' });
    clock.turn(50_000);
    t.match(await waiting, { kind: 'accepted' }, 'after fifty seconds');
    clock.turn(50_000);
    t.same(await late, { kind: 'not_reached', cause: 'timeout' });
    t.equal(gateway.seen(), 2);
  });

  t.test('a pool that is closed has sent nothing, or nobody knows', async (t) => {
    const { gateway, pool } = await set(t, { maxInFlight: 1 });
    const sent = pool.request(REQUEST);
    const waiting = pool.request(REQUEST);
    await gateway.next();
    await pool.close();
    t.same(await sent, { kind: 'nobody_knows', cause: 'stopping' });
    t.same(await waiting, { kind: 'not_reached', cause: 'stopping' });
    t.same(await pool.request(REQUEST), { kind: 'not_reached', cause: 'stopping' });
  });

  t.test('an unknown gateway is not reached', async (t) => {
    const { pool } = await set(t);
    const outcome = await pool.request({ ...REQUEST, gateway: 'nobody' });
    t.same(outcome, { kind: 'not_reached', cause: 'internal' });
  });
});

t.test('closing', async (t) => {
  t.test('waits for what is in flight and turns away the rest', async (t) => {
    const { gateway, pool } = await set(
      t,
      { maxInFlight: 1 },
      { closeWithinMs: 60_000, clock: turnedClock() },
    );
    const first = ask(pool, 'ORDER000001');
    const second = ask(pool, 'ORDER000002');
    const arrival = await gateway.next();
    const closed = pool.close();
    t.equal(word(await second), 'silent stopping');
    t.equal(word(await ask(pool, 'ORDER000003')), 'silent stopping');
    t.equal(pool.freeSlots(), 0);
    arrival.captured();
    t.equal(word(await first), 'captured');
    await closed;
  });

  t.test('not for longer than its bound', async (t) => {
    const clock = turnedClock();
    const { gateway, pool } = await set(t, {}, { closeWithinMs: 5_000, clock });
    const asked = ask(pool, 'ORDER000001');
    await gateway.next();
    const closed = pool.close();
    clock.turn(5_000);
    await closed;
    t.equal(word(await asked), 'silent stopping');
  });

  t.test('ends what is asked about alone, too', async (t) => {
    const { gateway, pool } = await set(t, {}, { workerUrl: worker('poisoned') });
    const ids = ['ORDER-dies', 'ORDER000001'];
    await Promise.all(ids.map((id) => ask(pool, id)));
    const asked = ask(pool, 'ORDER000001');
    await gateway.next();
    await pool.close();
    t.equal(word(await asked), 'silent stopping');
  });

  t.test('before a thread was ready: nobody waits for one any more', async (t) => {
    const { pool } = await set(t, {}, { workerUrl: worker('never-ready') });
    const ready = pool.ready();
    const closed = t.rejects(ready, { message: 'the asking pool was closed' });
    await pool.close();
    await closed;
  });
});

const worker = (name: string) => new URL(`./workers/${name}.ts`, import.meta.url).href;

t.test('threads that break', async (t) => {
  t.test('one that dies is a silence, and the next order finds another', async (t) => {
    const { gateway, pool, told } = await set(t, {}, { workerUrl: worker('dies') });
    gateway.always((arrival) => arrival.captured());
    t.equal(word(await ask(pool, 'ORDER-dies')), 'silent internal');
    t.equal(told('pool.failed').length, 1);
    t.equal(word(await ask(pool, 'ORDER000001')), 'captured');
    t.same(await pool.request(REQUEST), { kind: 'nobody_knows', cause: 'internal' });
    t.equal(pool.utilization(), 0, 'no slot is lost');
  });

  t.test('an order that ends its thread takes the others along once', async (t) => {
    const { gateway, pool, told } = await set(t, {}, { workerUrl: worker('poisoned') });
    gateway.always((arrival) => arrival.captured());
    const ids = ['ORDER-dies', ...orderIds(5)];
    const round = async () =>
      (await Promise.all(ids.map((id) => ask(pool, id)))).map((heard) => word(heard));
    const [dies, captured] = ['silent internal', 'captured'];
    t.same(
      await round(),
      ids.map(() => dies),
      'nobody can say which of them it was',
    );
    const rest = orderIds(5).map(() => captured);
    t.same(await round(), [dies, ...rest], 'each alone');
    t.same(await round(), [dies, ...rest]);
    t.same(
      told('pool.failed').map((event) => event.name === 'pool.failed' && event.pool),
      ['asking', 'asking_alone', 'asking_alone'],
    );
    t.equal(pool.utilization(), 0, 'no slot is lost');
    t.same(pool.busy(), []);
  });

  t.test('the next one says that it can ask, although nobody asks', async (t) => {
    const { pool, told } = await set(t, {}, { workerUrl: worker('dies') });
    await pool.ready();
    await ask(pool, 'ORDER-dies');
    t.equal(told('pool.recovered').length, 0, 'not before there is one');
    while (told('pool.recovered').length === 0) await new Promise(setImmediate);
    t.equal(told('pool.failed').length, 1);
    t.equal(told('gateway.exchanged').length, 0);
  });

  t.test('one that ends without an answer is a silence', async (t) => {
    const { pool } = await set(t, {}, { workerUrl: worker('forgets') });
    t.equal(word(await ask(pool, 'ORDER000001')), 'silent internal');
    t.equal(pool.utilization(), 0);
  });

  t.test('what was given after the end of a task is asked about in the next one', async (t) => {
    const { gateway, pool, told } = await set(t, {}, { workerUrl: worker('overlooks') });
    gateway.always((arrival) => arrival.captured());
    const heard = await Promise.all(orderIds(4).map((id) => ask(pool, id)));
    t.same(heard.map(word), ['captured', 'captured', 'captured', 'captured']);
    t.equal(gateway.seen(), 4, 'each once');
    t.same(told('pool.failed'), []);
    t.equal(pool.utilization(), 0, 'no slot is lost');
  });

  t.test('an adapter that throws is a silence at once', async (t) => {
    const { gateway, pool, told } = await set(t);
    gateway.always((arrival) => arrival.captured());
    // Keys that are no list: a bug of ours.
    const broken = { ...inquiry('ORDER000001'), keys: 7 } as unknown as Question;
    t.equal(word(await pool.ask([broken])), 'silent internal');
    t.match(told('pool.failed'), [{ pool: 'asking', error: /iterable|function/ }]);
    t.equal(word(await ask(pool, 'ORDER000002')), 'captured');
    t.equal(pool.utilization(), 0, 'no slot is lost');
  });

  t.test('one that is stuck is a silence in the end', async (t) => {
    const clock = turnedClock();
    const { pool } = await set(t, {}, { workerUrl: worker('hangs'), clock });
    await pool.ready();
    const asked = ask(pool, 'ORDER000001');
    await new Promise(setImmediate);
    clock.turn(STUCK_MS);
    clock.turn(5_000);
    t.equal(word(await asked), 'silent internal');
    t.equal(pool.utilization(), 0);
  });

  t.test('one that hears of one order only, as slowly as may be, is not', async (t) => {
    const clock = turnedClock();
    const { gateway, pool, told } = await set(t, {}, { clock });
    const asked = ask(pool, 'ORDER000001');
    const arrival = await gateway.next();
    clock.turn(100 * 20_000);
    clock.turn(5_000);
    arrival.captured();
    t.equal(word(await asked), 'captured');
    t.same(told('pool.failed'), []);
  });

  t.test('one that goes on hearing is not, however long its task takes', async (t) => {
    const clock = turnedClock();
    const { gateway, pool, told } = await set(t, { maxInFlight: 1 }, { clock });
    for (const asked of orderIds(3).map((id) => ask(pool, id))) {
      const arrival = await gateway.next();
      clock.turn(STUCK_MS - 1);
      clock.turn(5_000);
      arrival.captured();
      t.equal(word(await asked), 'captured');
    }
    t.same(told('pool.failed'), []);
  });

  t.test('what one says right after the process was stopped is heard', async (t) => {
    const clock = turnedClock();
    const { gateway, pool, told } = await set(t, {}, { clock });
    const asked = ask(pool, 'ORDER000001');
    const arrival = await gateway.next();
    clock.turn(STUCK_MS);
    arrival.captured();
    t.equal(word(await asked), 'captured');
    t.same(told('pool.failed'), []);
  });

  t.test('one that stands still is ended, and the next order finds another', async (t) => {
    const clock = turnedClock();
    const { gateway, pool, told } = await set(t, {}, { workerUrl: worker('stuck'), clock });
    await pool.ready();
    const asked = ask(pool, 'ORDER-stuck');
    await new Promise(setImmediate);
    clock.turn(STUCK_MS);
    clock.turn(5_000);
    t.equal(word(await asked), 'silent internal');
    gateway.always((arrival) => arrival.captured());
    t.equal(word(await ask(pool, 'ORDER000001')), 'captured');
    t.equal(told('pool.failed').length, 1);
  });

  t.test('one that throws what cannot be sent says so at least', async (t) => {
    const { pool, told } = await set(t, {}, { workerUrl: worker('says-nothing') });
    t.equal(word(await ask(pool, 'ORDER000001')), 'silent internal');
    t.match(told('pool.failed'), [{ error: /could not be cloned/ }]);
  });

  t.test('threads that cannot start are a silence too', async (t) => {
    const { pool, told } = await set(t, {}, { workerUrl: worker('cannot-start') });
    await t.rejects(pool.ready(), /cannot start/);
    t.equal(word(await ask(pool, 'ORDER000001')), 'silent internal');
    t.ok(told('pool.failed').length > 0);
  });
});

t.test('threads that start before the configuration is read fit the defaults', async (t) => {
  const file = join(t.testdir(), 'reconciled.toml');
  writeFileSync(
    file,
    '[[gateway]]\nname = "pg"\nkind = "pg-simulator"\nbase_url = "http://127.0.0.1:9"\nmethods = ["CARD"]\n',
  );
  const { gateways, sweep } = loadConfig({ file, env: {} });
  const usual = gateways.reduce((sum, { maxInFlight }) => sum + maxInFlight, 0);
  for (const [maxInFlight, fits] of [
    [usual, true],
    [usual + 1, false],
  ] as const) {
    const warm = warmThreads();
    let taken: ReturnType<typeof warm.take> = null;
    const take = (layout: ThreadLayout) => {
      taken = warm.take(layout);
      return taken;
    };
    const options = { threads: sweep.threads, warm: { ...warm, take } };
    const { gateway, pool } = await set(t, { maxInFlight }, options);
    gateway.always((arrival) => arrival.captured());
    t.equal(word(await ask(pool, 'ORDER000001')), 'captured');
    t.equal(taken !== null, fits, `${maxInFlight} in flight`);
    t.equal(warm.take(layThreads(usual, sweep.threads)), null, 'whatever became of them, once');
  }
});

t.test('ready', async (t) => {
  const { pool } = await set(t);
  await t.resolves(pool.ready());
});
