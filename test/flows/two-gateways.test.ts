import t from 'tap';
import { MINUTE_MS, SECOND_MS } from '../../lib/core/time.ts';
import { type FlowWorld, openFlowWorld } from '../support/flow-world.ts';
import { FAIR_WEATHER } from '../support/model-asking.ts';
import { callbackBody } from '../support/model-daemon.ts';

const QUICK = { name: 'quick', canList: false, canRefund: false, paymentWindowMs: 10 * MINUTE_MS };

/** `pg` takes ten seconds for each order and has one slot; `quick` has one, too, and takes a fifth of a second. */
async function slowAndQuick(): Promise<FlowWorld> {
  return openFlowWorld({
    others: [QUICK],
    window: 1,
    weather: { ...FAIR_WEATHER, latencyMs: (name) => (name === 'pg' ? 10_000 : 200) },
  });
}

/** An order that is captured at this gateway. */
async function captured(world: FlowWorld, id: string, gateway: string): Promise<void> {
  await world.order(id, [{ gateway, transactionKey: `key-${id}` }]);
  const peer = [world.gateway, ...world.others].find(({ name }) => name === gateway);
  peer?.put({
    key: `key-${id}`,
    orderId: id,
    currency: 'KRW',
    amount: 1_000,
    steps: [{ at: world.clock.now(), status: 'succeeded' }],
  });
}

const stateOf = async (world: FlowWorld, id: string) =>
  (await world.store.reader.order(id))?.order.state;

/** Two minutes of work at `pg`, older than everything else. */
async function backlog(world: FlowWorld): Promise<readonly string[]> {
  const ids = [...'ABCDEFGHIJKL'].map((letter) => `ORDER-SLOW-${letter}`);
  for (const id of ids) await captured(world, id, 'pg');
  await world.pass(1);
  return ids;
}

t.test('what waits for a slow gateway does not delay what is due at another one', async (t) => {
  const world = await slowAndQuick();
  t.teardown(world.close);
  await backlog(world);
  for (const at of [1, 2, 3]) await captured(world, `ORDER-QUICK-${at}`, 'quick');
  const { ended } = world.daemon.sweeping.request();
  await world.pass(SECOND_MS);
  for (const at of [1, 2, 3]) t.equal(await stateOf(world, `ORDER-QUICK-${at}`), 'completed');
  t.match(await world.until(ended), { looked: 15, reasons: { captured: 15 } });
  t.equal(world.clock.monotonicMs(), 120_001, 'and the slow one is not a moment idle');
  t.equal(world.asking.mostAtOnce, 1);
});

t.test('nor what comes due there while the sweep waits for the slow one', async (t) => {
  const world = await slowAndQuick();
  t.teardown(world.close);
  const slow = await backlog(world);
  const { ended } = world.daemon.sweeping.request();
  // An order comes in a minute after it was due.
  await world.pass(65 * SECOND_MS);
  await captured(world, 'ORDER-QUICK', 'quick');
  await captured(world, 'ORDER-SLOW-LATE', 'pg');
  await world.pass(10 * SECOND_MS);
  t.equal(await stateOf(world, 'ORDER-QUICK'), 'completed');
  t.match(await world.until(ended), { looked: 13 }, 'at the slow one it is what was due before');
  const asked = world.asking.asked.filter(({ gateway }) => gateway === 'pg');
  t.strictSame(
    asked.map(({ orderId }) => orderId),
    slow,
    'oldest first, each once',
  );
  t.equal(await stateOf(world, 'ORDER-SLOW-LATE'), 'pending');
});

t.test('nor what a callback names there', async (t) => {
  const world = await slowAndQuick();
  t.teardown(world.close);
  await backlog(world);
  await captured(world, 'ORDER-QUICK', 'quick');
  for (const orderId of ['ORDER-SLOW-A', 'ORDER-SLOW-B', 'ORDER-QUICK']) {
    const gateway = orderId === 'ORDER-QUICK' ? 'quick' : 'pg';
    const body = callbackBody({ eventId: orderId, key: null, orderId });
    await world.until(world.daemon.callbacks.receive(gateway, body));
  }
  await world.pass(SECOND_MS);
  t.equal(await stateOf(world, 'ORDER-QUICK'), 'completed');
  t.equal(await stateOf(world, 'ORDER-SLOW-A'), 'pending');
  await world.pass(25 * SECOND_MS);
  t.equal(await stateOf(world, 'ORDER-SLOW-B'), 'completed');
});
