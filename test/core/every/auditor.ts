import type { Case, Decision } from '../../../lib/core/decision.ts';
import type { RefundOrder } from '../../../lib/core/gateway.ts';
import type { Order } from '../../../lib/core/order.ts';
import type { Payment } from '../../../lib/core/payment.ts';
import type { TrueTransaction } from './truth.ts';
import type { LookUnderWay, World } from './world.ts';

/** Who commits: a look (`null`: in which an assert failed), or a person. */
export type By =
  | { readonly look: LookUnderWay | null }
  | { readonly person: 'resolves' | 'records' };

/** What the auditor remembers of a history. It knows the truth, and nothing of how decisions are made. */
export interface Past {
  /** What was told of the final order and of its payments. */
  readonly told: readonly string[];
  /** What it was held for since a person last said something. */
  readonly heldFor: readonly string[];
  /** So many transactions had come when the final order was last listed in full; `null`: it was not. */
  readonly listedUpTo: number | null;
  /** So many had come when the last callback did. */
  readonly calledUpTo: number;
  /** The payment that a person accepted. */
  readonly accepted: string | null;
  readonly taken: number;
}

export const NOTHING_YET: Past = {
  told: [],
  heldFor: [],
  listedUpTo: null,
  calledUpTo: 0,
  accepted: null,
  taken: 0,
};

/** The past with one more commit. */
export function remember({ past }: World, decision: Decision, by: By): Past {
  const { order, effects } = decision;
  const held = effects.filter(({ topic }) => topic === 'order.held');
  const told = effects.filter(({ topic }) => topic !== 'order.held').map(wordsOf);
  const resolves = 'person' in by && by.person === 'resolves';
  const listed = 'look' in by && isFinal(order) ? (by.look?.listedUpTo ?? null) : null;
  return {
    ...past,
    told: [...past.told, ...told].sort(),
    heldFor: resolves ? [] : [...past.heldFor, ...held.map(({ reason }) => `${reason}`)].sort(),
    listedUpTo: listed ?? past.listedUpTo,
    accepted: resolves ? order.paidBy : past.accepted,
    taken: decision.take.reduce((sum, { quantity }) => sum + quantity, past.taken),
  };
}

function wordsOf({ topic, paymentId, reason }: Decision['effects'][number]): string {
  return topic === 'order.attention' ? `${topic} ${reason} ${paymentId}` : `${topic} ${paymentId}`;
}

const isFinal = ({ state }: Order) => state === 'completed' || state === 'failed';

/** What is wrong with a commit. */
export function faultsOfCommit(
  { theCase: before, truth, past }: World,
  after: Case,
  decision: Decision,
  by: By,
): readonly string[] {
  const faults: string[] = [];
  const no = (isWrong: boolean, words: string) => void (isWrong && faults.push(words));
  const tells = (topic: string, paymentId: string | null = null) =>
    decision.effects.some((one) => one.topic === topic && one.paymentId === paymentId);
  const { order } = after;
  const byPerson = 'person' in by;
  const isHeldAnew = order.state !== before.order.state || order.reason !== before.order.reason;
  no(order.state === 'held' && isHeldAnew && !tells('order.held'), 'held, and nobody is told');
  const becomes = isFinal(order) && !isFinal(before.order);
  no(becomes && !tells(`order.${order.state}`), `${order.state}, and nobody is told`);
  no(isFinal(before.order) && order.state !== before.order.state, 'a final order changes');
  const wasThere = 'look' in by && (by.look?.captured ?? false);
  const failed = becomes && order.state === 'failed' && order.reason !== 'out_of_stock';
  no(failed && wasThere, 'failed, and the gateway had captured when it was asked');
  const accepted = after.payments.find(({ id }) => id === past.accepted);
  for (const effect of decision.effects) {
    const again =
      effect.topic === 'order.held'
        ? past.heldFor.includes(`${effect.reason}`)
        : past.told.includes(wordsOf(effect));
    no(again, `told twice: ${effect.topic} ${effect.reason} ${effect.paymentId}`);
  }
  for (const payment of after.payments) {
    const was = before.payments.find(({ id }) => id === payment.id);
    const one = transactionOf(payment, truth);
    const { state } = payment;
    if (state === was?.state) continue;
    no(state === 'succeeded' && !byPerson && !one?.wasCaptured, 'paid with what never was');
    no(was?.state === 'succeeded', 'what paid for the order does so no more');
    no(was?.state === 'refunded', 'what was paid back is not any more');
    no(state === 'refund_due' && !tells('refund.due', payment.id), 'due, and nobody is told');
    no(state === 'refund_due' && !one?.wasCaptured, 'due, and never captured');
    no(state === 'refund_due' && payment.refundDue !== one?.amount, 'due, and another amount');
    const isNew = payment.id.endsWith(`:${one?.key}`);
    const isMeant = accepted?.transactionKey === null && isNew && one?.amount === order.amount;
    // Nobody had recorded it: it is what the person meant.
    no(state === 'refund_due' && isMeant, 'what a person accepted goes back');
    no(state === 'refunded' && !tells('refund.done', payment.id), 'paid back, nobody is told');
    const isBack = one?.status === 'refunded' || (one?.backBy.length ?? 0) > 0;
    no(state === 'refunded' && !isBack, 'paid back, and it never went');
  }
  return faults;
}

/** What is wrong with asking a gateway for a refund. */
export function faultsOfRefund(
  { key }: RefundOrder,
  { theCase, truth, past }: World,
): readonly string[] {
  const payment = theCase.payments.find(({ transactionKey }) => transactionKey === key);
  const faults: string[] = [];
  if (truth.find((one) => one.key === key)?.backBy.includes('person'))
    faults.push('paid back twice');
  if (payment?.id === past.accepted) faults.push('a person accepted what is paid back');
  return faults;
}

/** What is wrong at any moment. */
export function faultsOf({
  theCase: { order, items, payments },
  nudged,
  past,
}: World): readonly string[] {
  const faults: string[] = [];
  const sold = order.state === 'completed' ? items : [];
  const due = sold.reduce((sum, { quantity }) => sum + quantity, 0);
  if (past.taken !== due) faults.push(`${past.taken} taken, ${due} sold`);
  const waits = payments.some(({ state }) => state === 'pending' || state === 'refund_due');
  if (order.lookAt === null && !nudged && (waits || !isFinal(order)))
    faults.push('never looked at');
  return faults;
}

/** What is wrong when nothing more happens, and every look that was planned has been made and heard. */
export function faultsAtRest({
  theCase: { order, payments },
  truth,
  past,
  policy,
}: World): readonly string[] {
  const faults: string[] = [];
  if (order.state === 'pending') faults.push('pending for ever');
  // A person was asked: what is true of it waits for them.
  if (order.state === 'held' && order.reason !== 'open_too_long') return faults;
  for (const one of truth) {
    const payment = payments.find(({ transactionKey }) => transactionKey === one.key);
    const state = payment?.state ?? 'not recorded';
    // What no list can show, or came after the last one, is seen by its callback only.
    const isLate =
      past.listedUpTo !== null && one.came > Math.max(past.listedUpTo, past.calledUpTo);
    const unseen = payment === undefined && (isLate || !policy.gateways.some((it) => it.canList));
    if (one.status === null || unseen) continue;
    const asked = past.told.some(
      (words) => words.endsWith(` ${payment?.id}`) && words.startsWith('order.attention refund_'),
    );
    const isPlaced = {
      succeeded: ['succeeded', 'refund_due', 'refunded'].includes(state),
      refunded: state !== 'refund_due' && state !== 'pending',
      failed: state !== 'pending',
    };
    const { status } = one;
    if (
      (status === 'succeeded' || status === 'refunded' || status === 'failed') &&
      !isPlaced[status]
    ) {
      faults.push(`${one.key} is ${status}, its payment ${state}, the order ${order.state}`);
    }
    const mayCapture = status === 'pending' && payment !== undefined && state !== 'succeeded';
    if (mayCapture && order.lookAt === null) faults.push(`${one.key} is not watched`);
    if (status !== 'succeeded') continue;
    if (state === 'refund_due' && !asked) faults.push(`${one.key} is never paid back`);
    if (state === 'refunded' && one.backBy.length === 0) faults.push(`${one.key} never went back`);
  }
  return faults;
}

function transactionOf({ transactionKey }: Payment, truth: readonly TrueTransaction[]) {
  return truth.find(({ key }) => key === transactionKey);
}
