import type { AmountMinor } from './money.ts';
import type { DurationMs, Instant } from './time.ts';

/**
 * What a gateway says a transaction is, in one language for all gateways. `authorised`: the money is reserved, not
 * taken; `attempt_failed`: a further attempt under the same key may still succeed; `unrecognised`: a word that the
 * adapter does not know.
 */
export const TRANSACTION_STATUSES = [
  'succeeded',
  'failed',
  'cancelled',
  'pending',
  'authorised',
  'attempt_failed',
  'refunded',
  'partly_refunded',
  'unrecognised',
] as const;

export type TransactionStatus = (typeof TRANSACTION_STATUSES)[number];

/** One transaction as a gateway reports it. Never holds a card number. */
export interface Transaction {
  readonly key: string;
  /** The order id that the gateway has for it. */
  readonly orderId: string;
  readonly status: TransactionStatus;
  readonly amount: AmountMinor;
  readonly currency: string;
  /** The gateway's words for people: at most 500 characters, card-like numbers masked. */
  readonly reason?: string;
  /** Replaces the payment window: until then the transaction may still change. */
  readonly expiresAt?: Instant;
}

/** "What do you know of this order?": one per order and gateway. */
export interface Inquiry {
  readonly kind: 'inquire';
  readonly gateway: string;
  readonly orderId: string;
  /** The order's member, for gateways whose reads are scoped to a user. */
  readonly userId: string;
  /** The keys that we know or that callbacks named, recorded ones first. */
  readonly keys: readonly string[];
  /** The recorded payments that this asks about: one recorded later is not judged by the answer. Adapters ignore it. */
  readonly about: readonly string[];
  /** True: list by order id even when a key turns out captured (a nudge or a doubt asks for everything). */
  readonly listAll: boolean;
}

/** "Give this back." Asked only for a payment already committed as `refund_due`, and after a look. */
export interface RefundOrder {
  readonly kind: 'refund';
  readonly gateway: string;
  readonly orderId: string;
  readonly key: string;
  readonly amount: AmountMinor;
  readonly currency: string;
  /** The same for every try of the same refund. */
  readonly idempotencyKey: string;
}

/** What a gateway is asked. */
export type Question = Inquiry | RefundOrder;

/** Why we learned nothing. `misconfigured` (401, 403 …) is the configuration's fault and not the order's. */
export type SilenceCause =
  | 'timeout'
  | 'connection'
  | 'server_error'
  | 'rate_limited'
  | 'misconfigured'
  | 'bad_request'
  | 'unreadable'
  | 'redirected'
  | 'circuit_open'
  | 'stopping'
  | 'internal';

/** What was heard. A plain value: it crosses threads and is kept in the journal. */
export type Answer =
  | {
      readonly kind: 'statement';
      /** Oldest first where the gateway tells an order. */
      readonly transactions: readonly Transaction[];
      /** Keys that the gateway says it never heard of, in its own words. */
      readonly absentKeys: readonly string[];
      /** Keys about which we learned nothing. */
      readonly silentKeys: readonly string[];
      /** It listed all it has for the order id. */
      readonly complete: boolean;
      /** Set when something of this statement was silent: the first cause. */
      readonly silence?: SilenceCause;
      readonly retryAfterMs?: DurationMs;
    }
  | {
      readonly kind: 'refund';
      readonly outcome: 'done' | 'underway' | 'refused';
      readonly refundedMinor: AmountMinor;
      readonly reason?: string;
    }
  /** We learned nothing. Silence is never evidence. */
  | { readonly kind: 'silent'; readonly cause: SilenceCause; readonly retryAfterMs?: DurationMs };

/** A question with its answer, as it is decided on and kept in the journal. */
export interface Heard {
  readonly question: Question;
  readonly answer: Answer;
}

/** What a callback named: a reason to ask, never evidence. */
export interface NoticedKey {
  readonly gateway: string;
  readonly key: string;
}
