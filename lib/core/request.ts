import { paymentOfKey } from './assess.ts';
import { type Case, type Decision, unchanged } from './decision.ts';
import { REQUEST_FAILED_TEXT } from './judge.ts';
import { LISTING_AFTER_MS } from './look.ts';
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
 * and the gateway is asked. Nobody knows: it stays pending without a key, and is never sent again. A look may have settled the
 * payment while the reply was on its way, by a transaction that nobody recorded: the one that was requested is another then.
 */
export function applyRequest(
  theCase: Case,
  paymentId: string,
  result: RequestResult,
  now: Instant,
): Decision {
  const payment = theCase.payments.find(({ id }) => id === paymentId);
  if (payment === undefined) return unchanged(theCase);
  if (!isUnresolved(payment) || payment.transactionKey !== null) {
    return afterLook(theCase, payment, result, now);
  }
  switch (result.kind) {
    case 'accepted': {
      if (isKnown(theCase, payment, result.key)) return unchanged(theCase);
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

/** What is left to learn for a payment that a look settled, or gave a key to. */
function afterLook(theCase: Case, payment: Payment, result: RequestResult, now: Instant): Decision {
  const { order } = theCase;
  switch (result.kind) {
    case 'accepted': {
      if (payment.gateway === null || isKnown(theCase, payment, result.key)) {
        return unchanged(theCase);
      }
      // A person accepted it meanwhile: that one was meant.
      if (payment.transactionKey === null && payment.state === 'succeeded') {
        const keyed = { ...payment, transactionKey: result.key };
        return change(theCase, keyed, 'watching', now, null);
      }
      const another = paymentOfKey(result.key, payment.gateway, theCase, now);
      const decision = change(theCase, null, 'still_open', now, now);
      return { ...decision, added: [another] };
    }
    case 'nobody_knows': {
      // The order was listed while the request was under way, and what became of that may not have been in the list.
      if (order.listedAt === null) return unchanged(theCase);
      const listAt = now + LISTING_AFTER_MS;
      const lookAt = Math.min(order.lookAt ?? listAt, listAt);
      const decision = change(theCase, null, 'watching', now, lookAt);
      return { ...decision, order: { ...decision.order, listedAt: null } };
    }
    case 'refused':
    case 'not_reached':
      return unchanged(theCase);
  }
}

function isKnown({ payments }: Case, { gateway }: Payment, key: string): boolean {
  return payments.some((one) => one.gateway === gateway && one.transactionKey === key);
}

/**
 * `payment` null: none of those that are recorded changes. `lookAt` null: the planned look stays. A settled order is looked at
 * again by its own plan.
 */
function change(
  theCase: Case,
  payment: Payment | null,
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
    payments: payment === null ? [] : [payment],
  };
}
