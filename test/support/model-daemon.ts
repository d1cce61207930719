import type { Policy } from '../../lib/core/policy.ts';
import { createCommands } from '../../lib/flows/commands.ts';
import { createCallbacks } from '../../lib/flows/intake.ts';
import type { Callbacks, Commands, Requesting, Stoppable, Sweeping } from '../../lib/flows/port.ts';
import { type Pump, startPump } from '../../lib/flows/pump.ts';
import { createRequesting } from '../../lib/flows/request.ts';
import { createSweeping } from '../../lib/flows/sweep.ts';
import type { CallbackReading } from '../../lib/gateways/port.ts';
import type { Tell } from '../../lib/observe/events.ts';
import type { Asking } from '../../lib/pools/port.ts';
import type { Store } from '../../lib/store/port.ts';
import type { ModelGateway } from './model-gateway.ts';
import type { TurnedClock } from './turned-clock.ts';

/** All flows of a daemon on a turned clock, as `daemon.ts` would wire them. */
export interface ModelDaemon {
  readonly pump: Pump;
  readonly sweeping: Sweeping & Stoppable;
  readonly callbacks: Callbacks;
  readonly commands: Commands;
  readonly requesting: Requesting & Stoppable;
  readonly policy: () => Policy;
  /** Ends all flows; the store stays open. */
  stop(): Promise<void>;
}

interface ModelDaemonParts {
  readonly clock: TurnedClock;
  readonly store: Store;
  readonly asking: Asking;
  /** As the daemon takes them to be. */
  readonly gateways: readonly ConfiguredGateway[];
  readonly settings: Omit<Policy, 'gateways'>;
  readonly tell: Tell;
}

type ConfiguredGateway = Pick<ModelGateway, 'name' | 'settings'>;

export async function startModelDaemon(parts: ModelDaemonParts): Promise<ModelDaemon> {
  const { clock, store, asking, gateways, settings, tell } = parts;
  const policy = (): Policy => ({ ...settings, gateways: policiesOf(gateways, asking) });
  const ground = { docket: store.docket, intake: store.intake, clock, tell, policy, asking };
  const pump = startPump(ground);
  const sweeping = await createSweeping({ ...ground, pump });
  const requesting = createRequesting(ground);
  return {
    pump,
    sweeping,
    requesting,
    policy,
    callbacks: createCallbacks({
      ...ground,
      readers: new Map(gateways.map(({ name }) => [name, readCallback])),
      kept: () => pump.kept(),
    }),
    commands: createCommands(ground),
    stop: async () => {
      await Promise.all([sweeping.stop(), requesting.stop()]);
    },
  };
}

function policiesOf(gateways: readonly ConfiguredGateway[], asking: Asking): Policy['gateways'] {
  const answering = asking.answering();
  return gateways.map(({ settings: { name, canList, canRefund, paymentWindowMs } }) => ({
    name,
    canList,
    canRefund,
    paymentWindowMs,
    answering: answering.includes(name),
  }));
}

/** What a model gateway says in a callback. */
export interface ModelCallback {
  readonly eventId: string;
  readonly key: string | null;
  readonly orderId: string | null;
}

/** The body of a callback of a model gateway. */
export function callbackBody(callback: ModelCallback): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(callback));
}

function readCallback(body: Uint8Array): CallbackReading {
  try {
    const read: unknown = JSON.parse(new TextDecoder().decode(body));
    if (typeof read === 'object' && read !== null && 'eventId' in read) {
      const { eventId, key, orderId } = read as ModelCallback;
      return { kind: 'notice', eventId, key, orderId };
    }
  } catch {
    // Not JSON: unreadable like everything else that is none of ours.
  }
  return { kind: 'unreadable', flaw: 'not_json', problem: 'not a callback of a model gateway' };
}
