import type { Decision } from '../../core/decision.ts';
import { isFinal, type OrderState } from '../../core/order.ts';
import type { Payment } from '../../core/payment.ts';
import type { Instant } from '../../core/time.ts';
import { broughtBy, type CommitOutcome, type Settlement } from '../port.ts';
import { insertPayment } from './intake.ts';
import { count, writeEffect, writeJournal } from './ledger.ts';
import { nudgeIntervalMs } from './notice-matching.ts';
import { ownerOfKey, ownerOfPayment } from './owners.ts';
import { paymentBinding } from './rows.ts';
import type { Session } from './session.ts';
import { askAtOf, type RecordedStanding } from './standing.ts';
import { type Available, available, takeStock } from './stock.ts';

/**
 * Writes one decision, if its order still has the version that it was made on. `nudgesSeen`: the order's count of nudges
 * when it was claimed; when it is the same now, the callbacks that came before this look are answered by it. `null`: this
 * was no look that could answer any. Everything is checked before the first write.
 */
export function settle(
  session: Session,
  settlement: Settlement,
  nudgesSeen: number | null,
): CommitOutcome {
  const { decision } = settlement;
  const order = session.row<OrderStanding>(SELECT_STANDING, decision.orderId);
  if (order === undefined || order.version !== decision.basis) return 'stale';
  const look = lookOf(settlement, nudgesSeen);
  if (!decision.changed) {
    session.run(UPDATE_LOOK, { ...waitOf(decision), ...look });
    return 'applied';
  }
  // Those that the order has now: its version is that of the case.
  const before = settlement.record.hearing.case.payments;
  if (takesKeyOfAnother(session, decision, before)) return 'refused';
  const take = available(session, decision.take);
  if (take === null) return 'stale';
  writeChange(session, settlement, { state: order.state, payments: before, take }, look);
  return 'applied';
}

interface OrderStanding {
  readonly state: OrderState;
  readonly version: number;
}

interface Look {
  /** `null`: nobody was asked. */
  readonly lookedAt: Instant | null;
  readonly nudgesSeen: number | null;
  /** A nudge that stays is not looked at before this. */
  readonly nudgeFloor: Instant;
}

function lookOf(settlement: Settlement, nudgesSeen: number | null): Look {
  const { decision, record } = settlement;
  const lookedAt = record.kind === 'decided' ? record.hearing.now : null;
  return {
    lookedAt,
    nudgesSeen,
    nudgeFloor: lookedAt === null ? 0 : lookedAt + nudgeIntervalMs(decision.order.state),
  };
}

function writeChange(session: Session, settlement: Settlement, before: Before, look: Look): void {
  const { decision, record } = settlement;
  const { order } = decision;
  const at = record.hearing.now;
  if (order.id !== decision.orderId || order.version !== decision.basis + 1)
    throw new Error(`the decision about ${decision.orderId} is of another order or version`);

  const after = standingAfter(before.payments, decision);
  if (order.paidBy !== null && !after.some(({ id }) => id === order.paidBy))
    throw new Error(`order ${order.id} is paid by ${order.paidBy}, which is no payment of it`);
  for (const payment of decision.payments)
    updatePayment(session, payment, order.id, hadItsKey(before.payments, payment));
  for (const payment of decision.added) insertPayment(session, payment, order.id);
  takeStock(session, { order, take: before.take, at });
  for (const effect of decision.effects) writeEffect(session, effect, at);
  writeJournal(session, {
    orderId: order.id,
    version: order.version,
    at,
    reason: decision.reason,
    state: order.state,
    settledBy: isFinal(order.state) && !isFinal(before.state) ? broughtBy(record) : null,
    record,
  });
  session.run(UPDATE_ORDER, {
    ...waitOf(decision),
    ...look,
    state: order.state,
    reason: order.reason,
    reasonText: order.reasonText,
    paidBy: order.paidBy,
    escalated: JSON.stringify(order.escalated),
    updatedAt: order.updatedAt,
    version: order.version,
    askAt: askAtOf(after),
  });
  count(session, before.state, -1);
  count(session, order.state, 1);
  count(session, 'refund_due', refundsDue(after) - refundsDue(before.payments));
}

/** What the database holds before the decision is written. */
interface Before {
  readonly state: OrderState;
  readonly payments: readonly RecordedStanding[];
  readonly take: readonly Available[];
}

function waitOf({ order }: Decision) {
  return {
    id: order.id,
    looks: order.looks,
    silentSince: order.silentSince,
    listedAt: order.listedAt,
    lookAt: order.lookAt,
  };
}

/** A transaction is of one order: whoever recorded it first has it. The same for the id of an added payment. */
function takesKeyOfAnother(
  session: Session,
  decision: Decision,
  before: readonly RecordedStanding[],
): boolean {
  const isTaken = (payment: Payment) => {
    const owner = ownerOfKey(session, payment.gateway, payment.transactionKey);
    return owner !== null && owner !== decision.orderId;
  };
  // A key that the payment had already is its own: the schema lets nobody else have it.
  return (
    decision.payments.some((payment) => !hadItsKey(before, payment) && isTaken(payment)) ||
    decision.added.some(
      (payment) => isTaken(payment) || ownerOfPayment(session, payment.id) !== null,
    )
  );
}

function hadItsKey(before: readonly RecordedStanding[], payment: Payment): boolean {
  return before.some(
    ({ id, gateway, transactionKey }) =>
      id === payment.id && gateway === payment.gateway && transactionKey === payment.transactionKey,
  );
}

/** SQLite writes the index of a column that is set anew even when nothing of it changes: a key that stays is not set. */
function updatePayment(
  session: Session,
  payment: Payment,
  orderId: string,
  keyStays: boolean,
): void {
  const update = keyStays ? UPDATE_PAYMENT : UPDATE_PAYMENT_AND_KEY;
  if (session.run(update, paymentBinding(payment, orderId)) !== 1)
    throw new Error(`payment ${payment.id} is not of order ${orderId}`);
}

/** The payments of an order once the decision is written: reading them again would cost as much as writing one. */
function standingAfter(
  before: readonly RecordedStanding[],
  decision: Decision,
): readonly RecordedStanding[] {
  const changed = new Map(decision.payments.map((payment) => [payment.id, payment]));
  return [...before.map((payment) => changed.get(payment.id) ?? payment), ...decision.added];
}

function refundsDue(payments: readonly RecordedStanding[]): number {
  return payments.filter(({ state }) => state === 'refund_due').length;
}

const SELECT_STANDING = 'SELECT state, version FROM orders WHERE id = ?';

/** A nudge is answered by this look unless another one came since the claim. */
const LOOK = `
  looks = :looks, silent_since = :silentSince, listed_at = :listedAt, look_at = :lookAt,
  looked_at = coalesce(:lookedAt, looked_at),
  nudge_at = CASE WHEN nudges = :nudgesSeen OR nudge_at IS NULL THEN NULL ELSE max(nudge_at, :nudgeFloor) END`;

const UPDATE_LOOK = `UPDATE orders SET ${LOOK} WHERE id = :id`;

const UPDATE_ORDER = `
  UPDATE orders SET ${LOOK},
    state = :state, reason = :reason, reason_text = :reasonText, paid_by = :paidBy, escalated = :escalated,
    updated_at = :updatedAt, version = :version, ask_at = :askAt
  WHERE id = :id`;

const CHANGE_PAYMENT = `
    state = :state, reason = :reason, reason_text = :reasonText, settled_at = :settledAt,
    presumed_at = :presumedAt, found_status = :foundStatus, found_amount = :foundAmount, found_currency = :foundCurrency,
    found_ours = :foundOurs, found_at = :foundAt, refund_due = :refundDue, refund_reference = :refundReference,
    escalated = :escalated
  WHERE id = :id AND order_id = :orderId`;

const UPDATE_PAYMENT = `UPDATE payments SET ${CHANGE_PAYMENT}`;

const UPDATE_PAYMENT_AND_KEY = `
  UPDATE payments SET gateway = :gateway, transaction_key = :transactionKey, ${CHANGE_PAYMENT}`;
