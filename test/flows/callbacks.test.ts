import t from 'tap';
import { MINUTE_MS, SECOND_MS } from '../../lib/core/time.ts';
import { ReconciledError } from '../../lib/errors.ts';
import { ringingIntake } from '../../lib/flows/intake.ts';
import type { Event } from '../../lib/observe/events.ts';
import { type FlowWorld, MODEL_SETTINGS, openFlowWorld } from '../support/flow-world.ts';
import { heldCommit } from '../support/held-commit.ts';
import { callbackBody, startModelDaemon } from '../support/model-daemon.ts';

/** An order whose time has not come, and its captured transaction. */
async function youngOrder(world: FlowWorld): Promise<void> {
  await world.order('ORDER-1', [{ transactionKey: 'key-1' }]);
  world.transaction({ key: 'key-1' });
}

const callback = (world: FlowWorld, eventId: string, key: string | null, orderId: string | null) =>
  world.until(world.daemon.callbacks.receive('pg', callbackBody({ eventId, key, orderId })));

const orderOf = async (world: FlowWorld) => (await world.store.reader.order('ORDER-1'))?.order;

t.test('a callback makes the gateway be asked at once, outside of any sweep', async (t) => {
  const world = await openFlowWorld();
  t.teardown(world.close);
  await youngOrder(world);
  await world.order('ORDER-2', [{ transactionKey: 'key-2' }]);
  t.same(await callback(world, 'e1', 'key-1', 'ORDER-1'), { kind: 'kept' });
  await world.pass(SECOND_MS);
  t.match(await orderOf(world), { state: 'completed' });
  t.equal(world.asking.asked.length, 1, 'what is due as well waits for a sweep');
  t.match(await world.store.reader.sweeps(null, 1), { items: [] });
  t.match(
    world.events.find(({ name }) => name === 'order.decided'),
    { orderId: 'ORDER-1', trigger: 'callback', outcome: 'applied' },
  );
});

t.test('a forged callback achieves a lookup and nothing else', async (t) => {
  const world = await openFlowWorld();
  t.teardown(world.close);
  await world.order('ORDER-1', [{ transactionKey: 'key-1' }]);
  world.transaction({ key: 'key-1', steps: [{ at: world.clock.now(), status: 'pending' }] });
  world.transaction({ key: 'of-another', orderId: 'ORDER-2' });
  await callback(world, 'forged', 'of-another', 'ORDER-1');
  await world.pass(SECOND_MS);
  t.match(await orderOf(world), { state: 'pending', reason: 'still_open' });
  t.match((await world.store.reader.order('ORDER-1'))?.payments.length, 1);
});

t.test('repeats nudge as well, at most once a second, and none is lost', async (t) => {
  const world = await openFlowWorld();
  t.teardown(world.close);
  await world.order('ORDER-1', [{ transactionKey: 'key-1' }]);
  const begun = world.clock.now();
  world.transaction({
    key: 'key-1',
    steps: [
      { at: begun, status: 'pending' },
      { at: begun + 700, status: 'succeeded' },
    ],
  });
  t.same(await callback(world, 'e1', 'key-1', 'ORDER-1'), { kind: 'kept' });
  await world.pass(300);
  t.equal(world.asking.asked.length, 1);
  t.match(await orderOf(world), { state: 'pending' });
  for (let repeat = 0; repeat < 5; repeat += 1) {
    await world.pass(100);
    t.same(await callback(world, 'e1', 'key-1', 'ORDER-1'), { kind: 'duplicate' });
  }
  t.equal(world.asking.asked.length, 1, 'put off');
  await world.pass(2 * SECOND_MS);
  t.equal(world.asking.asked.length, 2, 'five repeats are one look');
  t.match(await orderOf(world), { state: 'completed' });
});

t.test('a callback during a look is not lost with it', async (t) => {
  const world = await openFlowWorld();
  t.teardown(world.close);
  await world.order('ORDER-1', [{ transactionKey: 'key-1' }]);
  const begun = world.clock.now();
  world.transaction({
    key: 'key-1',
    steps: [
      { at: begun, status: 'pending' },
      { at: begun + 150, status: 'succeeded' },
    ],
  });
  const ended = world.daemon.sweeping.request().ended;
  await world.pass(160);
  await callback(world, 'e1', 'key-1', null);
  await world.until(ended);
  t.match(await orderOf(world), { state: 'pending' }, 'the look had read the status before');
  await world.pass(2 * SECOND_MS);
  t.match(await orderOf(world), { state: 'completed' });
});

t.test('a callback that comes before its order is matched when the order comes', async (t) => {
  const world = await openFlowWorld();
  t.teardown(world.close);
  t.same(await callback(world, 'e1', 'key-1', 'ORDER-1'), { kind: 'kept' });
  await youngOrder(world);
  await world.pass(SECOND_MS);
  t.match(await orderOf(world), { state: 'completed' });
});

t.test('and when the payment comes that it names', async (t) => {
  const world = await openFlowWorld();
  t.teardown(world.close);
  await world.order('ORDER-1', [{ transactionKey: 'key-1' }]);
  await callback(world, 'e1', 'key-2', null);
  const payment = { id: 'second', gateway: 'pg', method: 'CARD', amount: 1_000 };
  const requestedAt = world.clock.now();
  const named = { ...payment, transactionKey: 'key-2', requestedAt };
  world.transaction({ key: 'key-2' });
  const intake = ringingIntake(world.store.intake, () => world.daemon.pump.nudged());
  await intake.addPayment('ORDER-1', named, requestedAt, 'recorded');
  await world.pass(SECOND_MS);
  t.match(await orderOf(world), { state: 'completed', paidBy: 'second' });
});

/** What became of callbacks that were kept. */
const matched = (world: FlowWorld) =>
  world.events.flatMap((event) => (event.name === 'callback.matched' ? [event.outcome] : []));

t.test('in a flood callbacks are matched as there is room for looks, all of them', async (t) => {
  const world = await openFlowWorld({ window: 2 });
  t.teardown(world.close);
  const numbers = Array.from({ length: 12 }, (_, index) => index + 1);
  for (const at of numbers) {
    await world.order(`ORDER-${at}`, [{ transactionKey: `key-${at}` }]);
    world.transaction({ key: `key-${at}`, orderId: `ORDER-${at}` });
  }
  await Promise.all(numbers.map((at) => callback(world, `e${at}`, `key-${at}`, null)));
  await world.pass(0);
  t.equal(matched(world).length, 2);
  await world.pass(MINUTE_MS);
  t.same(new Set(matched(world)), new Set(['admitted']));
  t.match((await world.store.reader.counts()).orders, { completed: 12 });
});

t.test('after a flood what it left is matched without waiting for room', async (t) => {
  const world = await openFlowWorld({ window: 1 });
  t.teardown(world.close);
  const numbers = Array.from({ length: 60 }, (_, index) => index + 1);
  for (const at of numbers) await world.order(`ORDER-${at}`, [{ transactionKey: `key-${at}` }]);
  await Promise.all(numbers.map((at) => callback(world, `e${at}`, `key-${at}`, null)));
  await world.pass(SECOND_MS - 1);
  t.ok(matched(world).length < 20);
  await world.pass(1);
  t.equal(matched(world).length, 60);
  t.ok(world.asking.asked.length < 20);
});

t.test('callbacks that lead to no look hold nobody up', async (t) => {
  const world = await openFlowWorld({ window: 1 });
  t.teardown(world.close);
  await youngOrder(world);
  const forged = Array.from({ length: 250 }, (_, at) =>
    callback(world, `e${at}`, null, `NO-${at}`),
  );
  await Promise.all([...forged, callback(world, 'e', 'key-1', null)]);
  await world.pass(SECOND_MS);
  t.match(await orderOf(world), { state: 'completed' });
  t.same((await world.store.reader.counts()).unmatched, { pg: 250 });
});

t.test('while no gateway can be asked callbacks are matched many at a time', async (t) => {
  let commits = 0;
  const world = await openFlowWorld({
    window: 0,
    through: (store) => ({
      ...store,
      docket: {
        ...store.docket,
        match: async (limit) => {
          const found = await store.docket.match(limit);
          if (found.length > 0) commits += 1;
          return found;
        },
      },
    }),
  });
  t.teardown(world.close);
  await youngOrder(world);
  const numbers = Array.from({ length: 250 }, (_, index) => index);
  await Promise.all(numbers.map((at) => callback(world, `e${at}`, 'key-1', null)));
  await world.pass(SECOND_MS);
  t.equal(matched(world).length, 250);
  t.ok(commits < 50, `${commits} commits`);
});

t.test('what a life before has kept is matched by the next one', async (t) => {
  const world = await openFlowWorld();
  t.teardown(world.close);
  await youngOrder(world);
  await world.until(world.daemon.stop());
  t.same(await callback(world, 'e1', 'key-1', null), { kind: 'kept' });
  await world.pass(SECOND_MS);
  t.same(matched(world), []);
  const { clock, store, asking, gateway, events } = world;
  const tell = (event: Event) => void events.push(event);
  const next = await startModelDaemon({
    ...{ clock, store, asking, tell },
    gateways: [gateway],
    settings: MODEL_SETTINGS,
  });
  await world.pass(SECOND_MS);
  t.match(await orderOf(world), { state: 'completed' });
  await world.until(next.stop());
});

for (const [failing, withinMs] of [
  ['match', MINUTE_MS],
  ['claim', 5 * SECOND_MS],
] as const) {
  t.test(`a store that could not ${failing} is asked again in a moment`, async (t) => {
    let failures = 0;
    const error = new ReconciledError('store_failed', 'The disk fails.', { hint: 'Wait.' });
    const fail = () => {
      failures += 1;
      return failures <= 2 ? Promise.reject(error) : null;
    };
    const world = await openFlowWorld({
      through: (store) => ({
        ...store,
        docket: {
          ...store.docket,
          [failing]: (given: never) => fail() ?? store.docket[failing](given),
        },
      }),
    });
    t.teardown(world.close);
    await youngOrder(world);
    await callback(world, 'e1', 'key-1', null);
    await world.pass(withinMs);
    t.match(await orderOf(world), { state: 'completed' });
  });
}

t.test('the stop waits for the commit of a look that a callback brought', async (t) => {
  const gate = heldCommit();
  const world = await openFlowWorld({ through: gate.through });
  t.teardown(world.close);
  await youngOrder(world);
  await callback(world, 'e1', 'key-1', null);
  const passing = world.pass(SECOND_MS);
  t.notOk(await gate.isStopped(world), 'while it is being written');
  await passing;
  t.match(await orderOf(world), { state: 'completed' });
});

t.test('nudges and a sweep share one window', async (t) => {
  const world = await openFlowWorld({ window: 2 });
  t.teardown(world.close);
  for (let at = 1; at <= 12; at += 1) {
    await world.order(`ORDER-${at}`, [{ transactionKey: `key-${at}` }]);
    world.transaction({ key: `key-${at}`, orderId: `ORDER-${at}` });
  }
  for (let at = 7; at <= 12; at += 1) await callback(world, `e${at}`, `key-${at}`, null);
  await world.sweep();
  await world.pass(MINUTE_MS);
  t.equal(world.asking.mostAtOnce, 2);
  t.match((await world.store.reader.counts()).orders, { completed: 12 });
});

t.test('a sweep with one slot serves what is due between callbacks', async (t) => {
  const world = await openFlowWorld({ window: 1 });
  t.teardown(world.close);
  const open = ['key-1', 'key-2', 'key-3', 'key-4'];
  for (const [index, key] of open.entries()) {
    const orderId = `OPEN-${index}`;
    await world.order(orderId, [{ transactionKey: key }]);
    world.transaction({ key, orderId, steps: [{ at: world.clock.now(), status: 'pending' }] });
  }
  await world.sweep();
  for (const id of ['DUE-1', 'DUE-2', 'DUE-3']) {
    await world.order(id, [{ transactionKey: id }]);
    world.transaction({ key: id, orderId: id });
  }
  for (const key of open) await callback(world, key, key, null);
  await world.sweep();
  t.match((await world.store.reader.counts()).orders, { completed: 3 });
});

t.test('what is not a callback of ours', async (t) => {
  const world = await openFlowWorld();
  t.teardown(world.close);
  const { callbacks } = world.daemon;
  t.same(await callbacks.receive('nobody', callbackBody({ eventId: '', key: '', orderId: '' })), {
    kind: 'unknown_gateway',
  });
  t.match(await callbacks.receive('pg', new TextEncoder().encode('{')), { kind: 'invalid' });
  t.match(
    world.events.filter(({ name }) => name === 'callback.received'),
    [{ gateway: 'pg', outcome: 'invalid' }],
  );
});

t.test('a callback that cannot be kept is not acknowledged', async (t) => {
  const error = new ReconciledError('store_full', 'The disk is full.', { hint: 'Make room.' });
  const world = await openFlowWorld({
    through: (store) => ({
      ...store,
      intake: { ...store.intake, admit: () => Promise.reject(error) },
    }),
  });
  t.teardown(world.close);
  await t.rejects(callback(world, 'e1', 'key-1', null), { code: 'store_full' });
  t.match(
    world.events.filter(({ name }) => name === 'callback.received'),
    [{ outcome: 'failed' }],
  );
});

t.test(
  'an order of which nothing can be written is asked about once a second at most',
  async (t) => {
    for (const outcome of ['refused', 'stale'] as const) {
      const world = await openFlowWorld({
        through: (store) => ({
          ...store,
          docket: { ...store.docket, commit: async (decided) => decided.map(() => outcome) },
        }),
      });
      await youngOrder(world);
      await callback(world, 'event-1', 'key-1', null);
      await world.pass(11 * SECOND_MS);
      t.equal(world.asking.asked.length, 10, `${outcome}: a look takes 200 ms, and then it rests`);
      await world.close();
    }
  },
);
