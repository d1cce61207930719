import type { Answer, Heard, Inquiry, Transaction } from './gateway.ts';
import type { Order } from './order.ts';
import type { Payment } from './payment.ts';
import type { GatewayPolicy } from './policy.ts';
import type { Reason } from './reason.ts';
import type { Instant } from './time.ts';
import type { Judgement, Verdict } from './verdict.ts';

/** The first users' words for a request that left no trace at the gateway. */
export const REQUEST_FAILED_TEXT = 'PG 요청 실패';

/** A gateway's statement with the inquiry that it answers. */
export interface Statement {
  readonly inquiry: Inquiry;
  readonly answer: Extract<Answer, { kind: 'statement' }>;
  /** It listed all that it has for the order, and nothing of that which we never recorded stayed unheard. */
  readonly listed: boolean;
}

/** What one payment is judged on. */
export interface Evidence {
  readonly order: Order;
  /** `undefined`: no gateway serves the payment's method. */
  readonly gateway: GatewayPolicy | undefined;
  /** `null`: its gateway was not asked, or was silent altogether. */
  readonly statement: Statement | null;
  readonly now: Instant;
}

/** The first statement of a gateway among what was heard; `null` when it made none. */
export function statementOf(
  heard: readonly Heard[],
  gateway: string,
  payments: readonly Payment[],
): Statement | null {
  for (const { question, answer } of heard) {
    if (question.kind !== 'inquire' || question.gateway !== gateway) continue;
    if (answer.kind !== 'statement') continue;
    // The same key at another gateway is another transaction.
    const here = payments.filter((payment) => payment.gateway === gateway);
    const recorded = new Set(here.map(({ transactionKey }) => transactionKey));
    return {
      inquiry: question,
      answer,
      listed: answer.complete && answer.silentKeys.every((key) => recorded.has(key)),
    };
  }
  return null;
}

/**
 * What is held true of one payment: the table of verdicts, a row a branch. Total. Absence counts only in the gateway's own
 * words; whatever was not heard is `unknown`.
 */
export function judge(payment: Payment, evidence: Evidence): Judgement {
  const { gateway, statement } = evidence;
  const key = payment.transactionKey;
  const found = statement?.answer.transactions.find((transaction) => transaction.key === key);
  if (gateway !== undefined && found !== undefined) {
    return judgeFound(payment, found, gateway, evidence);
  }
  // Declined in the gateway's own words before; nothing new was heard, and ignorance never overwrites knowledge.
  if (payment.state === 'failed' && payment.presumedAt === null) {
    return verdict(payment, 'declined', payment.reason, payment.reasonText);
  }
  if (gateway === undefined) return verdict(payment, 'unclear', 'no_gateway');
  if (key === null) return judgeKeyless(payment, gateway, evidence);
  if (statement === null) return verdict(payment, 'unknown', null);
  if (statement.answer.absentKeys.includes(key)) {
    return verdict(payment, 'unclear', 'lost_at_gateway');
  }
  return verdict(payment, 'unknown', null);
}

/** A payment whose key the gateway never told us: only a full listing says something about it. */
function judgeKeyless(payment: Payment, gateway: GatewayPolicy, evidence: Evidence): Judgement {
  const { statement, now } = evidence;
  const young = now < payment.requestedAt + gateway.paymentWindowMs;
  if (!gateway.canList) {
    if (young) return verdict(payment, 'open', null);
    return verdict(payment, 'unclear', 'cannot_ask');
  }
  if (statement === null || !statement.listed) return verdict(payment, 'unknown', null);
  if (!statement.inquiry.about.includes(payment.id)) return verdict(payment, 'unknown', null);
  if (payment.presumedAt !== null) {
    return verdict(payment, 'presumed_declined', payment.reason, payment.reasonText);
  }
  if (young) return verdict(payment, 'open', null);
  return verdict(payment, 'presumed_declined', 'not_at_gateway', REQUEST_FAILED_TEXT);
}

function judgeFound(
  payment: Payment,
  transaction: Transaction,
  gateway: GatewayPolicy,
  { order, now }: Evidence,
): Judgement {
  const say = (word: Verdict, reason: Reason | null): Judgement => ({
    paymentId: payment.id,
    verdict: word,
    reason,
    text: transaction.reason ?? null,
    transaction,
  });
  if (transaction.orderId !== order.id || transaction.currency !== order.currency) {
    return say('mismatched', 'mismatched');
  }
  switch (transaction.status) {
    case 'succeeded':
      return transaction.amount === order.amount
        ? say('captured', 'captured')
        : say('mismatched', 'mismatched');
    case 'failed':
    case 'cancelled':
      return say('declined', 'declined');
    case 'refunded':
      return say('declined', 'refunded_at_gateway');
    case 'partly_refunded':
      return say('mismatched', 'mismatched');
    case 'pending':
    case 'authorised':
      return say('open', null);
    case 'attempt_failed': {
      const end = transaction.expiresAt ?? payment.requestedAt + gateway.paymentWindowMs;
      return now < end ? say('open', null) : say('presumed_declined', 'attempt_failed');
    }
    case 'unrecognised':
      return say('unclear', 'unclear');
  }
}

function verdict(
  payment: Payment,
  word: Verdict,
  reason: Reason | null,
  text: string | null = null,
): Judgement {
  return { paymentId: payment.id, verdict: word, reason, text, transaction: null };
}
