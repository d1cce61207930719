import type { Answer, Inquiry, RefundOrder, TransactionStatus } from '../../../lib/core/gateway.ts';
import type { GatewayPolicy } from '../../../lib/core/policy.ts';
import { CURRENCY, ORDER_ID } from '../words.ts';

/** What is really so about one transaction. */
export interface TrueTransaction {
  readonly key: string;
  readonly amount: number;
  /** `null`: the gateway does not have it (yet). */
  readonly status: TransactionStatus | null;
  /** The how-manieth it was to come; 0 before. */
  readonly came: number;
  readonly wasCaptured: boolean;
  /** Who gave the money back: by the gateway's interface, or in a way of their own. */
  readonly backBy: readonly ('daemon' | 'person')[];
}

/** What can happen to a transaction. */
export const COURSES: readonly (readonly [
  from: TransactionStatus | null,
  to: TransactionStatus,
])[] = [
  [null, 'pending'],
  [null, 'succeeded'],
  ['pending', 'succeeded'],
  ['pending', 'failed'],
  ['succeeded', 'refunded'],
];

/** The truth after each thing that can happen at the gateway. */
export function turns(
  truth: readonly TrueTransaction[],
): readonly { readonly words: string; readonly truth: readonly TrueTransaction[] }[] {
  const next = lastCame(truth) + 1;
  return truth.flatMap((one) =>
    COURSES.filter(([from]) => from === one.status).map(([, status]) => ({
      words: `${one.key} is ${status}`,
      truth: replaced(truth, {
        ...one,
        status,
        came: one.came === 0 ? next : one.came,
        wasCaptured: one.wasCaptured || status === 'succeeded',
      }),
    })),
  );
}

/** So many have come. */
export function lastCame(truth: readonly TrueTransaction[]): number {
  return Math.max(0, ...truth.map(({ came }) => came));
}

/** The same with one of them changed. */
export function replaced(
  truth: readonly TrueTransaction[],
  changed: TrueTransaction,
): readonly TrueTransaction[] {
  return truth.map((one) => (one.key === changed.key ? changed : one));
}

/** How a gateway can take a question about an order: it answers, its list stays out, nothing is heard. */
export const HEARINGS = ['answers', 'does not list', 'is silent'] as const;

export type HowHeard = (typeof HEARINGS)[number];

/** What an adapter makes of the truth: each key that is named, and the list unless one of them is captured. */
export function answerTo(
  { keys, listAll }: Inquiry,
  truth: readonly TrueTransaction[],
  gateway: GatewayPolicy,
  how: HowHeard,
): Answer {
  if (how === 'is silent') return { kind: 'silent', cause: 'timeout' };
  const there = truth.filter(({ status }) => status !== null);
  const named = there.filter(({ key }) => keys.includes(key));
  const lists = gateway.canList && (listAll || named.every(({ status }) => status !== 'succeeded'));
  const complete = lists && how === 'answers';
  const others = there
    .filter(({ key }) => !keys.includes(key))
    .sort((one, other) => one.came - other.came);
  return {
    kind: 'statement',
    transactions: [...named, ...(complete ? others : [])].flatMap(({ key, amount, status }) =>
      status === null ? [] : [{ key, orderId: ORDER_ID, status, amount, currency: CURRENCY }],
    ),
    absentKeys: keys.filter((key) => !there.some((one) => one.key === key)),
    silentKeys: [],
    complete,
  };
}

/** How a refund can be taken: it is made, it is made and nobody hears of it, it is refused. */
export const REFUNDINGS = ['is made', 'is made and not heard of', 'is refused'] as const;

export type HowRefunded = (typeof REFUNDINGS)[number];

/** What becomes of a refund. A gateway gives back what it has, once. */
export function refund(
  order: RefundOrder,
  truth: readonly TrueTransaction[],
  how: HowRefunded,
): { readonly answer: Answer; readonly truth: readonly TrueTransaction[] } {
  const one = truth.find(({ key }) => key === order.key);
  if (how === 'is refused' || one?.status !== 'succeeded' || order.amount > one.amount) {
    return { answer: { kind: 'refund', outcome: 'refused', refundedMinor: 0 }, truth };
  }
  const after = replaced(truth, {
    ...one,
    status: 'refunded',
    backBy: [...one.backBy, 'daemon'],
  });
  const answer: Answer =
    how === 'is made'
      ? { kind: 'refund', outcome: 'done', refundedMinor: order.amount }
      : { kind: 'silent', cause: 'timeout' };
  return { answer, truth: after };
}
