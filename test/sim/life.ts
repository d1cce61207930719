import { join } from 'node:path';
import { startNotifying } from '../../lib/flows/notify.ts';
import type { Event } from '../../lib/observe/events.ts';
import type { Store } from '../../lib/store/port.ts';
import { openSqliteStore } from '../../lib/store/sqlite/index.ts';
import { ModelAsking, type Weather } from '../support/model-asking.ts';
import { type ModelDaemon, startModelDaemon } from '../support/model-daemon.ts';
import { type TurnedClock, turnUntil } from '../support/turned-clock.ts';
import { type Gauge, watched } from '../support/watched-store.ts';
import type { Configuration } from './configuration.ts';
import { faulty, uncertainDisk } from './faulty-store.ts';
import { MODEL_RETRY, type Receivers } from './receivers.ts';

/** One life of the daemon, from its start on a file to its crash or stop. */
export interface Life {
  readonly configuration: Configuration;
  readonly daemon: ModelDaemon;
  /** As the daemon sees it, faults and all. */
  readonly store: Store;
  /** The real one, for those who only look. */
  readonly real: Store;
  /** The same, and rejects with `Died` when the process dies first. */
  during<T>(work: Promise<T>): Promise<T>;
  /** As `kill -9`: what the engine has not got is lost, and what it has nobody hears of. */
  kill(): Promise<void>;
  /** As SIGTERM. */
  stop(): Promise<void>;
}

/** The process that was asked is gone; whether it did what it was asked nobody knows. */
export class Died extends Error {
  override readonly name = 'Died';
}

interface LifeParts {
  readonly directory: string;
  readonly clock: TurnedClock;
  readonly gauge: Gauge;
  readonly configuration: Configuration;
  readonly window: number;
  /** Looks into the store before anything else does. */
  readonly opened: (real: Store) => Promise<void>;
  readonly weather: Weather;
  readonly receivers: Receivers;
  readonly losesWrite: () => boolean;
  /** The disk says that it failed. */
  readonly syncFails: () => boolean;
  readonly delayMs: () => number;
  readonly tell: (event: Event) => void;
}

export async function beginLife(parts: LifeParts): Promise<Life> {
  const { directory, clock, gauge, configuration, receivers, tell } = parts;
  let alive = true;
  let begun = false;
  const path = join(directory, 'reconciled.db');
  // A start that fails is no life.
  const syncFile = uncertainDisk(() => begun && parts.syncFails());
  const real = watched(openSqliteStore({ path, clock, tell, syncFile }), gauge);
  await parts.opened(real);
  const store = faulty(real, { ...parts, alive: () => alive });
  const asking = new ModelAsking(clock, configuration.gateways, parts);
  const daemon = await startModelDaemon({
    clock,
    store,
    asking,
    gateways: configuration.policies,
    settings: configuration.settings,
    tell: (event) => (alive ? tell(event) : undefined),
  });
  await real.outbox.subscribe(configuration.subscriptions, clock.now());
  begun = true;
  const notifying = startNotifying({
    outbox: store.outbox,
    sending: receivers.pool(),
    clock,
    tell: () => {},
    retry: MODEL_RETRY,
    channels: configuration.channels,
    inWords: ({ id }) => id,
    chance: () => receivers.chance(),
  });
  const death = Promise.withResolvers<never>();
  death.promise.catch(() => undefined);
  const die = async () => {
    alive = false;
    death.reject(new Died('the process died'));
    await real.upkeep.close();
  };
  return {
    configuration,
    daemon,
    store,
    real,
    during: (work) => Promise.race([work, death.promise]),
    kill: die,
    stop: async () => {
      const idle = () => gauge.busy === 0;
      await turnUntil(clock, idle, Promise.all([daemon.stop(), notifying.stop()]));
      await die();
    },
  };
}
