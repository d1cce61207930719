import t from 'tap';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../lib/core/time.ts';
import { ReconciledError } from '../../lib/errors.ts';
import type { Claimed, Docket, Store } from '../../lib/store/port.ts';
import { type FlowWorld, openFlowWorld } from '../support/flow-world.ts';
import { FAIR_WEATHER } from '../support/model-asking.ts';

/** So many orders, each captured at the gateway under its own key. */
async function capturedOrders(world: FlowWorld, count: number): Promise<void> {
  for (let at = 1; at <= count; at += 1) {
    const id = `ORDER-${String(at).padStart(3, '0')}`;
    await world.order(id, [{ transactionKey: `key-${at}` }]);
    world.transaction({ key: `key-${at}`, orderId: id });
  }
}

const stateOf = async (world: FlowWorld, id: string) =>
  (await world.store.reader.order(id))?.order.state;

/** A store whose docket is partly another. */
function withDocket(store: Store, change: (docket: Docket) => Partial<Docket>): Store {
  return { ...store, docket: { ...store.docket, ...change(store.docket) } };
}

const broken = () =>
  new ReconciledError('store_failed', 'the disk is gone', { hint: 'Look for the disk.' });

t.test('a sweep settles all that is due and keeps its history', async (t) => {
  const world = await openFlowWorld();
  t.teardown(world.close);
  await capturedOrders(world, 25);
  const { id, ended } = world.daemon.sweeping.request();
  t.equal(id, 1);
  const sweep = await world.until(ended);
  t.match(sweep, { id: 1, looked: 25, reasons: { captured: 25 } });
  t.strictSame(await world.store.reader.sweep(1), sweep);
  t.match(await world.store.reader.counts(), { orders: { completed: 25, pending: 0 } });
  t.match((await world.store.reader.product('tea'))?.onHand, 75);
  t.match(
    world.events.find(({ name }) => name === 'order.decided'),
    {
      ...{ orderId: 'ORDER-001', from: 'pending', to: 'completed', reason: 'captured' },
      ...{ changed: true, gateways: ['pg'], trigger: 'sweep', outcome: 'applied' },
    },
  );
});

t.test('the window is never exceeded and never waits for its slowest member', async (t) => {
  let asked = 0;
  const world = await openFlowWorld({
    weather: { ...FAIR_WEATHER, latencyMs: () => (asked++ === 0 ? 2_000 : 100) },
  });
  t.teardown(world.close);
  await capturedOrders(world, 100);
  await world.sweep();
  t.equal(world.asking.mostAtOnce, 10);
  t.equal(world.clock.monotonicMs(), 2_000, 'nine slots settle the 99 others in 1.1 s meanwhile');
});

t.test('orders are asked about oldest first', async (t) => {
  const world = await openFlowWorld({ window: 1 });
  t.teardown(world.close);
  for (const id of ['ORDER-C', 'ORDER-A', 'ORDER-B']) {
    await world.order(id, [{ transactionKey: id }]);
    await world.pass(1);
  }
  await world.sweep();
  const orders = world.asking.asked.map(({ orderId }) => orderId);
  t.strictSame(orders, ['ORDER-C', 'ORDER-A', 'ORDER-B']);
});

t.test('requests for a sweep while one runs share the next one', async (t) => {
  const world = await openFlowWorld();
  t.teardown(world.close);
  await capturedOrders(world, 1);
  const { sweeping } = world.daemon;
  const first = sweeping.request();
  const second = sweeping.request();
  const third = sweeping.request();
  t.strictSame([first.id, second.id, third.id], [1, 2, 2]);
  t.match(sweeping.running(), { id: 1, endedAt: null });
  const [one, two] = await world.until(Promise.all([first.ended, second.ended]));
  t.ok((one.endedAt ?? 0) <= two.startedAt, 'they never overlap');
  t.strictSame([one.looked, two.looked], [1, 0]);
  t.equal(sweeping.running(), null);
  const names = world.events.map(({ name }) => name).filter((name) => name.startsWith('sweep.'));
  t.strictSame(names, ['sweep.started', 'sweep.ended', 'sweep.started', 'sweep.ended']);
});

t.test('an order that stays is looked at again only after its wait', async (t) => {
  const world = await openFlowWorld();
  t.teardown(world.close);
  await world.order('ORDER-1', [{ transactionKey: 'key-1' }]);
  world.transaction({ key: 'key-1', steps: [{ at: world.clock.now(), status: 'pending' }] });
  t.match(await world.sweep(), { reasons: { still_open: 1 } });
  t.match(await world.sweep(), { looked: 0 });
  await world.pass(MINUTE_MS);
  t.match(await world.sweep(), { looked: 1 });
});

t.test('a poison order is held, and the others go on', async (t) => {
  // A snapshot that contradicts itself: a pending order of which a payment has succeeded.
  const poison = ({ case: found, ...rest }: Claimed): Claimed => {
    if (found.order.id !== 'ORDER-002') return { ...rest, case: found };
    const payments = found.payments.map((payment) => ({ ...payment, state: 'succeeded' as const }));
    return { ...rest, case: { ...found, payments } };
  };
  const world = await openFlowWorld({
    through: (store) =>
      withDocket(store, (docket) => ({
        claim: async (request) => (await docket.claim(request)).map(poison),
      })),
  });
  t.teardown(world.close);
  await capturedOrders(world, 3);
  world.transaction({
    key: 'key-2',
    orderId: 'ORDER-002',
    steps: [{ at: world.clock.now(), status: 'failed' }],
  });
  const sweep = await world.sweep();
  t.match(sweep, { looked: 3, reasons: { internal_error: 1, captured: 2 } });
  t.equal(await stateOf(world, 'ORDER-002'), 'held');
  t.match(
    world.events.filter(({ name }) => name === 'order.poisoned'),
    [{ orderId: 'ORDER-002', error: /BrokenInvariant/ }],
  );
  t.match(await world.store.reader.effects('ORDER-002'), [
    { topic: 'order.held', reason: 'internal_error' },
  ]);
});

t.test('a transaction that is recorded for another order holds both', async (t) => {
  const world = await openFlowWorld();
  t.teardown(world.close);
  await world.order('ORDER-1', [{ transactionKey: 'key-1' }]);
  await world.order('ORDER-2', [{}]);
  world.transaction({ key: 'key-1', orderId: 'ORDER-2' });
  await world.sweep();
  t.match(await world.store.reader.order('ORDER-1'), {
    order: { state: 'held', reason: 'mismatched' },
  });
  t.match(await world.store.reader.order('ORDER-2'), {
    order: { state: 'held', reason: 'internal_error' },
  });
});

/** ORDER-2 is completed; then the gateway lists a transaction for it that is recorded for ORDER-1, and key-3, which nobody recorded. */
async function disputeBesideMoney(world: FlowWorld): Promise<void> {
  await world.order('ORDER-1', [{ transactionKey: 'key-1' }]);
  await world.order('ORDER-2', [{ transactionKey: 'key-2' }]);
  world.transaction({ key: 'key-2', orderId: 'ORDER-2' });
  await world.sweep();
  world.transaction({ key: 'key-1', orderId: 'ORDER-2' });
  world.transaction({ key: 'key-3', orderId: 'ORDER-2' });
}

t.test('a transaction of another order does not hide the rest of the money', async (t) => {
  const world = await openFlowWorld();
  t.teardown(world.close);
  await disputeBesideMoney(world);
  const again = { transactionKey: 'key-3', id: 'again', gateway: 'pg', method: 'CARD' };
  const attempt = { ...again, amount: 1_000, requestedAt: world.clock.now() };
  await world.store.intake.addPayment('ORDER-2', attempt, world.clock.now(), 'recorded');
  await world.sweep();
  t.match(await world.store.reader.order('ORDER-2'), {
    order: { state: 'completed', escalated: ['internal_error'] },
    payments: [{ state: 'succeeded' }, { id: 'again', state: 'pending' }],
  });
  await world.pass(DAY_MS);
  await world.sweep();
  t.match(await world.store.reader.order('ORDER-2'), {
    payments: [{ state: 'succeeded' }, { id: 'again', state: 'refund_due' }],
  });
  const effects = await world.store.reader.effects('ORDER-2');
  const told = effects.filter(({ reason }) => reason === 'internal_error');
  t.equal(told.length, 1, 'a person hears of it once');
});

t.test('nor what nobody had recorded of it', async (t) => {
  const world = await openFlowWorld();
  t.teardown(world.close);
  await disputeBesideMoney(world);
  await world.pass(HOUR_MS);
  await world.sweep();
  t.match(await world.store.reader.order('ORDER-2'), {
    order: { state: 'completed', escalated: ['internal_error'] },
  });
  await world.pass(DAY_MS);
  await world.sweep();
  t.match(await world.store.reader.order('ORDER-2'), {
    payments: [{ state: 'succeeded' }, { transactionKey: 'key-3', state: 'refund_due' }],
  });
});

t.test('nor does another order that has a payment of the id which its own would get', async (t) => {
  const world = await openFlowWorld();
  t.teardown(world.close);
  await world.order('ORDER-1', [{ id: 'pg:key-3', transactionKey: 'key-1' }]);
  await world.order('ORDER-2', [{ transactionKey: 'key-2' }, { transactionKey: 'key-4' }]);
  const undecided = { at: world.clock.trueNow(), status: 'pending' } as const;
  const late = { at: world.clock.trueNow() + HOUR_MS, status: 'succeeded' } as const;
  world.transaction({ key: 'key-2', orderId: 'ORDER-2' });
  world.transaction({ key: 'key-4', orderId: 'ORDER-2', steps: [undecided, late] });
  await world.sweep();
  world.transaction({ key: 'key-3', orderId: 'ORDER-2' });
  await world.pass(HOUR_MS);
  await world.sweep();
  const asIs = { order: { state: 'completed', escalated: ['internal_error'] } };
  t.match(await world.store.reader.order('ORDER-2'), asIs);
  await world.pass(DAY_MS);
  await world.sweep();
  t.match(await world.store.reader.order('ORDER-2'), {
    ...asIs,
    payments: [{ state: 'succeeded' }, { transactionKey: 'key-4', state: 'refund_due' }],
  });
});

t.test('two orders for the last piece: one gets it, the other one is paid back', async (t) => {
  const world = await openFlowWorld();
  t.teardown(world.close);
  const last = { id: 'tea', name: 'Tea', onHand: 1, lowStockAt: null };
  await world.store.intake.putProduct(last, world.clock.now());
  await capturedOrders(world, 2);
  await world.sweep();
  t.match((await world.store.reader.counts()).orders, { completed: 1, failed: 1 });
  t.equal((await world.store.reader.product('tea'))?.onHand, 0);
  const failed = await world.store.reader.orders({
    state: 'failed',
    reason: 'out_of_stock',
    after: null,
    limit: 2,
  });
  t.match(failed.items, [{ payments: [{ state: 'refund_due', refundDue: 1_000 }] }]);
});

t.test('an order that changed while it was asked about is decided on as it is then', async (t) => {
  const world = await openFlowWorld();
  t.teardown(world.close);
  await capturedOrders(world, 1);
  const ended = world.daemon.sweeping.request().ended;
  await world.pass(100);
  const added = {
    id: 'late',
    gateway: 'pg',
    method: 'CARD',
    amount: 1_000,
    transactionKey: null,
    requestedAt: world.clock.now(),
  };
  await world.store.intake.addPayment('ORDER-001', added, world.clock.now(), 'recorded');
  await world.until(ended);
  const decided = world.events.filter(({ name }) => name === 'order.decided');
  t.match(decided, [{ outcome: 'stale' }, { outcome: 'applied', reason: 'captured' }]);
  t.match(await world.store.reader.order('ORDER-001'), {
    order: { state: 'completed', paidBy: 'ORDER-001-pay-1' },
    payments: [{ state: 'succeeded' }, { id: 'late', state: 'pending' }],
  });
});

t.test('an order that never stands still is given up for this sweep, once', async (t) => {
  const world = await openFlowWorld({
    through: (store) => withDocket(store, () => ({ commit: async () => ['stale'] })),
  });
  t.teardown(world.close);
  await capturedOrders(world, 1);
  t.match(await world.sweep(), { looked: 0 });
  t.equal(world.events.filter(({ name }) => name === 'order.decided').length, 3);
  t.match(await world.sweep(), { looked: 0 });
  t.equal(world.asking.asked.length, 2, 'the lease was given back: the next sweep asks again');
});

t.test('a store that fails ends the sweep, and the next one goes on', async (t) => {
  let fails = true;
  const world = await openFlowWorld({
    through: (store) =>
      withDocket(store, (docket) => ({
        commit: async (settlements) =>
          fails ? Promise.reject(broken()) : docket.commit(settlements),
      })),
  });
  t.teardown(world.close);
  await capturedOrders(world, 30);
  await t.rejects(world.sweep(), { code: 'store_failed' });
  t.match(
    world.events.filter(({ name }) => name === 'sweep.failed'),
    [{ error: 'the disk is gone' }],
  );
  fails = false;
  t.match(await world.sweep(), { looked: 30 }, 'all leases were given back');
});

t.test('so does one that cannot say what is due', async (t) => {
  let failures = 0;
  const world = await openFlowWorld({
    through: (store) =>
      withDocket(store, (docket) => ({
        claim: (request) => {
          failures += 1;
          return failures === 1 ? Promise.reject(broken()) : docket.claim(request);
        },
      })),
  });
  t.teardown(world.close);
  await capturedOrders(world, 3);
  await t.rejects(world.sweep(), { code: 'store_failed' });
  t.match(await world.sweep(), { looked: 3 });
});

t.test('orders of a blocked gateway wait, and the sweep does not wait for them', async (t) => {
  const blocked: string[] = ['pg'];
  const world = await openFlowWorld({ weather: { ...FAIR_WEATHER, blocked: () => blocked } });
  t.teardown(world.close);
  await capturedOrders(world, 3);
  t.match(await world.sweep(), { looked: 0 });
  t.strictSame(world.asking.asked, []);
  blocked.pop();
  t.match(await world.sweep(), { looked: 3 });
});

t.test('stopping gives back what is asked about, and nothing is half done', async (t) => {
  const world = await openFlowWorld();
  t.teardown(world.close);
  await capturedOrders(world, 20);
  const ended = world.daemon.sweeping.request().ended;
  await world.pass(250);
  await world.until(world.daemon.stop());
  t.match(await ended, { looked: 10 });
  await world.pass(SECOND_MS);
  t.match((await world.store.reader.counts()).orders, { completed: 10, pending: 10 });
  t.throws(() => world.daemon.sweeping.request(), { code: 'daemon_refused' });
});
