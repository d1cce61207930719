import { DAY_MS, SECOND_MS } from '../../lib/core/time.ts';
import {
  MAX_NEW,
  MAX_UNMATCHED,
  NUDGE_UNRESOLVED_MS,
  type Store,
  UNMATCHED_KEPT_MS,
} from '../../lib/store/port.ts';
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
import { type Clause, caseOf, claimOne } from './contract.ts';

const NOT_YET = T0 + 600_000;

/** An order that is not due for ten minutes, so that only a nudge makes it claimable. */
async function quietOrder(store: Store, id = 'ORDER1', key: string | null = null): Promise<void> {
  const payments = [newPayment({ id: `pay-${id}`, transactionKey: key })];
  await store.intake.createOrders([newOrder({ id, payments, lookAt: NOT_YET })], T0);
}

async function claimedIds(store: Store, now: number): Promise<readonly string[]> {
  const claimed = await store.docket.claim(claimRequest({ now }));
  return claimed.map(({ lease }) => lease.orderId);
}

/** What gateways tell: callbacks make a look happen sooner, and nothing else. */
export function noticesContract(clause: Clause): void {
  clause('a callback is only kept, until it is matched', async (t, { store, reopen }) => {
    await quietOrder(store);
    t.equal(await store.intake.admit(notice({ eventId: 'e', orderId: 'ORDER1' })), 'kept');
    t.equal(store.docket.nextNudge(), null);
    t.strictSame((await store.reader.counts()).unmatched, {});
    t.strictSame(await store.upkeep.check(), []);
    const again = await reopen();
    t.strictSame(await again.docket.match(10), [{ gateway: 'pg', outcome: 'admitted' }]);
    t.equal(again.docket.nextNudge(), T0);
    t.strictSame(await again.docket.match(10), [], 'once');
  });

  clause('repeats among many of one turn are told apart', async (t, { store }) => {
    await quietOrder(store);
    const ids = Array.from({ length: 20 }, (_, index) => `e${index}`);
    await callBack(store, [notice({ eventId: 'e3', orderId: 'ORDER1' })]);
    const claimed = await claimOne(store);
    await store.docket.commit([unchanged(claimed.case, {}, claimed.lease)]);
    const turn = [...ids.slice(0, 5), 'e4', 'e4', ...ids.slice(5)].map((eventId) =>
      store.intake.admit(notice({ eventId, orderId: 'ORDER1' })),
    );
    const isRepeat = (index: number) => [3, 5, 6].includes(index);
    t.strictSame(
      await Promise.all(turn),
      turn.map((_, index) => (isRepeat(index) ? 'duplicate' : 'kept')),
    );
    t.not(store.docket.nextNudge(), null, 'that of a matched one nudges at once');
    t.equal((await store.docket.match(100)).length, 19);
    t.strictSame(await store.upkeep.check(), []);
  });

  clause('a callback that cannot be kept fails no other of its turn', async (t, { store }) => {
    const [first, broken, last] = await Promise.allSettled([
      store.intake.admit(notice({ eventId: 'e1', orderId: 'ORDER1' })),
      store.intake.admit(notice({ eventId: 'e2', orderId: 'ORDER1', receivedAt: 0.5 })),
      store.intake.admit(notice({ eventId: 'e3', orderId: 'ORDER1' })),
    ]);
    t.match(first, { value: 'kept' });
    t.match(broken, { reason: { code: 'internal' } });
    t.match(last, { value: 'kept' });
    t.equal((await store.docket.match(10)).length, 2);
  });

  clause('callbacks are matched oldest first, as many as are wanted', async (t, { store }) => {
    const ids = ['ORDER1', 'ORDER2', 'ORDER3'];
    for (const id of ids) await quietOrder(store, id);
    for (const id of ids.toReversed()) {
      await store.intake.admit(notice({ eventId: `e-${id}`, orderId: id }));
    }
    t.equal((await store.docket.match(2)).length, 2);
    t.strictSame(await claimedIds(store, T0), ['ORDER2', 'ORDER3']);
    t.equal((await store.docket.match(2)).length, 1);
    t.strictSame(await claimedIds(store, T0), ['ORDER1']);
  });

  clause('a repeat of one that is not matched yet is answered by it', async (t, { store }) => {
    await quietOrder(store);
    const repeated = notice({ eventId: 'e', orderId: 'ORDER1' });
    const both = await Promise.all([store.intake.admit(repeated), store.intake.admit(repeated)]);
    t.strictSame(both, ['kept', 'duplicate']);
    t.equal(store.docket.nextNudge(), null);
    t.equal((await store.docket.match(10)).length, 1);
    t.equal(store.docket.nextNudge(), T0);
  });

  clause('an order that came after a callback that is not matched yet', async (t, { store }) => {
    await store.intake.admit(notice({ eventId: 'e', key: 'k' }));
    await quietOrder(store, 'ORDER1', 'k');
    t.equal(store.docket.nextNudge(), null);
    t.strictSame(await store.docket.match(10), [{ gateway: 'pg', outcome: 'admitted' }]);
    t.strictSame(await claimedIds(store, T0), ['ORDER1']);
  });

  clause('callbacks that are not matched yet are bounded', async (t, { store }) => {
    const flood = Array.from({ length: MAX_NEW }, (_, index) =>
      store.intake.admit(notice({ eventId: `e${index}`, orderId: 'ORDER9' })),
    );
    t.ok((await Promise.all(flood)).every((outcome) => outcome === 'kept'));
    const next = notice({ eventId: 'next', orderId: 'ORDER9' });
    t.equal(await store.intake.admit(next), 'dropped');
    t.equal(await store.upkeep.prune(T0 + UNMATCHED_KEPT_MS + 1), 0, 'old or not');
    await store.docket.match(1);
    t.equal(await store.intake.admit(next), 'kept', 'there is room again');
    t.equal(await store.intake.admit({ ...next, eventId: 'more' }), 'dropped');
  });

  clause('a callback for a known order nudges it and leaves its version', async (t, { store }) => {
    await quietOrder(store);
    const before = await caseOf(store, 'ORDER1');
    t.strictSame(await claimedIds(store, T0), []);
    t.equal(store.docket.nextNudge(), null);
    t.strictSame(await callBack(store, [notice({ eventId: 'e', orderId: 'ORDER1' })]), [
      'admitted',
    ]);
    t.equal(store.docket.nextNudge(), T0);
    t.equal((await store.reader.order('ORDER1'))?.nudgeAt, T0, 'people see that it waits');
    const [claimed] = await store.docket.claim(claimRequest());
    t.equal(claimed?.nudged, true);
    t.strictSame(claimed?.case, before);
    t.equal(store.docket.nextNudge(), null, 'a leased order waits for nobody');
  });

  clause('a repeat is a duplicate and nudges again', async (t, { store }) => {
    await quietOrder(store);
    const repeated = notice({ eventId: 'e', orderId: 'ORDER1' });
    await callBack(store, [repeated]);
    const claimed = await claimOne(store);
    await store.docket.commit([unchanged(claimed.case, {}, claimed.lease)]);
    t.equal(store.docket.nextNudge(), null);
    t.strictSame(await callBack(store, [repeated]), ['duplicate']);
    t.equal(store.docket.nextNudge(), T0 + NUDGE_UNRESOLVED_MS);
  });

  clause('the same event id at two gateways is two callbacks', async (t, { store }) => {
    await quietOrder(store);
    const one = notice({ eventId: 'e', orderId: 'ORDER1' });
    t.strictSame(await callBack(store, [one, { ...one, gateway: 'other' }, one]), [
      'admitted',
      'admitted',
      'duplicate',
    ]);
  });

  clause('the key says whose it is, before the order id', async (t, { store }) => {
    await quietOrder(store, 'ORDER1', 'k');
    await quietOrder(store, 'ORDER2');
    await callBack(store, [notice({ eventId: 'e', key: 'k', orderId: 'ORDER2' })]);
    t.strictSame(await claimedIds(store, T0), ['ORDER1']);
    t.strictSame((await caseOf(store, 'ORDER2')).noticed, []);
  });

  clause(
    'keys that callbacks name are part of the case until a payment has them',
    async (t, { store }) => {
      await quietOrder(store, 'ORDER1', 'known');
      const named = [
        ['e1', 'pg', 'known'],
        ['e2', 'pg', 'new'],
        ['e3', 'pg', 'new'],
        ['e4', 'other', 'new'],
      ] as const;
      await callBack(
        store,
        named.map(([eventId, gateway, key]) =>
          notice({ eventId, gateway, key, orderId: 'ORDER1' }),
        ),
      );
      const found = await caseOf(store, 'ORDER1');
      t.strictSame(found.noticed, [
        { gateway: 'other', key: 'new' },
        { gateway: 'pg', key: 'new' },
      ]);
      const payment = newPayment({ id: 'late', transactionKey: 'new' });
      await store.intake.addPayment('ORDER1', payment, T0, 'recorded');
      t.strictSame((await caseOf(store, 'ORDER1')).noticed, [{ gateway: 'other', key: 'new' }]);
    },
  );

  clause(
    'forged keys do not pile up: the first fifty are kept, all nudge',
    async (t, { store }) => {
      await quietOrder(store);
      const flood = Array.from({ length: 60 }, (_, index) =>
        notice({
          eventId: `e${index}`,
          key: `k${index}`,
          orderId: 'ORDER1',
          receivedAt: T0 + index,
        }),
      );
      const outcomes = await callBack(store, flood);
      t.ok(outcomes.every((outcome) => outcome === 'admitted'));
      const { noticed } = await caseOf(store, 'ORDER1');
      t.strictSame(
        noticed.map(({ key }) => key),
        flood.slice(0, 50).map(({ key }) => key),
      );
    },
  );

  for (const [what, names] of [
    ['their order', { orderId: 'ORDER1' }],
    ['a key of its payment', { key: 'k' }],
  ] as const)
    clause(
      `of a flood that names ${what} before it comes the first fifty are kept`,
      async (t, { store }) => {
        const flood = Array.from({ length: 120 }, (_, index) =>
          notice({ eventId: `e${index}`, receivedAt: T0 + index, ...names }),
        );
        await callBack(store, flood);
        await callBack(store, [
          notice({ eventId: 'of another order', orderId: 'ORDER2' }),
          notice({ eventId: 'of another gateway', gateway: 'other', key: 'k' }),
          notice({ eventId: 'of another key', key: 'k2' }),
        ]);
        t.strictSame((await store.reader.counts()).unmatched, { pg: 52, other: 1 });
        await quietOrder(store, 'ORDER1', 'k');
        t.strictSame((await store.reader.counts()).unmatched, { pg: 2, other: 1 }, 'only its own');
        t.equal(store.docket.nextNudge(), T0);
        t.strictSame(await store.upkeep.check(), []);
        const again = await callBack(store, flood);
        const kept = again.map((outcome) => outcome === 'duplicate').lastIndexOf(true) + 1;
        t.equal(kept, 50);
      },
    );

  const early = [
    ['its order id', { orderId: 'ORDER1' }],
    ['a key of its payment', { key: 'k' }],
    ['another order, but a key of its payment', { orderId: 'ORDER9', key: 'k' }],
  ] as const;
  for (const [what, names] of early)
    clause(
      `a callback that comes before its order and names ${what}`,
      async (t, { store, reopen }) => {
        const first = notice({ eventId: 'e', ...names });
        t.strictSame(await callBack(store, [first, first]), ['unmatched', 'duplicate']);
        t.strictSame((await store.reader.counts()).unmatched, { pg: 1 });
        const again = await reopen();
        await quietOrder(again, 'ORDER1', 'k');
        t.strictSame((await again.reader.counts()).unmatched, {});
        t.strictSame(await claimedIds(again, T0), ['ORDER1']);
        t.strictSame((await caseOf(again, 'ORDER1')).noticed, []);
        t.strictSame(await again.upkeep.check(), []);
      },
    );

  clause('a callback that came before its attempt finds it by key', async (t, { store }) => {
    await quietOrder(store);
    await callBack(store, [notice({ eventId: 'e', key: 'k' })]);
    t.equal(store.docket.nextNudge(), null);
    await store.intake.addPayment(
      'ORDER1',
      newPayment({ id: 'p', transactionKey: 'k' }),
      T0,
      'recorded',
    );
    t.equal(store.docket.nextNudge(), T0);
    t.strictSame((await store.reader.counts()).unmatched, {});
  });

  clause(
    'a repeat of a waiting callback finds the order that a look gave its key',
    async (t, { store }) => {
      await quietOrder(store);
      const waiting = notice({ eventId: 'e', key: 'k' });
      t.strictSame(await callBack(store, [waiting]), ['unmatched']);
      const found = await caseOf(store, 'ORDER1');
      await store.docket.commit([
        change(found, { payments: { 'pay-ORDER1': { transactionKey: 'k' } } }),
      ]);
      t.strictSame(await callBack(store, [waiting]), ['duplicate']);
      t.not(store.docket.nextNudge(), null);
      t.strictSame((await store.reader.counts()).unmatched, {});
    },
  );

  clause(
    'callbacks that wait are bounded per gateway and dropped when old',
    async (t, { store }) => {
      const flood = Array.from({ length: MAX_UNMATCHED + 1 }, (_, index) =>
        notice({ eventId: `e${index}`, orderId: `ORDER${index % 1_000}`, receivedAt: T0 + index }),
      );
      const outcomes = await callBack(store, flood);
      t.equal(outcomes.filter((outcome) => outcome === 'unmatched').length, MAX_UNMATCHED);
      t.equal(outcomes.at(-1), 'dropped');
      t.strictSame(await callBack(store, [notice({ eventId: 'e', gateway: 'other', key: 'k' })]), [
        'unmatched',
      ]);
      t.strictSame((await store.reader.counts()).unmatched, { pg: MAX_UNMATCHED, other: 1 });

      t.equal(await store.upkeep.prune(T0 + UNMATCHED_KEPT_MS), 0, 'none is too old yet');
      t.equal(await store.upkeep.prune(T0 + UNMATCHED_KEPT_MS + 2), 2, 'those that came first');
      t.equal((await store.reader.counts()).unmatched.pg, MAX_UNMATCHED - 2);
      t.strictSame(await callBack(store, flood.slice(-1)), ['unmatched'], 'there is room again');

      await quietOrder(store, 'ORDER9');
      t.strictSame((await store.reader.counts()).unmatched, { pg: MAX_UNMATCHED - 11, other: 1 });

      const slices = await store.upkeep.prune(T0 + UNMATCHED_KEPT_MS + 2_503);
      t.equal(slices, 2_498, 'more than one slice, without those that an order has');
      const left = { pg: MAX_UNMATCHED - 11 - slices, other: 1 };
      t.strictSame((await store.reader.counts()).unmatched, left);
      t.equal(await store.upkeep.prune(T0 + UNMATCHED_KEPT_MS + 2_503), 0, 'all of them');
    },
  );

  clause(
    'a callback of a clock that jumped keeps no other from being dropped',
    async (t, { store }) => {
      const receivedAts = [T0 + 400 * DAY_MS, T0, T0 + DAY_MS];
      const waiting = receivedAts.map((receivedAt, index) =>
        notice({ eventId: `e${index}`, orderId: 'ORDER9', receivedAt }),
      );
      await callBack(store, waiting);
      t.equal(await store.upkeep.prune(T0 + UNMATCHED_KEPT_MS + 1), 2);
      t.strictSame((await store.reader.counts()).unmatched, { pg: 1 });
      t.strictSame(await store.upkeep.check(), []);
    },
  );

  clause('what is kept after everything was dropped is matched too', async (t, { store }) => {
    await quietOrder(store);
    await callBack(store, [notice({ eventId: 'e1', orderId: 'ORDER9' })]);
    t.equal(await store.upkeep.prune(T0 + UNMATCHED_KEPT_MS + 1), 1);
    t.strictSame(await callBack(store, [notice({ eventId: 'e2', orderId: 'ORDER1' })]), [
      'admitted',
    ]);
  });

  clause('pruning keeps what an order was told', async (t, { store }) => {
    await quietOrder(store);
    await callBack(store, [notice({ eventId: 'e', key: 'k', orderId: 'ORDER1' })]);
    t.equal(await store.upkeep.prune(T0 + UNMATCHED_KEPT_MS + 1), 0);
    t.strictSame((await caseOf(store, 'ORDER1')).noticed, [{ gateway: 'pg', key: 'k' }]);
    t.equal(store.docket.nextNudge(), T0);
  });

  const bounds = [
    ['pending', 1_000],
    ['held', 60_000],
    ['completed', 60_000],
    ['failed', 60_000],
  ] as const;
  for (const [state, intervalMs] of bounds)
    clause(
      `a ${state} order is looked at by nudges once in ${intervalMs} ms`,
      async (t, { store, clock }) => {
        await quietOrder(store);
        const lookedAt = T0 + 10_000;
        const order = { state, lookAt: null };
        await store.docket.commit([
          change(await caseOf(store, 'ORDER1'), { order, now: lookedAt }),
        ]);
        const receivedAt = lookedAt + 100;
        clock.turn(receivedAt - T0);
        await callBack(store, [notice({ eventId: 'e', orderId: 'ORDER1', receivedAt })]);
        const due = lookedAt + intervalMs;
        t.equal(store.docket.nextNudge(), due);
        t.strictSame(await claimedIds(store, due - 1), []);
        t.strictSame(await claimedIds(store, due), ['ORDER1']);
      },
    );

  clause('a callback long after the last look nudges at once', async (t, { store }) => {
    await quietOrder(store);
    await store.docket.commit([
      unchanged(await caseOf(store, 'ORDER1'), { order: { lookAt: NOT_YET } }),
    ]);
    const receivedAt = T0 + 5 * SECOND_MS;
    await callBack(store, [notice({ eventId: 'e', orderId: 'ORDER1', receivedAt })]);
    t.equal(store.docket.nextNudge(), receivedAt);
  });

  const survivors = ['changed', 'unchanged'] as const;
  for (const kind of survivors)
    clause(
      `a callback admitted during a look survives its ${kind} commit`,
      async (t, { store, reopen }) => {
        await quietOrder(store);
        await callBack(store, [notice({ eventId: 'e1', orderId: 'ORDER1' })]);
        const claimed = await claimOne(store);
        await callBack(store, [notice({ eventId: 'e2', orderId: 'ORDER1', receivedAt: T0 + 1 })]);
        t.equal(store.docket.nextNudge(), null, 'it is leased');
        const settlement =
          kind === 'changed'
            ? change(claimed.case, { order: { lookAt: NOT_YET }, now: T0 + 2 }, claimed.lease)
            : unchanged(claimed.case, { order: { lookAt: NOT_YET }, now: T0 + 2 }, claimed.lease);
        t.strictSame(await store.docket.commit([settlement]), ['applied']);
        t.equal(
          store.docket.nextNudge(),
          T0 + 2 + NUDGE_UNRESOLVED_MS,
          'within the bound on looks',
        );
        const again = await reopen();
        t.strictSame(await claimedIds(again, T0 + 2 + NUDGE_UNRESOLVED_MS), ['ORDER1']);
      },
    );

  clause('a decision without a look answers no callback', async (t, { store }) => {
    await quietOrder(store);
    await callBack(store, [notice({ eventId: 'e', orderId: 'ORDER1' })]);
    const found = await caseOf(store, 'ORDER1');
    t.strictSame(await store.docket.commit([completion(found, 'pay-ORDER1')]), ['applied']);
    t.not(store.docket.nextNudge(), null);
  });

  clause(
    'nobody wakes for a nudged order whose gateway must not be asked',
    async (t, { store }) => {
      await quietOrder(store);
      await callBack(store, [notice({ eventId: 'e', orderId: 'ORDER1' })]);
      t.equal(store.docket.nextNudge(['pg']), null);
      t.equal(store.docket.nextNudge(['other']), T0);
      t.strictSame(await store.docket.claim(claimRequest({ exceptGateways: ['pg'] })), []);
    },
  );

  clause('a nudge of a clock that jumped is due', async (t, { store }) => {
    await quietOrder(store);
    const future = T0 + 1_000_000_000;
    await callBack(store, [notice({ eventId: 'e', orderId: 'ORDER1', receivedAt: future })]);
    t.equal(store.docket.nextNudge(), T0);
    t.strictSame(await claimedIds(store, T0), ['ORDER1']);
  });
}
