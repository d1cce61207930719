import { MAX_PAYMENTS } from '../../core/decision.ts';
import type { OrderState } from '../../core/order.ts';
import { type Payment, pendingPayment } from '../../core/payment.ts';
import type { Instant } from '../../core/time.ts';
import type { AddPaymentOutcome, CreateOutcome, Intake, NewOrder, NewPayment } from '../port.ts';
import { wasForgotten } from './forgetting.ts';
import { count, writeJournal } from './ledger.ts';
import { matchWaiting } from './notice-matching.ts';
import { admitNotices } from './notices.ts';
import { ownerOfKey } from './owners.ts';
import { contentOf, repeatOf, repeatOfPayment, type StoredPayment } from './repeats.ts';
import { paymentBinding } from './rows.ts';
import type { Session } from './session.ts';
import { askAtOf, mayChange, standingOf } from './standing.ts';
import { addStock, putProduct } from './stock.ts';
import type { Writer } from './writer.ts';

/** What the shop and the gateways tell us, each order a piece of work of its own. */
export function sqliteIntake(writer: Writer): Intake {
  return {
    putProduct: (product, now) => writer.write((session) => putProduct(session, product, now)),
    addStock: (productId, add, reference, now) =>
      writer.write((session) => addStock(session, productId, add, reference, now)),
    createOrders: (orders, now) =>
      Promise.all(
        orders.map((order) =>
          writer.write(
            (session) => createOrder(session, order, now),
            undefined,
            1 + order.items.length,
          ),
        ),
      ),
    addPayment: (orderId, payment, now, mode) =>
      writer.write((session) => addPayment(session, orderId, payment, now, mode)),
    admit: writer.gathered(admitNotices),
  };
}

function createOrder(session: Session, order: NewOrder, now: Instant): CreateOutcome {
  const content = contentOf(order);
  const repeat = repeatOf(session, order, content);
  if (repeat !== null) return repeat;
  // It was settled long ago and removed as old: whatever it was, this is not a new order.
  if (wasForgotten(session, order.id)) return { kind: 'forgotten' };
  const refusal = unknownProduct(session, order) ?? conflictOf(session, order);
  if (refusal !== null) return refusal;

  const payments = order.payments.map(pendingPayment);
  session.run(INSERT_ORDER, {
    id: order.id,
    memberId: order.memberId,
    currency: order.currency,
    amount: order.amount,
    createdAt: order.createdAt,
    updatedAt: now,
    lookAt: order.lookAt,
    content,
    askAt: askAtOf(payments),
  });
  for (const [position, item] of order.items.entries())
    session.run(INSERT_ITEM, order.id, position, item.productId, item.quantity, item.unitPrice);
  for (const payment of payments) insertPayment(session, payment, order.id);
  writeJournal(session, {
    orderId: order.id,
    version: 1,
    at: now,
    reason: null,
    state: 'pending',
    settledBy: null,
    record: { kind: 'created', order },
  });
  count(session, 'pending', 1);
  matchWaiting(session, order.id, order.payments);
  return { kind: 'created' };
}

function addPayment(
  session: Session,
  orderId: string,
  payment: NewPayment,
  now: Instant,
  mode: 'recorded' | 'exclusive',
): AddPaymentOutcome {
  const order = session.row<OrderStanding>(SELECT_STANDING, orderId);
  if (order === undefined) return { kind: 'not_found' };
  const known = session.row<KnownPayment>(SELECT_PAYMENT, payment.id);
  if (known !== undefined) {
    if (known.orderId !== orderId) return conflict('id', payment.id, known.orderId);
    return repeatOfPayment(known, payment);
  }
  if (payment.amount !== order.amount) return { kind: 'wrong_amount', due: order.amount };
  const before = standingOf(session, orderId);
  if (before.length >= MAX_PAYMENTS) return { kind: 'too_many' };
  if (mode === 'exclusive' && (order.state !== 'pending' || before.some(mayChange)))
    return { kind: 'busy' };
  const owner = ownerOfKey(session, payment.gateway, payment.transactionKey);
  if (owner === orderId) return recordedAlready(payment.transactionKey);
  if (owner !== null) return conflict('transactionKey', payment.transactionKey, owner);

  const added = pendingPayment(payment);
  insertPayment(session, added, orderId);
  session.run(RAISE_ORDER, {
    id: orderId,
    askAt: askAtOf([...before, added]),
    lookAt: lookAtAfterAdding(order, now),
  });
  writeJournal(session, {
    orderId,
    version: order.version + 1,
    at: now,
    reason: null,
    state: null,
    settledBy: null,
    record: { kind: 'payment_added', payment },
  });
  matchWaiting(session, orderId, [payment]);
  return { kind: 'created' };
}

interface OrderStanding {
  readonly amount: number;
  readonly state: OrderState;
  readonly look_at: Instant | null;
  readonly version: number;
}

/** A pending order keeps its place; any other one is looked at again now, because its new payment may capture. */
function lookAtAfterAdding(order: OrderStanding, now: Instant): Instant {
  if (order.look_at === null) return now;
  return order.state === 'pending' ? order.look_at : Math.min(order.look_at, now);
}

interface KnownPayment extends StoredPayment {
  readonly orderId: string;
}

function unknownProduct(session: Session, order: NewOrder): CreateOutcome | null {
  const missing = order.items.find(
    (item) => session.row(SELECT_PRODUCT, item.productId) === undefined,
  );
  return missing === undefined ? null : { kind: 'unknown_product', productId: missing.productId };
}

function conflictOf(session: Session, order: NewOrder): CreateOutcome | null {
  const ids = new Set<string>();
  const keys = new Set<string>();
  for (const [index, payment] of order.payments.entries()) {
    const at = `payments[${index}]`;
    const key = JSON.stringify([payment.gateway, payment.transactionKey]);
    const hasKey = payment.gateway !== null && payment.transactionKey !== null;
    if (payment.amount !== order.amount)
      return { kind: 'conflict', where: `${at}.amount: the order's is ${order.amount}` };
    const known = session.row<KnownPayment>(SELECT_PAYMENT, payment.id);
    if (known !== undefined || ids.has(payment.id))
      return conflict(`${at}.id`, payment.id, known?.orderId ?? order.id);
    const owner = ownerOfKey(session, payment.gateway, payment.transactionKey);
    if (owner !== null || (hasKey && keys.has(key)))
      return conflict(`${at}.transactionKey`, payment.transactionKey, owner ?? order.id);
    ids.add(payment.id);
    keys.add(key);
  }
  return null;
}

function conflict(field: string, value: string | null, orderId: string) {
  return {
    kind: 'conflict',
    where: `${field}: ${value} belongs to a payment of order ${orderId}`,
  } as const;
}

/** Mostly the shop does nothing wrong: a look has found the payment at the gateway before the shop told of it. */
function recordedAlready(key: string | null) {
  return {
    kind: 'conflict',
    where: `transactionKey: ${key} is recorded for this order already: nothing is left to tell`,
  } as const;
}

/** Keeps a payment for the first time. */
export function insertPayment(session: Session, payment: Payment, orderId: string): void {
  session.run(INSERT_PAYMENT, paymentBinding(payment, orderId));
}

const SELECT_STANDING = 'SELECT amount, state, look_at, version FROM orders WHERE id = ?';

const SELECT_PRODUCT = 'SELECT 1 FROM products WHERE id = ?';

const SELECT_PAYMENT = `
  SELECT order_id AS orderId, gateway, method, amount, transaction_key AS transactionKey, recorded_key AS recordedKey
  FROM payments WHERE id = ?`;

const INSERT_ORDER = `
  INSERT INTO orders (id, member_id, currency, amount, state, created_at, updated_at, looks, look_at, version, content, ask_at)
  VALUES (:id, :memberId, :currency, :amount, 'pending', :createdAt, :updatedAt, 0, :lookAt, 1, :content, :askAt)`;

const INSERT_ITEM =
  'INSERT INTO items (order_id, position, product_id, quantity, unit_price) VALUES (?, ?, ?, ?, ?)';

const INSERT_PAYMENT = `
  INSERT INTO payments (
    id, order_id, gateway, method, amount, state, reason, reason_text, transaction_key, recorded_key, requested_at, settled_at,
    presumed_at, found_status, found_amount, found_currency, found_ours, found_at, refund_due, refund_reference, escalated)
  VALUES (
    :id, :orderId, :gateway, :method, :amount, :state, :reason, :reasonText, :transactionKey, :transactionKey, :requestedAt, :settledAt,
    :presumedAt, :foundStatus, :foundAmount, :foundCurrency, :foundOurs, :foundAt, :refundDue, :refundReference, :escalated)`;

const RAISE_ORDER =
  'UPDATE orders SET version = version + 1, ask_at = :askAt, look_at = :lookAt WHERE id = :id';
