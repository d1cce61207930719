import type { Case, Decision, Hearing } from '../../core/decision.ts';
import type { Effect } from '../../core/effect.ts';
import type { Heard, Transaction } from '../../core/gateway.ts';
import type { Order, StockLevel } from '../../core/order.ts';
import type { Payment } from '../../core/payment.ts';
import type { Policy } from '../../core/policy.ts';
import type { Judgement } from '../../core/verdict.ts';
import type { DecisionRecord, JournalRecord } from '../port.ts';

/**
 * A record as the journal keeps it: JSON without the members that are as expected. Two records then share a page of the
 * file; with all members each takes one, and those are half of the pages that a commit writes. Expected is
 *
 * - of an order, a payment, a product or an effect what its `BLANK_` says,
 * - of an order or a payment in a decision that it is as it was in the case,
 * - of a judgement that it rests on what was heard of the payment's key.
 *
 * What was heard stands there word for word.
 *
 * The journal is kept for long and read by many, and no decision depends on who the member is: his id stays in the order's own
 * row. It is left out on every side of a record, so that `replay` still compares like with like.
 */
export function textOf(record: JournalRecord): string {
  if (record.kind === 'created')
    return JSON.stringify({ ...record, order: withoutMember(record.order) });
  if (record.kind === 'payment_added') return JSON.stringify(record);
  const { heard, now } = record.hearing;
  const theCase = { ...record.hearing.case, order: withoutMember(record.hearing.case.order) };
  const decision = { ...record.decision, order: withoutMember(record.decision.order) };
  return JSON.stringify({
    ...record,
    hearing: { case: leanCase(theCase), heard: heard.map(withoutUser), now },
    decision: leanDecision(decision, theCase, heard),
  });
}

/** The policy of a record: kept once for all decisions that are made under it. `null`: there is no decision in the record. */
export function policyTextOf(record: JournalRecord): string | null {
  return 'hearing' in record ? JSON.stringify(record.hearing.policy) : null;
}

/** The record that is kept as these two texts. */
export function recordOf(text: string, policyText: string | null): JournalRecord {
  const record = JSON.parse(text) as Undecided | LeanDecided;
  if (record.kind === 'created' || record.kind === 'payment_added') return record;
  const { heard, now } = record.hearing;
  const theCase = wholeCase(record.hearing.case);
  const policy = JSON.parse(policyText ?? 'null') as Policy;
  return {
    ...record,
    hearing: { case: theCase, heard, policy, now },
    decision: wholeDecision(record.decision, theCase, heard),
  };
}

type Undecided = Exclude<JournalRecord, DecisionRecord>;

type LeanDecided = LeanParts<DecisionRecord>;

type LeanParts<Record> = Record extends unknown
  ? Omit<Record, 'hearing' | 'decision'> & {
      readonly hearing: Pick<Hearing, 'heard' | 'now'> & { readonly case: Lean<Case> };
      readonly decision: Lean<Decision>;
    }
  : never;

// ── What is expected. It is part of the layout: another blank reads what was kept as something else. ────────────────

const NOBODY = '';

const BLANK_CASE: Blank<Case> = {
  order: undefined,
  items: [],
  payments: [],
  stock: [],
  noticed: [],
};

const BLANK_ORDER: Blank<Order> = {
  id: undefined,
  memberId: NOBODY,
  currency: undefined,
  amount: undefined,
  state: undefined,
  reason: null,
  reasonText: null,
  paidBy: null,
  escalated: [],
  createdAt: undefined,
  updatedAt: undefined,
  looks: 0,
  silentSince: null,
  listedAt: null,
  lookAt: null,
  version: undefined,
};

const BLANK_PAYMENT: Blank<Payment> = {
  id: undefined,
  gateway: null,
  method: undefined,
  amount: undefined,
  state: undefined,
  reason: null,
  reasonText: null,
  transactionKey: null,
  requestedAt: undefined,
  settledAt: null,
  presumedAt: null,
  found: null,
  refundDue: 0,
  refundReference: null,
  escalated: [],
};

const BLANK_LEVEL: Blank<StockLevel> = {
  productId: undefined,
  name: undefined,
  onHand: undefined,
  lowStockAt: null,
};

function blankDecision({ id, version }: Order): Blank<Decision> {
  return {
    orderId: id,
    basis: version,
    reason: undefined,
    changed: true,
    order: undefined,
    payments: [],
    added: [],
    take: [],
    effects: [],
    judgements: [],
  };
}

function blankEffectOf({ id, version }: Order): Blank<Effect> {
  return {
    topic: undefined,
    key: undefined,
    orderId: id,
    version,
    paymentId: null,
    productId: null,
    gateway: null,
    reason: null,
    text: null,
    amount: null,
    currency: null,
    onHand: null,
    since: null,
  };
}

/** A payment is judged by what was heard of its key, where something was. */
function blankJudgement(
  paymentId: string,
  { payments }: Case,
  heard: readonly Heard[],
): Blank<Judgement> {
  const key = payments.find(({ id }) => id === paymentId)?.transactionKey ?? null;
  const transaction = key === null ? null : transactionOf(key, heard);
  return {
    paymentId: undefined,
    verdict: undefined,
    reason: null,
    text: transaction?.reason ?? null,
    transaction,
  };
}

function transactionOf(key: string, heard: readonly Heard[]): Transaction | null {
  for (const { answer } of heard) {
    if (answer.kind !== 'statement') continue;
    const found = answer.transactions.find((transaction) => transaction.key === key);
    if (found !== undefined) return found;
  }
  return null;
}

// ── Leaving it out, and putting it back ─────────────────────────────────────────────────────────────────────────────

function leanCase({ order, items, payments, stock, noticed }: Case): Lean<Case> {
  return lean<Lean<Case>>(
    {
      order: lean(order, BLANK_ORDER),
      items,
      payments: payments.map((payment) => lean(payment, BLANK_PAYMENT)),
      stock: stock.map((level) => lean(level, BLANK_LEVEL)),
      noticed,
    },
    BLANK_CASE,
  );
}

function wholeCase(theCase: Lean<Case>): Case {
  const { order, items, payments, stock, noticed } = whole<Case>(theCase, BLANK_CASE);
  return {
    order: whole(order, BLANK_ORDER),
    items,
    payments: payments.map((payment) => whole(payment, BLANK_PAYMENT)),
    stock: stock.map((level) => whole(level, BLANK_LEVEL)),
    noticed,
  };
}

function leanDecision(decision: Decision, theCase: Case, heard: readonly Heard[]): Lean<Decision> {
  const { order, payments, added, effects, judgements } = decision;
  const blankEffect = blankEffectOf(order);
  return lean<Lean<Decision>>(
    {
      ...decision,
      order: lean(order, theCase.order),
      payments: payments.map((payment) => ({
        id: payment.id,
        ...lean(payment, paymentBefore(theCase, payment.id)),
      })),
      added: added.map((payment) => lean(payment, BLANK_PAYMENT)),
      effects: effects.map((effect) => lean(effect, blankEffect)),
      judgements: judgements.map((judgement) =>
        lean(judgement, blankJudgement(judgement.paymentId, theCase, heard)),
      ),
    },
    blankDecision(theCase.order),
  );
}

function wholeDecision(decision: Lean<Decision>, theCase: Case, heard: readonly Heard[]): Decision {
  const parts = whole<Decision>(decision, blankDecision(theCase.order));
  const order = whole(parts.order, theCase.order);
  const blankEffect = blankEffectOf(order);
  return {
    ...parts,
    order,
    payments: parts.payments.map((payment) => whole(payment, paymentBefore(theCase, payment.id))),
    added: parts.added.map((payment) => whole(payment, BLANK_PAYMENT)),
    effects: parts.effects.map((effect) => whole(effect, blankEffect)),
    judgements: parts.judgements.map((judgement) =>
      whole(judgement, blankJudgement(judgement.paymentId, theCase, heard)),
    ),
  };
}

function paymentBefore({ payments }: Case, id: string): Blank<Payment> {
  return payments.find((payment) => payment.id === id) ?? BLANK_PAYMENT;
}

function withoutUser({ question, answer }: Heard): Heard {
  return question.kind === 'inquire'
    ? { question: { ...question, userId: NOBODY }, answer }
    : { question, answer };
}

function withoutMember<T extends { readonly memberId: string }>(order: T): T {
  return { ...order, memberId: NOBODY };
}

/** The members that are not as the blank has them. */
function lean<T extends object>(value: T, blank: Blank<T>): Lean<T> {
  const members = value as Readonly<Record<string, unknown>>;
  const expected = blank as Readonly<Record<string, unknown>>;
  const said: Record<string, unknown> = {};
  // Not Object.entries: its pairs would make a record cost half as much again.
  for (const name in members) {
    if (!isSame(members[name], expected[name])) said[name] = members[name];
  }
  return said as Lean<T>;
}

/** A value with the members that `lean` has left out. */
function whole<T extends object>(said: Lean<T>, blank: Blank<T>): T {
  return { ...blank, ...said } as T;
}

function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  return Array.isArray(one) && Array.isArray(other) && one.length === 0 && other.length === 0;
}

/** What a kind is expected to be; `undefined`: it has to be said. */
type Blank<T> = { readonly [Name in keyof T]: T[Name] | undefined };

/** What is left of a value when what is as expected is left out, all the way down. */
type Lean<T> = T extends readonly (infer One)[]
  ? readonly Lean<One>[]
  : T extends object
    ? { readonly [Name in keyof T]?: Lean<T[Name]> }
    : T;
