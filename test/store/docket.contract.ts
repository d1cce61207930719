import type { Case } from '../../lib/core/decision.ts';
import { DAY_MS, MINUTE_MS } from '../../lib/core/time.ts';
import { type Claimed, MAX_SWEEPS, type Store, type Sweep } from '../../lib/store/port.ts';
import {
  change,
  claimRequest,
  completion,
  effect,
  foundPayment,
  newOrder,
  newPayment,
  notice,
  T0,
  unchanged,
} from '../support/store-fixtures.ts';
import { type Clause, caseOf, claimOne } from './contract.ts';

type Due = readonly [id: string, lookAt: number];

async function dueOrders(store: Store, due: readonly Due[]): Promise<void> {
  const orders = due.map(([id, lookAt]) =>
    newOrder({ id, lookAt, payments: [newPayment({ id: `pay-${id}` })] }),
  );
  await store.intake.createOrders(orders, T0);
}

async function nudge(store: Store, ids: readonly string[]): Promise<void> {
  await store.intake.admit(ids.map((orderId) => notice({ eventId: `n-${orderId}`, orderId })));
}

function idsOf(claimed: readonly Claimed[]): readonly string[] {
  return claimed.map(({ lease }) => lease.orderId);
}

/** An order of two pens, paid by `pay`, with that many pens on hand. */
async function penOrder(
  store: Store,
  onHand: number,
  id = 'ORDER1',
  lowStockAt: number | null = null,
): Promise<Case> {
  await store.intake.putProduct({ id: 'pen', name: 'Pen', onHand, lowStockAt }, T0);
  const items = [
    { productId: 'pen', quantity: 1, unitPrice: 3_000 },
    { productId: 'pen', quantity: 1, unitPrice: 2_000 },
  ];
  const payments = [newPayment({ id: `pay-${id}` })];
  await store.intake.createOrders([newOrder({ id, items, payments })], T0);
  return caseOf(store, id);
}

/** What is due, and what was decided. */
export function docketContract(clause: Clause): void {
  claiming(clause);
  sharing(clause);
  leavingOut(clause);
  committing(clause);
  refusing(clause);
  sweeping(clause);
}

function claiming(clause: Clause): void {
  clause('claims go oldest due first, up to the limit', async (t, { store }) => {
    await dueOrders(store, [
      ['ORDER3', T0 - 1],
      ['ORDER1', T0 - 3],
      ['ORDER2', T0 - 2],
      ['ORDER4', T0 + 1],
    ]);
    t.strictSame(idsOf(await store.docket.claim(claimRequest({ limit: 2 }))), ['ORDER1', 'ORDER2']);
    t.strictSame(idsOf(await store.docket.claim(claimRequest({ limit: 2 }))), ['ORDER3']);
    t.strictSame(await store.docket.claim(claimRequest({ limit: 0 })), []);
  });

  clause(
    'orders due after `dueBy` are left for the next sweep, nudged ones are not',
    async (t, { store }) => {
      await dueOrders(store, [
        ['ORDER1', T0 - 10],
        ['ORDER2', T0 - 5],
        ['ORDER3', T0 - 5],
      ]);
      await nudge(store, ['ORDER3']);
      const claimed = await store.docket.claim(claimRequest({ dueBy: T0 - 10 }));
      t.strictSame(idsOf(claimed), ['ORDER3', 'ORDER1']);
      t.strictSame(
        claimed.map((one) => one.nudged),
        [true, false],
      );
    },
  );

  clause(
    'a due time beyond the longest wait came from a clock that jumped',
    async (t, { store }) => {
      await dueOrders(store, [
        ['ORDER1', T0 + DAY_MS],
        ['ORDER2', T0 + DAY_MS + 1],
      ]);
      const claimed = await store.docket.claim(claimRequest());
      t.strictSame(idsOf(claimed), ['ORDER2']);
    },
  );

  clause('a settled order is never claimed', async (t, { store }) => {
    await store.docket.commit([completion(await penOrder(store, 5), 'pay-ORDER1')]);
    t.strictSame(await store.docket.claim(claimRequest({ now: T0 + 100 * DAY_MS })), []);
  });

  clause(
    'a leased order is claimed by nobody else until it is released, applied or lost',
    async (t, { store, clock }) => {
      await dueOrders(store, [['ORDER1', T0]]);
      const first = await claimOne(store);
      t.strictSame(await store.docket.claim(claimRequest()), []);
      store.docket.release([first.lease]);
      const second = await claimOne(store);
      store.docket.release([first.lease]);
      t.strictSame(await store.docket.claim(claimRequest()), [], 'an old lease ends nothing');
      await store.docket.commit([unchanged(second.case, { order: { lookAt: T0 } }, second.lease)]);
      await claimOne(store);
      clock.turn(5 * MINUTE_MS - 1);
      t.strictSame(await store.docket.claim(claimRequest()), []);
      clock.turn(1);
      t.equal((await store.docket.claim(claimRequest())).length, 1, 'nobody came back for it');
    },
  );

  clause('leases end with the process', async (t, { store, reopen }) => {
    await dueOrders(store, [['ORDER1', T0]]);
    await claimOne(store);
    t.strictSame(idsOf(await (await reopen()).docket.claim(claimRequest())), ['ORDER1']);
  });

  clause('loading is aligned with what was asked for', async (t, { store }) => {
    await dueOrders(store, [
      ['ORDER1', T0],
      ['ORDER2', T0],
    ]);
    const loaded = await store.docket.load(['ORDER2', 'ORDER9', 'ORDER1']);
    t.strictSame(
      loaded.map((found) => found?.order.id ?? null),
      ['ORDER2', null, 'ORDER1'],
    );
    t.equal(await store.docket.orderOfPayment('pay-ORDER2'), 'ORDER2');
    t.equal(await store.docket.orderOfPayment('none'), null);
  });
}

function sharing(clause: Clause): void {
  const DUE: readonly Due[] = ['A', 'B', 'C', 'D'].map((id, index) => [
    `ORDER-${id}`,
    T0 - 10 + index,
  ]);
  const NUDGED: readonly Due[] = ['1', '2', '3', '4'].map((id) => [`ORDER-${id}`, T0 + MINUTE_MS]);
  const rows: readonly (readonly [string, readonly Due[], readonly Due[], number, string])[] = [
    ['half of the slots while others wait', DUE, NUDGED, 4, '12AB'],
    ['more when too few others wait', DUE.slice(0, 1), NUDGED, 4, '12A3'],
    ['all when no other waits', [], NUDGED, 3, '123'],
    ['what they need', DUE, NUDGED.slice(0, 1), 4, '1ABC'],
  ];
  for (const [what, due, nudged, limit, expected] of rows)
    clause(`nudged orders come first and get ${what}`, async (t, { store }) => {
      await dueOrders(store, [...due, ...nudged]);
      await nudge(
        store,
        nudged.map(([id]) => id),
      );
      const claimed = idsOf(await store.docket.claim(claimRequest({ limit })));
      t.equal(claimed.map((id) => id.slice(-1)).join(''), expected);
    });

  clause('claims of one slot serve both kinds in turn', async (t, { store }) => {
    await dueOrders(store, [...DUE, ...NUDGED]);
    await nudge(
      store,
      NUDGED.map(([id]) => id),
    );
    const kinds: boolean[] = [];
    for (let slot = 0; slot < 6; slot += 1) kinds.push((await claimOne(store)).nudged);
    t.equal(kinds.filter((nudged) => nudged).length, 3);
  });

  clause('a claim of nudged orders takes no others', async (t, { store }) => {
    await dueOrders(store, [...DUE, ...NUDGED]);
    await nudge(store, ['ORDER-2', 'ORDER-B']);
    const claimed = idsOf(await store.docket.claim(claimRequest({ nudgedOnly: true })));
    t.strictSame([...claimed].sort(), ['ORDER-2', 'ORDER-B']);
  });
}

function leavingOut(clause: Clause): void {
  const rows: readonly (readonly [
    string,
    readonly (readonly [string | null, string])[],
    readonly string[],
    boolean,
  ])[] = [
    ['pending at a gateway that is fine', [['pg', 'pending']], ['other'], true],
    ['pending at one that is not', [['pg', 'pending']], ['other', 'pg'], false],
    [
      'pending at one of each',
      [
        ['pg', 'pending'],
        ['other', 'pending'],
      ],
      ['pg'],
      true,
    ],
    [
      'resolved at the fine one only',
      [
        ['pg', 'pending'],
        ['other', 'failed'],
      ],
      ['pg'],
      false,
    ],
    [
      'waiting for a refund at the fine one',
      [
        ['pg', 'pending'],
        ['other', 'refund_due'],
      ],
      ['pg'],
      true,
    ],
    [
      'failed by presumption at the fine one',
      [
        ['pg', 'pending'],
        ['other', 'presumed'],
      ],
      ['pg'],
      true,
    ],
    [
      'all resolved there',
      [
        ['pg', 'failed'],
        ['pg', 'refunded'],
      ],
      ['pg'],
      false,
    ],
    [
      'all resolved, one elsewhere',
      [
        ['pg', 'failed'],
        ['other', 'failed'],
      ],
      ['pg'],
      true,
    ],
    ['no payment at all', [], ['pg'], true],
    [
      'a payment that no gateway serves',
      [
        ['pg', 'pending'],
        [null, 'pending'],
      ],
      ['pg'],
      true,
    ],
  ];
  for (const [what, payments, exceptGateways, isClaimed] of rows)
    clause(
      `an order with ${what} is ${isClaimed ? 'claimed' : 'left out'}`,
      async (t, { store }) => {
        const created = payments.map(([gateway], index) =>
          newPayment({ id: `p${index}`, gateway }),
        );
        await store.intake.createOrders([newOrder({ id: 'ORDER1', payments: created })], T0);
        const states = payments.map(([, state], index) => [
          `p${index}`,
          state === 'presumed'
            ? ({ state: 'failed', presumedAt: T0 } as const)
            : { state: state as 'pending', refundDue: state === 'refund_due' ? 5_000 : 0 },
        ]);
        const settlement = change(await caseOf(store, 'ORDER1'), {
          payments: Object.fromEntries(states),
        });
        await store.docket.commit([settlement]);
        const claimed = await store.docket.claim(claimRequest({ exceptGateways }));
        t.equal(claimed.length, isClaimed ? 1 : 0);
        await nudge(store, ['ORDER1']);
        store.docket.release(claimed.map(({ lease }) => lease));
        const later = { exceptGateways, now: T0 + MINUTE_MS, nudgedOnly: true };
        t.equal(
          (await store.docket.claim(claimRequest(later))).length,
          isClaimed ? 1 : 0,
          'nudged too',
        );
      },
    );

  clause('orders of several gateways come out in one order of time', async (t, { store }) => {
    const orders = [
      ['ORDER1', 'c'],
      ['ORDER2', 'a'],
      ['ORDER3', 'b'],
      ['ORDER4', 'a'],
    ].map(([id = '', gateway = ''], index) =>
      newOrder({
        id,
        lookAt: T0 - 10 + index,
        payments: [newPayment({ id: `p${index}`, gateway })],
      }),
    );
    await store.intake.createOrders(orders, T0);
    const claimed = await store.docket.claim(claimRequest({ limit: 3 }));
    t.strictSame(idsOf(claimed), ['ORDER1', 'ORDER2', 'ORDER3']);
    t.equal(await store.reader.oldestDue(), T0 - 10);
  });
}

function committing(clause: Clause): void {
  clause(
    'a decision is written whole: order, payments, stock, journal, effects',
    async (t, { store }) => {
      const before = await penOrder(store, 5);
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
      t.strictSame(journal.items[1]?.record, settlement.record);
      t.match(journal.items[1], { version: 2, at: T0 + 9, reason: 'captured' });
      const effects = await store.reader.effects('ORDER1');
      t.strictSame(
        effects,
        settlement.decision.effects.map((one) => ({ ...one, at: T0 + 9 })),
      );
      const counts = await store.reader.counts();
      t.strictSame(counts.orders, { pending: 0, completed: 1, failed: 0, held: 0 });
      t.equal(counts.refundsDue, 1);
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
    const wait = { looks: 3, silentSince: T0 - 1, listedAt: T0 - 2, lookAt: T0 + 5 };
    const settlement = unchanged(before, {
      order: { ...wait, state: 'failed', updatedAt: T0 + 99 },
    });
    t.strictSame(await store.docket.commit([settlement]), ['applied']);
    t.strictSame((await caseOf(store, 'ORDER1')).order, { ...before.order, ...wait });
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
      text: 'Pen: 3',
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
