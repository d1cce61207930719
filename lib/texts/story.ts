import type { Decision, Hearing } from '../core/decision.ts';
import type { Heard } from '../core/gateway.ts';
import { formatMoney } from '../core/money.ts';
import type { Order } from '../core/order.ts';
import type { Payment } from '../core/payment.ts';
import { withoutTurns } from '../core/text.ts';
import type { Instant } from '../core/time.ts';
import type { Delivery } from '../store/outbox-port.ts';
import type { AwaitedOrder, JournalRow } from '../store/port.ts';
import { type Texts, textsOf } from '../texts.ts';
import { momentFormat, spanOf } from './moment.ts';
import { commands, shellWord } from './shell-word.ts';

/** In whose language and zone a story is told, and when. */
export interface Listener {
  readonly locale: 'ko' | 'en';
  readonly timezone: string;
  readonly now: Instant;
}

/**
 * Why an order is as it is, in sentences, a line each: how it stands, its payments, what happened (asked, heard, held true,
 * decided, told), who was told, and when it is looked at next.
 */
export function tellStory(
  { order, payments, nudgeAt }: AwaitedOrder,
  rows: readonly JournalRow[],
  deliveries: readonly Delivery[],
  listener: Listener,
): readonly string[] {
  const teller = tellerFor(order.currency, listener);
  const { texts, money, moment } = teller;
  const { explain } = texts;
  const amount = money(order.amount);
  return [
    explain.title(order.id, texts.orderStates[order.state], amount),
    ...(order.reason === null ? [] : [explain.because(texts.reasons[order.reason])]),
    ...(order.reasonText === null ? [] : [explain.words(order.reasonText)]),
    ...(payments.length === 0 ? [] : ['', explain.payments]),
    ...payments.map((payment) => `  ${standing(payment, texts)}`),
    ...(rows.length === 0 ? [] : ['', explain.history]),
    ...folded(
      rows.map((row) => ({ at: row.at, lines: happening(row, teller) })),
      texts,
    ).flatMap(({ at, lines }) => [`  ${moment(at)}`, ...indented(lines)]),
    ...(deliveries.length === 0 ? [] : ['', explain.messages]),
    ...deliveries.map((delivery) => `  ${telling(delivery, teller)}`),
    '',
    ...whatNext(order, payments, earlier(order.lookAt, nudgeAt), teller),
  ].map(withoutTurns);
}

/** Everything that the sentences need. */
interface Teller {
  readonly texts: Texts;
  readonly money: (amountMinor: number, currency?: string) => string;
  readonly moment: (at: Instant) => string;
  readonly now: Instant;
}

function tellerFor(currency: string, { locale, timezone, now }: Listener): Teller {
  return {
    texts: textsOf(locale),
    money: (amountMinor, other = currency) => formatMoney(amountMinor, other, locale),
    moment: momentFormat(timezone),
    now,
  };
}

/** What became of one message, or is to become of it. */
function telling(
  { id, channel, state, settledAt, nextAt, detail, effect }: Delivery,
  { texts, moment, now }: Teller,
): string {
  const at = settledAt ?? nextAt;
  const when = at === null ? '' : moment(at);
  // Nobody sends while no daemon runs.
  const how = state === 'pending' && at !== null && at <= now ? 'overdue' : state;
  return texts.explain.telling[how](texts.topics[effect.topic], channel, when, detail, id);
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `    ${line}`);
}

function standing(payment: Payment, texts: Texts): string {
  const { explain, paymentStates, reasons } = texts;
  const line = explain.payment(payment.id, how(payment, texts), paymentStates[payment.state]);
  return payment.reason === null ? line : `${line} — ${reasons[payment.reason]}`;
}

function how(
  { method, gateway, transactionKey }: Pick<Payment, 'method' | 'gateway' | 'transactionKey'>,
  { explain }: Texts,
): string {
  return explain.how(method, gateway, transactionKey);
}

interface Happening {
  readonly at: Instant;
  readonly lines: readonly string[];
}

/**
 * A gateway that answers at one look and not at the next makes two rows in turn, for days. The first two are told and the last one; those
 * between are counted.
 */
function folded(happenings: readonly Happening[], { explain }: Texts): readonly Happening[] {
  const said = happenings.map(({ lines }) => lines.join('\n'));
  const isAgain = (at: number) => said[at] === said[at - 2];
  const kept: Happening[] = [];
  let between = 0;
  for (const [index, one] of happenings.entries()) {
    // The last of a run is told.
    if (isAgain(index) && isAgain(index + 1)) {
      between += 1;
      continue;
    }
    const before = happenings.slice(index - between, index);
    const end = before.at(-1);
    if (end === undefined || between < FOLDED_FROM) kept.push(...before);
    else kept.push({ at: end.at, lines: [explain.inTurn(between)] });
    kept.push(one);
    between = 0;
  }
  return kept;
}

/** Fewer are read more easily than a sentence that counts them. */
const FOLDED_FROM = 4;

function happening({ record }: JournalRow, teller: Teller): readonly string[] {
  const { texts, money } = teller;
  const { explain } = texts;
  switch (record.kind) {
    case 'created': {
      const { amount, items, payments } = record.order;
      const pieces = items.reduce((sum, { quantity }) => sum + quantity, 0);
      return [
        explain.created(money(amount), pieces),
        ...payments.map((payment) => explain.paymentAdded(payment.id, how(payment, texts))),
      ];
    }
    case 'payment_added':
      return [explain.paymentAdded(record.payment.id, how(record.payment, texts))];
    case 'decided':
      return [...hearing(record.hearing, teller), ...deciding(record, teller)];
    case 'requested':
      return [explain.requested, ...deciding(record, teller)];
    case 'resolved':
      return [explain.person(record.by, record.note), ...deciding(record, teller)];
    case 'refund_recorded':
      return [explain.refundRecorded(record.by, record.note), ...deciding(record, teller)];
  }
}

function hearing({ heard, case: theCase }: Hearing, teller: Teller): readonly string[] {
  const { explain } = teller.texts;
  if (heard.length === 0) return [explain.notAsked];
  return heard.flatMap((one) => [asking(one, teller), ...answering(one, theCase.order, teller)]);
}

function asking({ question }: Heard, { texts, money }: Teller): string {
  return question.kind === 'inquire'
    ? texts.explain.asked(question.gateway, question.keys)
    : texts.explain.askedRefund(
        question.gateway,
        question.key,
        money(question.amount, question.currency),
      );
}

function answering({ answer }: Heard, order: Order, { texts, money }: Teller): readonly string[] {
  const { explain, statuses, silences } = texts;
  switch (answer.kind) {
    case 'statement': {
      const cause = silences[answer.silence ?? 'unreadable'];
      const isEmpty = answer.transactions.length + answer.absentKeys.length === 0;
      return [
        ...answer.transactions.map(({ key, orderId, status, amount, currency, reason }) =>
          orderId === order.id
            ? explain.heard(key, statuses[status], money(amount, currency), reason ?? null)
            : explain.heardOtherOrder(key, orderId),
        ),
        ...answer.absentKeys.map((key) => explain.heardAbsent(key)),
        ...answer.silentKeys.map((key) => explain.heardSilence(key, cause)),
        ...(answer.complete && isEmpty ? [explain.heardNothing] : []),
        ...(!answer.complete && answer.silence !== undefined && answer.silentKeys.length === 0
          ? [explain.heardSilence(null, cause)]
          : []),
      ];
    }
    case 'refund':
      return [explain.heardRefund[answer.outcome]];
    case 'silent':
      return [explain.heardSilence(null, silences[answer.cause])];
  }
}

function deciding(
  { hearing: { case: theCase }, decision }: { hearing: Hearing; decision: Decision },
  { texts }: Teller,
): readonly string[] {
  const { explain, orderStates, paymentStates, reasons, topics, verdicts } = texts;
  const { order, reason } = decision;
  const decided = order.state === theCase.order.state ? explain.stays : explain.becomes;
  const before = new Map(theCase.payments.map(({ id, state }) => [id, state]));
  const moved = [...decision.payments, ...decision.added].filter(
    ({ id, state }) => before.get(id) !== state && (before.has(id) || state !== 'pending'),
  );
  return [
    ...decision.judgements.map(({ paymentId, verdict, reason: why }) =>
      // Only here is it said what keeps a payment from being cleared up: the order and its notices say that nothing does.
      verdict === 'unclear' && why !== null && why !== verdict
        ? `${explain.held(paymentId, verdicts[verdict])} ${reasons[why]}`
        : explain.held(paymentId, verdicts[verdict]),
    ),
    decided(orderStates[order.state], reasons[reason]),
    ...decision.added.map(({ id, transactionKey }) =>
      explain.paymentFound(id, transactionKey ?? ''),
    ),
    ...moved.map((payment) =>
      explain.paymentBecomes(
        payment.id,
        paymentStates[payment.state],
        payment.reason === null ? '' : reasons[payment.reason],
      ),
    ),
    ...decision.take.map(({ productId, quantity }) => explain.took(productId, quantity)),
    ...decision.effects.map(({ topic }) => explain.told(topics[topic])),
  ].map((line) => line.trimEnd());
}

/** What the gateway gives back by itself must not be given back by a person too. */
function isForPerson({ state, escalated }: Payment): boolean {
  const isTold = escalated.includes('refund_by_hand') || escalated.includes('refund_refused');
  return state === 'refund_due' && isTold;
}

/** A callback brings the look forward, also to an order of which none was planned. */
function earlier(lookAt: Instant | null, nudgeAt: Instant | null): Instant | null {
  if (lookAt === null || nudgeAt === null) return lookAt ?? nudgeAt;
  return Math.min(lookAt, nudgeAt);
}

function whatNext(
  order: Order,
  payments: readonly Payment[],
  lookAt: Instant | null,
  { texts, money, moment, now }: Teller,
): readonly string[] {
  const { next, todo } = texts.explain;
  const waiting = [
    ...(order.state === 'held' ? [commands.resolve(shellWord(order.id))] : []),
    ...payments
      .filter(isForPerson)
      .map(({ id, refundDue }) => todo.refund(money(refundDue), commands.refunded(shellWord(id)))),
  ].map((task) => next.person(task));
  if (lookAt === null) return waiting.length > 0 ? waiting : [next.never];
  const look =
    lookAt <= now
      ? next.due(moment(lookAt))
      : next.at(moment(lookAt), spanOf(lookAt - now, texts.units));
  return [...waiting, look];
}
