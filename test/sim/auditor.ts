import type { Order } from '../../lib/core/order.ts';
import type { Payment } from '../../lib/core/payment.ts';
import { DAY_MS, type DurationMs, HOUR_MS, type Instant } from '../../lib/core/time.ts';
import type {
  JournalRow,
  NewOrder,
  OrderView,
  Reader,
  StockMovement,
} from '../../lib/store/port.ts';
import type { ModelGateway, TrueTransaction } from '../support/model-gateway.ts';
import { auditCounts, auditStock } from './audit-counts.ts';
import { auditHistory, auditPolicies } from './audit-journal.ts';
import { auditNotices } from './audit-notices.ts';
import type { Configuration } from './configuration.ts';
import { allMovements, allRows, allViews, sum } from './reading.ts';
import type { Receivers } from './receivers.ts';

/** A message that was given up, and that a person had sent again. */
export interface SentAgain {
  readonly channel: string;
  readonly key: string;
  readonly at: Instant;
}

/** What the auditor knows that the daemon does not. */
export interface Truth {
  readonly gateways: readonly ModelGateway[];
  /** Orders whose creation was acknowledged. */
  readonly acknowledged: ReadonlyMap<string, NewOrder>;
  /** Since when orders have been final, where somebody heard of it. */
  readonly finalSince: ReadonlyMap<string, Instant>;
  /** Those that became final while the clock was wrong. */
  readonly finalByWrongClock: ReadonlySet<string>;
  /** Until when a gateway was not configured for the last time. */
  readonly absentUntil: ReadonlyMap<string, Instant>;
  /** The channels that are to hear of an effect. */
  readonly hearers: ReadonlyMap<string, readonly string[]>;
  /** What the daemon was started with. */
  readonly configurations: readonly Configuration[];
  /** Pieces that were added, by product. */
  readonly putIn: ReadonlyMap<string, number>;
  /** The counts that people entered, by product: the first one stocked it. */
  readonly counted: ReadonlyMap<string, ReadonlySet<number>>;
  /** From which count on a product is low. */
  readonly thresholds: ReadonlyMap<string, number | null>;
  /** Messages that a person had sent again, and was told that they would be. */
  readonly sentAgain: readonly SentAgain[];
  /** Payments that the daemon was told to request, by order. */
  readonly requested: ReadonlyMap<string, ReadonlySet<string>>;
  /** Knows of which orders a gateway refused a request at once. */
  readonly weather: { readonly refused: ReadonlySet<string> };
  /** Whoever is told. */
  readonly receivers: Receivers;
  /** What time it really is. */
  readonly now: Instant;
  /** The weather was fair for long enough: whatever can be settled must be. */
  readonly settled: boolean;
}

/**
 * Checks the database against the gateways' truth, by the invariants alone: it knows nothing of how decisions are made, and
 * imports none of it. Returns what is broken, in sentences.
 */
export async function audit(reader: Reader, truth: Truth): Promise<readonly string[]> {
  const views = await allViews(reader);
  const rows = await allRows(reader);
  const findings: string[] = [];
  const known = new Set(views.map(({ order }) => order.id));
  for (const id of truth.acknowledged.keys()) {
    if (!known.has(id)) findings.push(`${id}: acknowledged, and gone`);
  }
  const movements = await allMovements(reader, truth.counted.keys());
  const effectKeys = new Set<string>();
  for (const view of views) {
    const history = rows.get(view.order.id) ?? [];
    const effects = await reader.effects(view.order.id);
    const taken = movements.filter(
      ({ kind, reference }) => kind === 'taken' && reference === view.order.id,
    );
    const broken = [
      ...auditHistory(view, history, effects, truth.requested.get(view.order.id) ?? new Set()),
      ...auditPolicies(history, truth.configurations),
      ...auditOrder(view, history, taken, truth),
      ...auditMoney(view, history, truth),
      ...(truth.settled ? auditSettled(view, truth) : []),
    ];
    for (const { key } of effects) {
      if (effectKeys.has(key)) broken.push(`the effect ${key} is told twice`);
      effectKeys.add(key);
    }
    findings.push(...broken.map((sentence) => `${view.order.id}: ${sentence}`));
  }
  findings.push(...(await auditStock(reader, movements, truth)));
  findings.push(...(await auditCounts(reader, views)));
  findings.push(...(await auditNotices(reader, effectKeys, movements, truth)));
  return findings;
}

// ── Invariants 1, 2 and 4: completed once, on money that is there; nothing is forgotten ─────────────────────────────

function auditOrder(
  { order, items, payments }: OrderView,
  history: readonly JournalRow[],
  taken: readonly StockMovement[],
  truth: Truth,
): string[] {
  const broken: string[] = [];
  const succeeded = payments.filter(({ state }) => state === 'succeeded');
  const completed = order.state === 'completed';
  const expected = completed ? items : [];
  for (const productId of new Set([...items, ...taken].map((one) => one.productId))) {
    const due = sum(
      expected.filter((item) => item.productId === productId),
      (item) => item.quantity,
    );
    const got = sum(
      taken.filter((one) => one.productId === productId),
      (one) => -one.change,
    );
    if (due !== got) broken.push(`${got} of ${productId} were taken, ${due} are due`);
  }
  if (!completed && succeeded.length > 0) broken.push('paid, and not completed');
  if (completed && order.amount > 0) {
    if (succeeded.length !== 1 || succeeded[0]?.id !== order.paidBy) {
      broken.push(`completed on ${succeeded.length} payments`);
    }
    const [paid] = succeeded;
    const byPerson = history.some(
      ({ record }) => record.kind === 'resolved' && record.decision.order.state === 'completed',
    );
    if (paid !== undefined && !byPerson && !wasCaptured(order, paid, truth)) {
      broken.push(`completed on ${paid.transactionKey}, which the gateway never captured for it`);
    }
  }
  const waits = payments.some(({ state }) => state === 'pending' || state === 'refund_due');
  const unsettled = order.state === 'pending' || order.state === 'held';
  if (order.lookAt === null && (waits || unsettled)) broken.push('unresolved, and never due');
  return broken;
}

/** The gateway took the full amount for this order at some time. */
function wasCaptured(order: Order, payment: Payment, truth: Truth): boolean {
  const transaction = transactionOf(payment, truth);
  return (
    transaction !== undefined &&
    transaction.orderId === order.id &&
    transaction.amount === order.amount &&
    transaction.currency === order.currency &&
    transaction.steps.some(({ at, status }) => status === 'succeeded' && at <= truth.now)
  );
}

function transactionOf(payment: Payment, { gateways }: Truth): TrueTransaction | undefined {
  const gateway = gateways.find(({ name }) => name === payment.gateway);
  return payment.transactionKey === null ? undefined : gateway?.transaction(payment.transactionKey);
}

// ── Invariant 3: no money is forgotten, and none goes back that should not ──────────────────────────────────────────

function auditMoney(
  { order, payments }: OrderView,
  history: readonly JournalRow[],
  truth: Truth,
): string[] {
  const broken: string[] = [];
  for (const payment of payments) {
    const transaction = transactionOf(payment, truth);
    const refunds = truth.gateways
      .filter(({ name }) => name === payment.gateway)
      .flatMap((gateway) => gateway.refunds)
      .filter(({ key }) => key === payment.transactionKey);
    const back = sum(refunds, ({ amount }) => amount);
    const askedAt = truth.gateways
      .find(({ name }) => name === payment.gateway)
      ?.refundAskedAt.get(payment.transactionKey ?? '');
    const byHandSince = truth.receivers.byHandSince.get(payment.id);
    if (askedAt !== undefined && byHandSince !== undefined && askedAt > byHandSince) {
      broken.push(`${payment.id}: its gateway was asked to pay back what a person was asked for`);
    }
    const owed = payment.state === 'refund_due' || payment.state === 'refunded';
    if (refunds.length > 0 && !owed) broken.push(`${payment.id} was paid back as ${payment.state}`);
    if (back > (transaction?.amount ?? 0)) broken.push(`${payment.id} was paid back twice`);
    if (owed && transaction === undefined) broken.push(`${payment.id} is owed for nothing`);
    if (owed && transaction !== undefined && payment.refundDue !== transaction.amount) {
      broken.push(`${payment.id} owes ${payment.refundDue} of ${transaction.amount}`);
    }
    if (payment.state === 'failed' && payment.reason === 'declined') {
      const isDeclined =
        transaction === undefined
          ? truth.weather.refused.has(order.id)
          : transaction.steps.some(
              ({ at, status }) =>
                at <= truth.now && (status === 'failed' || status === 'cancelled'),
            );
      if (!isDeclined) broken.push(`${payment.id} counts as declined, and nobody declined it`);
    }
    if (payment.state === 'refunded' && transaction !== undefined) {
      const byPerson = history.some(({ record }) => record.kind === 'refund_recorded');
      const gone = transaction.steps.some(
        ({ at, status }) => status === 'refunded' && at <= truth.now,
      );
      if (!byPerson && !gone && back === 0) broken.push(`${payment.id} never went back`);
    }
  }
  broken.push(...auditFailure(order, history));
  return broken;
}

/** An order fails in ignorance of nothing: all gateways that could list had listed, and nothing captured was among it. */
function auditFailure(order: Order, history: readonly JournalRow[]): string[] {
  const failing = history.find(
    ({ record }) =>
      record.kind === 'decided' &&
      record.decision.order.state === 'failed' &&
      record.hearing.case.order.state !== 'failed',
  );
  if (failing?.record.kind !== 'decided') return [];
  const { decision, hearing } = failing.record;
  if (decision.reason === 'out_of_stock') {
    const short = hearing.case.items.some(({ productId }) => {
      const level = hearing.case.stock.find((one) => one.productId === productId);
      const wanted = hearing.case.items.filter((item) => item.productId === productId);
      return (level?.onHand ?? 0) < sum(wanted, ({ quantity }) => quantity);
    });
    return short ? [] : ['failed for want of stock that was there'];
  }
  const statements = hearing.heard.flatMap(({ question, answer }) =>
    answer.kind === 'statement' ? [{ gateway: question.gateway, ...answer }] : [],
  );
  const { gateways } = hearing.policy;
  const broken = gateways
    .filter(({ canList }) => canList)
    .filter(({ name }) => !statements.some((one) => one.gateway === name && one.complete))
    .map(({ name }) => `failed before ${name} had listed what it has`);
  const captured = statements
    .flatMap(({ transactions }) => transactions)
    .find(
      (one) =>
        one.orderId === order.id &&
        one.status === 'succeeded' &&
        one.amount === order.amount &&
        one.currency === order.currency,
    );
  if (captured !== undefined) broken.push(`failed although ${captured.key} was heard captured`);
  return broken;
}

// ── After fair weather ──────────────────────────────────────────────────────────────────────────────────────────────

/** Everything has converged: no order is undecided, every hold has its cause, all money has its place. */
function auditSettled(view: OrderView, truth: Truth): string[] {
  const { order, payments } = view;
  const broken: string[] = [];
  if (order.lookAt !== null && order.lookAt > truth.now + LONGEST_WAIT_MS) {
    broken.push('nobody will look at it for days');
  }
  broken.push(...auditLateLooks(view, truth));
  if (order.state === 'pending') broken.push(`still pending: ${order.reason}`);
  if (order.state === 'held' && !hasCauseToHold(view, truth)) {
    broken.push(`held for ${order.reason}, and nothing is wrong with it`);
  }
  if (order.state === 'held') return broken;
  for (const gateway of truth.gateways) {
    const heardAt = gateway.heardInFullAt.get(order.id) ?? Number.NEGATIVE_INFINITY;
    const finalAt = truth.finalSince.get(order.id) ?? Number.NEGATIVE_INFINITY;
    const isThereSince = truth.absentUntil.get(gateway.name) ?? Number.NEGATIVE_INFINITY;
    const isListed = gateway.settings.canList && isThereSince <= finalAt;
    const foundUntil = isListed ? Math.max(heardAt, finalAt) : heardAt;
    for (const transaction of gateway.all()) {
      if (transaction.orderId !== order.id || transaction.amount === 0) continue;
      if (gateway.statusOf(transaction, truth.now) !== 'succeeded') continue;
      const payment = payments.find(
        (one) => one.gateway === gateway.name && one.transactionKey === transaction.key,
      );
      const since = transaction.steps.find(({ status }) => status === 'succeeded')?.at ?? 0;
      // Nobody recorded it and no callback came: it can only be seen in a listing, and the last one that is sure to come is that of an
      // order that has become final.
      if (payment === undefined && since > foundUntil) continue;
      if (!isAccountedFor(order, payment, transaction)) {
        broken.push(`${transaction.key} is captured, and has no place`);
      }
    }
  }
  return broken;
}

/** No wait is longer in the usual configuration. */
const LONGEST_WAIT_MS: DurationMs = 4 * DAY_MS;

/**
 * The last of the late looks at a payment that was presumed failed comes a day later or after that; an hour is for the way there, five
 * for a clock that is ahead.
 */
const LATE_LOOKS_MS: DurationMs = 18 * HOUR_MS;

/** What was presumed failed from an absence was looked for once more when a request that was lost for long could have arrived. */
function auditLateLooks({ order, payments }: OrderView, truth: Truth): string[] {
  const finalAt = truth.finalSince.get(order.id);
  if (finalAt === undefined || truth.finalByWrongClock.has(order.id)) return [];

  return truth.gateways
    .filter(({ settings }) => settings.canList)
    .filter(({ name }) => (truth.absentUntil.get(name) ?? 0) <= finalAt)
    .filter(({ name }) => payments.some((one) => one.gateway === name && isPresumed(one)))
    .filter(({ listedAt }) => (listedAt.get(order.id) ?? 0) < finalAt + LATE_LOOKS_MS)
    .map(({ name }) => `presumed to have failed at ${name}, and never looked for again`);
}

function isPresumed({ state, reason, presumedAt }: Payment): boolean {
  return state === 'failed' && presumedAt !== null && reason === 'not_at_gateway';
}

function isAccountedFor(
  order: Order,
  payment: Payment | undefined,
  transaction: TrueTransaction,
): boolean {
  // Somebody recorded it for another order: a person was told.
  if (payment === undefined) return order.escalated.includes('internal_error');
  if (payment.state === 'refund_due' || payment.state === 'refunded') return true;
  if (order.state === 'completed' && order.paidBy === payment.id) return true;
  // Money of another currency cannot be told from a mistake of the gateway: a person was told.
  return transaction.currency !== order.currency && payment.escalated.includes('mismatched');
}

function hasCauseToHold({ order, payments }: OrderView, truth: Truth): boolean {
  if (order.escalated.includes('internal_error')) return true;
  return payments.some((payment) => {
    if (payment.gateway === null) return true;
    const gateway = truth.gateways.find(({ name }) => name === payment.gateway);
    const transaction = transactionOf(payment, truth);
    if (gateway === undefined) return true;
    if (payment.transactionKey === null) return !gateway.settings.canList;
    if (transaction === undefined) return true;
    const status = gateway.statusOf(transaction, truth.now);
    const ours =
      transaction.orderId === order.id &&
      transaction.amount === order.amount &&
      transaction.currency === order.currency;
    return !ours || (status !== 'succeeded' && status !== 'failed' && status !== 'cancelled');
  });
}
