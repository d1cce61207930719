import type { Answer, Inquiry, RefundOrder, SilenceCause } from '../core/gateway.ts';
import type { AmountMinor } from '../core/money.ts';
import type { DurationMs } from '../core/time.ts';

/** What an adapter must know of its gateway: plain values, because they travel to threads. */
export interface GatewaySettings {
  readonly name: string;
  readonly kind: string;
  /** Without a trailing slash. */
  readonly baseUrl: string;
  /** Of every amount, where the gateway does not say. ISO 4217. */
  readonly currency: string;
  /** `member`: the order's member, anything else: that fixed id. */
  readonly userId: string;
  /** What we name in requests that we send. */
  readonly callbackUrl: string;
  /** The whole request, connect to last byte. */
  readonly lookupTimeoutMs: DurationMs;
  readonly connectTimeoutMs: DurationMs;
  /** Connections that one thread may open. */
  readonly connections: number;
}

/** What a kind of gateway can do. */
interface Capabilities {
  /** Lists all it has for an order id. */
  readonly canList: boolean;
  readonly canRefund: boolean;
  readonly paymentWindowMs: DurationMs;
}

/** One kind of gateway. Pure but for `connect`. */
export interface GatewayKind {
  readonly kind: string;
  readonly capabilities: Capabilities;
  /** It refuses payment requests whose callback URL does not begin with this; `null`: it takes any. */
  readonly callbackOrigin: string | null;
  /** Opens a connection pool to it, in the thread that asks. */
  connect(settings: GatewaySettings): Gateway;
  /** Reads the body of a callback; a word and a text say what was wrong with it. Never throws. */
  readCallback(body: Uint8Array): CallbackReading;
}

/**
 * So many requests an inquiry makes at most, one after the other and each within `lookup_timeout`: 50 payments of the shop, a list, and as
 * many again that it names. Whoever waits for one must wait for all of them.
 */
export const MOST_REQUESTS = 101;

/** A connected gateway. None of its promises rejects: trouble is an answer. */
export interface Gateway {
  inquire(inquiry: Inquiry): Promise<Asked<Answer>>;
  /** Absent where the gateway cannot refund. */
  refund?(order: RefundOrder): Promise<Asked<Answer>>;
  /** Absent where it takes no payment requests. */
  request?(request: PaymentRequest): Promise<Asked<RequestOutcome>>;
  close(): Promise<void>;
}

/** An outcome with the HTTP exchanges that it took, for metrics, limits and the circuit. */
export interface Asked<T> {
  readonly outcome: T;
  readonly exchanges: readonly Exchange[];
}

/** One HTTP request and what became of it. */
export interface Exchange {
  /** `lookup`: by key; `list`: by order id. */
  readonly kind: 'lookup' | 'list' | 'refund' | 'request';
  readonly durationMs: number;
  /** `answered` also for an absence in the gateway's own words. Everything else is a `SilenceCause`. */
  readonly result: 'answered' | SilenceCause;
  readonly status: number | null;
  readonly retryAfterMs: DurationMs | null;
}

/** A payment to be requested in the shop's name. The number is passed through: never stored, never logged. */
export interface PaymentRequest {
  readonly gateway: string;
  readonly orderId: string;
  readonly userId: string;
  readonly amount: AmountMinor;
  readonly cardType: string;
  readonly cardNo: string;
}

/**
 * What became of a request: `accepted` with its key; `refused`: declined at once, nothing recorded; `not_reached`: certainly
 * nothing recorded, retries spent; `nobody_knows`: it may have been recorded, so it is never sent again.
 */
export type RequestOutcome =
  | { readonly kind: 'accepted'; readonly key: string }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'not_reached'; readonly cause: string }
  | { readonly kind: 'nobody_knows'; readonly cause: string };

/** `key` or `orderId` is there; `eventId` identifies repeats. */
export type CallbackReading =
  | {
      readonly kind: 'notice';
      readonly eventId: string;
      readonly key: string | null;
      readonly orderId: string | null;
    }
  | { readonly kind: 'unreadable'; readonly flaw: ReadingFlaw; readonly problem: string };

/** What is wrong with a body. `names_nothing`: it has neither the key of a payment nor the id of an order. */
export type ReadingFlaw = 'too_large' | 'too_many_values' | 'not_json' | 'names_nothing';

/** What is wrong with a callback, for the log: the body is never told. `cut_off`: the caller went away, or sent too slowly. */
export type CallbackFlaw = ReadingFlaw | 'compressed' | 'cut_off';
