import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { DeliveryDecision } from '../../lib/core/delivery.ts';
import type { Event } from '../../lib/observe/events.ts';
import { openSqliteStore } from '../../lib/store/sqlite/index.ts';
import { effect, newOrder, T0, testClock } from '../support/store-fixtures.ts';
import { directoryOf } from '../support/store-process.ts';
import { HeldSyncs } from '../support/syncing.ts';

/** A store whose COMMITs are on the disk when the test says so. */
function held(t: Test) {
  const syncs = new HeldSyncs();
  const events: Event[] = [];
  const store = openSqliteStore({
    path: join(directoryOf(t), 'orders.db'),
    clock: testClock(),
    tell: (event) => events.push(event),
    syncFile: syncs.syncFile,
  });
  t.teardown(async () => {
    const closed = store.upkeep.close();
    await underWay(syncs, 0);
    await closed;
  });
  const create = (id: string) => store.intake.createOrders([newOrder({ id })], T0);
  return { store, syncs, events, create };
}

/** Goes on until so many syncs are under way; releases them when there should be none. */
async function underWay(syncs: HeldSyncs, count: number): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) {
    if (count === 0) syncs.release();
    await nextTurn();
    if (count > 0 && syncs.underWay === count) return;
  }
}

/** What became of a promise by now. */
async function stateOf(promise: Promise<unknown>): Promise<'waits' | 'resolved' | 'rejected'> {
  let state: 'waits' | 'resolved' | 'rejected' = 'waits';
  promise.then(
    () => {
      state = 'resolved';
    },
    () => {
      state = 'rejected';
    },
  );
  for (let turn = 0; turn < 5; turn += 1) await nextTurn();
  return state;
}

t.test(
  'a write is acknowledged when it is on the disk, and the loop goes on meanwhile',
  async (t) => {
    const { syncs, create } = held(t);
    const created = create('ORDER1');
    await underWay(syncs, 1);
    t.equal(await stateOf(created), 'waits', 'committed, and the loop turns');
    syncs.release();
    t.match(await created, [{ kind: 'created' }]);
  },
);

t.test('nobody sees what a power cut could still take back', async (t) => {
  const { store, syncs, create } = held(t);
  const created = create('ORDER1');
  await underWay(syncs, 1);
  const seen = store.reader.order('ORDER1');
  t.equal(await stateOf(seen), 'waits');
  syncs.release();
  t.not(await seen, null);
  await created;
});

t.test('what is asked for during a sync is one transaction after it', async (t) => {
  const { syncs, events, create } = held(t);
  const first = create('ORDER1');
  await underWay(syncs, 1);
  const others = ['ORDER2', 'ORDER3', 'ORDER4'].map(create);
  t.equal(await stateOf(Promise.all(others)), 'waits');
  t.equal(syncs.underWay, 1, 'one sync at a time');
  syncs.release();
  await first;
  await underWay(syncs, 1);
  syncs.release();
  await Promise.all(others);
  t.match(
    events.filter(({ name }) => name === 'store.committed'),
    [{ rows: 1 }, { rows: 3 }],
  );
});

t.test('a disk that fails: the write is in doubt, and so is nothing else', async (t) => {
  for (const error of [
    Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' }),
    Object.assign(new Error('EINVAL: invalid argument, fdatasync'), { code: 'EINVAL' }),
  ]) {
    const { store, syncs, events, create } = held(t);
    const failed = [create('ORDER1'), create('ORDER2')];
    await underWay(syncs, 1);
    const next = create('ORDER3');
    syncs.fail(error);
    for (const one of failed)
      await t.rejects(one, { code: 'store_failed', message: /not known whether/, retryable: true });
    await underWay(syncs, 1);
    syncs.release();
    t.match(await next, [{ kind: 'created' }]);
    t.strictSame(
      events.map(({ name }) => name),
      ['store.failed', 'store.committed'],
      'what is in doubt is not written once more by itself',
    );
    t.strictSame(await store.upkeep.check(), []);
  }
});

/** Of a store with one message that is being sent, its outbox and what was claimed; `done` puts a change of it on the disk. */
async function sending({ store: { outbox }, syncs }: ReturnType<typeof held>) {
  const done = async <T>(work: Promise<T>): Promise<T> => {
    await underWay(syncs, 1);
    syncs.release();
    return work;
  };
  await done(outbox.subscribe([{ channel: 'ops', topic: 'gateway.down', digestMs: 0 }], T0));
  const told = effect({ key: 'a', orderId: null, topic: 'gateway.down', since: T0 });
  await done(outbox.announce([told], [], T0));
  return { outbox, done, claimed: await outbox.claim('ops', 10, T0) };
}

t.test('what was told by a write in doubt is looked for at once', async (t) => {
  const { store, syncs } = held(t);
  const subscribed = store.outbox.subscribe(
    [{ channel: 'ops', topic: 'order.held', digestMs: 0 }],
    T0,
  );
  await underWay(syncs, 1);
  syncs.release();
  await subscribed;
  let rung = 0;
  store.outbox.listen(() => {
    rung += 1;
  });
  const told = store.outbox.announce(
    [effect({ key: 'held', topic: 'order.held', orderId: null })],
    [],
    T0,
  );
  await underWay(syncs, 1);
  syncs.fail(Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' }));
  await t.rejects(told, { code: 'store_failed', message: /not known whether/ });
  t.match(await store.outbox.claim('ops', 1, T0), [{ topic: 'order.held' }], 'it is there');
  t.equal(rung, 1, 'and nothing else would say so');
});

t.test('a receipt that is in doubt keeps its message until it is written again', async (t) => {
  const world = held(t);
  const { syncs } = world;
  const { outbox, done, claimed } = await sending(world);
  t.match(claimed, [{ id: 'a', attempts: 0 }]);
  const again: DeliveryDecision = { state: 'pending', attempts: 1, nextAt: T0 };
  const receipts = claimed.map((parcel) => ({ parcel, decision: again, detail: '500', at: T0 }));
  const inDoubt = outbox.commit(receipts);
  await underWay(syncs, 1);
  syncs.fail(Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' }));
  await t.rejects(inDoubt, { code: 'store_failed' });

  t.strictSame(await outbox.claim('ops', 10, T0), [], "due again, and still in somebody's hands");
  await done(outbox.commit(receipts));
  const [next] = await outbox.claim('ops', 10, T0);
  t.match(next, { id: 'a', attempts: 1 }, 'written once');
  t.strictSame(await outbox.claim('ops', 10, T0), [], 'and in the hands of the next attempt');
});

t.test('what a person sends again is sent, whatever is written again before it', async (t) => {
  const world = held(t);
  const { syncs } = world;
  const { outbox, done, claimed } = await sending(world);
  const dead: DeliveryDecision = { state: 'dead', attempts: 1, nextAt: null };
  const receipts = claimed.map((parcel) => ({ parcel, decision: dead, detail: '410', at: T0 }));
  const inDoubt = outbox.commit(receipts);
  await underWay(syncs, 1);
  syncs.fail(Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' }));
  await t.rejects(inDoubt, { code: 'store_failed' });

  const ids = claimed.flatMap(({ deliveryIds }) => deliveryIds);
  const outcomes = await done(outbox.retry(ids, T0 + 1));
  await done(outbox.commit(receipts));
  t.strictSame(outcomes, ['due']);
  t.match(await outbox.claim('ops', 10, T0 + 1), [{ id: 'a', attempts: 0 }]);
});

t.test('a store that is closed has put everything on the disk', async (t) => {
  const { store, syncs, create } = held(t);
  const created = create('ORDER1');
  await underWay(syncs, 1);
  const closed = store.upkeep.close();
  t.equal(await stateOf(closed), 'waits');
  syncs.release();
  await Promise.all([created, closed]);
});
