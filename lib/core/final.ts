import { paymentEffect } from './announce.ts';
import type { Assessed } from './assess.ts';
import type { Effect, EffectTopic } from './effect.ts';
import type { Answer } from './gateway.ts';
import { doubtUntil, type Look } from './look.ts';
import type { AmountMinor } from './money.ts';
import type { Order } from './order.ts';
import { isUnresolved, lastCaptured, type Payment } from './payment.ts';
import { gatewayPolicy } from './policy.ts';
import { refundable } from './questions.ts';
import type { Reason } from './reason.ts';
import type { Judgement } from './verdict.ts';

/** What the rows of final orders make of the payments. */
interface Rest {
  /** All payments but those settled by the row itself; an unchanged one is the same object as before. */
  readonly payments: readonly Payment[];
  readonly effects: readonly Effect[];
  readonly orderEscalated: readonly Reason[];
  /** The first row that fits; `watching` when none does. */
  readonly reason: Reason;
}

/** The rows of final orders in the order of the table: the first that some payment shows names the decision. */
const ROWS: readonly Reason[] = [
  'duplicate_capture',
  'late_capture',
  'mismatched_capture',
  'reversed_after_completion',
  'refunded',
  'refund_underway',
  'refund_refused',
  'refund_by_hand',
];

/** What became of one payment. `row`: the row of the table that it shows, `null`: it is only watched. */
interface Settled {
  readonly payment: Payment;
  readonly row: Reason | null;
  readonly effects: readonly Effect[];
  readonly orderEscalation?: Reason;
}

/**
 * Settles the payments of an order that is final (now): captured money that pays for nothing goes back, declines are kept,
 * the rest is watched; a person is told once of each thing that the daemon cannot end itself.
 */
export function settleRest(look: Look, order: Order, done: readonly Payment[]): Rest {
  const settledIds = new Set(done.map(({ id }) => id));
  const settled = look.assessment.payments
    .filter(({ payment }) => !settledIds.has(payment.id))
    .map((assessed) => settle(look, order, assessed));
  const escalations = settled.flatMap(({ orderEscalation }) => orderEscalation ?? []);
  return {
    payments: settled.map(({ payment }) => payment),
    effects: settled.flatMap(({ effects }) => effects),
    orderEscalated: [...new Set([...order.escalated, ...escalations])],
    reason: ROWS.find((row) => settled.some((one) => one.row === row)) ?? 'watching',
  };
}

function settle(look: Look, order: Order, assessed: Assessed): Settled {
  const { payment } = assessed;
  switch (payment.state) {
    case 'succeeded':
      return watchPaid(look, order, assessed);
    case 'refunded':
      return { payment, row: null, effects: [] };
    case 'refund_due':
      return payBack(look, order, assessed);
    case 'pending':
    case 'failed':
      return settleUnpaid(look, order, assessed);
  }
}

/** The payment that completed the order: a reversal at the gateway changes nothing here, but a person hears of it. */
function watchPaid(look: Look, order: Order, assessed: Assessed): Settled {
  const { payment, before, judgement } = assessed;
  const { transaction, verdict } = judgement;
  if (transaction === null || verdict === 'captured' || verdict === 'open') {
    return { payment, row: null, effects: [] };
  }
  const row: Reason = 'reversed_after_completion';
  if (order.escalated.includes(row)) return { payment, row, effects: [] };
  // The same word as when a person accepted it: nothing was taken back.
  if (payment === before) return { payment, row: null, effects: [] };
  const effects = [effectOf(look, 'order.attention', payment, row)];
  return { payment, row, effects, orderEscalation: row };
}

/** Money that has to go back, and was committed as such. */
function payBack(look: Look, order: Order, { payment, judgement }: Assessed): Settled {
  const { transaction } = judgement;
  const status = transaction?.orderId === order.id ? transaction.status : null;
  if (status === 'refunded') return refunded(look, payment);
  const answer = refundAnswer(look, payment);
  if (answer?.kind === 'refund' && answer.outcome === 'done') {
    return answer.refundedMinor >= payment.refundDue
      ? refunded(look, payment)
      : escalate(look, payment, 'refund_refused');
  }
  if (answer?.kind === 'refund' && answer.outcome === 'refused') {
    const reasonText = answer.reason ?? payment.reasonText;
    const told = reasonText === payment.reasonText ? payment : { ...payment, reasonText };
    return escalate(look, told, 'refund_refused');
  }
  return underway(look, payment, status === 'partly_refunded');
}

function underway(look: Look, payment: Payment, partly: boolean): Settled {
  const gateway = gatewayPolicy(look.policy, payment.gateway);
  const byHand = !(gateway?.canRefund ?? false) || payment.escalated.includes('refund_by_hand');
  if (byHand) return escalate(look, payment, 'refund_by_hand');
  // How much of it went back is not known, so another refund could pay back too much.
  if (partly || !refundable(payment, look.policy)) return escalate(look, payment, 'refund_refused');
  return { payment, row: 'refund_underway', effects: [] };
}

function refunded(look: Look, payment: Payment): Settled {
  const back: Payment = {
    ...payment,
    state: 'refunded',
    reason: 'refunded',
    refundReference: payment.refundReference ?? payment.transactionKey,
    settledAt: look.now,
  };
  return {
    payment: back,
    row: 'refunded',
    effects: [effectOf(look, 'refund.done', back, 'refunded')],
  };
}

function refundAnswer({ heard }: Look, payment: Payment): Answer | undefined {
  return heard.find(
    ({ question }) =>
      question.kind === 'refund' &&
      question.gateway === payment.gateway &&
      question.key === payment.transactionKey,
  )?.answer;
}

/** A payment that did not pay for the order. */
function settleUnpaid(look: Look, order: Order, assessed: Assessed): Settled {
  const { payment, judgement } = assessed;
  if (judgement.transaction?.status === 'succeeded' && judgement.transaction.amount === 0) {
    return { payment: emptyCapture(payment, look), row: null, effects: [] };
  }
  // What was heard now, or before when nothing was: ignorance never overwrites knowledge.
  const captured = lastCaptured(payment, order.currency);
  if (captured > 0) {
    const row = captured === order.amount ? captureRow(look, order) : 'mismatched_capture';
    return owe(look, payment, captured, row);
  }
  const known = learned(payment, judgement, look.now);
  switch (judgement.verdict) {
    case 'mismatched':
    case 'unclear':
      return { ...escalate(look, known, judgement.verdict), row: null };
    case 'captured':
    case 'declined':
      return { payment: known, row: null, effects: [] };
    case 'presumed_declined':
      return { payment: presumed(payment, judgement, look), row: null, effects: [] };
    case 'open':
    case 'unknown':
      return watch(look, assessed);
  }
}

/** A capture of nothing: there is nothing to pay back. */
function emptyCapture(payment: Payment, { now }: Look): Payment {
  if (!isUnresolved(payment)) return payment;
  return { ...payment, state: 'failed', reason: 'nothing_due', settledAt: now, presumedAt: null };
}

/** Why captured money pays for nothing. Only the decision that found the stock short says so. */
function captureRow({ theCase }: Look, order: Order): Reason {
  if (order.state === 'completed') return 'duplicate_capture';
  const failsNow = theCase.order.state !== 'failed';
  return failsNow && order.reason === 'out_of_stock' ? 'out_of_stock' : 'late_capture';
}

/** The gateway holds this much for nothing. Where it cannot refund, a person is asked in the same breath. */
export function owe(look: Look, payment: Payment, amount: AmountMinor, row: Reason): Settled {
  const due: Payment = {
    ...payment,
    state: 'refund_due',
    reason: row,
    refundDue: amount,
    settledAt: look.now,
    presumedAt: null,
  };
  const effects = [effectOf(look, 'refund.due', due, row)];
  const gateway = gatewayPolicy(look.policy, payment.gateway);
  if (gateway?.canRefund ?? false) return { payment: due, row, effects };
  const byHand = escalate(look, due, 'refund_by_hand');
  return { payment: byHand.payment, row, effects: [...effects, ...byHand.effects] };
}

/** Nothing final is known of it; after `holdAfterMs` a person hears of it, once. */
function watch(look: Look, assessed: Assessed): Settled {
  const { payment, judgement } = assessed;
  const known = learned(payment, judgement, look.now);
  if (known.state !== 'pending') return { payment: known, row: null, effects: [] };
  if (look.now <= doubtUntil(look, assessed)) return { payment: known, row: null, effects: [] };
  const why = judgement.verdict === 'open' ? 'open_too_long' : 'silent_too_long';
  return { ...escalate(look, known, why), row: null };
}

/** Tells a person once; the payment remembers that it was told. */
function escalate(look: Look, payment: Payment, row: Reason): Settled {
  if (payment.escalated.includes(row)) return { payment, row, effects: [] };
  const told: Payment = { ...payment, escalated: [...payment.escalated, row] };
  return { payment: told, row, effects: [effectOf(look, 'order.attention', told, row)] };
}

function effectOf(look: Look, topic: EffectTopic, payment: Payment, reason: Reason): Effect {
  const { order } = look.theCase;
  return paymentEffect(topic, order, order.version + 1, payment, reason);
}

/** Presumed from what is there, once; an earlier presumption from an absence was wrong, and did not watch it for long enough. */
function presumed(payment: Payment, judgement: Judgement, { now }: Look): Payment {
  const isNew = judgement.transaction !== null && payment.reason !== judgement.reason;
  if (payment.state === 'failed' && !isNew) return payment;
  return {
    ...payment,
    state: 'failed',
    reason: judgement.reason,
    reasonText: judgement.text,
    settledAt: now,
    presumedAt: now,
  };
}

/**
 * What the gateway's word alone makes of a payment, whatever becomes of its order: a decline settles it, and a transaction
 * that shows up undecided takes a presumption back: it was presumed from an absence, and would not be watched for long enough.
 */
export function learned(payment: Payment, judgement: Judgement, now: number): Payment {
  if (!isUnresolved(payment)) return payment;
  if (judgement.verdict === 'declined') {
    return {
      ...payment,
      state: 'failed',
      reason: judgement.reason,
      reasonText: judgement.text,
      settledAt: now,
      presumedAt: null,
    };
  }
  if (
    UNDECIDED.includes(judgement.verdict) &&
    judgement.transaction !== null &&
    payment.presumedAt !== null
  ) {
    return {
      ...payment,
      state: 'pending',
      reason: null,
      reasonText: null,
      settledAt: null,
      presumedAt: null,
    };
  }
  return payment;
}

/** The gateway has it, and it may still capture. */
const UNDECIDED: readonly Judgement['verdict'][] = ['open', 'mismatched', 'unclear'];
