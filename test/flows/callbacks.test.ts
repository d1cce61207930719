import t from 'tap';
import { MINUTE_MS, SECOND_MS } from '../../lib/core/time.ts';
import { ReconciledError } from '../../lib/errors.ts';
import { type FlowWorld, openFlowWorld } from '../support/flow-world.ts';
import { callbackBody } from '../support/model-daemon.ts';

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
  t.same(await callback(world, 'e1', 'key-1', 'ORDER-1'), { kind: 'admitted' });
  await world.pass(SECOND_MS);
  t.match(await orderOf(world), { state: 'completed' });
  t.match(await world.store.reader.sweeps(null, 1), { items: [] });
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
  t.same(await callback(world, 'e1', 'key-1', 'ORDER-1'), { kind: 'admitted' });
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
  t.same(await callback(world, 'e1', 'key-1', 'ORDER-1'), { kind: 'unmatched' });
  await youngOrder(world);
  await world.pass(SECOND_MS);
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
