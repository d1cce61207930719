import { isDeepStrictEqual } from 'node:util';
import type { Decision } from '../../lib/core/decision.ts';
import type { Order, OrderState } from '../../lib/core/order.ts';
import type { Payment } from '../../lib/core/payment.ts';
import type { Reason } from '../../lib/core/reason.ts';
import type { Instant } from '../../lib/core/time.ts';
import type {
  JournalRow,
  NewOrder,
  NewPayment,
  OrderView,
  Reader,
  StockMovement,
  StoredEffect,
} from '../../lib/store/port.ts';
import type { ModelGateway, TrueTransaction } from '../support/model-gateway.ts';

/** What the auditor knows that the daemon does not. */
export interface Truth {
  readonly gateways: readonly ModelGateway[];
  /** Orders whose creation was acknowledged. */
  readonly acknowledged: ReadonlyMap<string, NewOrder>;
  /** Pieces that were put in, by product. */
  readonly putIn: ReadonlyMap<string, number>;
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
  const movements = await allMovements(reader, truth.putIn.keys());
  const effectKeys = new Set<string>();
  for (const view of views) {
    const history = rows.get(view.order.id) ?? [];
    const effects = await reader.effects(view.order.id);
    const taken = movements.filter(
      ({ kind, reference }) => kind === 'taken' && reference === view.order.id,
    );
    const broken = [
      ...auditHistory(view, history, effects),
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
  return findings;
}

// ── Invariants 5, 6 and 7: the journal tells the whole story ────────────────────────────────────────────────────────

/** What may be decided about an order that is final. */
const FINAL_REASONS: readonly Reason[] = [
  'watching',
  'duplicate_capture',
  'late_capture',
  'mismatched_capture',
  'reversed_after_completion',
  'refunded',
  'refund_underway',
  'refund_refused',
  'refund_by_hand',
  'internal_error',
  // What became of a payment request.
  'still_open',
  'declined',
  'request_failed',
];

function auditHistory(
  view: OrderView,
  history: readonly JournalRow[],
  effects: readonly StoredEffect[],
): string[] {
  const broken: string[] = [];
  const story = tell(history, broken);
  const { order } = view;
  if (history.length !== order.version)
    broken.push(`${history.length} rows, version ${order.version}`);
  const last = story.order;
  if (last !== null) {
    const kept = ['state', 'reason', 'reasonText', 'paidBy', 'escalated'] as const;
    for (const field of kept) {
      if (!isDeepStrictEqual(last[field], order[field])) {
        broken.push(`its ${field} is not what the journal says`);
      }
    }
  }
  for (const payment of view.payments) {
    if (!isDeepStrictEqual(story.payments.get(payment.id), payment)) {
      broken.push(`payment ${payment.id} is not what the journal says`);
    }
  }
  if (view.payments.length !== story.payments.size) broken.push('payments were lost');
  const told = effects.filter(({ topic }) => topic !== 'stock.low').map(({ key }) => key);
  if (!isDeepStrictEqual([...told].sort(), [...story.effects].sort())) {
    broken.push('its effects are not those of its decisions');
  }
  for (const topic of ['order.completed', 'order.failed', 'order.held'] as const) {
    const changes = story.changes.filter((state) => `order.${state}` === topic).length;
    const effectsTold = effects.filter((effect) => effect.topic === topic).length;
    if (changes !== effectsTold) broken.push(`${changes} × ${topic}, told ${effectsTold} ×`);
  }
  return broken;
}

/** The order as its journal tells it. */
interface Story {
  order: Order | null;
  readonly payments: Map<string, Payment>;
  readonly effects: string[];
  /** Every change of its state. Held for another reason is a change. */
  readonly changes: OrderState[];
}

function tell(history: readonly JournalRow[], broken: string[]): Story {
  const story: Story = { order: null, payments: new Map(), effects: [], changes: [] };
  let state: OrderState = 'pending';
  let reason: Reason | null = null;
  for (const [index, row] of history.entries()) {
    const { record, version } = row;
    if (version !== index + 1)
      broken.push(`row ${index + 1} of the journal has version ${version}`);
    if ((record.kind === 'created') !== (index === 0)) broken.push('it was not created first');
    if (record.kind === 'created') {
      for (const payment of record.order.payments) story.payments.set(payment.id, fresh(payment));
      continue;
    }
    if (record.kind === 'payment_added') {
      story.payments.set(record.payment.id, fresh(record.payment));
      continue;
    }
    const { decision } = record;
    broken.push(...auditDecision(decision, row, state, record.kind));
    for (const payment of [...decision.payments, ...decision.added]) {
      story.payments.set(payment.id, payment);
    }
    story.effects.push(...decision.effects.map(({ key }) => key));
    const next = decision.order;
    if (next.state !== state || (next.state === 'held' && next.reason !== reason)) {
      story.changes.push(next.state);
    }
    state = next.state;
    reason = next.reason;
    story.order = next;
  }
  return story;
}

function auditDecision(
  decision: Decision,
  row: JournalRow,
  state: OrderState,
  kind: string,
): string[] {
  const broken: string[] = [];
  const { order, basis, reason } = decision;
  if (!decision.changed) broken.push(`version ${row.version} changed nothing`);
  if (basis !== row.version - 1 || order.version !== row.version) {
    broken.push(`version ${row.version} was decided on version ${basis}`);
  }
  if (row.reason !== reason) broken.push(`version ${row.version} has two reasons`);
  const final = state === 'completed' || state === 'failed';
  if (final && order.state !== state) {
    broken.push(`version ${row.version} makes it ${order.state} after ${state}`);
  }
  if (final && kind !== 'refund_recorded' && !FINAL_REASONS.includes(reason)) {
    broken.push(`version ${row.version} changes a final order for ${reason}`);
  }
  return broken;
}

function fresh(payment: NewPayment): Payment {
  return {
    ...payment,
    state: 'pending',
    reason: null,
    reasonText: null,
    settledAt: null,
    presumedAt: null,
    found: null,
    refundDue: 0,
    refundReference: null,
    escalated: [],
  };
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
    const owed = payment.state === 'refund_due' || payment.state === 'refunded';
    if (refunds.length > 0 && !owed) broken.push(`${payment.id} was paid back as ${payment.state}`);
    if (back > (transaction?.amount ?? 0)) broken.push(`${payment.id} was paid back twice`);
    if (owed && transaction === undefined) broken.push(`${payment.id} is owed for nothing`);
    if (owed && transaction !== undefined && payment.refundDue !== transaction.amount) {
      broken.push(`${payment.id} owes ${payment.refundDue} of ${transaction.amount}`);
    }
    if (payment.state === 'refunded' && transaction !== undefined) {
      const byPerson = history.some(({ record }) => record.kind === 'refund_recorded');
      const gone = transaction.steps.some(
        ({ at, status }) => status === 'refunded' && at <= truth.now,
      );
      if (!byPerson && !gone && back === 0) broken.push(`${payment.id} never went back`);
    }
  }
  broken.push(...auditFailure(order, history, truth));
  return broken;
}

/** An order fails in ignorance of nothing: all gateways that can list had listed, and nothing captured was among it. */
function auditFailure(order: Order, history: readonly JournalRow[], truth: Truth): string[] {
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
  const broken = truth.gateways
    .filter(({ settings }) => settings.canList)
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
  if (order.state === 'pending') broken.push(`still pending: ${order.reason}`);
  if (order.state === 'held' && !hasCauseToHold(view, truth)) {
    broken.push(`held for ${order.reason}, and nothing is wrong with it`);
  }
  if (order.state === 'held') return broken;
  for (const gateway of truth.gateways) {
    const heardAt = gateway.heardInFullAt.get(order.id) ?? Number.NEGATIVE_INFINITY;
    for (const transaction of gateway.all()) {
      if (transaction.orderId !== order.id || transaction.amount === 0) continue;
      if (gateway.statusOf(transaction, truth.now) !== 'succeeded') continue;
      const payment = payments.find(
        (one) => one.gateway === gateway.name && one.transactionKey === transaction.key,
      );
      const since = transaction.steps.find(({ status }) => status === 'succeeded')?.at ?? 0;
      // Nobody recorded it and no callback came: it can only be seen in a listing.
      if (payment === undefined && since > heardAt) continue;
      if (!isAccountedFor(order, payment, transaction)) {
        broken.push(`${transaction.key} is captured, and has no place`);
      }
    }
  }
  return broken;
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

// ── Stock and counters ──────────────────────────────────────────────────────────────────────────────────────────────

async function auditStock(
  reader: Reader,
  movements: readonly StockMovement[],
  { putIn, settled }: Truth,
): Promise<string[]> {
  const broken: string[] = [];
  for (const [productId, pieces] of putIn) {
    const product = await reader.product(productId);
    const ours = movements.filter((one) => one.productId === productId);
    let onHand = 0;
    for (const { change, onHand: after } of ours) {
      onHand += change;
      if (onHand !== after || onHand < 0) broken.push(`${productId}: ${after} after ${change}`);
    }
    if (product?.onHand !== onHand)
      broken.push(`${productId}: ${product?.onHand}, moved ${onHand}`);
    const put = sum(
      ours.filter(({ kind }) => kind !== 'taken'),
      ({ change }) => change,
    );
    // Before all is acknowledged, a delivery may be in that the shop does not know of.
    if (settled ? put !== pieces : put < pieces) {
      broken.push(`${productId}: ${pieces} were put in, ${put} are booked`);
    }
  }
  return broken;
}

async function auditCounts(reader: Reader, views: readonly OrderView[]): Promise<string[]> {
  const counts = await reader.counts();
  const broken: string[] = [];
  for (const state of ['pending', 'completed', 'failed', 'held'] as const) {
    const there = views.filter(({ order }) => order.state === state).length;
    if (counts.orders[state] !== there) {
      broken.push(`${there} orders are ${state}, counted ${counts.orders[state]}`);
    }
  }
  const due = sum(
    views,
    ({ payments }) => payments.filter((one) => one.state === 'refund_due').length,
  );
  if (counts.refundsDue !== due)
    broken.push(`${due} refunds are due, counted ${counts.refundsDue}`);
  return broken;
}

// ── Reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const BATCH = 1_000;

async function allViews(reader: Reader): Promise<readonly OrderView[]> {
  const views: OrderView[] = [];
  for (let after: string | null = null; ; ) {
    const page = await reader.orders({ state: null, reason: null, after, limit: BATCH });
    views.push(...page.items);
    if (page.next === null) return views;
    after = page.next;
  }
}

async function allRows(reader: Reader): Promise<ReadonlyMap<string, JournalRow[]>> {
  const rows = new Map<string, JournalRow[]>();
  for (let after = 0; ; ) {
    const batch = await reader.journalAfter(after, BATCH);
    for (const row of batch) {
      const ours = rows.get(row.orderId);
      if (ours === undefined) rows.set(row.orderId, [row]);
      else ours.push(row);
    }
    const last = batch.at(-1);
    if (last === undefined) return rows;
    after = last.seq;
  }
}

async function allMovements(
  reader: Reader,
  productIds: Iterable<string>,
): Promise<readonly StockMovement[]> {
  const movements: StockMovement[] = [];
  for (const productId of productIds) {
    for (let after = 0; ; ) {
      const page = await reader.movements(productId, after, BATCH);
      movements.push(...page.items);
      if (page.next === null) break;
      after = Number(page.next);
    }
  }
  return movements;
}

function sum<T>(list: readonly T[], of: (one: T) => number): number {
  return list.reduce((total, one) => total + of(one), 0);
}
