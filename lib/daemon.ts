import { setImmediate } from 'node:timers/promises';
import { type Clock, systemClock } from './clock.ts';
import { type Address, type Config, formatAddress } from './config.ts';
import { type DurationMs, HOUR_MS, type Instant, SECOND_MS } from './core/time.ts';
import { type Engine, startEngine } from './daemon/engine.ts';
import type { Watch } from './daemon/readiness.ts';
import type { Telling } from './daemon/telling.ts';
import type { Sweeping, SweepTicket } from './flows/port.ts';
import type { Event, Tell } from './observe/events.ts';
import type { Metrics } from './observe/metrics.ts';
import type { WarmThreads } from './pools/asking-threads.ts';
import type { Store, Sweep } from './store/port.ts';
import { VERSION } from './version.ts';

/** A running daemon. */
export interface Daemon {
  /** Where it listens, with the port that the system chose when 0 was asked for. */
  readonly address: Address;
  /** `null`: callbacks come to `address`. */
  readonly callbackAddress: Address | null;
  readonly store: Store;
  readonly sweeping: Sweeping;
  /** What `/readyz` says. Never rejects. */
  readonly readiness: Watch['readiness'];
  /** Commits what was decided, gives the rest back, and closes everything, within `STOP_WITHIN_MS`. Never rejects. */
  stop(reason: string): Promise<void>;
}

/** What a daemon is given beside its configuration. */
interface DaemonOptions {
  /** Hears every event: the log, or whoever watches. */
  readonly tell: Tell;
  readonly clock?: Clock;
  /** Threads that load already, so that loading and reading the configuration overlap. */
  readonly warm?: WarmThreads;
  /** Called when the first questions have left: to load what they need not wait for. */
  readonly asked?: () => Promise<void>;
}

/** A stop takes no longer. Container tools kill after ten seconds. */
export const STOP_WITHIN_MS: DurationMs = 9 * SECOND_MS;

/** How often callbacks that waited too long for their order, and orders that are too old, are dropped. */
const PRUNE_EVERY_MS: DurationMs = HOUR_MS;

/**
 * Builds the daemon and starts it: the threads, the store, the first sweep (what is due is asked about at once), then HTTP
 * and the schedule. When something cannot start, everything that did is closed again.
 * @throws ReconciledError whatever is wrong with the configuration, the database or the addresses.
 */
export async function startDaemon(config: Config, options: DaemonOptions): Promise<Daemon> {
  const { clock = systemClock } = options;
  const ears = earsOf(options.tell);
  const { tell } = ears;
  await using undo = new AsyncDisposableStack();
  const engine = await startEngine(config, { ...options, clock, tell });
  undo.defer(() => engine.close());
  undo.defer(() => engine.stopSettling());
  const first = engine.sweeping.request();
  await engine.asking.ready();
  // What follows loads a lot of code and holds the main thread meanwhile: the first questions leave before.
  await hasAsked(engine, first);
  await engine.subscribed;
  await options.asked?.();

  const watch = await watchOver(engine, config, clock);
  const { startTelling } = await later(() => import('./daemon/telling.ts'));
  const telling = await startTelling(config, engine, { clock, tell });
  undo.defer(() => telling.stop());
  const { readiness } = watch;
  const metrics = await measure(engine, telling, readiness, config, clock);
  ears.add([metrics.tell, watch.heard, telling.heard]);
  const { openReports } = await later(() => import('./daemon/reports.ts'));
  const reports = openReports(config, engine, { clock, tell });
  undo.defer(() => reports.stop());
  const { openSurface } = await later(() => import('./daemon/surface.ts'));
  const surface = await openSurface(config, engine, {
    clock,
    tell,
    metricsText: metrics.text,
    readiness,
    reporting: reports.reporting,
  });
  undo.defer(() => surface.close());
  const { startTicker } = await later(() => import('./flows/ticker.ts'));
  const schedule = { cron: config.sweep.cron, timezone: config.timezone };
  const ticker = startTicker(schedule, engine.sweeping, clock);
  await reports.start();
  const { startSchedule } = await later(() => import('./flows/schedule.ts'));
  const pruning = startSchedule({
    clock,
    untilNextMs: () => PRUNE_EVERY_MS,
    // What goes wrong is told by whom it went wrong for, and tried again the next time.
    tick: () => prune(engine, config, clock.now()).catch(() => undefined),
  });
  undo.move();

  const { address, callbackAddress } = surface;
  tell({
    name: 'daemon.started',
    version: VERSION,
    listen: formatAddress(address),
    callbackListen: callbackAddress === null ? null : formatAddress(callbackAddress),
  });
  const stop = async () => {
    await Promise.all([pruning.stop(), ticker.stop(), reports.endSchedule()]);
    // Nothing new is taken from here on. Requests that wait for a sweep get what it came to, because it ends now.
    const closed = surface.close();
    await Promise.all([engine.stopSettling(), surface.stop()]);
    // What was decided until now is told after the next start, what is being sent gets its receipt.
    await Promise.all([closed, telling.stop()]);
    await engine.close();
    // Last: a statement of SQLite that its thread is in has to come to its end, and nothing else waits for that.
    await reports.stop();
  };
  let stopped: Promise<void> | null = null;
  return {
    address,
    callbackAddress,
    store: engine.store,
    sweeping: engine.sweeping,
    readiness,
    stop: (reason) => {
      if (stopped !== null) return stopped;
      tell({ name: 'daemon.stopping', signal: reason });
      stopped = within(STOP_WITHIN_MS, clock, stop()).then(() => tell({ name: 'daemon.stopped' }));
      return stopped;
    },
  };
}

/** Loads code when what has come in meanwhile is heard: a load holds the main thread for as long as some answers take. */
async function later<T>(load: () => Promise<T>): Promise<T> {
  await setImmediate();
  return load();
}

/** Drops what is too old to be needed, one thing after the other. */
async function prune({ store }: Engine, { keepOrdersMs }: Config, now: Instant): Promise<void> {
  await store.upkeep.prune(now);
  if (keepOrdersMs !== null) await store.upkeep.forget(now - keepOrdersMs, 'remove');
}

/** Resolves when the first questions have left, or the sweep has ended without any. */
async function hasAsked({ asking }: Engine, { ended }: SweepTicket): Promise<void> {
  let over = false;
  const end = () => {
    over = true;
  };
  ended.then(end, end);
  while (!over && asking.utilization() === 0) await setImmediate();
}

/** What a single sweep is given beside its configuration. */
interface SweepOnceOptions extends Pick<DaemonOptions, 'tell' | 'clock'> {
  /** Ends the sweep early: what was decided is committed, the rest stays due. */
  readonly signal?: AbortSignal;
}

/**
 * Runs one sweep without a daemon: no HTTP, no schedule.
 * @throws ReconciledError `store_busy` when a daemon runs on the same database; whatever else is wrong with it.
 */
export async function sweepOnce(config: Config, options: SweepOnceOptions): Promise<Sweep> {
  const { clock = systemClock, tell, signal } = options;
  await using undo = new AsyncDisposableStack();
  const engine = await startEngine(config, { clock, tell });
  undo.defer(() => engine.close());
  undo.defer(() => engine.stopSettling());
  const { ended } = engine.sweeping.request();
  await engine.subscribed;
  const stopEarly = () => void engine.stopSettling();
  signal?.addEventListener('abort', stopEarly, { once: true });
  if (signal?.aborted) stopEarly();
  try {
    return await ended;
  } finally {
    signal?.removeEventListener('abort', stopEarly);
  }
}

/** Those who hear events. Who comes late hears everything from the beginning. */
function earsOf(first: Tell): { readonly tell: Tell; add(late: readonly Tell[]): void } {
  let ears: readonly Tell[] = [first];
  let early: Event[] | null = [];
  return {
    tell: (event) => {
      early?.push(event);
      for (const ear of ears) ear(event);
    },
    add: (late) => {
      for (const event of early ?? []) for (const ear of late) ear(event);
      early = null;
      ears = [...ears, ...late];
    },
  };
}

async function watchOver({ store }: Engine, config: Config, clock: Clock): Promise<Watch> {
  const { startWatch } = await later(() => import('./daemon/readiness.ts'));
  return startWatch(config.sweep, config.timezone, store.reader, clock);
}

async function measure(
  { asking, store }: Engine,
  telling: Telling,
  readiness: Watch['readiness'],
  config: Config,
  clock: Clock,
): Promise<Metrics> {
  const { createMetrics } = await later(() => import('./observe/metrics.ts'));
  return createMetrics({
    counts: () => store.reader.counts(),
    oldestDue: () => store.reader.oldestDue(),
    ready: async () => (await readiness()).ready,
    utilization: () => ({ asking: asking.utilization(), sending: telling.utilization() }),
    now: () => clock.now(),
    gateways: config.gateways.map(({ settings }) => settings.name),
    channels: config.channels.map(({ settings }) => settings.name),
  });
}

/** Resolves when the work is done or has failed, at the latest after the bound. */
async function within(boundMs: DurationMs, clock: Clock, work: Promise<void>): Promise<void> {
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(boundMs, resolve);
  await Promise.race([over, work.catch(() => undefined)]);
  cancel();
}
