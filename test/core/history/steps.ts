import fc from 'fast-check';
import {
  type Answer,
  type Question,
  TRANSACTION_STATUSES,
  type Transaction,
} from '../../../lib/core/gateway.ts';
import type { RequestResult } from '../../../lib/core/request.ts';
import type { Resolution } from '../../../lib/core/resolve.ts';
import { AMOUNT, CURRENCY, duration, ORDER_ID } from '../words.ts';

/** One thing that happens to an order. */
export type Step =
  | { readonly kind: 'wait'; readonly howLong: string }
  | { readonly kind: 'look'; readonly nudged: boolean; readonly replies: readonly Reply[] }
  | { readonly kind: 'resolve'; readonly state: Resolution['state']; readonly which: number }
  | { readonly kind: 'refund_by_hand'; readonly which: number }
  | { readonly kind: 'request_ended'; readonly which: number; readonly result: RequestResult }
  | { readonly kind: 'pay_again'; readonly gateway: string | null; readonly key: string | null }
  | { readonly kind: 'callback'; readonly gateway: string; readonly key: string }
  | { readonly kind: 'stock'; readonly onHand: number }
  | { readonly kind: 'bug' };

/** What a gateway says to the question it gets: anything at all, also what it denied a moment ago. */
export interface Reply {
  readonly silent: boolean;
  readonly complete: boolean;
  /** What it says of any key, asked for or not. */
  readonly said: readonly Said[];
  readonly refund: 'done' | 'half' | 'underway' | 'refused';
  readonly retryAfter: string | null;
}

interface Said {
  readonly key: string;
  readonly status: Transaction['status'] | 'absent' | 'silent';
  readonly amount: number;
  readonly currency: string;
  readonly orderId: string;
  readonly expiresIn: string | null;
}

const KEYS = ['K1', 'K2', 'K3', 'K4'] as const;
export const GATEWAYS = ['pg', 'bank', 'wallet'] as const;

const key = fc.constantFrom(...KEYS);
const which = fc.nat({ max: 5 });
/** Mostly the first, sometimes another: most of what a gateway says is sound. */
const mostly = <Value>(usual: Value, ...others: readonly Value[]) =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );

const said: fc.Arbitrary<Said> = fc.record({
  key,
  status: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('succeeded', 'failed', 'pending') },
    { weight: 2, arbitrary: fc.constantFrom(...TRANSACTION_STATUSES, 'absent', 'silent') },
  ),
  amount: mostly(AMOUNT, AMOUNT - 1, 0),
  currency: mostly(CURRENCY, 'USD'),
  orderId: mostly(ORDER_ID, 'ORDER000002'),
  expiresIn: mostly<string | null>(null, '0s', '5m', '2d'),
});

const reply: fc.Arbitrary<Reply> = fc.record({
  silent: mostly(false, true),
  complete: fc.boolean(),
  said: fc.array(said, { maxLength: 4 }),
  refund: fc.constantFrom('done', 'half', 'underway', 'refused'),
  retryAfter: mostly<string | null>(null, '3m'),
});

const result: fc.Arbitrary<RequestResult> = fc.oneof(
  fc.record({ kind: fc.constant('accepted' as const), key }),
  fc.constant({ kind: 'refused' as const, reason: 'no' }),
  fc.constant({ kind: 'not_reached' as const }),
  fc.constant({ kind: 'nobody_knows' as const }),
);

const look: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant('look' as const),
  nudged: fc.boolean(),
  replies: fc.array(reply, { minLength: 3, maxLength: 3 }),
});

export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 30, arbitrary: look },
  {
    weight: 15,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      howLong: fc.constantFrom('0s', '1s', '1m', '10m', '1h', '1d', '4d'),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('resolve' as const),
      state: fc.constantFrom('pending', 'completed', 'failed'),
      which,
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('refund_by_hand' as const), which }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('request_ended' as const), which, result }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('pay_again' as const),
      gateway: fc.constantFrom(...GATEWAYS, null),
      key: fc.option(key),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('callback' as const),
      gateway: fc.constantFrom(...GATEWAYS),
      key,
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('stock' as const), onHand: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'bug' as const }) },
);

/** What a gateway answers to a question at a moment. */
export function answerOf(question: Question, reply: Reply, now: number): Answer {
  const wait = reply.retryAfter === null ? {} : { retryAfterMs: duration(reply.retryAfter) };
  if (reply.silent) return { kind: 'silent', cause: 'timeout', ...wait };
  if (question.kind === 'refund') {
    if (reply.refund === 'done') {
      return { kind: 'refund', outcome: 'done', refundedMinor: question.amount };
    }
    return reply.refund === 'half'
      ? { kind: 'refund', outcome: 'done', refundedMinor: Math.floor(question.amount / 2) }
      : { kind: 'refund', outcome: reply.refund, refundedMinor: 0 };
  }
  const keysOf = (status: Said['status']) =>
    reply.said.filter((one) => one.status === status).map((one) => one.key);
  return {
    kind: 'statement',
    transactions: reply.said.flatMap((one): Transaction[] =>
      one.status === 'absent' || one.status === 'silent'
        ? []
        : [
            {
              key: one.key,
              orderId: one.orderId,
              status: one.status,
              amount: one.amount,
              currency: one.currency,
              ...(one.expiresIn === null ? {} : { expiresAt: now + duration(one.expiresIn) }),
            },
          ],
    ),
    absentKeys: keysOf('absent'),
    silentKeys: keysOf('silent'),
    complete: reply.complete,
    ...wait,
  };
}
