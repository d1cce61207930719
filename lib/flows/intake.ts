import type { Clock } from '../clock.ts';
import type { CallbackReading } from '../gateways/port.ts';
import type { Event, Tell } from '../observe/events.ts';
import type { Intake } from '../store/port.ts';
import type { Callbacks } from './port.ts';

/** What callbacks stand on. */
interface CallbackGround {
  readonly intake: Intake;
  readonly clock: Clock;
  readonly tell: Tell;
  /** Reads a callback's body, by gateway name. */
  readonly readers: ReadonlyMap<string, (body: Uint8Array) => CallbackReading>;
  /** A callback was kept: somebody should find out what it means. */
  readonly kept: () => void;
}

/**
 * Takes callbacks in. A callback decides nothing: it is kept, its order is found out after that, and the gateway is asked, so
 * that a forged one can cause a lookup and nothing else.
 */
export function createCallbacks(ground: CallbackGround): Callbacks {
  const { intake, clock, tell, readers, kept } = ground;
  // Thousands may come in a second: no more of promises and objects here than each needs.
  return {
    receive: (gateway, body, isCompressed = () => false) => {
      const read = readers.get(gateway);
      if (read === undefined) return Promise.resolve({ kind: 'unknown_gateway' });
      const startedMs = clock.monotonicMs();
      const told = (outcome: Received['outcome'], cause: Received['cause'] = null) => {
        const durationMs = clock.monotonicMs() - startedMs;
        tell({ name: 'callback.received', gateway, outcome, cause, durationMs });
      };
      const reading = read(body);
      if (reading.kind === 'unreadable') {
        const { flaw, problem } = isCompressed() ? COMPRESSED : reading;
        told('invalid', flaw);
        return Promise.resolve({ kind: 'invalid', problem });
      }
      const { eventId, key, orderId } = reading;
      return intake.admit({ gateway, eventId, key, orderId, receivedAt: clock.now() }).then(
        (outcome) => {
          told(outcome);
          if (outcome !== 'dropped') kept();
          return { kind: outcome };
        },
        (error) => {
          told('failed');
          // Nobody knows whether it was kept all the same.
          kept();
          throw error;
        },
      );
    },
  };
}

type Received = Extract<Event, { name: 'callback.received' }>;

/** A proxy on the way may compress what it passes on. Nothing is unpacked: a kilobyte could become a gigabyte. */
const COMPRESSED = {
  flaw: 'compressed',
  problem: 'the body is compressed and has to be sent as it is',
} as const;

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
