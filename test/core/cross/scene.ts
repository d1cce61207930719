import type { Case } from '../../../lib/core/decision.ts';
import type { Answer, Heard, Transaction, TransactionStatus } from '../../../lib/core/gateway.ts';
import type { Payment } from '../../../lib/core/payment.ts';
import type { Policy } from '../../../lib/core/policy.ts';
import { DAY_MS, MINUTE_MS } from '../../../lib/core/time.ts';
import { AMOUNT, CURRENCY, HOLD_AFTER_MS, LADDER_MS, NOW, ORDER_ID, WINDOW_MS } from '../words.ts';

/** What the gateway says of one transaction: its status, or how it is off, or that it says nothing. */
export type Word =
  | TransactionStatus
  | 'other_order'
  | 'other_currency'
  | 'other_amount'
  | 'absent'
  | 'silent';

/** `own`: it completed the order. `presumed`: failed by presumption; `declined`: failed by the gateway's word. */
export type Stored = 'pending' | 'presumed' | 'declined' | 'own' | 'refund_due' | 'refunded';

export interface PaymentScene {
  readonly stored: Stored;
  /** `null`: it has no key. */
  readonly word: Word | null;
  /** False: no gateway serves its method. */
  readonly served: boolean;
}

/** One point of the cross product, in words of its own: the oracle reads it, and knows nothing of the core. */
export interface Scene {
  readonly order: 'pending' | 'held' | 'held_for_person' | 'completed' | 'failed';
  readonly payments: readonly PaymentScene[];
  /** A transaction that nobody recorded. */
  readonly extra: Word | null;
  /** What the gateway did: told all it has, told of the keys only, nothing; or it was not asked. */
  readonly gateway: 'complete' | 'incomplete' | 'silent' | 'not_asked';
  /** Another gateway that can list. */
  readonly second: 'none' | 'listed_nothing' | 'silent';
  readonly refund: 'done' | 'underway' | 'refused' | 'silent' | null;
  readonly stock: 'enough' | 'short';
  /** Younger than every limit; past the payment window; past `hold_after`; and silent for as long. */
  readonly age: 'young' | 'stale' | 'old' | 'old_and_silent';
  readonly canList: boolean;
  readonly canRefund: boolean;
  readonly answering: boolean;
  readonly nothingDue: boolean;
}

export interface Built {
  readonly theCase: Case;
  readonly heard: readonly Heard[];
  readonly policy: Policy;
}

const AGES_MS = {
  young: 5 * MINUTE_MS,
  stale: 20 * MINUTE_MS,
  old: HOLD_AFTER_MS + DAY_MS,
  old_and_silent: HOLD_AFTER_MS + 2 * DAY_MS,
} as const;

/** The scene as the core sees it. */
export function build(scene: Scene): Built {
  const createdAt = NOW - AGES_MS[scene.age];
  const payments = scene.payments.map((payment, index) => storedPayment(payment, index, createdAt));
  const own = scene.payments.findIndex(({ stored }) => stored === 'own');
  const held = scene.order === 'held' || scene.order === 'held_for_person';
  const reasons = {
    pending: null,
    held: 'silent_too_long',
    held_for_person: 'mismatched',
    completed: 'captured',
    failed: 'declined',
  } as const;
  return {
    theCase: {
      order: {
        id: ORDER_ID,
        memberId: 'member-1',
        currency: CURRENCY,
        amount: scene.nothingDue ? 0 : AMOUNT,
        state: held ? 'held' : scene.order,
        reason: reasons[scene.order],
        reasonText: null,
        paidBy: own === -1 ? null : `pay-${own}`,
        escalated: [],
        createdAt,
        updatedAt: createdAt,
        looks: 0,
        silentSince: scene.age === 'old_and_silent' ? createdAt : null,
        listedAt: null,
        lookAt: NOW,
        version: 7,
      },
      items: [{ productId: 'lamp', quantity: 2, unitPrice: 1 }],
      payments,
      stock: [
        {
          productId: 'lamp',
          name: 'lamp',
          onHand: scene.stock === 'enough' ? 2 : 1,
          lowStockAt: null,
        },
      ],
      noticed: [],
    },
    heard: heardOf(scene, payments),
    policy: policyOf(scene),
  };
}

export const keyOf = (index: number) => `K${index}`;
const EXTRA_KEY = 'K-extra';

function storedPayment(
  { stored, word, served }: PaymentScene,
  index: number,
  requestedAt: number,
): Payment {
  const owed = stored === 'refund_due' || stored === 'refunded';
  const captured = owed || stored === 'own';
  const states = {
    pending: 'pending',
    presumed: 'failed',
    declined: 'failed',
    own: 'succeeded',
    refund_due: 'refund_due',
    refunded: 'refunded',
  } as const;
  return {
    id: `pay-${index}`,
    gateway: served ? 'pg' : null,
    method: 'CARD',
    amount: AMOUNT,
    state: states[stored],
    reason: stored === 'presumed' ? 'not_at_gateway' : null,
    reasonText: null,
    transactionKey: word === null ? null : keyOf(index),
    requestedAt,
    settledAt: stored === 'pending' ? null : requestedAt,
    presumedAt: stored === 'presumed' ? requestedAt : null,
    found: captured
      ? { status: 'succeeded', amount: AMOUNT, currency: CURRENCY, ours: true, at: requestedAt }
      : null,
    refundDue: owed ? AMOUNT : 0,
    refundReference: null,
    escalated: [],
  };
}

function policyOf({ canList, canRefund, answering, second }: Scene): Policy {
  const pg = { name: 'pg', canList, canRefund, paymentWindowMs: WINDOW_MS, answering };
  const other = { ...pg, name: 'other', canList: true, canRefund: false };
  return {
    staleAfterMs: 10 * MINUTE_MS,
    holdAfterMs: HOLD_AFTER_MS,
    ladderMs: LADDER_MS,
    gateways: second === 'none' ? [pg] : [pg, other],
  };
}

function heardOf(scene: Scene, payments: readonly Payment[]): Heard[] {
  const ask = (gateway: string): Heard['question'] => ({
    kind: 'inquire',
    gateway,
    orderId: ORDER_ID,
    userId: 'member-1',
    keys: [],
    about: payments.map(({ id }) => id),
    listAll: true,
  });
  const silent: Answer = { kind: 'silent', cause: 'timeout' };
  const heard: Heard[] = [];
  if (scene.gateway === 'silent') heard.push({ question: ask('pg'), answer: silent });
  else if (scene.gateway !== 'not_asked') {
    heard.push({ question: ask('pg'), answer: statementOf(scene) });
  }
  if (scene.second !== 'none') {
    const nothing: Answer = {
      kind: 'statement',
      transactions: [],
      absentKeys: [],
      silentKeys: [],
      complete: true,
    };
    const answer = scene.second === 'silent' ? silent : nothing;
    heard.push({ question: ask('other'), answer });
  }
  const due = payments.find(({ state }) => state === 'refund_due');
  if (scene.refund !== null && due !== undefined) heard.push(refundOf(scene.refund, due));
  return heard;
}

function statementOf(scene: Scene): Answer {
  const said = scene.payments.flatMap(({ word, served }, index) =>
    word === null || !served ? [] : [{ key: keyOf(index), word }],
  );
  if (scene.extra !== null) said.push({ key: EXTRA_KEY, word: scene.extra });
  return {
    kind: 'statement',
    transactions: said.flatMap(({ key, word }) => transactionOf(key, word) ?? []),
    absentKeys: said.filter(({ word }) => word === 'absent').map(({ key }) => key),
    silentKeys: said.filter(({ word }) => word === 'silent').map(({ key }) => key),
    complete: scene.gateway === 'complete',
  };
}

function transactionOf(key: string, word: Word): Transaction | null {
  const paid: Transaction = {
    key,
    orderId: ORDER_ID,
    status: 'succeeded',
    amount: AMOUNT,
    currency: CURRENCY,
  };
  switch (word) {
    case 'absent':
    case 'silent':
      return null;
    case 'other_order':
      return { ...paid, orderId: 'ORDER000002' };
    case 'other_currency':
      return { ...paid, currency: 'USD' };
    case 'other_amount':
      return { ...paid, amount: AMOUNT - 1 };
    default:
      return { ...paid, status: word };
  }
}

function refundOf(outcome: NonNullable<Scene['refund']>, due: Payment): Heard {
  return {
    question: {
      kind: 'refund',
      gateway: 'pg',
      orderId: ORDER_ID,
      key: due.transactionKey ?? '',
      amount: due.refundDue,
      currency: CURRENCY,
      idempotencyKey: `refund:${due.id}`,
    },
    answer:
      outcome === 'silent'
        ? { kind: 'silent', cause: 'timeout' }
        : { kind: 'refund', outcome, refundedMinor: outcome === 'done' ? due.refundDue : 0 },
  };
}
