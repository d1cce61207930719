import { join } from 'node:path';
import t, { type Test } from 'tap';
import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS, SECOND_MS } from '../../lib/core/time.ts';
import { type Conditions, STEADY_MS, startConditions } from '../../lib/flows/conditions.ts';
import { SILENT_ABOUT_ONE_MS, SILENT_MS } from '../../lib/flows/failures.ts';
import type { Exchange } from '../../lib/gateways/port.ts';
import type { Event } from '../../lib/observe/events.ts';
import { openSqliteStore } from '../../lib/store/sqlite/index.ts';
import { decided as settled } from '../support/events.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { syncHere } from '../support/syncing.ts';
import { TurnedClock, turnTo } from '../support/turned-clock.ts';
import { type Gauge, watched } from '../support/watched-store.ts';

/** Events and the time go in, what is told comes out. */

interface ConditionsWorld {
  readonly clock: TurnedClock;
  /** Each in turn. */
  hear(...events: readonly Event[]): Promise<void>;
  pass(ms: number): Promise<void>;
  /** The daemon ends and starts again, with these gateways. */
  restart(gateways?: readonly string[]): Promise<void>;
  setOldestDue(at: Instant | null): void;
  setStoreFails(fails: boolean): void;
  /** Marks that the store was given. */
  written(): number;
  /** The topic and the minute of the start of each episode, in the order of their telling. */
  told(): Promise<readonly string[]>;
}

async function openConditionsWorld(test: Test): Promise<ConditionsWorld> {
  const dir = scratchDir('conditions');
  const clock = new TurnedClock();
  const origin = clock.now();
  const gauge: Gauge = { busy: 0 };
  const real = openSqliteStore({
    path: join(dir.path, 'reconciled.db'),
    clock,
    tell: () => {},
    syncFile: syncHere,
  });
  const store = watched(real, gauge);
  const topics = ['gateway.down', 'gateway.up', 'gateway.misconfigured'] as const;
  await store.outbox.subscribe(
    [...topics, 'sweep.late' as const, 'callbacks.stopped' as const].map((topic) => ({
      channel: 'ops',
      topic,
      digestMs: 0,
    })),
    clock.now(),
  );
  let oldestDue: Instant | null = null;
  let fails = false;
  let written = 0;
  const failing = () => Promise.reject(new Error('The disk is full.'));
  const announce: typeof store.outbox.announce = (...told) => {
    written += told[1].length;
    return fails ? failing() : store.outbox.announce(...told);
  };
  const start = (gateways: readonly string[] = ['pg']) =>
    startConditions({
      outbox: { ...store.outbox, announce },
      clock,
      gateways,
      oldestDue: async () => (fails ? failing() : oldestDue),
      sweepLateAfterMs: 15 * MINUTE_MS,
      callbacksStoppedAfterMs: 6 * HOUR_MS,
    });
  let conditions: Conditions = await start();
  test.teardown(async () => {
    await conditions.stop();
    await real.upkeep.close();
    dir.remove();
  });
  const pass = (ms: number) => turnTo(clock, () => gauge.busy === 0, clock.trueNow() + ms);
  return {
    clock,
    hear: async (...events) => {
      for (const event of events) conditions.heard(event);
      await pass(0);
    },
    pass,
    restart: async (gateways) => {
      await conditions.stop();
      conditions = await start(gateways);
    },
    setOldestDue: (at) => {
      oldestDue = at;
    },
    setStoreFails: (is) => {
      fails = is;
    },
    written: () => written,
    told: async () => {
      const query = { state: null, channel: null, after: null, limit: 2_000 };
      const { items } = await store.reader.deliveries(query);
      return items.toReversed().map(({ effect }) => {
        const minute = Math.round(((effect.since ?? Number.NaN) - origin) / MINUTE_MS);
        const { topic, gateway, text } = effect;
        return [topic, gateway, text, minute].filter((part) => part !== null).join(' ');
      });
    },
  };
}

const circuit = (state: 'open' | 'half_open' | 'closed', cause = 'failures'): Event => ({
  name: 'gateway.circuit',
  gateway: 'pg',
  state,
  cause,
});

const exchanged = (
  result: Exchange['result'],
  orderId = 'ORDER000001',
  kind: Exchange['kind'] = 'lookup',
): Event => ({
  name: 'gateway.exchanged',
  gateway: 'pg',
  orderId,
  exchange: { kind, durationMs: 1, result, status: null, retryAfterMs: null },
});

const answered = exchanged('answered');

const timedOut = exchanged('timeout');

const refused: Event = { name: 'gateway.misconfigured', gateway: 'pg', status: 401 };

const calledBack = (outcome: 'admitted' | 'unmatched' = 'admitted'): Event => ({
  name: 'callback.matched',
  gateway: 'pg',
  outcome,
});

const repeated: Extract<Event, { name: 'callback.received' }> = {
  name: 'callback.received',
  gateway: 'pg',
  outcome: 'duplicate',
  cause: null,
  durationMs: 1,
};

const byCallback: Event = { ...settled, trigger: 'callback' };

const lookedAt: Event = { ...settled, from: 'completed' };

const stale: Event = { ...settled, outcome: 'stale' };

const abandoned: Event = { ...settled, to: 'failed', reason: 'not_at_gateway' };

t.test('a gateway that is down is told once, and that it is up again', async (t) => {
  const world = await openConditionsWorld(t);
  await world.hear(circuit('open'));
  await world.pass(MINUTE_MS);
  await world.hear(circuit('half_open', 'time'), circuit('open', 'trials_failed'));
  await world.pass(MINUTE_MS);
  await world.hear(circuit('half_open', 'time'), answered);
  await world.pass(STEADY_MS + MINUTE_MS);
  t.strictSame(await world.told(), ['gateway.down pg 0'], 'one answer is no end');
  await world.hear(circuit('closed', 'trials_answered'));
  await world.pass(STEADY_MS + MINUTE_MS);
  await world.hear(answered, circuit('open'));
  t.strictSame(await world.told(), ['gateway.down pg 0', 'gateway.up pg 0', 'gateway.down pg 14']);
});

t.test('a gateway that comes and goes is told once, and is up when it stays', async (t) => {
  const world = await openConditionsWorld(t);
  for (let hour = 0; hour < 60; hour += 1) {
    await world.hear(circuit('open'));
    await world.pass(10 * SECOND_MS);
    await world.hear(circuit('half_open', 'time'), circuit('closed', 'trials_answered'));
    await world.pass(STEADY_MS - MINUTE_MS);
    await world.hear(answered);
  }
  t.strictSame(await world.told(), ['gateway.down pg 0']);
  await world.pass(2 * MINUTE_MS);
  t.strictSame(await world.told(), ['gateway.down pg 0', 'gateway.up pg 0']);
});

t.test(
  'an episode goes on over a restart, and ends with an answer and no further trouble',
  async (t) => {
    const world = await openConditionsWorld(t);
    await world.hear(circuit('open'));
    await world.restart();
    await world.pass(MINUTE_MS);
    await world.hear(circuit('open'));
    t.strictSame(await world.told(), ['gateway.down pg 0'], 'down is no news');
    await world.restart();
    await world.hear(timedOut, exchanged('rate_limited'));
    await world.pass(STEADY_MS + MINUTE_MS);
    t.strictSame(
      await world.told(),
      ['gateway.down pg 0'],
      'neither silence nor refusals are an end',
    );
    await world.hear(answered, answered);
    await world.pass(STEADY_MS + MINUTE_MS);
    t.strictSame(await world.told(), ['gateway.down pg 0', 'gateway.up pg 0']);
    await world.restart();
    await world.hear(circuit('open'));
    t.strictSame(await world.told(), [
      'gateway.down pg 0',
      'gateway.up pg 0',
      'gateway.down pg 13',
    ]);
  },
);

t.test('where too little is asked for a circuit to open', async (t) => {
  const other = exchanged('connection', 'ORDER000002');
  /** Hears these one after the other within the time, and lets the rest of it pass. */
  const after = async (test: Test, ms: number, ...events: readonly Event[]) => {
    const world = await openConditionsWorld(test);
    for (const event of events) {
      await world.hear(event);
      await world.pass(MINUTE_MS);
    }
    await world.pass(ms - events.length * MINUTE_MS);
    return world.told();
  };
  const rows: readonly (readonly [string, number, readonly Event[], readonly string[]])[] = [
    ['two orders, for an hour', SILENT_MS, [timedOut, other], ['gateway.down pg 0']],
    ['not sooner', SILENT_MS - MINUTE_MS, [timedOut, other], []],
    [
      'one order may be the trouble itself',
      SILENT_ABOUT_ONE_MS - MINUTE_MS,
      [timedOut, timedOut],
      [],
    ],
    ['but not for a day', SILENT_ABOUT_ONE_MS, [timedOut, timedOut], ['gateway.down pg 0']],
    ['an answer in between', SILENT_MS + MINUTE_MS, [timedOut, answered, other], []],
    ['it reads what we send', SILENT_MS, [timedOut, exchanged('bad_request'), other], []],
    ['it asks for a pause', SILENT_MS, [timedOut, exchanged('rate_limited'), other], []],
    ['it refuses access', SILENT_MS, [timedOut, exchanged('misconfigured'), other], []],
    [
      'payment requests that fail',
      SILENT_ABOUT_ONE_MS,
      [exchanged('server_error', 'ORDER000003', 'request')],
      [],
    ],
  ];
  for (const [title, ms, events, told] of rows)
    t.test(title, async (t) => t.strictSame(await after(t, ms, ...events), told));

  t.test('once per episode, which an answer ends', async (t) => {
    const world = await openConditionsWorld(t);
    await world.hear(timedOut, other);
    await world.pass(SILENT_MS);
    await world.hear(other, circuit('open'));
    await world.pass(SILENT_MS);
    await world.hear(circuit('closed'), answered, timedOut);
    await world.pass(STEADY_MS + MINUTE_MS);
    t.strictSame(await world.told(), ['gateway.down pg 0'], 'it failed since');
    await world.hear(answered);
    await world.pass(STEADY_MS + MINUTE_MS);
    t.strictSame(await world.told(), ['gateway.down pg 0', 'gateway.up pg 0']);
  });

  t.test('an answer that the next silence follows is no end', async (t) => {
    const world = await openConditionsWorld(t);
    await world.hear(timedOut, other);
    await world.pass(SILENT_MS);
    await world.hear(answered);
    await world.pass(MINUTE_MS);
    await world.hear(timedOut);
    await world.pass(STEADY_MS + MINUTE_MS);
    t.strictSame(await world.told(), ['gateway.down pg 0']);
    await world.hear(answered);
    await world.pass(STEADY_MS - MINUTE_MS);
    t.strictSame(await world.told(), ['gateway.down pg 0'], 'the time begins anew');
    await world.pass(2 * MINUTE_MS);
    t.strictSame(await world.told(), ['gateway.down pg 0', 'gateway.up pg 0']);
  });
});

t.test('a gateway that was taken out while it was down is told anew when it is back', async (t) => {
  const world = await openConditionsWorld(t);
  await world.hear(calledBack(), circuit('open'));
  await world.restart(['other']);
  await world.pass(MINUTE_MS);
  await world.restart();
  await world.hear(circuit('open'));
  t.strictSame(await world.told(), ['gateway.down pg 0', 'gateway.down pg 1']);
  await world.pass(6 * HOUR_MS);
  await world.hear(settled, settled, settled);
  await world.pass(MINUTE_MS);
  t.equal(
    (await world.told()).length,
    2,
    'nor are callbacks missed that it made as the one before',
  );
});

t.test('a gateway that refuses access is told as that, and as nothing else', async (t) => {
  const world = await openConditionsWorld(t);
  await world.hear(circuit('open', 'misconfigured'), refused);
  await world.pass(MINUTE_MS);
  await world.hear(circuit('half_open', 'time'), refused, circuit('open', 'trials_failed'));
  t.strictSame(await world.told(), ['gateway.misconfigured pg HTTP 401 0']);
  await world.hear(circuit('half_open', 'time'), circuit('closed', 'trials_answered'));
  await world.pass(MINUTE_MS);
  await world.hear(circuit('open'));
  const both = ['gateway.misconfigured pg HTTP 401 0', 'gateway.down pg 2'];
  t.strictSame(await world.told(), both, 'and is down after that');
  await world.hear(circuit('half_open', 'time'), circuit('closed', 'trials_answered'));
  await world.pass(STEADY_MS + MINUTE_MS);
  t.strictSame(await world.told(), [...both, 'gateway.up pg 0']);
});

t.test('orders that are looked at late are told once per episode', async (t) => {
  const world = await openConditionsWorld(t);
  world.setOldestDue(world.clock.now());
  await world.pass(15 * MINUTE_MS);
  t.strictSame(await world.told(), []);
  await world.pass(5 * MINUTE_MS);
  await world.restart();
  world.setOldestDue(world.clock.now() - 16 * MINUTE_MS);
  await world.pass(5 * MINUTE_MS);
  t.strictSame(await world.told(), ['sweep.late 0'], 'another order is late in the same one');
  world.setOldestDue(null);
  await world.pass(STEADY_MS + 2 * MINUTE_MS);
  await world.restart();
  world.setOldestDue(world.clock.now() - 16 * MINUTE_MS);
  await world.pass(2 * MINUTE_MS);
  t.strictSame(await world.told(), ['sweep.late 0', 'sweep.late 16']);
});

t.test('orders that are late every other minute are one episode', async (t) => {
  const world = await openConditionsWorld(t);
  for (let time = 0; time < 30; time += 1) {
    world.setOldestDue(world.clock.now() - 16 * MINUTE_MS);
    await world.pass(MINUTE_MS);
    world.setOldestDue(null);
    await world.pass(STEADY_MS - MINUTE_MS);
  }
  t.equal((await world.told()).length, 1);
});

t.test('what the store could not take is told by a later check', async (t) => {
  const world = await openConditionsWorld(t);
  world.setStoreFails(true);
  await world.hear(circuit('open'));
  await world.pass(MINUTE_MS);
  t.strictSame(await world.told(), []);
  world.setStoreFails(false);
  await world.pass(MINUTE_MS);
  t.strictSame(await world.told(), ['gateway.down pg 0']);
});

t.test(
  'while the store fails a thousand are kept, and what comes later is told again',
  async (t) => {
    const world = await openConditionsWorld(t);
    world.setStoreFails(true);
    const down = (place: number) => ({ ...circuit('open'), gateway: `pg-${place}` });
    await world.hear(...Array.from({ length: 1_001 }, (_, place) => down(place)));
    world.setStoreFails(false);
    await world.hear(refused);
    await world.pass(MINUTE_MS);
    const told = await world.told();
    t.equal(told.length, 1_000);
    t.ok(told.includes('gateway.down pg-999 0'));
    t.notOk(told.includes('gateway.down pg-1000 0'), 'memory has an end');
    await world.hear({ ...refused, gateway: 'other' });
    t.equal((await world.told()).length, 1_001);
  },
);

t.test('what happens while something is written is written too, and all of it once', async (t) => {
  const world = await openConditionsWorld(t);
  const first = world.hear(circuit('open'));
  await null;
  await null;
  await world.hear(refused);
  await first;
  t.strictSame(await world.told(), ['gateway.down pg 0', 'gateway.misconfigured pg HTTP 401 0']);
  t.equal(world.written(), 2);
  await world.hear(calledBack(), calledBack(), calledBack());
  await world.pass(MINUTE_MS);
  await world.hear(calledBack());
  t.equal(world.written(), 4, 'callbacks to the minute');
});

/** What happens → whether callbacks are said to have stopped. */
const SILENCES: readonly (readonly [string, (world: ConditionsWorld) => Promise<void>, boolean])[] =
  [
    [
      'orders are settled for long without a callback',
      async (world) => {
        await world.hear(calledBack());
        await world.pass(6 * HOUR_MS);
        await world.hear(settled, settled, settled);
      },
      true,
    ],
    [
      'the gateway never called back',
      async (world) => {
        await world.pass(6 * HOUR_MS);
        await world.hear(settled, settled, settled);
      },
      false,
    ],
    [
      'callbacks of no order of ours count for nothing',
      async (world) => {
        await world.hear(calledBack('unmatched'));
        await world.pass(6 * HOUR_MS);
        await world.hear(settled, settled, settled);
      },
      false,
    ],
    [
      'a quiet shop',
      async (world) => {
        await world.hear(calledBack());
        await world.pass(6 * HOUR_MS);
        await world.hear(settled, settled);
      },
      false,
    ],
    [
      'the callbacks came, and then nothing happened at all',
      async (world) => {
        await world.hear(calledBack(), calledBack(), calledBack());
        await world.hear(byCallback, byCallback, byCallback);
        await world.pass(6 * HOUR_MS);
      },
      false,
    ],
    [
      'some callbacks were lost, and then nothing happened at all',
      async (world) => {
        await world.hear(calledBack(), settled, settled, settled);
        await world.pass(6 * HOUR_MS);
      },
      false,
    ],
    [
      'orders that nobody paid need no callback',
      async (world) => {
        await world.hear(calledBack());
        await world.pass(6 * HOUR_MS);
        await world.hear(abandoned, abandoned, abandoned);
      },
      false,
    ],
    [
      'not for long',
      async (world) => {
        await world.hear(calledBack());
        await world.pass(5 * HOUR_MS);
        await world.hear(settled, settled, settled);
      },
      false,
    ],
    [
      'a callback came between',
      async (world) => {
        await world.hear(calledBack());
        await world.pass(6 * HOUR_MS);
        await world.hear(settled, settled, calledBack(), settled);
      },
      false,
    ],
    [
      'a callback came lately, however long the daemon runs',
      async (world) => {
        await world.hear(calledBack());
        await world.pass(6 * HOUR_MS);
        await world.hear(calledBack(), settled, settled, settled);
      },
      false,
    ],
    [
      'a repeat of a callback came between',
      async (world) => {
        await world.hear(calledBack());
        await world.pass(6 * HOUR_MS);
        await world.hear(settled, settled, repeated, settled);
      },
      false,
    ],
    [
      'what is no callback of ours counts for nothing',
      async (world) => {
        await world.hear(calledBack());
        await world.pass(6 * HOUR_MS);
        await world.hear(
          settled,
          settled,
          { ...repeated, outcome: 'invalid', cause: 'not_json' },
          settled,
        );
      },
      true,
    ],
    [
      'each silence counts its own orders',
      async (world) => {
        await world.hear(calledBack());
        await world.pass(6 * HOUR_MS);
        await world.hear(settled, settled, calledBack());
        await world.pass(6 * HOUR_MS);
        await world.hear(settled, settled);
      },
      false,
    ],
    [
      'callbacks settled them, or they were settled before, or not at all',
      async (world) => {
        await world.hear(calledBack());
        await world.pass(6 * HOUR_MS);
        for (const event of [byCallback, lookedAt, stale]) await world.hear(event, event, event);
      },
      false,
    ],
    [
      'after a restart',
      async (world) => {
        await world.hear(calledBack());
        await world.restart();
        await world.pass(6 * HOUR_MS);
        await world.hear(settled, settled, settled);
      },
      true,
    ],
    [
      'nobody was there to be called back',
      async (world) => {
        await world.hear(calledBack());
        await world.pass(6 * HOUR_MS);
        await world.restart();
        await world.hear(settled, settled, settled);
      },
      false,
    ],
    [
      'the last callback came under a clock that was a year ahead',
      async (world) => {
        world.clock.misset(365 * DAY_MS);
        await world.hear(calledBack());
        world.clock.misset(0);
        await world.hear(settled);
        await world.restart();
        await world.pass(6 * HOUR_MS);
        await world.hear(settled, settled, settled);
      },
      true,
    ],
  ];

t.test('callbacks that have stopped', async (t) => {
  for (const [name, happens, isTold] of SILENCES) {
    const world = await openConditionsWorld(t);
    await happens(world);
    await world.pass(2 * MINUTE_MS);
    t.equal((await world.told()).length, isTold ? 1 : 0, name);
    await world.pass(10 * MINUTE_MS);
    t.equal((await world.told()).length, isTold ? 1 : 0, `${name}: once`);
  }
  const world = await openConditionsWorld(t);
  for (const _episode of [1, 2]) {
    await world.hear(calledBack());
    await world.restart();
    await world.pass(6 * HOUR_MS);
    await world.hear(settled, settled, settled);
    await world.pass(MINUTE_MS + SECOND_MS);
  }
  t.strictSame(await world.told(), ['callbacks.stopped pg 0', 'callbacks.stopped pg 361']);
});
