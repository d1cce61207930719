import type { DeliveryDecision } from '../../lib/core/delivery.ts';
import type { Effect } from '../../lib/core/effect.ts';
import { HOUR_MS, type Instant, MINUTE_MS } from '../../lib/core/time.ts';
import {
  type DeliveriesQuery,
  MAX_PARCEL,
  type Parcel,
  type Subscription,
} from '../../lib/store/outbox-port.ts';
import type { Store } from '../../lib/store/port.ts';
import { change, effect, T0 } from '../support/store-fixtures.ts';
import { type Clause, penOrder } from './contract.ts';

/** What is told, and to whom. */
export function outboxContract(clause: Clause): void {
  clause('an effect has a delivery for each channel that hears of it', async (t, { store }) => {
    await store.outbox.subscribe(
      [to('ops', 'order.completed'), to('mail', 'order.completed'), to('mail', 'order.failed')],
      T0,
    );
    const before = await penOrder(store, 5);
    const completed = effect({ key: 'c', orderId: 'ORDER1' });
    const held = effect({ key: 'h', orderId: 'ORDER1', topic: 'order.held' });
    await store.docket.commit([change(before, { effects: [completed, held] })]);
    const [told, ...others] = await store.outbox.claim('ops', 10, T0 + HOUR_MS);
    t.match(told, { id: 'c', channel: 'ops', topic: 'order.completed', attempts: 0 });
    t.match(told?.effects, [{ ...completed, version: 2 }], 'with all that is to be told');
    t.equal(others.length, 0);
    t.match(await store.outbox.claim('mail', 10, T0 + HOUR_MS), [{ id: 'c' }]);
    t.match(await store.reader.deliveriesOf('ORDER1'), [
      { channel: 'mail', state: 'pending', effect: { key: 'c' } },
      { channel: 'ops', state: 'pending', effect: { key: 'c' } },
    ]);
    t.strictSame((await store.reader.counts()).deliveries, {
      pending: { ops: 1, mail: 1 },
      dead: {},
    });
  });

  clause('an effect that is told again makes no second delivery', async (t, { store }) => {
    await store.outbox.subscribe([to('ops', 'gateway.down')], T0);
    await tell(store, ['a', 'b', 'a']);
    await tell(store, ['a']);
    t.strictSame(idsOf(await store.outbox.claim('ops', 10, T0)), ['a', 'b']);
  });

  clause('what was told before somebody subscribed is not told to him', async (t, { store }) => {
    await tell(store, ['before']);
    await store.outbox.subscribe([to('ops', 'gateway.down')], T0);
    await tell(store, ['after']);
    t.strictSame(idsOf(await store.outbox.claim('ops', 10, T0)), ['after']);
  });

  clause('a digest, a channel or a topic that is another one now counts', async (t, { store }) => {
    await store.outbox.subscribe([to('ops', 'gateway.down', HOUR_MS)], T0);
    await store.outbox.subscribe([to('ops', 'gateway.down')], T0);
    await tell(store, ['at-once']);
    t.strictSame(idsOf(await store.outbox.claim('ops', 10, T0)), ['at-once']);
    await store.outbox.subscribe([to('mail', 'gateway.down')], T0);
    await tell(store, ['elsewhere']);
    t.strictSame(idsOf(await store.outbox.claim('mail', 10, T0)), ['elsewhere']);
    await store.outbox.subscribe([to('mail', 'gateway.up')], T0);
    await tell(store, ['unheard']);
    t.strictSame(await store.outbox.claim('mail', 10, T0 + HOUR_MS), []);
  });

  clause('deliveries of a channel that is gone are dead, not forgotten', async (t, { store }) => {
    await store.outbox.subscribe([to('old', 'gateway.down'), to('ops', 'gateway.down')], T0);
    await tell(store, ['a', 'b']);
    t.equal(await store.outbox.subscribe([to('ops', 'gateway.down')], T0 + 1), 2);
    t.equal(await store.outbox.subscribe([to('ops', 'gateway.down')], T0 + 2), 0);
    t.strictSame((await store.reader.counts()).deliveries, {
      pending: { ops: 2 },
      dead: { old: 2 },
    });
    const { items } = await list(store, { state: 'dead' });
    t.match(items, [
      { channel: 'old', settledAt: T0 + 1, detail: /configured/, effect: { key: 'b' } },
      { channel: 'old', effect: { key: 'a' } },
    ]);
    t.strictSame(await store.outbox.retry([items[0]?.id ?? 0], T0), ['no_channel']);
  });

  clause('claims: the longest due first, each once, no more than wanted', async (t, { store }) => {
    await store.outbox.subscribe([to('ops', 'gateway.down')], T0);
    await tell(store, ['late'], T0 + 5);
    await tell(store, ['first', 'second'], T0 + 1);
    await tell(store, ['not yet'], T0 + 100);
    const one = await store.outbox.claim('ops', 1, T0 + 10);
    t.strictSame(idsOf(one), ['first']);
    t.equal(store.outbox.nextDue('ops'), T0 + 1, 'the second one, behind the one that is leased');
    store.outbox.release(one);
    const two = await store.outbox.claim('ops', 2, T0 + 10);
    t.strictSame(idsOf(two), ['first', 'second']);
    t.strictSame(idsOf(await store.outbox.claim('ops', 2, T0 + 10)), ['late']);
    t.strictSame(await store.outbox.claim('ops', 2, T0 + 10), [], 'all are leased');
    t.equal(store.outbox.nextDue('ops'), T0 + 100);
    store.outbox.release(two.slice(1));
    t.equal(store.outbox.nextDue('ops'), T0 + 1);
    t.strictSame(idsOf(await store.outbox.claim('ops', 9, T0 + 10)), ['second']);
    t.equal(store.outbox.nextDue('nobody'), null);
  });

  clause('what was in flight in a crash is sent again under the same id', async (t, world) => {
    await world.store.outbox.subscribe([to('ops', 'gateway.down')], T0);
    await tell(world.store, ['a', 'b']);
    const before = await world.store.outbox.claim('ops', 10, T0);
    const store = await world.reopen();
    t.strictSame(idsOf(await store.outbox.claim('ops', 10, T0)), idsOf(before));
  });

  clause('a result is written and ends the lease', async (t, { store }) => {
    await store.outbox.subscribe([to('ops', 'gateway.down')], T0);
    await tell(store, ['again', 'well', 'never']);
    const parcels = await store.outbox.claim('ops', 10, T0);
    const decisions: readonly DeliveryDecision[] = [
      { state: 'pending', attempts: 1, nextAt: T0 + MINUTE_MS },
      { state: 'delivered', attempts: 1, nextAt: null },
      { state: 'dead', attempts: 1, nextAt: null },
    ];
    await store.outbox.commit(
      parcels.map((parcel, index) => ({
        parcel,
        decision: decisions[index] ?? { state: 'dead', attempts: 0, nextAt: null },
        detail: `said ${index}`,
        at: T0 + 7,
      })),
    );
    t.match(
      (await list(store)).items.map(({ effect: told, ...rest }) => [told.key, rest]),
      [
        [
          'never',
          { state: 'dead', attempts: 1, nextAt: null, detail: 'said 2', settledAt: T0 + 7 },
        ],
        ['well', { state: 'delivered', attempts: 1, nextAt: null, settledAt: T0 + 7 }],
        ['again', { state: 'pending', attempts: 1, nextAt: T0 + MINUTE_MS, settledAt: null }],
      ],
    );
    t.strictSame((await store.reader.counts()).deliveries, {
      pending: { ops: 1 },
      dead: { ops: 1 },
    });
    t.strictSame(await store.outbox.claim('ops', 10, T0 + MINUTE_MS - 1), []);
    const [again] = await store.outbox.claim('ops', 10, T0 + MINUTE_MS);
    t.match(again, { id: 'again', attempts: 1, firstDueAt: T0 });
  });

  clause('a dead delivery is sent again with all its time before it', async (t, { store }) => {
    await store.outbox.subscribe([to('ops', 'gateway.down')], T0);
    await tell(store, ['a', 'b']);
    const [a, b] = await store.outbox.claim('ops', 10, T0);
    await settle(store, [a], 'dead');
    const ids = [a, b].map((parcel) => parcel?.deliveryIds[0] ?? 0);
    t.strictSame(await store.outbox.retry([...ids, 999], T0 + HOUR_MS), [
      'due',
      'not_dead',
      'not_found',
    ]);
    t.strictSame(await store.outbox.retry(ids, T0 + HOUR_MS), ['not_dead', 'not_dead']);
    const [again] = await store.outbox.claim('ops', 10, T0 + HOUR_MS);
    t.match(again, { id: 'a', attempts: 0, firstDueAt: T0 + HOUR_MS });
    t.strictSame((await store.reader.counts()).deliveries, { pending: { ops: 2 }, dead: {} });
  });

  clause('a digest is one message of a stretch of time, at its end', async (t, world) => {
    const { store } = world;
    await store.outbox.subscribe([to('mail', 'order.failed', 5 * MINUTE_MS)], T0);
    // T0 is the beginning of a stretch.
    const at = [0, 1, 299_999, 300_000];
    for (const [index, ms] of at.entries()) {
      const failed = effect({ key: `f${index}`, orderId: null, topic: 'order.failed' });
      await store.outbox.announce([failed], [], T0 + ms);
    }
    t.strictSame(await store.outbox.claim('mail', 10, T0 + 299_999), []);
    t.equal(store.outbox.nextDue('mail'), T0 + 300_000);
    const [digest, ...others] = await store.outbox.claim('mail', 10, T0 + 300_000);
    t.equal(others.length, 0);
    t.match(digest, { topic: 'order.failed', firstDueAt: T0 + 300_000 });
    t.strictSame(keysOf(digest), ['f0', 'f1', 'f2']);
    t.match(digest?.id, /^[\x21-\x7e]{1,200}$/);
    const reopened = await world.reopen();
    const [same] = await reopened.outbox.claim('mail', 10, T0 + 300_000);
    t.equal(same?.id, digest?.id, 'the same deliveries are the same message');
    await settle(reopened, [same], 'pending');
    const [retried, next] = await reopened.outbox.claim('mail', 10, T0 + 600_000);
    t.equal(retried?.id, digest?.id, 'they stay together');
    t.strictSame(keysOf(next), ['f3']);
    await settle(reopened, [retried, next], 'delivered');
    t.strictSame((await reopened.reader.counts()).deliveries, { pending: {}, dead: {} });
    t.equal(
      (await list(reopened, { state: 'delivered' })).items.length,
      4,
      'a row for each effect',
    );
  });

  clause('a digest of one is that one, and a huge one is several', async (t, { store }) => {
    await store.outbox.subscribe([to('mail', 'order.failed', MINUTE_MS)], T0);
    const failed = (index: number) =>
      effect({ key: `f${index}`, orderId: null, topic: 'order.failed' });
    await store.outbox.announce([failed(0)], [], T0);
    t.strictSame(idsOf(await store.outbox.claim('mail', 10, T0 + MINUTE_MS)), ['f0']);
    const many = Array.from({ length: MAX_PARCEL + 1 }, (_, index) => failed(index + 1));
    await store.outbox.announce(many, [], T0 + MINUTE_MS);
    const sizes = [];
    for (const _claim of [1, 2, 3]) {
      const parcels = await store.outbox.claim('mail', 10, T0 + 2 * MINUTE_MS);
      sizes.push(parcels.map(({ effects }) => effects.length));
    }
    t.strictSame(sizes, [[MAX_PARCEL], [1], []]);
  });

  clause('a digest that is shorter now is, for what waits already too', async (t, { store }) => {
    const topic = 'order.failed';
    await store.outbox.subscribe([to('mail', topic, 24 * HOUR_MS)], T0);
    const failed = (key: string) => effect({ key, orderId: null, topic });
    await store.outbox.announce([failed('a'), failed('b')], [], T0);
    await store.outbox.subscribe([to('mail', topic, 5 * MINUTE_MS)], T0);
    t.equal(store.outbox.nextDue('mail'), T0 + 5 * MINUTE_MS);
    await store.outbox.subscribe([to('mail', topic, HOUR_MS)], T0);
    const [digest] = await store.outbox.claim('mail', 10, T0 + 5 * MINUTE_MS);
    t.match(digest, { firstDueAt: T0 + 5 * MINUTE_MS, effects: [{ key: 'a' }, { key: 'b' }] });
    await failUntil(store, digest === undefined ? [] : [digest], T0 + 2 * HOUR_MS);
    await store.outbox.subscribe([to('mail', topic)], T0);
    t.equal(store.outbox.nextDue('mail'), T0 + 2 * HOUR_MS, 'the receiver is given its time');
  });

  clause('who makes no digest any more is sent none', async (t, { store }) => {
    const topic = 'order.failed';
    await store.outbox.subscribe([to('shop', topic, MINUTE_MS)], T0);
    const failed = ['a', 'b', 'c'].map((key) => effect({ key, orderId: null, topic }));
    await store.outbox.announce(failed, [], T0);
    await store.outbox.subscribe([to('shop', topic)], T0);
    const parcels = await store.outbox.claim('shop', 10, T0);
    t.strictSame(idsOf(parcels), ['a', 'b', 'c'], 'at once, each by itself');
    await settle(store, parcels, 'dead');
    const ids = parcels.flatMap(({ deliveryIds }) => deliveryIds);
    await store.outbox.retry(ids, T0 + HOUR_MS);
    t.strictSame(idsOf(await store.outbox.claim('shop', 10, T0 + HOUR_MS)), ['a', 'b', 'c']);
  });

  clause('a huge digest that failed in parts is no part of itself twice', async (t, { store }) => {
    await store.outbox.subscribe([to('mail', 'order.failed', MINUTE_MS)], T0);
    const many = Array.from({ length: MAX_PARCEL + 500 }, (_, index) =>
      effect({ key: `f${index}`, orderId: null, topic: 'order.failed' }),
    );
    await store.outbox.announce(many, [], T0);
    const now = T0 + MINUTE_MS;
    const first = await store.outbox.claim('mail', 1, now);
    const second = await store.outbox.claim('mail', 1, now);
    // The later part is due again first.
    await failUntil(store, first, now + 2);
    await failUntil(store, second, now + 1);
    const again = await store.outbox.claim('mail', 5, now + 10);
    const ids = again.flatMap(({ deliveryIds }) => deliveryIds);
    t.equal(ids.length, many.length);
    t.equal(new Set(ids).size, many.length, 'each delivery is in one message');
    t.equal(new Set(idsOf(again)).size, again.length);
    await settle(store, again, 'delivered');
    t.strictSame(await store.outbox.claim('mail', 5, now + 10), []);
  });

  clause('a clock that was set back does not put messages off for ever', async (t, { store }) => {
    await store.outbox.subscribe([to('ops', 'gateway.down')], T0);
    await tell(store, ['future'], T0 + 365 * 24 * HOUR_MS);
    t.strictSame(idsOf(await store.outbox.claim('ops', 10, T0)), ['future']);
  });

  clause('marks are kept, changed and taken away', async (t, world) => {
    await world.store.outbox.announce([], [mark('a', 1), mark('b', 2)], T0);
    await world.store.outbox.announce([], [mark('a', 3), mark('b', null), mark('c', null)], T0);
    const store = await world.reopen();
    t.strictSame(await store.outbox.marks(), [{ name: 'a', since: 3 }]);
  });

  clause('whoever listens hears of what is to be sent', async (t, { store }) => {
    let rings = 0;
    store.outbox.listen(() => {
      rings += 1;
    });
    await store.outbox.subscribe([to('ops', 'stock.low')], T0);
    const before = rings;
    await store.intake.putProduct({ id: 'pen', name: 'Pen', onHand: 9, lowStockAt: 3 }, T0);
    await store.intake.putProduct({ id: 'pen', name: 'Pen', onHand: 2, lowStockAt: 3 }, T0);
    t.equal(rings, before + 1, 'and of nothing else');
    const [low, ...others] = await store.outbox.claim('ops', 10, T0);
    t.match(low?.effects, [{ productId: 'pen', text: 'Pen', onHand: 2, orderId: null }]);
    t.equal(others.length, 0, 'a count by hand crosses the threshold as well, once');
    await store.intake.putProduct({ id: 'pen', name: 'Pen', onHand: 1, lowStockAt: 3 }, T0);
    t.strictSame(await store.outbox.claim('ops', 10, T0), []);
  });

  clause('deliveries are listed newest first, in pages', async (t, { store }) => {
    await store.outbox.subscribe([to('ops', 'gateway.down'), to('mail', 'gateway.down')], T0);
    await tell(store, ['a', 'b', 'c']);
    await settle(store, await store.outbox.claim('mail', 1, T0), 'dead');
    const keys = [];
    let after: string | null = null;
    do {
      const page = await list(store, { channel: 'ops', limit: 2, after });
      keys.push(...page.items.map(({ effect: told }) => told.key));
      after = page.next;
    } while (after !== null);
    t.strictSame(keys, ['c', 'b', 'a']);
    t.match((await list(store, { state: 'dead' })).items, [{ channel: 'mail' }]);
    t.equal((await list(store, { state: 'pending' })).items.length, 5);
    const [newest] = (await list(store)).items;
    t.strictSame(await store.reader.delivery(newest?.id ?? 0), newest);
    t.equal(await store.reader.delivery(999), null);
  });
}

function to(channel: string, topic: Subscription['topic'], digestMs = 0): Subscription {
  return { channel, topic, digestMs };
}

function mark(name: string, since: Instant | null) {
  return { name, since };
}

async function tell(store: Store, keys: readonly string[], at: Instant = T0): Promise<void> {
  const down = (key: string): Effect => effect({ key, orderId: null, topic: 'gateway.down' });
  await store.outbox.announce(keys.map(down), [], at);
}

async function settle(
  store: Store,
  parcels: readonly (Parcel | undefined)[],
  state: DeliveryDecision['state'],
): Promise<void> {
  const known = parcels.filter((parcel) => parcel !== undefined);
  await store.outbox.commit(
    known.map((parcel) => ({
      parcel,
      decision: {
        state,
        attempts: parcel.attempts + 1,
        nextAt: state === 'pending' ? parcel.firstDueAt : null,
      },
      detail: 'said',
      at: T0,
    })),
  );
}

async function failUntil(store: Store, parcels: readonly Parcel[], nextAt: Instant): Promise<void> {
  await store.outbox.commit(
    parcels.map((parcel) => ({
      parcel,
      decision: { state: 'pending', attempts: 1, nextAt },
      detail: 'said',
      at: T0,
    })),
  );
}

function list(store: Store, query: Partial<DeliveriesQuery> = {}) {
  return store.reader.deliveries({ state: null, channel: null, after: null, limit: 100, ...query });
}

function idsOf(parcels: readonly Parcel[]): readonly string[] {
  return parcels.map(({ id }) => id);
}

function keysOf(parcel: Parcel | undefined): readonly string[] {
  return parcel?.effects.map(({ key }) => key) ?? [];
}
