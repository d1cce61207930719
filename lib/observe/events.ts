import type { FailureCause } from '../core/delivery.ts';
import type { EffectTopic } from '../core/effect.ts';
import type { OrderState } from '../core/order.ts';
import type { Reason } from '../core/reason.ts';
import type { CallbackFlaw, Exchange } from '../gateways/port.ts';

/**
 * Everything that the daemon tells about itself: a closed catalogue. Log and metrics are two readers of it. No event holds
 * a card number, a secret or a member's data.
 */
export type Event =
  | {
      readonly name: 'daemon.started';
      readonly version: string;
      readonly listen: string;
      readonly callbackListen: string | null;
    }
  | { readonly name: 'daemon.stopping'; readonly signal: string }
  | { readonly name: 'daemon.stopped' }
  | { readonly name: 'order.created'; readonly orderId: string }
  | {
      readonly name: 'order.decided';
      readonly orderId: string;
      readonly from: OrderState;
      readonly to: OrderState;
      readonly reason: Reason;
      readonly changed: boolean;
      /** Where its payments are. */
      readonly gateways: readonly string[];
      /** What brought it. */
      readonly trigger: 'sweep' | 'callback' | 'request' | 'person';
      readonly outcome: 'applied' | 'stale' | 'refused';
    }
  | { readonly name: 'order.poisoned'; readonly orderId: string; readonly error: string }
  | { readonly name: 'sweep.started'; readonly sweepId: number }
  | {
      readonly name: 'sweep.ended';
      readonly sweepId: number;
      readonly looked: number;
      readonly durationMs: number;
    }
  | { readonly name: 'sweep.failed'; readonly error: string }
  | {
      readonly name: 'gateway.exchanged';
      readonly gateway: string;
      /** Which order it was about. */
      readonly orderId: string;
      readonly exchange: Exchange;
    }
  | {
      readonly name: 'gateway.circuit';
      readonly gateway: string;
      readonly state: CircuitState;
      readonly cause: string;
    }
  | {
      readonly name: 'gateway.misconfigured';
      readonly gateway: string;
      readonly status: number | null;
    }
  | {
      readonly name: 'callback.received';
      readonly gateway: string;
      /** `kept`: what it means is told by `callback.matched`, right after this or, in a flood, when its turn comes. */
      readonly outcome: 'kept' | 'duplicate' | 'dropped' | 'invalid' | 'failed';
      /** Why it is `invalid`; `null`: it is not. */
      readonly cause: CallbackFlaw | null;
      readonly durationMs: number;
    }
  | {
      /** What became of a callback that was kept. */
      readonly name: 'callback.matched';
      readonly gateway: string;
      /** `admitted`: its order is nudged. `unmatched`: its order is not there yet. `dropped`: the same, and too many wait. */
      readonly outcome: 'admitted' | 'unmatched' | 'dropped';
    }
  | {
      readonly name: 'payment.requested';
      readonly orderId: string;
      readonly outcome: 'accepted' | 'refused' | 'not_reached' | 'nobody_knows';
    }
  /** The channel `log`: what is told, in a sentence. */
  | {
      readonly name: 'notice';
      readonly channel: string;
      readonly topic: EffectTopic;
      readonly key: string;
      readonly text: string;
    }
  | {
      readonly name: 'delivery.attempted';
      readonly channel: string;
      readonly topic: EffectTopic;
      /** `failed`: it is tried again; `dead`: it is not. */
      readonly outcome: 'delivered' | 'failed' | 'dead';
      readonly cause: FailureCause | null;
      readonly attempt: number;
      readonly durationMs: number;
      readonly detail: string;
    }
  | {
      readonly name: 'report.made';
      readonly day: string;
      readonly orders: number;
      /** False: somebody has to look, the ledgers contradict each other. */
      readonly tiesOut: boolean;
      readonly differences: number;
      readonly durationMs: number;
    }
  /** `day` `null`: it is not known which days are missing. It is tried again. */
  | { readonly name: 'report.failed'; readonly day: string | null; readonly error: string }
  /** Deliveries of channels that are not configured any more were given up. */
  | { readonly name: 'deliveries.abandoned'; readonly count: number }
  /** A database of an older layout is copied, then changed: the loop stands still until that is done. */
  | { readonly name: 'store.upgrading'; readonly from: number; readonly to: number }
  | { readonly name: 'store.committed'; readonly rows: number; readonly durationMs: number }
  | { readonly name: 'store.failed'; readonly error: string }
  /** A bug met while a request was answered: where it happened, never what was sent. */
  | {
      readonly name: 'http.failed';
      readonly method: string;
      readonly route: string;
      readonly error: string;
    }
  | { readonly name: 'pool.failed'; readonly pool: string; readonly error: string }
  | { readonly name: 'pool.recovered'; readonly pool: string };

/** `half_open`: a few trials are let through. */
export type CircuitState = 'closed' | 'half_open' | 'open';

/** Tells an event. Never throws. */
export type Tell = (event: Event) => void;
