import type { Case, Decision } from '../../lib/core/decision.ts';
import type { Effect } from '../../lib/core/effect.ts';
import type { Question } from '../../lib/core/gateway.ts';
import type { Payment } from '../../lib/core/payment.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../lib/core/time.ts';
import type { Judgement } from '../../lib/core/verdict.ts';
import { labelOf } from './language.ts';
import { NOW } from './words.ts';

/**
 * A decision told in full, as the third column of a row has it: nothing that it does stays unsaid, so a row that agrees
 * pins all of it. State and reason of the row, `nothing new` when only the look is counted, each payment that changes or is
 * added, what is taken, what is told, when to look again.
 */
export function sentenceOf(theCase: Case, decision: Decision): string {
  const { order } = decision;
  const text = order.reasonText === theCase.order.reasonText ? null : order.reasonText;
  const told = order.escalated.filter((reason) => !theCase.order.escalated.includes(reason));
  const stays = order.state === theCase.order.state;
  return [
    `${stays ? 'stays ' : ''}${order.state} ${decision.reason}${quoted(text)}`,
    ...(decision.changed ? [] : ['nothing new']),
    ...decision.payments.map((payment) => changeOf(theCase, payment)),
    ...decision.added.map((payment) => `adds ${labelOf(payment)} ${wordsOf(payment)}`),
    ...(decision.take.length === 0
      ? []
      : [`takes ${decision.take.map((one) => `${one.quantity} ${one.productId}`).join(' and ')}`]),
    ...(decision.effects.length === 0
      ? []
      : [`tells ${decision.effects.map((effect) => effectWords(effect, decision)).join(', ')}`]),
    ...(stays && told.length > 0 ? [`remembers that it told ${told.join(' and ')}`] : []),
    `looks ${whenWords(order.lookAt)}`,
  ].join('; ');
}

/** The next round of questions, told in full. */
export function questionsSentence(asked: readonly Question[]): string {
  if (asked.length === 0) return 'asks nothing';
  return asked
    .map((question) =>
      question.kind === 'refund'
        ? `asks ${question.gateway} to refund ${question.amount} of ${question.key}`
        : `asks ${question.gateway} about ${[...question.keys, ...(question.listAll ? ['all'] : [])].join(' and ') || 'the order'}`,
    )
    .join('; ');
}

export function judgementSentence({ verdict, reason, text }: Judgement): string {
  const why = reason === null || reason === verdict ? '' : ` ${reason}`;
  return `${verdict}${why}${quoted(text)}`;
}

function changeOf({ payments }: Case, after: Payment): string {
  const before = payments.find(({ id }) => id === after.id);
  const moved = after.gateway === before?.gateway ? '' : ` of ${after.gateway}`;
  const key = after.transactionKey === before?.transactionKey ? '' : ` is ${after.transactionKey}:`;
  const same = before?.state === after.state && before.presumedAt === after.presumedAt;
  const heard = after.found === before?.found ? '' : `, heard ${after.found?.status}`;
  const told = after.escalated.filter((reason) => !before?.escalated.includes(reason));
  const telling = told.length === 0 ? '' : `, told ${told.join(' and ')}`;
  return same
    ? `${labelOf(after)}${moved}${key} stays ${after.state}${heard}${telling}`
    : `${labelOf(after)}${moved}${key} ${wordsOf(after)}${telling}`;
}

function wordsOf(payment: Payment): string {
  const state = payment.presumedAt === null ? payment.state : 'presumed';
  const amount = payment.refundDue === 0 ? '' : ` ${payment.refundDue}`;
  const reason = payment.reason === null ? '' : ` ${payment.reason}`;
  return `${state}${amount}${reason}${quoted(payment.reasonText)}`;
}

function effectWords(effect: Effect, decision: Decision): string {
  const label = effect.paymentId?.replace(/^(?:pay-|[a-z]+:)/, '');
  const why = effect.reason === decision.reason ? '' : ` ${effect.reason}`;
  return `${effect.topic}${why}${label === undefined ? '' : ` of ${label}`}`;
}

function whenWords(lookAt: number | null): string {
  if (lookAt === null) return 'never';
  const waitMs = lookAt - NOW;
  if (waitMs === 0) return 'now';
  const units = [
    [DAY_MS, 'd'],
    [HOUR_MS, 'h'],
    [MINUTE_MS, 'm'],
    [SECOND_MS, 's'],
  ] as const;
  const [unitMs, unit] = units.find(([ms]) => waitMs % ms === 0) ?? [1, 'ms'];
  return `in ${waitMs / unitMs}${unit}`;
}

function quoted(text: string | null): string {
  return text === null ? '' : ` "${text}"`;
}
