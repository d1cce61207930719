import type { Case, Decision } from './decision.ts';
import { REQUEST_FAILED_TEXT } from './judge.ts';
import { isUnresolved, type Payment } from './payment.ts';
import type { Reason } from './reason.ts';
import type { Instant } from './time.ts';

/** What became of a payment request that we sent; the adapter's `RequestOutcome`, as far as it matters here. */
export type RequestResult =
  | { readonly kind: 'accepted'; readonly key: string }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'not_reached' }
  | { readonly kind: 'nobody_knows' };

/**
 * What a sent request makes of its payment. Accepted: it has a key. Refused: declined at once. Not reached: presumed declined,
 * and the gateway is asked. Nobody knows: it stays pending without a key, and is never sent again.
 */
export function applyRequest(
  theCase: Case,
  paymentId: string,
  result: RequestResult,
  now: Instant,
): Decision {
  const payment = theCase.payments.find(({ id }) => id === paymentId);
  // A look may have settled the payment or learned its key while the reply was on its way.
  if (payment === undefined || !isUnresolved(payment) || payment.transactionKey !== null) {
    return unchanged(theCase);
  }
  switch (result.kind) {
    case 'accepted': {
      const known = theCase.payments.some(
        (one) => one.gateway === payment.gateway && one.transactionKey === result.key,
      );
      if (known) return unchanged(theCase);
      // A look may have presumed it failed meanwhile: the gateway's word takes that back, and it is asked about again.
      const accepted: Payment = {
        ...payment,
        state: 'pending',
        reason: null,
        reasonText: null,
        transactionKey: result.key,
        settledAt: null,
        presumedAt: null,
      };
      const lookAt = payment.presumedAt === null ? null : now;
      return change(theCase, accepted, 'still_open', now, lookAt);
    }
    case 'refused': {
      const declined: Payment = {
        ...payment,
        state: 'failed',
        reason: 'declined',
        reasonText: result.reason,
        settledAt: now,
        presumedAt: null,
      };
      return change(theCase, declined, 'declined', now, now);
    }
    case 'not_reached': {
      if (payment.presumedAt !== null) return unchanged(theCase);
      const presumed: Payment = {
        ...payment,
        state: 'failed',
        reason: 'request_failed',
        reasonText: REQUEST_FAILED_TEXT,
        settledAt: now,
        presumedAt: now,
      };
      return change(theCase, presumed, 'request_failed', now, now);
    }
    case 'nobody_knows':
      return unchanged(theCase);
  }
}

/** `lookAt` null: the planned look stays. A settled order is looked at again by its own plan. */
function change(
  theCase: Case,
  payment: Payment,
  reason: Reason,
  now: Instant,
  lookAt: Instant | null,
): Decision {
  const { order } = theCase;
  return {
    ...unchanged(theCase),
    reason,
    changed: true,
    order: {
      ...order,
      updatedAt: now,
      version: order.version + 1,
      lookAt: lookAt ?? order.lookAt ?? now,
    },
    payments: [payment],
  };
}

function unchanged({ order }: Case): Decision {
  return {
    orderId: order.id,
    basis: order.version,
    reason: 'watching',
    changed: false,
    order,
    payments: [],
    added: [],
    take: [],
    effects: [],
    judgements: [],
  };
}
