import { orderEffect, paymentEffect } from './announce.ts';
import { type Case, type Decision, unchanged } from './decision.ts';
import type { Effect } from './effect.ts';
import { owe } from './final.ts';
import { type Look, lookOf, nextLook } from './look.ts';
import { isFinal, type Order } from './order.ts';
import { lastCaptured, type Payment } from './payment.ts';
import type { Policy } from './policy.ts';
import { shortages, takings } from './stock.ts';
import type { Instant } from './time.ts';

/** How a person ends a hold. */
export interface Resolution {
  readonly state: 'pending' | 'completed' | 'failed';
  /** The payment that a person accepts, for `completed`; ignored otherwise. */
  readonly paymentId: string | null;
}

/** A person's command that contradicts what is stored; the sentence says how. `field`: the part of the command that does, if it is one. */
export interface Refused {
  readonly refused: string;
  readonly field?: 'paymentId' | 'reference';
}

/**
 * A person's end of a hold. `completed` accepts one payment, whatever the gateway said of it, and takes the stock; every other
 * payment last found captured becomes refund_due; so do all of them for `failed`. The rest stays watched. `pending` asks again.
 */
export function resolve(
  theCase: Case,
  resolution: Resolution,
  policy: Policy,
  now: Instant,
): Decision | Refused {
  const { order } = theCase;
  if (order.state !== 'held') {
    return { refused: `the order is ${order.state}: only a held order can be resolved` };
  }
  const look = lookOf(theCase, [], policy, now);
  const next: Order = {
    ...order,
    state: resolution.state,
    reason: 'resolved_by_person',
    reasonText: null,
    updatedAt: now,
    looks: 0,
    silentSince: null,
    lookAt: now,
    version: order.version + 1,
  };
  switch (resolution.state) {
    case 'pending':
      return decision(look, next, [], []);
    case 'failed':
      return conclude(look, next, null);
    case 'completed': {
      const [short] = shortages(theCase);
      if (short !== undefined)
        return { refused: `the stock of product ${short.productId} does not suffice` };
      const accepted = acceptedPayment(theCase, resolution.paymentId);
      if (accepted !== null && 'refused' in accepted) return accepted;
      return conclude(look, { ...next, paidBy: accepted?.id ?? null }, accepted);
    }
  }
}

/** A person's record of a refund made by hand. `same`: it is recorded already under this reference. */
export function recordRefund(
  theCase: Case,
  paymentId: string,
  reference: string,
  policy: Policy,
  now: Instant,
): Decision | Refused | 'same' {
  const payment = theCase.payments.find(({ id }) => id === paymentId);
  if (payment === undefined) return { refused: 'the order has no such payment' };
  if (payment.state === 'refunded') {
    return payment.refundReference === reference
      ? 'same'
      : {
          refused: `the refund is recorded already, as ${payment.refundReference}`,
          field: 'reference',
        };
  }
  if (payment.state !== 'refund_due') {
    return { refused: `the payment is ${payment.state}: nothing is due to go back` };
  }
  const { order } = theCase;
  const look = lookOf(theCase, [], policy, now);
  const back: Payment = {
    ...payment,
    state: 'refunded',
    reason: 'refunded',
    refundReference: reference,
    settledAt: now,
  };
  const next: Order = { ...order, updatedAt: now, version: order.version + 1 };
  const others = theCase.payments.map((one) => (one.id === paymentId ? back : one));
  const lookAt = isFinal(order.state)
    ? earlier(order.lookAt, nextLook(look, next, others))
    : order.lookAt;
  const effect: Effect = {
    ...paymentEffect('refund.done', next, next.version, back, 'refunded'),
    text: null,
  };
  return { ...decision(look, { ...next, lookAt }, [back], [effect]), reason: 'refunded' };
}

/** A look that was planned stays planned: something else may have been silent in the last one. */
function earlier(planned: Instant | null, next: Instant | null): Instant | null {
  return planned === null || next === null ? (planned ?? next) : Math.min(planned, next);
}

/** The payment that the person named; `null`: nothing is due. */
function acceptedPayment(theCase: Case, paymentId: string | null): Payment | null | Refused {
  if (paymentId === null) {
    return theCase.order.amount === 0 ? null : refused(namesNone(theCase));
  }
  const payment = theCase.payments.find(({ id }) => id === paymentId);
  if (payment === undefined) return refused(`the order has no payment ${paymentId}`);
  if (!mayPay(payment))
    return refused(`payment ${paymentId} is ${payment.state}: it cannot pay for the order`);
  return payment;
}

function refused(sentence: string): Refused {
  return { refused: sentence, field: 'paymentId' };
}

function mayPay({ state }: Payment): boolean {
  return state !== 'refund_due' && state !== 'refunded';
}

/** Which payment was meant only the person knows, also where there is one: the gateway did not say that it is paid. */
function namesNone({ order, payments }: Case): string {
  const ids = payments.filter(mayPay).map(({ id }) => id);
  if (ids.length === 0)
    return `the order has no payment that could be accepted: record the one that was made first (POST /v1/orders/${order.id}/payments)`;
  const named = ids.slice(0, MAX_NAMED).join(', ');
  const more = ids.length > MAX_NAMED ? ' or another one' : '';
  return `completed needs the payment that is accepted (paymentId, --payment): ${named}${more}`;
}

/** An order may have a thousand payments. */
const MAX_NAMED = 3;

/** Completed or failed by a person: what was last found captured, and does not pay for it, goes back. */
function conclude(look: Look, order: Order, accepted: Payment | null): Decision {
  const { theCase, now } = look;
  const rest = theCase.payments
    .filter(({ id }) => id !== accepted?.id)
    .map((payment) => {
      const captured = lastCaptured(payment, order.currency);
      const open = payment.state === 'pending' || payment.state === 'failed';
      if (captured === 0 || !open) return { payment, effects: [] };
      const row = order.state === 'completed' ? 'duplicate_capture' : 'late_capture';
      return owe(look, payment, captured, row);
    });
  const paid: readonly Payment[] =
    accepted === null
      ? []
      : [
          {
            ...accepted,
            state: 'succeeded',
            reason: 'resolved_by_person',
            settledAt: now,
            presumedAt: null,
          },
        ];
  const payments = [...paid, ...rest.map(({ payment }) => payment)];
  const changed = payments.filter((payment) => !theCase.payments.includes(payment));
  const topic = order.state === 'completed' ? 'order.completed' : 'order.failed';
  const built = decision(look, { ...order, lookAt: nextLook(look, order, payments) }, changed, [
    orderEffect(topic, order, 'resolved_by_person', null),
    ...rest.flatMap(({ effects }) => effects),
  ]);
  return order.state === 'completed' ? { ...built, take: takings(theCase.items) } : built;
}

function decision(
  { theCase }: Look,
  order: Order,
  payments: readonly Payment[],
  effects: readonly Effect[],
): Decision {
  return {
    ...unchanged(theCase),
    reason: 'resolved_by_person',
    changed: true,
    order,
    payments,
    effects,
  };
}
