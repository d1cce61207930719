import { DAY_MS, HOUR_MS } from '../../lib/core/time.ts';
import { NUDGE_FINAL_MS, type Store, UNMATCHED_KEPT_MS } from '../../lib/store/port.ts';
import {
  callBack,
  change,
  claimRequest,
  completion,
  effect,
  newOrder,
  newPayment,
  notice,
  T0,
  unchanged,
} from '../support/store-fixtures.ts';
import { type Clause, caseOf, penOrder } from './contract.ts';

/** What is too old to be needed. */
export function upkeepContract(clause: Clause): void {
  clause(
    'an order that is long done is removed whole, and its id stays taken',
    async (t, { store }) => {
      await done(store, 'ORDER1');
      t.equal(await store.upkeep.forget(T0 + DAY_MS, 'count'), 1, 'counting removes nothing');
      const changed = change(await caseOf(store, 'ORDER1'), { now: T0 + HOUR_MS });
      await store.docket.commit([changed]);
      t.equal(await store.upkeep.forget(T0 + HOUR_MS, 'remove'), 0, 'not before its last change');
      t.equal(await store.upkeep.forget(T0 + DAY_MS, 'remove'), 1);
      t.equal(await store.reader.order('ORDER1'), null);
      t.strictSame(await store.reader.effects('ORDER1'), []);
      t.strictSame(await store.reader.journalAfter(0, 10), []);
      t.equal((await store.reader.counts()).orders.completed, 0);
      t.match(await store.reader.product('pen'), { onHand: 3 }, 'the stock stays as it is');
      t.equal(
        (await store.reader.movements('pen', 0, 10)).items.length,
        2,
        'and so does its history',
      );
      const again = newOrder({ id: 'ORDER1', payments: [newPayment({ id: 'pay-ORDER1' })] });
      t.strictSame(await store.intake.createOrders([again], T0), [{ kind: 'forgotten' }]);
      t.equal(await store.upkeep.forget(T0 + DAY_MS, 'remove'), 0);
    },
  );

  clause('what anybody may still need is kept', async (t, { store }) => {
    await store.intake.createOrders([newOrder({ id: 'PENDING' })], T0);
    await penOrder(store, 5, 'HELD');
    const held = { state: 'held', reason: 'mismatched', lookAt: null } as const;
    const failed = { 'pay-HELD': { state: 'failed', reason: 'declined' } } as const;
    await store.docket.commit([
      change(await caseOf(store, 'HELD'), { order: held, payments: failed }),
    ]);
    await done(store, 'WATCHED', { lookAt: T0 + HOUR_MS });
    await done(store, 'REFUND', {}, 'refund_due');
    await done(store, 'OPEN', {}, 'pending');
    await store.outbox.subscribe([{ channel: 'ops', topic: 'order.completed', digestMs: 0 }], T0);
    await done(store, 'UNTOLD', {}, 'succeeded', true);
    await done(store, 'CALLED');
    await callBack(store, [notice({ eventId: 'e', orderId: 'CALLED' })]);
    t.equal(await store.upkeep.forget(T0 + 365 * DAY_MS, 'remove'), 0);
    await store.upkeep.prune(T0 + 365 * DAY_MS);
    t.equal(await store.upkeep.forget(T0 + 365 * DAY_MS, 'remove'), 0, 'nobody has looked yet');
    const tell = async (state: 'dead' | 'delivered') => {
      const [parcel] = await store.outbox.claim('ops', 1, T0);
      if (parcel === undefined) throw new Error('nothing is due');
      const decision = { state, attempts: 1, nextAt: null };
      await store.outbox.commit([{ parcel, decision, detail: '200', at: T0 }]);
      return parcel.deliveryIds;
    };
    const dead = await tell('dead');
    t.equal(await store.upkeep.forget(T0 + 365 * DAY_MS, 'remove'), 0, 'given up is not told');
    await store.outbox.retry(dead, T0);
    await tell('delivered');
    t.equal(await store.upkeep.forget(T0 + 365 * DAY_MS, 'remove'), 1, 'until it is told');
    t.equal(await store.reader.order('UNTOLD'), null);
  });

  clause('an order is kept as long as a callback that it had', async (t, { store }) => {
    await done(store, 'CALLED');
    await callBack(store, [notice({ eventId: 'e', orderId: 'CALLED', key: 'k' })]);
    t.match(await caseOf(store, 'CALLED'), { noticed: [{ key: 'k' }] });
    const [claimed] = await store.docket.claim(claimRequest({ now: T0 + NUDGE_FINAL_MS }));
    if (claimed === undefined) throw new Error('nothing is due');
    const answered = unchanged(claimed.case, { order: { lookAt: null } }, claimed.lease);
    await store.docket.commit([answered]);
    t.equal(store.docket.nextNudge(), null, 'the callback is answered');
    t.equal(await store.upkeep.forget(T0 + DAY_MS, 'remove'), 0);
    await store.upkeep.prune(T0 + UNMATCHED_KEPT_MS + 1);
    t.equal(await store.upkeep.forget(T0 + DAY_MS, 'remove'), 1);
  });

  clause(
    'an order that failed by presumption is done when nobody looks any more',
    async (t, { store }) => {
      await penOrder(store, 5, 'ABANDONED');
      const before = await caseOf(store, 'ABANDONED');
      const failed = { state: 'failed', reason: 'not_at_gateway', presumedAt: T0 } as const;
      await store.docket.commit([
        change(before, {
          order: { state: 'failed', reason: 'not_at_gateway', lookAt: T0 + HOUR_MS },
          payments: { 'pay-ABANDONED': failed },
        }),
      ]);
      t.equal(await store.upkeep.forget(T0 + DAY_MS, 'remove'), 0, 'a late capture may still show');
      await store.docket.commit([
        change(await caseOf(store, 'ABANDONED'), { order: { lookAt: null } }),
      ]);
      t.equal(await store.upkeep.forget(T0 + DAY_MS, 'remove'), 1);
    },
  );

  clause('many are removed in slices, the ones that stay among them', async (t, { store }) => {
    const ids = Array.from({ length: 120 }, (_, index) => `ORDER${String(index).padStart(3, '0')}`);
    for (const id of ids) await done(store, id, id.endsWith('0') ? { lookAt: T0 + 1 } : {});
    t.equal(await store.upkeep.forget(T0 + DAY_MS, 'count'), 108, 'each is counted once');
    t.equal(await store.upkeep.forget(T0 + DAY_MS, 'remove'), 108);
    t.equal((await store.reader.counts()).orders.completed, 12);
  });
}

/** An order that was completed at `T0`, with nothing left to do but what is said. */
async function done(
  store: Store,
  id: string,
  order: { readonly lookAt?: number } = {},
  payment: 'succeeded' | 'refund_due' | 'pending' = 'succeeded',
  told = false,
): Promise<void> {
  await penOrder(store, 5, id);
  await store.docket.commit([completion(await caseOf(store, id), `pay-${id}`)]);
  const before = await caseOf(store, id);
  const refundDue = payment === 'refund_due' ? 5_000 : 0;
  await store.docket.commit([
    change(before, {
      order: { lookAt: null, ...order },
      payments: { [`pay-${id}`]: { state: payment, refundDue } },
      effects: told ? [effect({ key: `told:${id}`, orderId: id })] : [],
    }),
  ]);
}
