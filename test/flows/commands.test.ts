import t from 'tap';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../lib/core/time.ts';
import type { ResolveCommand } from '../../lib/flows/port.ts';
import type { PaymentRequest, RequestOutcome } from '../../lib/gateways/port.ts';
import { type FlowWorld, openFlowWorld } from '../support/flow-world.ts';
import { heldCommit } from '../support/held-commit.ts';
import { FAIR_WEATHER } from '../support/model-asking.ts';

const PERSON = { note: 'spoke with the customer', by: 'kim' };

const resolution = (given: Partial<ResolveCommand>): ResolveCommand => ({
  state: 'failed',
  paymentId: null,
  version: null,
  ...PERSON,
  ...given,
});

/** An order that is held: its transaction is of another amount. */
async function heldOrder(world: FlowWorld): Promise<void> {
  await world.order('ORDER-1', [{ transactionKey: 'key-1' }]);
  world.transaction({ key: 'key-1', amount: 900 });
  await world.sweep();
}

t.test('a person ends a hold', async (t) => {
  const cases: readonly {
    readonly command: Partial<ResolveCommand>;
    readonly ends: object;
  }[] = [
    {
      command: { state: 'completed', paymentId: 'ORDER-1-pay-1' },
      ends: {
        kind: 'done',
        view: {
          order: { state: 'completed', reason: 'resolved_by_person', paidBy: 'ORDER-1-pay-1' },
          payments: [{ state: 'succeeded' }],
        },
      },
    },
    {
      command: { state: 'failed', version: 2 },
      ends: {
        kind: 'done',
        view: { order: { state: 'failed' }, payments: [{ state: 'refund_due', refundDue: 900 }] },
      },
    },
    {
      command: { state: 'pending' },
      ends: { kind: 'done', view: { order: { state: 'pending' } } },
    },
    { command: { version: 1 }, ends: { kind: 'conflict', problem: /version 2, not 1/ } },
    { command: { state: 'completed' }, ends: { kind: 'conflict', problem: /paymentId/ } },
  ];
  for (const { command, ends } of cases) {
    const world = await openFlowWorld();
    await heldOrder(world);
    const outcome = await world.until(
      world.daemon.commands.resolve('ORDER-1', resolution(command)),
    );
    t.match(outcome, ends, JSON.stringify(command));
    const { items } = await world.store.reader.journal('ORDER-1', 0, 10);
    const last = items.at(-1)?.record;
    const journalled =
      outcome.kind === 'done' ? { kind: 'resolved', ...PERSON } : { kind: 'decided' };
    t.match(last, journalled);
    if (outcome.kind === 'done') {
      const decided = world.events.findLast(({ name }) => name === 'order.decided');
      t.match(decided, { from: 'held', to: outcome.view.order.state, trigger: 'person' });
    }
    await world.close();
  }
});

t.test('what a person cannot resolve', async (t) => {
  const world = await openFlowWorld();
  t.teardown(world.close);
  await world.order('ORDER-1', [{ transactionKey: 'key-1' }]);
  const { commands } = world.daemon;
  t.match(await commands.resolve('ORDER-1', resolution({})), { kind: 'conflict' });
  t.match(await commands.resolve('ORDER-2', resolution({})), { kind: 'not_found' });
});

t.test('a person records a refund, once by its reference', async (t) => {
  const world = await openFlowWorld();
  t.teardown(world.close);
  await heldOrder(world);
  const { commands } = world.daemon;
  const refund = (reference: string, paymentId = 'ORDER-1-pay-1') =>
    world.until(commands.recordRefund(paymentId, { reference, ...PERSON }));
  t.match(await refund('R-1'), { kind: 'conflict' }, 'nothing is due yet');
  await world.until(commands.resolve('ORDER-1', resolution({})));
  t.match(await refund('R-1'), {
    kind: 'done',
    view: { payments: [{ state: 'refunded', refundReference: 'R-1' }] },
  });
  t.match(await refund('R-1'), { kind: 'same' });
  t.match(await refund('R-2'), { kind: 'conflict' });
  t.match(await refund('R-1', 'nobody'), { kind: 'not_found' });
});

t.test('a second charge is seen, however soon the first one is paid back', async (t) => {
  const world = await openFlowWorld();
  t.teardown(world.close);
  await world.store.intake.putProduct(
    { id: 'tea', name: 'Tea', onHand: 0, lowStockAt: null },
    world.clock.now(),
  );
  await world.order('ORDER-1', [{ transactionKey: 'key-1' }]);
  world.transaction({ key: 'key-1' });
  world.transaction({ key: 'key-2' });
  await world.sweep();
  const { commands } = world.daemon;
  await world.until(commands.recordRefund('ORDER-1-pay-1', { reference: 'R-1', ...PERSON }));
  await world.pass(DAY_MS);
  await world.sweep();
  t.match(await world.store.reader.order('ORDER-1'), {
    order: { state: 'failed', reason: 'out_of_stock' },
    payments: [{ state: 'refunded' }, { transactionKey: 'key-2', state: 'refund_due' }],
  });
});

t.test('the payment that a person accepted without a key is not paid back', async (t) => {
  const world = await openFlowWorld({ gateway: { canRefund: true } });
  t.teardown(world.close);
  await world.order('ORDER-1', [{}, {}, { transactionKey: 'key-1' }]);
  world.transaction({ key: 'key-1', amount: 900 });
  await world.sweep();
  const accepted = resolution({ state: 'completed', paymentId: 'ORDER-1-pay-2' });
  await world.until(world.daemon.commands.resolve('ORDER-1', accepted));
  world.transaction({ key: 'key-2' });
  await world.pass(HOUR_MS);
  await world.sweep();
  await world.sweep();
  t.match(await world.store.reader.order('ORDER-1'), {
    order: { state: 'completed', paidBy: 'ORDER-1-pay-2' },
    payments: [
      { transactionKey: null },
      { transactionKey: 'key-2', state: 'succeeded' },
      { transactionKey: 'key-1', state: 'refunded', refundDue: 900 },
    ],
  });
});

t.test('two persons at once: one wins, the other one hears of it', async (t) => {
  const world = await openFlowWorld();
  t.teardown(world.close);
  await heldOrder(world);
  const { commands } = world.daemon;
  const outcomes = await world.until(
    Promise.all([
      commands.resolve('ORDER-1', resolution({ state: 'failed' })),
      commands.resolve('ORDER-1', resolution({ state: 'pending' })),
    ]),
  );
  t.match(outcomes, [{ kind: 'done' }, { kind: 'conflict', problem: /only a held order/ }]);
});

t.test('what others change in every round is not said to be so already', async (t) => {
  for (const outcome of ['stale', 'refused'] as const) {
    let lost: typeof outcome | null = null;
    const world = await openFlowWorld({
      through: (store) => ({
        ...store,
        docket: {
          ...store.docket,
          commit: async (settlements) =>
            lost === null ? store.docket.commit(settlements) : settlements.map(() => outcome),
        },
      }),
    });
    await heldOrder(world);
    lost = outcome;
    t.match(
      await world.until(world.daemon.commands.resolve('ORDER-1', resolution({}))),
      { kind: 'conflict', problem: /being changed at this moment/ },
      outcome,
    );
    await world.close();
  }
});

t.test('what becomes of a requested payment', async (t) => {
  const cases: readonly { readonly outcome: RequestOutcome; readonly payment: object }[] = [
    {
      outcome: { kind: 'accepted', key: 'key-1' },
      payment: { state: 'pending', transactionKey: 'key-1' },
    },
    {
      outcome: { kind: 'refused', reason: 'no such card' },
      payment: { state: 'failed', reason: 'declined', presumedAt: null },
    },
    {
      outcome: { kind: 'not_reached', cause: 'server_error' },
      payment: { state: 'failed', reason: 'request_failed' },
    },
    {
      outcome: { kind: 'nobody_knows', cause: 'timeout' },
      payment: { state: 'pending', transactionKey: null },
    },
  ];
  for (const { outcome, payment } of cases) {
    const world = await openFlowWorld({ weather: { ...FAIR_WEATHER, request: () => outcome } });
    await world.order('ORDER-1', []);
    t.match(await requestPayment(world), { kind: 'created' });
    t.match(await payments(world), [{ state: 'pending', transactionKey: null }], 'durable first');
    await world.pass(SECOND_MS);
    t.match(await payments(world), [payment], outcome.kind);
    t.match(
      world.events.filter(({ name }) => name === 'payment.requested'),
      [{ orderId: 'ORDER-1', outcome: outcome.kind }],
    );
    await world.close();
  }
});

t.test('a request that is given the key of another order holds its own for a person', async (t) => {
  const accepted = { kind: 'accepted', key: 'key-1' } as const;
  const world = await openFlowWorld({ weather: { ...FAIR_WEATHER, request: () => accepted } });
  t.teardown(world.close);
  await world.order('ORDER-2', [{ transactionKey: 'key-1' }]);
  await world.order('ORDER-1', []);
  await requestPayment(world);
  await world.pass(SECOND_MS);
  t.match((await world.store.reader.order('ORDER-1'))?.order, {
    state: 'held',
    reason: 'internal_error',
  });
  t.match(await payments(world), [{ state: 'pending', transactionKey: null }]);
  t.match(
    world.events.find(({ name }) => name === 'order.poisoned'),
    { orderId: 'ORDER-1', error: /recorded for another order/ },
  );
});

t.test('a payment request is sent once, and only while nothing else is under way', async (t) => {
  const sent: PaymentRequest[] = [];
  const world = await openFlowWorld({
    weather: {
      ...FAIR_WEATHER,
      request: (request) => {
        sent.push(request);
        return { kind: 'accepted', key: `key-${sent.length}` };
      },
    },
  });
  t.teardown(world.close);
  await world.order('ORDER-1', []);
  t.match(await requestPayment(world), { kind: 'created' });
  t.match(await requestPayment(world), { kind: 'same' });
  t.match(await requestPayment(world, 'other'), { kind: 'busy' });
  await world.pass(MINUTE_MS);
  const whose = { gateway: 'pg', orderId: 'ORDER-1', userId: 'member-1', amount: 1_000 };
  t.strictSame(sent, [{ ...whose, ...CARD }]);
  t.match(
    world.events.find(({ name }) => name === 'order.decided'),
    { reason: 'still_open', trigger: 'request' },
  );
});

t.test('a request that is on its way at the stop leaves its payment without a key', async (t) => {
  const world = await openFlowWorld({
    weather: { ...FAIR_WEATHER, request: () => ({ kind: 'accepted', key: 'key-1' }) },
  });
  t.teardown(world.close);
  await world.order('ORDER-1', []);
  await requestPayment(world);
  await world.pass(50);
  await world.until(world.daemon.stop());
  await world.pass(SECOND_MS);
  t.match(await payments(world), [{ state: 'pending', transactionKey: null }]);
});

t.test('the stop waits for what becomes of a request while that is being written', async (t) => {
  const gate = heldCommit();
  const world = await openFlowWorld({
    through: gate.through,
    weather: { ...FAIR_WEATHER, request: () => ({ kind: 'accepted', key: 'key-1' }) },
  });
  t.teardown(world.close);
  await world.order('ORDER-1', []);
  await requestPayment(world);
  const passing = world.pass(SECOND_MS);
  t.notOk(await gate.isStopped(world));
  await passing;
  t.match(await payments(world), [{ state: 'pending', transactionKey: 'key-1' }]);
});

t.test('a request whose payment was given another key meanwhile is not forgotten', async (t) => {
  const outcomes: readonly RequestOutcome[] = [
    { kind: 'accepted', key: 'key-2' },
    { kind: 'nobody_knows', cause: 'timeout' },
  ];
  for (const outcome of outcomes) {
    let latencyMs = 2 * SECOND_MS;
    const world = await openFlowWorld({
      weather: {
        ...FAIR_WEATHER,
        latencyMs: () => latencyMs,
        request: () => {
          world.transaction({ key: 'key-2' });
          return outcome;
        },
      },
    });
    t.teardown(world.close);
    await world.order('ORDER-1', []);
    // An attempt that nobody recorded: the look takes it for the one that is on its way, and the order is paid for.
    world.transaction({ key: 'key-1' });
    await requestPayment(world);
    latencyMs = 200;
    await world.sweep();
    t.match(await payments(world), [{ state: 'succeeded', transactionKey: 'key-1' }]);
    await world.pass(2 * HOUR_MS);
    await world.sweep();
    t.match(
      await payments(world),
      [
        { state: 'succeeded', transactionKey: 'key-1' },
        { state: 'refund_due', reason: 'duplicate_capture', transactionKey: 'key-2' },
      ],
      outcome.kind,
    );
  }
});

t.test('what was on its way when its order was listed is seen without a callback', async (t) => {
  for (const status of ['succeeded', 'failed'] as const) {
    const world = await openFlowWorld();
    t.teardown(world.close);
    // Nobody knows what became of the attempt, and there is another one that nobody recorded.
    await world.order('ORDER-1', [{ requestedAt: world.clock.now() }]);
    world.transaction({ key: 'key-1', steps: [{ at: world.clock.trueNow(), status }] });
    await world.sweep();
    t.match(await payments(world), [{ state: status, transactionKey: 'key-1' }]);
    await world.pass(MINUTE_MS);
    world.transaction({ key: 'key-2' });
    await world.pass(HOUR_MS);
    await world.sweep();
    t.match(await payments(world), [{}, { state: 'refund_due', transactionKey: 'key-2' }], status);
  }
});

t.test('no card number is kept or told', async (t) => {
  const world = await openFlowWorld({
    weather: { ...FAIR_WEATHER, request: () => ({ kind: 'accepted', key: 'key-1' }) },
  });
  t.teardown(world.close);
  await world.order('ORDER-1', []);
  await requestPayment(world);
  await world.pass(SECOND_MS);
  const { items } = await world.store.reader.journal('ORDER-1', 0, 10);
  t.equal(items.length, 3, 'created, payment added, requested');
  t.notMatch(JSON.stringify([items, world.events]), CARD.cardNo);
});

const CARD = { cardType: 'KB', cardNo: '1234-5678-9012-3456' };

const requestPayment = (world: FlowWorld, id = 'pay') =>
  world.until(
    world.daemon.requesting.request(
      'ORDER-1',
      {
        id,
        gateway: 'pg',
        method: 'CARD',
        amount: 1_000,
        transactionKey: null,
        requestedAt: world.clock.now(),
      },
      CARD,
    ),
  );

const payments = async (world: FlowWorld) => (await world.store.reader.order('ORDER-1'))?.payments;
