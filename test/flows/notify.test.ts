import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { ChannelSettings, LogSettings, WebhookSettings } from '../../lib/channels/port.ts';
import type { EffectTopic } from '../../lib/core/effect.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../lib/core/time.ts';
import { type NotifiedChannel, startNotifying } from '../../lib/flows/notify.ts';
import type { Event } from '../../lib/observe/events.ts';
import type { Delivery } from '../../lib/store/outbox-port.ts';
import type { Store } from '../../lib/store/port.ts';
import { openSqliteStore } from '../../lib/store/sqlite/index.ts';
import {
  type Behaviour,
  type Given,
  ModelSending,
  refusal,
  TAKEN,
} from '../support/model-sending.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { effect } from '../support/store-fixtures.ts';
import { syncHere } from '../support/syncing.ts';
import { TurnedClock, turnTo, turnUntil } from '../support/turned-clock.ts';
import { type Gauge, watched } from '../support/watched-store.ts';

/** Everything that is told goes to a store of its own, and from there to receivers that behave as a test says. */

const RETRY = { firstWaitMs: 5 * SECOND_MS, longestWaitMs: HOUR_MS, giveUpAfterMs: DAY_MS };

interface NotifyWorld {
  readonly clock: TurnedClock;
  readonly store: Store;
  readonly sending: ModelSending;
  readonly events: Event[];
  tell(keys: readonly string[], topic?: EffectTopic): Promise<void>;
  pass(ms: number): Promise<void>;
  deliveries(): Promise<readonly Delivery[]>;
  stop(): Promise<void>;
}

interface NotifyOptions {
  readonly channels?: readonly NotifiedChannel[];
  readonly topics?: readonly EffectTopic[];
  readonly digestMs?: number;
  readonly behaviour?: (given: Given, clock: TurnedClock) => Behaviour;
  readonly through?: (store: Store) => Store;
  readonly chance?: number;
}

async function openNotifyWorld(test: Test, options: NotifyOptions = {}): Promise<NotifyWorld> {
  const dir = scratchDir('notify');
  const clock = new TurnedClock();
  const gauge: Gauge = { busy: 0 };
  const events: Event[] = [];
  const tell = (event: Event) => void events.push(event);
  const real = openSqliteStore({
    path: join(dir.path, 'reconciled.db'),
    clock,
    tell,
    syncFile: syncHere,
  });
  const store = watched(options.through?.(real) ?? real, gauge);
  const { behaviour = () => well, channels = [webhook('ops')], chance = 0.5 } = options;
  const { topics = ['order.held'] satisfies EffectTopic[], digestMs = 0 } = options;
  const sending = new ModelSending(clock, (given) => behaviour(given, clock));
  await store.outbox.subscribe(
    channels.flatMap(({ settings: { name } }) =>
      topics.map((topic) => ({ channel: name, topic, digestMs })),
    ),
    clock.now(),
  );
  const notifying = startNotifying({
    outbox: store.outbox,
    sending,
    clock,
    tell,
    retry: RETRY,
    channels,
    inWords: ({ id, effects }) => `${id} in words (${effects.length})`,
    chance: () => chance,
  });
  const idle = () => gauge.busy === 0;
  let stopped = false;
  const stop = async () => {
    if (stopped) return;
    stopped = true;
    await turnUntil(clock, idle, notifying.stop());
  };
  test.teardown(async () => {
    await stop();
    await real.upkeep.close();
    dir.remove();
  });
  return {
    clock,
    store,
    sending,
    events,
    tell: async (keys, topic = 'order.held') => {
      const effects = keys.map((key) => effect({ key, orderId: null, topic }));
      await store.outbox.announce(effects, [], clock.now());
    },
    pass: (ms) => turnTo(clock, idle, clock.trueNow() + ms),
    deliveries: async () => {
      const query = { state: null, channel: null, after: null, limit: 1_000 };
      return (await store.reader.deliveries(query)).items.toReversed();
    },
    stop,
  };
}

const well: Behaviour = { takesMs: 10, receipt: TAKEN };

function webhook(name: string, maxInFlight = 4): NotifiedChannel {
  const settings: WebhookSettings = {
    kind: 'webhook',
    name,
    url: 'http://127.0.0.1:1/',
    secrets: ['secret'],
    allowPrivate: true,
    timeoutMs: 15_000,
  };
  return { settings: settings satisfies ChannelSettings, maxInFlight };
}

t.test('what is told is sent at once, and once', async (t) => {
  const world = await openNotifyWorld(t, { channels: [webhook('ops'), webhook('shop')] });
  await world.tell(['a', 'b']);
  await world.pass(SECOND_MS);
  t.strictSame(world.sending.idsOf('ops'), ['a', 'b']);
  t.strictSame(world.sending.idsOf('shop'), ['a', 'b']);
  t.match(
    await world.deliveries(),
    Array(4).fill({ state: 'delivered', attempts: 1, detail: '200' }),
  );
  await world.pass(DAY_MS);
  t.equal(world.sending.given.length, 4);
});

t.test('never more under way than the channel bears', async (t) => {
  const world = await openNotifyWorld(t, { channels: [webhook('ops', 3)] });
  await world.tell(Array.from({ length: 20 }, (_, index) => `k${index}`));
  await world.pass(SECOND_MS);
  t.equal(world.sending.given.length, 20);
  t.equal(world.sending.mostUnderway.get('ops'), 3);
});

t.test('a receiver that hangs holds up no other', async (t) => {
  const world = await openNotifyWorld(t, {
    channels: [webhook('hangs', 1), webhook('ops')],
    behaviour: ({ channel }) =>
      channel === 'hangs' ? { takesMs: 15_000, receipt: refusal({ cause: 'timeout' }) } : well,
  });
  await world.tell(['a', 'b', 'c']);
  await world.pass(SECOND_MS);
  t.strictSame(world.sending.idsOf('ops'), ['a', 'b', 'c']);
  t.strictSame(world.sending.idsOf('hangs'), ['a']);
});

t.test(
  'what failed comes again under the same id, later and later, until it is taken',
  async (t) => {
    const world = await openNotifyWorld(t, {
      behaviour: (_given, clock) =>
        clock.monotonicMs() < 10 * MINUTE_MS ? { takesMs: 1, receipt: refusal() } : well,
    });
    await world.tell(['a']);
    await world.pass(HOUR_MS);
    const ids = world.sending.idsOf('ops');
    t.ok(ids.length > 5 && ids.length < 15, `${ids.length} attempts in ten minutes`);
    t.ok(ids.every((id) => id === 'a'));
    t.match(await world.deliveries(), [{ state: 'delivered', attempts: ids.length }]);
    const gaps = world.sending.given.map(
      ({ atMs }, index, all) => (all[index + 1]?.atMs ?? atMs) - atMs,
    );
    t.strictSame(
      gaps.slice(0, 4),
      [2_501, 5_001, 10_001, 20_001],
      'waits double (chance is a half)',
    );
  },
);

t.test('what is never taken is dead after a day, and seen', async (t) => {
  const world = await openNotifyWorld(t, { behaviour: () => ({ takesMs: 1, receipt: refusal() }) });
  await world.tell(['a']);
  await world.pass(26 * HOUR_MS);
  t.match(await world.deliveries(), [{ state: 'dead', nextAt: null, detail: '500' }]);
  t.match(world.events.filter((event) => event.name === 'delivery.attempted').at(-1), {
    channel: 'ops',
    outcome: 'dead',
    cause: 'server_error',
  });
  const before = world.sending.given.length;
  await world.pass(DAY_MS);
  t.equal(world.sending.given.length, before, 'and left alone');
  const [dead] = await world.deliveries();
  await world.store.outbox.retry([dead?.id ?? 0], world.clock.now());
  await world.pass(SECOND_MS);
  t.equal(world.sending.given.length, before + 1, 'until a person sends it again');
});

t.test(
  'what waited while the daemon was off outlives a receiver that starts with it',
  async (t) => {
    const world = await openNotifyWorld(t, {
      behaviour: (_given, clock) =>
        clock.monotonicMs() < 5 * MINUTE_MS
          ? { takesMs: 1, receipt: refusal({ cause: 'connection' }) }
          : well,
    });
    const waited = effect({ key: 'a', orderId: null, topic: 'order.held' });
    await world.store.outbox.announce([waited], [], world.clock.now() - 3 * DAY_MS);
    await world.pass(HOUR_MS);
    t.match(await world.deliveries(), [{ state: 'delivered' }]);
  },
);

t.test('a receiver that says never is believed, and the next message goes out', async (t) => {
  const world = await openNotifyWorld(t, {
    behaviour: ({ message }) =>
      message.id === 'a'
        ? { takesMs: 1, receipt: refusal({ cause: 'rejected', permanent: true }) }
        : well,
  });
  await world.tell(['a', 'b']);
  await world.pass(SECOND_MS);
  t.match(await world.deliveries(), [
    { state: 'dead', attempts: 1 },
    { state: 'delivered', attempts: 1 },
  ]);
});

t.test('a message that is rejected does not hold up the others of its channel', async (t) => {
  const world = await openNotifyWorld(t, {
    channels: [webhook('ops', 1)],
    behaviour: ({ message }) =>
      message.id === 'a' ? { takesMs: 1, receipt: refusal({ cause: 'rejected' }) } : well,
  });
  await world.tell(['a', 'b', 'c']);
  await world.pass(SECOND_MS);
  t.match(await world.deliveries(), [
    { state: 'pending', attempts: 1 },
    { state: 'delivered' },
    { state: 'delivered' },
  ]);
});

t.test('a receiver that asks to be left alone is', async (t) => {
  const world = await openNotifyWorld(t, {
    channels: [webhook('ops', 1)],
    behaviour: (_given, clock) =>
      clock.monotonicMs() < 30_000
        ? { takesMs: 1, receipt: refusal({ cause: 'rate_limited', retryAfterMs: 30_000 }) }
        : well,
  });
  await world.tell(['a', 'b', 'c']);
  await world.pass(29 * SECOND_MS);
  t.strictSame(world.sending.idsOf('ops'), ['a'], 'not with the other messages either');
  await world.pass(MINUTE_MS);
  t.match(await world.deliveries(), Array(3).fill({ state: 'delivered' }));
});

t.test('a longer pause is not cut short by what fails beside it', async (t) => {
  const world = await openNotifyWorld(t, {
    channels: [webhook('ops', 2)],
    behaviour: ({ message }) =>
      message.id === 'a'
        ? { takesMs: 1, receipt: refusal({ cause: 'rate_limited', retryAfterMs: 30_000 }) }
        : { takesMs: 2, receipt: refusal() },
  });
  await world.tell(['a', 'b', 'c']);
  await world.pass(29 * SECOND_MS);
  t.strictSame(world.sending.idsOf('ops'), ['a', 'b']);
  const attempts = world.events.filter(({ name }) => name === 'delivery.attempted');
  t.match(attempts, [
    { outcome: 'failed', attempt: 1 },
    { outcome: 'failed', attempt: 1 },
  ]);
});

t.test('a receiver that is down is tried by one message at a time', async (t) => {
  const world = await openNotifyWorld(t, {
    channels: [webhook('ops', 4)],
    behaviour: (_given, clock) =>
      clock.monotonicMs() < 10 * MINUTE_MS ? { takesMs: 1, receipt: refusal() } : well,
  });
  const keys = Array.from({ length: 100 }, (_, index) => `k${index}`);
  await world.tell(keys);
  await world.pass(10 * MINUTE_MS);
  t.ok(world.sending.given.length < 50, `${world.sending.given.length} attempts in ten minutes`);
  await world.pass(10 * MINUTE_MS);
  t.match(await world.deliveries(), Array(100).fill({ state: 'delivered' }));
});

t.test(
  'a receiver that is down is left alone for a while, also when it asks for less',
  async (t) => {
    for (const retryAfterMs of [null, 1]) {
      const world = await openNotifyWorld(t, {
        channels: [webhook('ops', 1)],
        behaviour: () => ({ takesMs: 1, receipt: refusal({ retryAfterMs }) }),
      });
      await world.tell(['a', 'b', 'c']);
      await world.pass(7 * SECOND_MS);
      t.strictSame(
        world.sending.given.map(({ message, atMs }) => [message.id, atMs]),
        [
          ['a', 0],
          ['b', 2_501],
          ['c', 5_002],
        ],
        `it asks for ${retryAfterMs} ms (chance is a half)`,
      );
    }
  },
);

t.test('a clock that is set forward brings the next attempt within a minute', async (t) => {
  const rejected = refusal({ cause: 'rejected' });
  const world = await openNotifyWorld(t, { behaviour: () => ({ takesMs: 1, receipt: rejected }) });
  await world.tell(['a']);
  await world.pass(HOUR_MS);
  const before = world.sending.given.length;
  await world.pass(MINUTE_MS);
  t.equal(world.sending.given.length, before);
  world.clock.misset(HOUR_MS);
  await world.pass(MINUTE_MS);
  t.equal(world.sending.given.length, before + 1);
});

t.test('five hundred failures in a minute are one message', async (t) => {
  const world = await openNotifyWorld(t, {
    topics: ['order.failed'],
    digestMs: 5 * MINUTE_MS,
  });
  for (let second = 0; second < 50; second += 1) {
    await world.tell(
      Array.from({ length: 10 }, (_, index) => `k${second}-${index}`),
      'order.failed',
    );
    await world.pass(SECOND_MS);
  }
  await world.pass(5 * MINUTE_MS);
  const [digest, ...others] = world.sending.given;
  t.equal(digest?.message.effects.length, 500);
  t.equal(others.length, 0);
  t.match(await world.deliveries(), Array(500).fill({ state: 'delivered', attempts: 1 }));
});

t.test('the channel log prints and sends nothing', async (t) => {
  const settings: LogSettings = { kind: 'log', name: 'log' };
  const world = await openNotifyWorld(t, { channels: [{ settings, maxInFlight: 1 }] });
  await world.tell(['a']);
  await world.pass(SECOND_MS);
  t.match(
    world.events.filter(({ name }) => name === 'notice'),
    [{ channel: 'log', topic: 'order.held', key: 'a', text: 'a in words (1)' }],
  );
  t.match(await world.deliveries(), [{ state: 'delivered', detail: 'printed' }]);
  t.equal(world.sending.given.length, 0);
});

t.test('stopping waits for what is being sent, and begins nothing more', async (t) => {
  const world = await openNotifyWorld(t, {
    channels: [webhook('ops', 1), webhook('shop', 1)],
    behaviour: ({ channel }) => ({ takesMs: channel === 'ops' ? 2_000 : 3_000, receipt: TAKEN }),
  });
  await world.tell(['a', 'b']);
  await world.pass(SECOND_MS);
  await world.stop();
  const deliveries = await world.deliveries();
  t.equal(deliveries.filter(({ state }) => state === 'delivered').length, 2);
  t.equal(deliveries.filter(({ state }) => state === 'pending').length, 2);
  for (const channel of ['ops', 'shop']) t.strictSame(world.sending.idsOf(channel), ['a']);
});

t.test('what is to be tried again keeps no process from its end', async (t) => {
  const world = await openNotifyWorld(t, { behaviour: () => ({ takesMs: 1, receipt: refusal() }) });
  await world.tell(['a']);
  await world.pass(SECOND_MS);
  await world.stop();
  t.equal(world.clock.nextAt(), null, 'no timer is left');
});

t.test('what is claimed at the very end is given back unsent', async (t) => {
  const world = await openNotifyWorld(t);
  await world.tell(['a']);
  await world.stop();
  t.equal(world.sending.given.length, 0);
  t.match(await world.store.outbox.claim('ops', 1, world.clock.now()), [{ id: 'a' }]);
});

t.test(
  'a store that fails does not hold up the end, and what was sent goes out again',
  async (t) => {
    const world = await openNotifyWorld(t, {
      through: (store) => ({
        ...store,
        outbox: { ...store.outbox, commit: () => Promise.reject(new Error('the disk is full')) },
      }),
    });
    await world.tell(['a']);
    await world.pass(10 * MINUTE_MS);
    t.strictSame(world.sending.idsOf('ops'), ['a']);
    const endedMs = world.clock.monotonicMs();
    await world.stop();
    t.equal(world.clock.monotonicMs(), endedMs);
    t.match(await world.store.outbox.claim('ops', 1, world.clock.now()), [{ id: 'a' }]);
  },
);

t.test('a store that fails is asked again in a second, however much is told', async (t) => {
  let claims = 0;
  const claim = () => {
    claims += 1;
    return Promise.reject(new Error('the disk is full'));
  };
  const world = await openNotifyWorld(t, {
    through: (store) => ({ ...store, outbox: { ...store.outbox, claim } }),
  });
  for (const key of ['a', 'b', 'c']) {
    await world.tell([key]);
    await world.pass(100);
  }
  t.equal(claims, 1);
  await world.pass(SECOND_MS);
  t.equal(claims, 2);
});

t.test('a store that fails loses nothing, and nobody is told twice', async (t) => {
  let claims = 0;
  let commits = 0;
  let fails = false;
  const world = await openNotifyWorld(t, {
    through: (store) => ({
      ...store,
      outbox: {
        ...store.outbox,
        claim: async (...request) => {
          claims += 1;
          if (fails && claims === 1) throw new Error('the disk is full');
          return store.outbox.claim(...request);
        },
        commit: async (results) => {
          commits += 1;
          if (fails) throw new Error('the disk is full');
          await store.outbox.commit(results);
        },
      },
    }),
  });
  await world.pass(SECOND_MS);
  [claims, fails] = [0, true];
  await world.tell(['a']);
  await world.pass(HOUR_MS);
  t.equal(commits, 65, 'after 1, 2, 4 … 60 s, and once a minute');
  fails = false;
  await world.pass(MINUTE_MS + SECOND_MS);
  t.strictSame(world.sending.idsOf('ops'), ['a']);
  t.match(await world.deliveries(), [{ state: 'delivered', attempts: 1 }]);
});
