import type { Clock } from '../clock.ts';
import type { CallbackReading } from '../gateways/port.ts';
import type { Event, Tell } from '../observe/events.ts';
import type { AdmitOutcome, Intake } from '../store/port.ts';
import type { CallbackOutcome, Callbacks } from './port.ts';

/** What callbacks stand on. */
export interface CallbackGround {
  readonly intake: Intake;
  readonly clock: Clock;
  readonly tell: Tell;
  /** Reads a callback's body, by gateway name. */
  readonly readers: ReadonlyMap<string, (body: Uint8Array) => CallbackReading>;
  /** A notice for a known order was kept: somebody should look. */
  readonly nudged: () => void;
}

/**
 * Takes callbacks in. A callback decides nothing: it is kept, and the gateway is asked, so that a forged one can cause a
 * lookup and nothing else.
 */
export function createCallbacks(ground: CallbackGround): Callbacks {
  const { intake, clock, tell, readers, nudged } = ground;
  return {
    receive: async (gateway, body) => {
      const read = readers.get(gateway);
      if (read === undefined) return { kind: 'unknown_gateway' };
      const startedMs = clock.monotonicMs();
      const told = (outcome: Received) => {
        const durationMs = clock.monotonicMs() - startedMs;
        tell({ name: 'callback.received', gateway, outcome, durationMs });
      };
      const reading = read(body);
      if (reading.kind === 'unreadable') {
        told('invalid');
        return { kind: 'invalid', problem: reading.problem };
      }
      const { eventId, key, orderId } = reading;
      let outcome: AdmitOutcome | undefined;
      try {
        [outcome] = await intake.admit([
          { gateway, eventId, key, orderId, receivedAt: clock.now() },
        ]);
      } catch (error) {
        told('failed');
        throw error;
      }
      const kind = outcome ?? 'dropped';
      told(kind);
      if (kind === 'admitted' || kind === 'duplicate') nudged();
      return { kind } satisfies CallbackOutcome;
    },
  };
}

type Received = Extract<Event, { name: 'callback.received' }>['outcome'];

/**
 * An intake that rings after orders and payments, as callbacks do: one that came before its order may want a look at once, and
 * the next sweep can be a minute away.
 */
export function ringingIntake(intake: Intake, nudged: () => void): Intake {
  return {
    ...intake,
    createOrders: async (orders, now) => {
      const outcomes = await intake.createOrders(orders, now);
      nudged();
      return outcomes;
    },
    addPayment: async (orderId, payment, now, mode) => {
      const outcome = await intake.addPayment(orderId, payment, now, mode);
      nudged();
      return outcome;
    },
  };
}
