import { systemClock } from '../../clock.ts';
import type { Config } from '../../config.ts';
import type { Daemon } from '../../daemon.ts';
import { ReconciledError } from '../../errors.ts';
import type { Event } from '../../observe/events.ts';
import { tellStory } from '../../texts/story.ts';
import { startProgress } from '../progress.ts';
import { say } from '../words.ts';
import { alternatives } from './alternatives.ts';
import { checkAll } from './checks.ts';
import type { GatewayProcess } from './gateway.ts';
import { compare, type Result, toRows } from './results.ts';
import { createScenario, type Scenario, type StuckOrder, type Truth } from './scenario.ts';
import { sendToDaemon, sendToGateway } from './shop.ts';
import type { Report } from './show.ts';
import { type Language, WORDS } from './words.ts';

/** What the performance needs: a gateway and a daemon that run, and what the audience asked for. */
export interface Performance {
  readonly gateway: GatewayProcess;
  readonly daemon: Daemon;
  readonly daemonUrl: string;
  readonly config: Config;
  readonly language: Language;
  readonly orders: number;
  readonly seed: number;
  /** Calls back whenever an order was settled, until the sweep has ended. */
  onSettled(call: () => void): void;
  /** What the daemon's log told people so far. */
  notices(): readonly Notice[];
}

/** Something that the daemon's log told people. */
export type Notice = Extract<Event, { name: 'notice' }>;

/** Plays the bad day of a shop: the orders are sent, get stuck, and are settled in one sweep. */
export async function perform(performance: Performance): Promise<Report> {
  const { gateway, daemonUrl, language, orders, seed } = performance;
  const scenario = createScenario({ orders, seed, now: systemClock.now() });
  await sendToGateway(gateway.url, scenario);
  await sendToDaemon(daemonUrl, scenario);
  say(WORDS[language].settling(orders));
  const tookMs = await settle(performance);
  return report(performance, scenario, tookMs);
}

/** One sweep over everything; how long it took. */
async function settle({ daemon, orders, onSettled }: Performance): Promise<number> {
  const progress = await startProgress('', orders);
  let settled = 0;
  onSettled(() => {
    settled += 1;
    progress.at(settled);
  });
  const startedMs = systemClock.monotonicMs();
  await daemon.sweeping.request().ended;
  const tookMs = systemClock.monotonicMs() - startedMs;
  progress.stop();
  return Math.round(tookMs);
}

async function report(
  performance: Performance,
  scenario: Scenario,
  tookMs: number,
): Promise<Report> {
  const { gateway, daemon, config, orders, seed } = performance;
  // Before anything else asks the gateway.
  const stats = await gateway.stats();
  await allTold(daemon);
  const results = await Promise.all(scenario.orders.map((stuck) => look(daemon, stuck)));
  const [{ maxInFlight } = { maxInFlight: 0 }] = config.gateways;
  return {
    orders,
    seed,
    rows: toRows(results),
    tookMs,
    maxInFlight: stats.maxInFlight,
    alternatives: alternatives(
      scenario.orders.map(({ request }) => request.id),
      stats.durationsMs,
    ),
    story: await story(performance, results),
    notices: byTopic(performance.notices()),
    checks: await checkAll({
      scenario,
      results,
      store: daemon.store,
      stats,
      transactions: await gateway.transactions(),
      maxInFlight,
      notices: performance.notices().length,
    }),
  };
}

/** Messages are told on their own, a moment after the orders are settled; one that never is fails the checks. */
async function allTold({ store }: Daemon): Promise<void> {
  const untilMs = systemClock.monotonicMs() + TOLD_WITHIN_MS;
  while (systemClock.monotonicMs() < untilMs) {
    const { deliveries } = await store.reader.counts();
    if (Object.keys(deliveries.pending).length === 0) return;
    await new Promise<void>((resolve) => systemClock.after(TOLD_LOOK_MS, resolve));
  }
}

const TOLD_WITHIN_MS = 5_000;
const TOLD_LOOK_MS = 20;

function byTopic(notices: readonly Notice[]): Report['notices'] {
  return [...Map.groupBy(notices, ({ topic }) => topic)].map(([topic, ours]) => ({
    topic,
    count: ours.length,
    text: ours[0]?.text ?? '',
  }));
}

async function look({ store }: Daemon, stuck: StuckOrder): Promise<Result> {
  const view = await store.reader.order(stuck.request.id);
  if (view !== null) return compare(stuck, view);
  throw new ReconciledError('internal', `Order ${stuck.request.id} was acknowledged and is gone.`, {
    hint: 'This is a bug in reconciled; please report it.',
  });
}

/** Nobody told the shop a key, and the card was charged twice: the order that shows most. */
const MOST_TELLING: Truth = 'keyless_captured_twice';

/** Longer stories are for `explain` itself. */
const MOST_ROWS = 100;

/** The story that `explain` tells, by the same teller. */
async function story(
  { daemon, config, language }: Performance,
  results: readonly Result[],
): Promise<Report['story']> {
  const told = results.find(({ stuck }) => stuck.truth === MOST_TELLING) ?? results[0];
  if (told === undefined) return { orderId: '', lines: [] };
  const orderId = told.view.order.id;
  const { items: rows } = await daemon.store.reader.journal(orderId, 0, MOST_ROWS);
  const listener = {
    locale: language,
    timezone: config.timezone,
    now: systemClock.now(),
  };
  const deliveries = await daemon.store.reader.deliveriesOf(orderId);
  // All callbacks of the demo were lost.
  const view = { ...told.view, nudgeAt: null };
  return { orderId, lines: tellStory(view, rows, deliveries, listener) };
}
