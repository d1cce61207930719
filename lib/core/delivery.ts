import { type DurationMs, type Instant, MINUTE_MS } from './time.ts';

/**
 * One effect on its way to one channel. `pending`: it is sent when it is due, again and again; `delivered`: the receiver took
 * it; `dead`: given up, for a person to look at and send again.
 */
export type DeliveryState = 'pending' | 'delivered' | 'dead';

/** Every state, in the order of a life. */
export const DELIVERY_STATES = ['pending', 'delivered', 'dead'] as const satisfies DeliveryState[];

/** What a channel said of one attempt. `detail` is the receiver's words or ours: bounded, without secrets. */
export type Receipt =
  | { readonly kind: 'delivered'; readonly detail: string }
  | {
      readonly kind: 'failed';
      readonly cause: FailureCause;
      /** The receiver says that it will never take this (410, a permanent SMTP answer): no further attempt. */
      readonly permanent: boolean;
      /** The receiver asked to be left alone for so long: the whole channel waits. */
      readonly retryAfterMs: DurationMs | null;
      readonly detail: string;
    };

/** An attempt that failed and says nothing about the next one. */
export function failedReceipt(cause: FailureCause, detail: string): Receipt {
  return { kind: 'failed', cause, permanent: false, retryAfterMs: null, detail };
}

/** Why an attempt failed. `stopping`: the daemon ends, nobody knows whether it arrived. */
export type FailureCause =
  | 'timeout'
  | 'connection'
  | 'rejected'
  | 'rate_limited'
  | 'server_error'
  | 'redirected'
  | 'forbidden_address'
  | 'configuration'
  | 'stopping'
  | 'internal';

/** How long is tried, and how often. */
export interface RetryPolicy {
  /** The first wait is a random part of this. */
  readonly firstWaitMs: DurationMs;
  /** No wait is longer. */
  readonly longestWaitMs: DurationMs;
  /** From when it was due for the first time: what failed and is older than this is dead, after a fair trial. */
  readonly giveUpAfterMs: DurationMs;
}

/** What an attempt makes of a delivery. `nextAt`: when it is tried again; `null`: never by itself. */
export interface DeliveryDecision {
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly nextAt: Instant | null;
}

/**
 * What becomes of a delivery after an attempt: pure and total. The wait doubles with each attempt up to the longest and is
 * then drawn from the whole of it ("full jitter": what failed together does not come back together). `chance`: 0 ≤ x < 1.
 * `triedForMs`: for so long the daemon has been up and tried what is due.
 */
export function decideDelivery(
  delivery: {
    readonly attempts: number;
    readonly firstDueAt: Instant;
    readonly triedForMs: DurationMs;
  },
  receipt: Receipt,
  policy: RetryPolicy,
  now: Instant,
  chance: number,
): DeliveryDecision {
  // The end of the daemon says nothing about the receiver: the attempt does not count.
  if (receipt.kind === 'failed' && receipt.cause === 'stopping') {
    return { state: 'pending', attempts: delivery.attempts, nextAt: now };
  }
  const attempts = delivery.attempts + 1;
  if (receipt.kind === 'delivered') return { state: 'delivered', attempts, nextAt: null };
  const isTooOld =
    now - delivery.firstDueAt >= policy.giveUpAfterMs &&
    delivery.triedForMs >= Math.min(FAIR_TRIAL_MS, policy.giveUpAfterMs);
  if (receipt.permanent || isTooOld) return { state: 'dead', attempts, nextAt: null };
  const waitMs = Math.floor(chance * longestWait(policy, attempts));
  return { state: 'pending', attempts, nextAt: now + Math.max(waitMs, receipt.retryAfterMs ?? 0) };
}

/**
 * Nothing is given up sooner after the daemon has begun to try: what waited while it was off would be dead after one attempt, and the
 * receiver or the network may only be starting too. With the standard waits these are about eight attempts.
 */
const FAIR_TRIAL_MS: DurationMs = 10 * MINUTE_MS;

function longestWait({ firstWaitMs, longestWaitMs }: RetryPolicy, attempts: number): DurationMs {
  // Beyond 2^40 the longest wait has long been reached, and the power would lose its last digits.
  return Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(attempts - 1, 40));
}
