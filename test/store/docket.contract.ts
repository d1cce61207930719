import { DAY_MS } from '../../lib/core/time.ts';
import { MAX_SWEEPS, type Sweep } from '../../lib/store/port.ts';
import {
  change,
  claimRequest,
  completion,
  effect,
  foundPayment,
  newOrder,
  newPayment,
  T0,
  unchanged,
} from '../support/store-fixtures.ts';
import { type Clause, caseOf, claimOne, type Due, dueOrders, penOrder } from './contract.ts';

/** What was decided. */
export function docketContract(clause: Clause): void {
  committing(clause);
  refusing(clause);
  sweeping(clause);
}

function committing(clause: Clause): void {
  clause(
    'a decision is written whole: order, payments, stock, journal, effects',
    async (t, { store }) => {
      const before = await penOrder(store, 5);
      const other = await penOrder(store, 5, 'ORDER2');
      const found = {
        status: 'succeeded',
        amount: 5_000,
        currency: 'KRW',
        ours: true,
        at: T0,
      } as const;
      const added = foundPayment({
        id: 'pg:k2',
        transactionKey: 'k2',
        state: 'refund_due',
        reason: 'duplicate_capture',
        refundDue: 5_000,
        found,
        escalated: ['refund_by_hand'],
      });
      const settlement = completion(before, 'pay-ORDER1', {
        now: T0 + 9,
        order: {
          reasonText: '정상 승인되었습니다.',
          escalated: ['refund_by_hand'],
          listedAt: T0 + 9,
          lookAt: T0 + DAY_MS,
        },
        payments: {
          'pay-ORDER1': { state: 'succeeded', transactionKey: 'k1', settledAt: T0 + 9, found },
        },
        added: [added],
        effects: [
          effect({ key: 'order.completed:ORDER1:2', orderId: 'ORDER1', paymentId: 'pay-ORDER1' }),
        ],
      });
      t.strictSame(await store.docket.commit([settlement]), ['applied']);
      const after = await caseOf(store, 'ORDER1');
      t.strictSame(after.order, settlement.decision.order);
      t.strictSame(after.payments, [...settlement.decision.payments, added]);
      t.equal(after.stock[0]?.onHand, 3);
      const { items } = await store.reader.movements('pen', 0, 10);
      t.match(items.at(-1), {
        change: -2,
        onHand: 3,
        kind: 'taken',
        reference: 'ORDER1',
        at: T0 + 9,
      });
      const journal = await store.reader.journal('ORDER1', 0, 10);
      const kept = JSON.stringify(journal.items[1]?.record);
      t.strictSame(
        JSON.parse(kept),
        JSON.parse(JSON.stringify(settlement.record).replaceAll('"member-1"', '""')),
        'all that was decided from, but not who the member is',
      );
      t.notMatch(kept, /member-1/);
      t.match(journal.items[1], { version: 2, at: T0 + 9, reason: 'captured' });
      const effects = await store.reader.effects('ORDER1');
      t.strictSame(
        effects,
        settlement.decision.effects.map((one) => ({ ...one, at: T0 + 9 })),
      );
      const counts = await store.reader.counts();
      t.strictSame(counts.orders, { pending: 1, completed: 1, failed: 0, held: 0 });
      t.equal(counts.refundsDue, 1);
      const { order, payments } = await caseOf(store, 'ORDER2');
      t.strictSame({ order, payments }, { order: other.order, payments: other.payments });
    },
  );

  clause('a refund that was made is due no longer', async (t, { store }) => {
    const before = await penOrder(store, 5);
    const due = { state: 'refund_due', refundDue: 5_000 } as const;
    await store.docket.commit([change(before, { payments: { 'pay-ORDER1': due } })]);
    t.equal((await store.reader.counts()).refundsDue, 1);
    const refunded = { state: 'refunded', refundDue: 5_000, refundReference: 'receipt 7' } as const;
    await store.docket.commit([
      change(await caseOf(store, 'ORDER1'), { payments: { 'pay-ORDER1': refunded } }),
    ]);
    t.equal((await store.reader.counts()).refundsDue, 0);
    t.match((await caseOf(store, 'ORDER1')).payments[0], refunded);
  });

  clause('a look that changes nothing leaves version and journal', async (t, { store }) => {
    const before = await penOrder(store, 5);
    const other = await penOrder(store, 5, 'ORDER2');
    const wait = { looks: 3, silentSince: T0 - 1, listedAt: T0 - 2, lookAt: T0 + 5 };
    const settlement = unchanged(before, {
      order: { ...wait, state: 'failed', updatedAt: T0 + 99 },
    });
    t.strictSame(await store.docket.commit([settlement]), ['applied']);
    t.strictSame((await caseOf(store, 'ORDER1')).order, { ...before.order, ...wait });
    t.strictSame(await caseOf(store, 'ORDER2'), other, 'nor anything of another order');
    t.equal((await store.reader.journal('ORDER1', 0, 10)).items.length, 1);
  });

  clause(
    'of two decisions on one version the second is stale, also in one call',
    async (t, { store }) => {
      const before = await penOrder(store, 5);
      const outcomes = await store.docket.commit([
        completion(before, 'pay-ORDER1'),
        change(before, { order: { state: 'failed' } }),
        unchanged(before),
      ]);
      t.strictSame(outcomes, ['applied', 'stale', 'stale']);
      t.equal((await caseOf(store, 'ORDER1')).order.state, 'completed');
    },
  );

  clause(
    'an attempt recorded during a look makes its decision stale, and the lease stays',
    async (t, { store }) => {
      await penOrder(store, 5);
      const claimed = await claimOne(store);
      await store.intake.addPayment('ORDER1', newPayment({ id: 'late' }), T0, 'recorded');
      const stale = completion(claimed.case, 'pay-ORDER1', {}, claimed.lease);
      t.strictSame(await store.docket.commit([stale]), ['stale']);
      t.strictSame(await store.docket.claim(claimRequest()), []);
      const again = completion(await caseOf(store, 'ORDER1'), 'pay-ORDER1', {}, claimed.lease);
      t.strictSame(await store.docket.commit([again]), ['applied']);
    },
  );

  clause('a decision about an order that is not there is stale', async (t, { store }) => {
    const before = await penOrder(store, 5);
    const lost = { ...before, order: { ...before.order, id: 'ORDER9' } };
    t.strictSame(await store.docket.commit([change(lost, {}), unchanged(lost)]), [
      'stale',
      'stale',
    ]);
  });

  clause(
    'the last piece is sold once: the other decision is stale and writes nothing',
    async (t, { store }) => {
      const first = await penOrder(store, 3, 'ORDER1');
      const second = await penOrder(store, 3, 'ORDER2');
      const outcomes = await store.docket.commit([
        completion(first, 'pay-ORDER1'),
        completion(second, 'pay-ORDER2', { effects: [effect({ key: 'e', orderId: 'ORDER2' })] }),
      ]);
      t.strictSame(outcomes, ['applied', 'stale']);
      const after = await caseOf(store, 'ORDER2');
      t.strictSame({ ...after, stock: [] }, { ...second, stock: [] });
      t.equal(after.stock[0]?.onHand, 1);
      t.strictSame(await store.reader.effects('ORDER2'), []);
    },
  );

  clause('crossing the threshold of a product is told once per crossing', async (t, { store }) => {
    const ids = ['ORDER1', 'ORDER2', 'ORDER3'];
    for (const id of ids) await penOrder(store, 7, id, 4);
    const told = [];
    for (const id of ids) {
      await store.docket.commit([completion(await caseOf(store, id), `pay-${id}`)]);
      told.push((await store.reader.effects(id)).length);
    }
    t.strictSame(told, [0, 1, 0], '7 → 5 → 3 → 1');
    const [low] = await store.reader.effects('ORDER2');
    t.match(low, {
      topic: 'stock.low',
      key: /^stock\.low:pen:\d+$/,
      productId: 'pen',
      text: 'Pen',
      onHand: 3,
      version: 2,
    });
    await store.intake.addStock('pen', 5, 'note', T0);
    await penOrder(store, 6, 'ORDER4', 4);
    await store.docket.commit([completion(await caseOf(store, 'ORDER4'), 'pay-ORDER4')]);
    const [again] = await store.reader.effects('ORDER4');
    t.not(again?.key, low?.key);
    t.equal(again?.topic, 'stock.low');
  });

  clause('an effect is kept once', async (t, { store }) => {
    const before = await penOrder(store, 5);
    const effects = [effect({ key: 'once', orderId: 'ORDER1' })];
    await store.docket.commit([change(before, { effects })]);
    await store.docket.commit([change(await caseOf(store, 'ORDER1'), { effects })]);
    t.equal((await store.reader.effects('ORDER1')).length, 1);
  });

  clause('a hundred commits at once are each applied', async (t, { store }) => {
    const due: readonly Due[] = Array.from({ length: 250 }, (_, index) => [`ORDER${index}`, T0]);
    await dueOrders(store, due);
    const claimed = await store.docket.claim(claimRequest({ limit: 250 }));
    const outcomes = await Promise.all(
      claimed.map((one) =>
        store.docket.commit([completion(one.case, `pay-${one.lease.orderId}`, {}, one.lease)]),
      ),
    );
    t.equal(outcomes.flat().filter((outcome) => outcome === 'applied').length, 250);
    t.equal((await store.reader.counts()).orders.completed, 250);
  });
}

function refusing(clause: Clause): void {
  clause('a transaction of another order is refused', async (t, { store }) => {
    await store.intake.createOrders(
      [
        newOrder({ id: 'ORDER0', payments: [newPayment({ id: 'theirs', transactionKey: 'k' })] }),
        newOrder({ id: 'ORDER1', payments: [newPayment({ id: 'ours' })] }),
      ],
      T0,
    );
    const before = await caseOf(store, 'ORDER1');
    const outcomes = await store.docket.commit([
      completion(before, 'ours', {
        payments: { ours: { state: 'succeeded', transactionKey: 'k' } },
      }),
      change(before, { added: [foundPayment({ id: 'pg:k', transactionKey: 'k' })] }),
      change(before, { added: [foundPayment({ id: 'theirs' })] }),
    ]);
    t.strictSame(outcomes, ['refused', 'refused', 'refused']);
    t.strictSame(await caseOf(store, 'ORDER1'), before);
  });

  clause('a payment whose gateway has another name now', async (t, { store }) => {
    const of = (id: string, gateway: string, transactionKey: string) =>
      newOrder({ id, payments: [newPayment({ id: `pay-${id}`, gateway, transactionKey })] });
    await store.intake.createOrders(
      [of('ORDER1', 'old', 'k1'), of('ORDER2', 'old', 'k2'), of('ORDER3', 'pg', 'k2')],
      T0,
    );
    const outcomes = await store.docket.commit([
      change(await caseOf(store, 'ORDER1'), { payments: { 'pay-ORDER1': { gateway: 'pg' } } }),
      change(await caseOf(store, 'ORDER2'), { payments: { 'pay-ORDER2': { gateway: 'pg' } } }),
    ]);
    t.strictSame(outcomes, ['applied', 'refused'], 'not when another order has its key there');
    t.match((await caseOf(store, 'ORDER1')).payments, [{ gateway: 'pg', transactionKey: 'k1' }]);
    t.match((await caseOf(store, 'ORDER2')).payments, [{ gateway: 'old', transactionKey: 'k2' }]);
    const { length } = await store.docket.claim(claimRequest({ exceptGateways: ['pg'] }));
    t.equal(length, 1, 'the order waits for the gateway by its new name');
  });

  const broken = [
    ['a negative amount', { added: [foundPayment({ id: 'x', amount: -1 })] }],
    ['half a won', { added: [foundPayment({ id: 'x', amount: 0.5 })] }],
    ['more than a number holds', { added: [foundPayment({ id: 'x', amount: 2 ** 53 })] }],
    [
      'a refund of a failed payment',
      { payments: { 'pay-ORDER1': { state: 'failed', refundDue: 1 } } },
    ],
    [
      'a failed order with a payment that completed it',
      { order: { state: 'failed', paidBy: 'pay-ORDER1' } },
    ],
    ['an order paid by nothing that is there', { order: { state: 'completed', paidBy: 'none' } }],
    ['a product that is taken a second time', { take: [{ productId: 'pen', quantity: 1 }] }],
  ] as const;
  for (const [what, over] of broken)
    clause(
      `a decision with ${what} is refused, the others of its call are applied`,
      async (t, { store }) => {
        await dueOrders(store, [
          ['ORDER0', T0],
          ['ORDER2', T0],
        ]);
        await store.docket.commit([
          change(await penOrder(store, 5), { take: [{ productId: 'pen', quantity: 1 }] }),
        ]);
        const before = await caseOf(store, 'ORDER1');
        const outcomes = await store.docket.commit([
          completion(await caseOf(store, 'ORDER0'), 'pay-ORDER0'),
          change(before, over),
          completion(await caseOf(store, 'ORDER2'), 'pay-ORDER2'),
        ]);
        t.strictSame(outcomes, ['applied', 'refused', 'applied']);
        t.strictSame(await caseOf(store, 'ORDER1'), before, 'nothing of it is written');
      },
    );
}

function sweeping(clause: Clause): void {
  clause('sweeps are kept from their beginning, with their end', async (t, { store, reopen }) => {
    t.equal(await store.docket.lastSweepId(), 0);
    const sweep: Sweep = {
      id: 1,
      startedAt: T0,
      endedAt: T0 + 9,
      looked: 4,
      reasons: { captured: 3, declined: 1 },
      durationMs: 8.5,
    };
    await store.docket.beginSweep(1, T0);
    const begun = { id: 1, startedAt: T0, endedAt: null, looked: 0, reasons: {}, durationMs: 0 };
    t.strictSame(await store.reader.sweep(1), begun);
    await store.docket.endSweep(sweep);
    await store.docket.beginSweep(2, T0 + 60_000);
    const again = await reopen();
    t.equal(await again.docket.lastSweepId(), 2);
    t.strictSame(await again.reader.sweep(1), sweep);
    t.match(await again.reader.sweep(2), { endedAt: null });
    t.equal(await again.reader.sweep(3), null);
  });

  clause('old sweeps make room', async (t, { store }) => {
    const ids = Array.from({ length: MAX_SWEEPS + 2 }, (_, index) => index + 1);
    await Promise.all(ids.map((id) => store.docket.beginSweep(id, T0 + id)));
    t.equal(await store.reader.sweep(2), null);
    t.equal((await store.reader.sweep(3))?.id, 3);
  });
}
