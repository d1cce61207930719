import { DAY_MS, MINUTE_MS } from '../../lib/core/time.ts';
import type { Claimed, Store } from '../../lib/store/port.ts';
import {
  callBack,
  change,
  claimRequest,
  completion,
  newOrder,
  newPayment,
  notice,
  T0,
  unchanged,
} from '../support/store-fixtures.ts';
import { type Clause, caseOf, claimOne, type Due, dueOrders, penOrder } from './contract.ts';

async function nudge(store: Store, ids: readonly string[]): Promise<void> {
  await callBack(
    store,
    ids.map((orderId) => notice({ eventId: `n-${orderId}`, orderId })),
  );
}

function idsOf(claimed: readonly Claimed[]): readonly string[] {
  return claimed.map(({ lease }) => lease.orderId);
}

/** What is due, and who gets it. */
export function claimsContract(clause: Clause): void {
  claiming(clause);
  sharing(clause);
  leavingOut(clause);
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

  clause('pending orders that are planned too far ahead can be hastened', async (t, { store }) => {
    const many = Array.from({ length: 1_001 }, (_, index): Due => [`MANY${index}`, T0 + 3]);
    await dueOrders(store, [['ORDER1', T0 + 3], ['ORDER2', T0 + 2], ['HELD01', T0], ...many]);
    const held = await claimOne(store);
    const plan = { state: 'held', reason: 'unclear', lookAt: T0 + DAY_MS } as const;
    await store.docket.commit([change(held.case, { order: plan }, held.lease)]);
    await store.docket.hasten(T0 + 2, T0);
    const due = idsOf(await store.docket.claim(claimRequest({ limit: 2_000 })));
    t.strictSame(due.toSorted(), ['ORDER1', ...many.map(([id]) => id)].toSorted());
    t.equal((await caseOf(store, 'HELD01')).order.lookAt, T0 + DAY_MS);
    t.match((await caseOf(store, 'ORDER1')).order, { lookAt: T0, version: 1 });
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

  clause('an order is loaded by its id, and found by its payments', async (t, { store }) => {
    await dueOrders(store, [
      ['ORDER1', T0],
      ['ORDER2', T0],
    ]);
    t.equal((await store.docket.load('ORDER2'))?.order.id, 'ORDER2');
    t.equal(await store.docket.load('ORDER9'), null);
    t.equal(await store.docket.orderOfPayment('pay-ORDER2'), 'ORDER2');
    t.equal(await store.docket.orderOfPayment('none'), null);
  });

  clause('the order of a transaction is that of the payment with its key', async (t, { store }) => {
    const payments = [newPayment({ id: 'pay', gateway: 'pg', transactionKey: 'K1' })];
    await store.intake.createOrders([newOrder({ id: 'ORDER1', payments })], T0);
    const keys = [
      { gateway: 'pg', key: 'K2' },
      { gateway: 'pg', key: 'K1' },
      { gateway: 'bank', key: 'K1' },
    ];
    t.strictSame(await store.docket.ordersOfKeys(keys), [null, 'ORDER1', null]);
    t.strictSame(await store.docket.ordersOfKeys([]), []);
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
