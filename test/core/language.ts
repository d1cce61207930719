import type { Case } from '../../lib/core/decision.ts';
import { type Heard, type NoticedKey, TRANSACTION_STATUSES } from '../../lib/core/gateway.ts';
import { type Item, ORDER_STATES, type Order, type StockLevel } from '../../lib/core/order.ts';
import { PAYMENT_STATES, type Payment } from '../../lib/core/payment.ts';
import type { GatewayPolicy, Policy } from '../../lib/core/policy.ts';
import { REASONS, type Reason } from '../../lib/core/reason.ts';
import { MINUTE_MS } from '../../lib/core/time.ts';
import { parseAnswer, parseRefund } from './answers.ts';
import {
  AMOUNT,
  CURRENCY,
  duration,
  HOLD_AFTER_MS,
  LADDER_MS,
  match,
  NOW,
  ORDER_ID,
  oneOf,
  split,
  unknown,
  WINDOW_MS,
} from './words.ts';

/**
 * The small language of the tables. A row has three columns: what is stored, what was heard, what follows.
 *
 *   ['pending 20m; pg K1 pending', 'pg: K1 succeeded 4000', 'held mismatched; …']
 *
 * Stored: the order first (`pending 20m`, `held unclear 3h`, `completed by K1 2h`, `failed declined 2h`: the state, why, its
 * age), then payments (`pg K1 pending`, `wallet keyless pending`, `pg K1 refund_due 5000`) and facts (`stock short`).
 * Heard: what each gateway said (`pg: K1 failed "no limit", K2 absent, nothing else`; `pg: silent timeout`). A gateway that
 * is not mentioned was not asked. `nothing else`: it listed all it has for the order.
 * `pg` can list by order id and cannot refund, `bank` can do neither, `wallet` can do both; those that a row names are
 * configured, `pg` when it names none. `former` was, and one that `is gone`, and are not any more. The order costs 5000 won, one lamp of nine on hand.
 * Anything that the language does not know fails the row.
 */
export interface Situation {
  readonly theCase: Case;
  readonly heard: readonly Heard[];
  readonly policy: Policy;
  readonly nudged: boolean;
}

/** The name of a gateway that is not configured any more. */
const FORMER = 'former';

const GATEWAYS: readonly GatewayPolicy[] = [
  { name: 'pg', canList: true, canRefund: false, paymentWindowMs: WINDOW_MS, answering: true },
  { name: 'bank', canList: false, canRefund: false, paymentWindowMs: WINDOW_MS, answering: true },
  { name: 'wallet', canList: true, canRefund: true, paymentWindowMs: WINDOW_MS, answering: true },
];

export function situation(stored: string, heard: string): Situation {
  const [first = '', ...clauses] = split(stored, ';');
  const draft: Draft = {
    order: parseOrder(first),
    payments: [],
    addedSince: new Set(),
    items: [{ productId: 'lamp', quantity: 1, unitPrice: AMOUNT }],
    onHand: new Map([['lamp', 9]]),
    noticed: [],
    named: new Set(),
    quiet: new Set(),
    gone: new Set(),
    nudged: false,
  };
  for (const clause of clauses) parseStored(draft, clause);
  const parts = heard === '' ? [] : split(heard, ';').map((clause) => parseHeard(draft, clause));
  if (draft.named.size === 0) draft.named.add('pg');
  return {
    theCase: {
      order: draft.order,
      items: draft.items,
      payments: draft.payments,
      stock: stockOf(draft),
      noticed: draft.noticed,
    },
    heard: parts,
    policy: {
      staleAfterMs: 10 * MINUTE_MS,
      holdAfterMs: HOLD_AFTER_MS,
      ladderMs: LADDER_MS,
      gateways: GATEWAYS.filter(({ name }) => draft.named.has(name) && !draft.gone.has(name)).map(
        (gateway) => ({
          ...gateway,
          answering: !draft.quiet.has(gateway.name),
        }),
      ),
    },
    nudged: draft.nudged,
  };
}

/** What a row calls a payment: its key, or `keyless`. */
export function labelOf(payment: Payment): string {
  return payment.id.replace(/^(?:pay-|[a-z]+:)/, '');
}

export const paymentId = (label: string) => `pay-${label}`;

// ── Stored ──────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Draft {
  order: Order;
  readonly payments: Payment[];
  readonly addedSince: Set<string>;
  items: readonly Item[];
  onHand: Map<string, number>;
  readonly noticed: NoticedKey[];
  readonly named: Set<string>;
  readonly quiet: Set<string>;
  readonly gone: Set<string>;
  nudged: boolean;
}

function parseOrder(text: string): Order {
  const [, stateWord, reasonWord, paidBy, age] = match(
    text,
    /^([a-z]+)(?: ([a-z_]+))?(?: by ([\w-]+))? (\d+[smhd])$/,
  );
  const state = oneOf(ORDER_STATES, stateWord);
  const usual = state === 'completed' ? 'captured' : null;
  const reason = reasonWord === undefined ? usual : oneOf(REASONS, reasonWord);
  if ((state === 'held' || state === 'failed') && reason === null) throw unknown(text);
  const since = NOW - duration(age ?? '');
  const final = state === 'completed' || state === 'failed';
  return {
    id: ORDER_ID,
    memberId: 'member-1',
    currency: CURRENCY,
    amount: AMOUNT,
    state,
    reason,
    reasonText: null,
    paidBy: paidBy === undefined ? null : paymentId(paidBy),
    escalated: state === 'held' && reason !== null ? [reason] : [],
    createdAt: since,
    updatedAt: since,
    looks: 0,
    silentSince: null,
    listedAt: final ? since : null,
    lookAt: NOW,
    version: 1,
  };
}

function parseStored(draft: Draft, text: string): void {
  const { order } = draft;
  const fact = (pattern: RegExp) => pattern.exec(text)?.[1];
  const gateway = /^(pg|bank|wallet|former|no-gateway) (?:K\d|keyless)/.exec(text)?.[1];
  if (gateway !== undefined) {
    const payment = parsePayment(draft, text);
    draft.payments.push(payment);
    if (payment.gateway !== null) draft.named.add(payment.gateway);
    return;
  }
  if (text === 'stock short') draft.onHand = new Map();
  else if (text === 'nothing to pay') draft.order = { ...order, amount: 0 };
  else if (text === 'never listed') draft.order = { ...order, listedAt: null };
  else if (text === 'nudged') draft.nudged = true;
  else if (fact(/^buys (.+)$/)) {
    draft.items = counted(text.slice(5)).map(([productId, quantity]) => ({
      productId,
      quantity,
      unitPrice: AMOUNT,
    }));
  } else if (fact(/^on hand (.+)$/)) draft.onHand = new Map(counted(text.slice(8)));
  else if (fact(/^told (.+)$/)) draft.order = { ...order, escalated: reasons(text.slice(5)) };
  else if (fact(/^silent since (\w+) from now$/)) {
    draft.order = { ...order, silentSince: NOW + duration(text.split(' ')[2] ?? '') };
  } else if (fact(/^silent for (\w+)$/)) {
    draft.order = { ...order, silentSince: NOW - duration(text.slice(11)) };
  } else if (fact(/^looked (\d+) times$/)) {
    draft.order = { ...order, looks: Number(fact(/^looked (\d+) times$/)) };
  } else if (fact(/^planned in (\w+)$/)) {
    draft.order = { ...order, lookAt: NOW + duration(text.slice(11)) };
  } else if (fact(/^planned (\w+) ago$/)) {
    draft.order = { ...order, lookAt: NOW - duration(text.split(' ')[1] ?? '') };
  } else if (fact(/^(\w+) is configured too$/)) {
    draft.named.add(gatewayName(fact(/^(\w+) is/)));
  } else if (fact(/^(\w+) is gone$/)) draft.gone.add(gatewayName(fact(/^(\w+) is/)));
  else if (fact(/^(\w+) answers nobody$/)) draft.quiet.add(gatewayName(fact(/^(\w+) /)));
  else {
    const [, key = '', where] = match(text, /^a callback named (K\d) at (\w+)$/);
    draft.noticed.push({ gateway: gatewayName(where), key });
    draft.named.add(gatewayName(where));
  }
}

function parsePayment({ order, addedSince }: Draft, clause: string): Payment {
  const [text = '', ...rest] = split(clause, ',');
  const [, gateway, label = '', stateWord, amount, reasonWord, ago, words] = match(
    text,
    /^(\S+) (K\d|keyless(?:-\d)?) ([a-z_]+)(?: (\d+))?(?: ([a-z_]+))?(?: (\w+) ago)?(?: "(.*)")?$/,
  );
  const presumed = stateWord === 'presumed';
  const state = presumed ? 'failed' : oneOf(PAYMENT_STATES, stateWord);
  const owed = state === 'refund_due' || state === 'refunded';
  const reason = reasonWord === undefined ? null : oneOf(REASONS, reasonWord);
  const long = presumed ? NOW : order.createdAt;
  const settledAt = state === 'pending' ? null : ago === undefined ? long : NOW - duration(ago);
  const due = amount === undefined ? AMOUNT : Number(amount);
  let payment: Payment = {
    id: paymentId(label),
    gateway: gateway === 'no-gateway' ? null : gateway === FORMER ? FORMER : gatewayName(gateway),
    method: 'CARD',
    amount: order.amount,
    state,
    reason: state === 'succeeded' ? 'captured' : reason,
    reasonText: words ?? null,
    transactionKey: label.startsWith('keyless') ? null : label,
    requestedAt: order.createdAt,
    settledAt,
    presumedAt: presumed ? settledAt : null,
    found: null,
    refundDue: owed ? due : 0,
    refundReference: null,
    escalated: [],
  };
  if (state === 'refunded') payment = withFound(payment, 'refunded', due);
  else if (state === 'succeeded' || owed) payment = withFound(payment, 'succeeded', due);
  for (const detail of rest) {
    const [, requested, ahead, told, since, found, foundAmount, currency, other, receipt] = match(
      detail,
      /^(?:requested (\w+) ago|requested (\w+) from now|told (.+)|(recorded since)|heard ([a-z_]+)(?: (\d+))?(?: ([A-Z]{3}))?( of another order)?|receipt (\S+))$/,
    );
    if (requested !== undefined) payment = { ...payment, requestedAt: NOW - duration(requested) };
    else if (ahead !== undefined) payment = { ...payment, requestedAt: NOW + duration(ahead) };
    if (told !== undefined) payment = { ...payment, escalated: reasons(told) };
    if (since !== undefined) addedSince.add(payment.id);
    if (found !== undefined) {
      payment = withFound(
        payment,
        found,
        Number(foundAmount ?? AMOUNT),
        currency,
        other === undefined,
      );
    }
    if (receipt !== undefined) payment = { ...payment, refundReference: receipt };
  }
  return payment;
}

function withFound(
  payment: Payment,
  statusWord: string,
  amount: number,
  currency = CURRENCY,
  ours = true,
): Payment {
  const status = oneOf(TRANSACTION_STATUSES, statusWord);
  const found = { status, amount, currency, ours, at: payment.requestedAt };
  return { ...payment, found };
}

function stockOf({ items, onHand }: Draft): StockLevel[] {
  return [...new Set(items.map(({ productId }) => productId))].map((productId) => ({
    productId,
    name: productId,
    onHand: onHand.get(productId) ?? 0,
    lowStockAt: null,
  }));
}

// ── Heard ───────────────────────────────────────────────────────────────────────────────────────────────────────────

function parseHeard(draft: Draft, clause: string): Heard {
  const [, where, refundOf, words = ''] = match(clause, /^(\w+)(?: refunds (K\d))?: (.+)$/);
  const gateway = gatewayName(where);
  draft.named.add(gateway);
  const { order, payments, addedSince } = draft;
  const asked = { gateway, orderId: order.id };
  if (refundOf !== undefined) {
    return {
      question: {
        ...asked,
        kind: 'refund',
        key: refundOf,
        amount: payments.find((one) => one.transactionKey === refundOf)?.refundDue ?? 0,
        currency: order.currency,
        idempotencyKey: `refund:${order.id}:${paymentId(refundOf)}`,
      },
      answer: parseRefund(words),
    };
  }
  const here = payments.filter((payment) => payment.gateway === gateway);
  const parts = split(words, ',');
  const all = parts.some((part) => /^(?:nothing(?: else)?|listing silent)$/.test(part));
  return {
    question: {
      ...asked,
      kind: 'inquire',
      userId: order.memberId,
      keys: here.flatMap(({ transactionKey }) => transactionKey ?? []),
      about: here.filter(({ id }) => !addedSince.has(id)).map(({ id }) => id),
      listAll: all,
    },
    answer: parseAnswer(words),
  };
}

function gatewayName(word: string | undefined): string {
  return oneOf(
    GATEWAYS.map(({ name }) => name),
    word,
  );
}

function reasons(text: string): Reason[] {
  return text.split(' and ').map((word) => oneOf(REASONS, word));
}

function counted(text: string): [string, number][] {
  return text.split(' and ').map((part) => {
    const [, count, name = ''] = match(part, /^(\d+) ([a-z]+)$/);
    return [name, Number(count)];
  });
}
