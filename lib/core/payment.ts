import type { TransactionStatus } from './gateway.ts';
import type { AmountMinor } from './money.ts';
import type { Reason } from './reason.ts';
import type { Instant } from './time.ts';

/**
 * `refund_due`: the gateway holds money that pays for nothing; `refunded`: it went back. Only a gateway's word or a
 * person's record makes it so.
 */
export const PAYMENT_STATES = ['pending', 'succeeded', 'failed', 'refund_due', 'refunded'] as const;

export type PaymentState = (typeof PAYMENT_STATES)[number];

/** One attempt to pay the whole order at one gateway. */
export interface Payment {
  /** The shop's id, or one derived from gateway and key for a transaction that we never recorded. */
  readonly id: string;
  /** The configured gateway that serves its method; `null`: none does (imported, or the configuration changed). */
  readonly gateway: string | null;
  /** The shop's word for how it is paid: CARD, TRANSFER … */
  readonly method: string;
  /** Equals the order's amount; in the order's currency. */
  readonly amount: AmountMinor;
  readonly state: PaymentState;
  readonly reason: Reason | null;
  readonly reasonText: string | null;
  /** What the gateway calls it; `null`: it never told us. Unique with the gateway. */
  readonly transactionKey: string | null;
  readonly requestedAt: Instant;
  /** When it left `pending`. */
  readonly settledAt: Instant | null;
  /**
   * Set while `failed` rests on absence and not on the gateway's word: the moment it was presumed. Such a payment is
   * looked at again and can still turn out captured.
   */
  readonly presumedAt: Instant | null;
  /** What the gateway last said of its transaction; `null`: nothing yet. */
  readonly found: Found | null;
  /** What has to go back (`refund_due`) or went back (`refunded`); 0 otherwise. */
  readonly refundDue: AmountMinor;
  /** A person's receipt for a refund made by hand, or the gateway's word for it; `null`: none. */
  readonly refundReference: string | null;
  /** What a person was already told about this payment, so that each is told once. */
  readonly escalated: readonly Reason[];
}

/** The last word of a gateway about one transaction. */
export interface Found {
  readonly status: TransactionStatus;
  readonly amount: AmountMinor;
  readonly currency: string;
  /** False when the gateway says that the transaction belongs to another order. */
  readonly ours: boolean;
  readonly at: Instant;
}

/** A payment of which nothing is known but that it was tried. */
export function pendingPayment(
  attempt: Pick<Payment, 'id' | 'gateway' | 'method' | 'amount' | 'transactionKey' | 'requestedAt'>,
): Payment {
  return {
    id: attempt.id,
    gateway: attempt.gateway,
    method: attempt.method,
    amount: attempt.amount,
    state: 'pending',
    reason: null,
    reasonText: null,
    transactionKey: attempt.transactionKey,
    requestedAt: attempt.requestedAt,
    settledAt: null,
    presumedAt: null,
    found: null,
    refundDue: 0,
    refundReference: null,
    escalated: [],
  };
}

/** A gateway's word may still change it: not settled, or settled by presumption only. */
export function isUnresolved({
  state,
  presumedAt,
}: Pick<Payment, 'state' | 'presumedAt'>): boolean {
  return state === 'pending' || (state === 'failed' && presumedAt !== null);
}

/** What the gateway's last word was that it had captured for the order, in the order's currency; 0 when it was another word. */
export function lastCaptured({ found }: Payment, currency: string): AmountMinor {
  const captured = found?.status === 'succeeded' && found.ours && found.currency === currency;
  return captured ? found.amount : 0;
}
