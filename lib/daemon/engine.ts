import type { Clock } from '../clock.ts';
import { type Config, databasePath, requireGateways } from '../config.ts';
import { isCondition } from '../core/effect.ts';
import type { Policy } from '../core/policy.ts';
import type { DurationMs } from '../core/time.ts';
import { longestPendingWaitMs, policyOf } from '../flows/policy.ts';
import type { Sweeping } from '../flows/port.ts';
import { type Pump, startPump } from '../flows/pump.ts';
import { createSweeping } from '../flows/sweep.ts';
import type { Tell } from '../observe/events.ts';
import { type AskingPool, createAsking } from '../pools/asking.ts';
import type { WarmThreads } from '../pools/asking-threads.ts';
import type { Subscription } from '../store/outbox-port.ts';
import type { Store } from '../store/port.ts';

/** What settles orders, with or without a daemon around it: the pool, the store, and the flows between them. */
export interface Engine {
  readonly asking: AskingPool;
  readonly store: Store;
  readonly pump: Pump;
  readonly sweeping: Sweeping;
  /** The policy of this moment. */
  readonly policy: () => Policy;
  /** Resolves when what is told and planned is as it is configured now; rejects when the store failed. */
  readonly subscribed: Promise<void>;
  /** Ends sweeps, commits what was decided, gives the rest back. Nothing is settled afterwards; reads still work. */
  stopSettling(): Promise<void>;
  /** Closes the store and the pool. */
  close(): Promise<void>;
}

/** What an engine is given. */
interface EngineSurroundings {
  readonly clock: Clock;
  readonly tell: Tell;
  /** Threads that load already. */
  readonly warm?: WarmThreads;
}

/**
 * Starts the threads first, because they take longest, and opens the store while they load.
 * @throws ReconciledError whatever the store says of its file; `configuration` without a gateway.
 */
export async function startEngine(
  config: Config,
  surroundings: EngineSurroundings,
): Promise<Engine> {
  const { clock, tell } = surroundings;
  const gateways = requireGateways(config);
  await using undo = new AsyncDisposableStack();
  const asking = createAsking({ gateways, threads: config.sweep.threads, ...surroundings });
  undo.defer(() => asking.close());
  const { openSqliteStore } = await import('../store/sqlite/index.ts');
  const store: Store = openSqliteStore({ path: databasePath(config), clock, tell });
  undo.defer(() => store.upkeep.close());
  const policy = () => policyOf(config, asking.answering());
  const subscribed = subscribe(store, config, clock, tell, longestPendingWaitMs(policy()));
  const pump = startPump({ docket: store.docket, clock, tell, policy, asking });
  undo.defer(() => pump.stop());
  const sweeping = await createSweeping({ docket: store.docket, clock, tell, pump });
  const started = undo.move();
  return {
    asking,
    store,
    pump,
    sweeping,
    policy,
    subscribed,
    // Ends the pump as well, in the order that both need.
    stopSettling: () => sweeping.stop(),
    close: () => started.disposeAsync(),
  };
}

/** The first that is written: the first questions need not wait for the disk, and what they lead to is written after this. */
function subscribe(
  { outbox, docket }: Store,
  config: Config,
  clock: Clock,
  tell: Tell,
  longestMs: DurationMs,
): Promise<void> {
  const now = clock.now();
  const subscribed = Promise.all([
    outbox.subscribe(subscriptionsOf(config), now),
    docket.hasten(now + longestMs, now),
  ]).then(([abandoned]) => {
    if (abandoned > 0) tell({ name: 'deliveries.abandoned', count: abandoned });
  });
  subscribed.catch(() => undefined);
  return subscribed;
}

function subscriptionsOf({ channels }: Config): readonly Subscription[] {
  return channels.flatMap(({ settings: { name }, topics, digestMs }) =>
    topics.map((topic) => ({
      channel: name,
      topic,
      // A condition is told at once: whoever waits for a table of them waits while the gateway is down.
      digestMs: isCondition(topic) ? 0 : digestMs,
    })),
  );
}
