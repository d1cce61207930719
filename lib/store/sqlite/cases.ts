import type { Case } from '../../core/decision.ts';
import type { NoticedKey } from '../../core/gateway.ts';
import type { Item, StockLevel } from '../../core/order.ts';
import type { Payment } from '../../core/payment.ts';
import type { Instant } from '../../core/time.ts';
import type { OrderView } from '../port.ts';
import {
  type ItemRow,
  itemOf,
  ORDER_COLUMNS,
  type OrderRow,
  orderOf,
  PAYMENT_COLUMNS,
  type PaymentRow,
  paymentOf,
} from './rows.ts';
import type { Session } from './session.ts';

/** All that a decision about one order may know; `null`: no such order. */
export function loadCase(session: Session, orderId: string): Case | null {
  return loadNudgedCase(session, orderId)?.case ?? null;
}

/** A case, and how callbacks stand to it. */
export interface NudgedCase {
  readonly case: Case;
  /** How often callbacks have named the order. */
  readonly nudges: number;
  /** When it may be looked at because of them; `null`: all are answered. */
  readonly nudgeAt: Instant | null;
}

/** The same with the order's nudges, in one read of its row. */
export function loadNudgedCase(session: Session, orderId: string): NudgedCase | null {
  const row = session.row<OrderRow & NudgeRow>(SELECT_ORDER, orderId);
  if (row === undefined) return null;
  const theCase = {
    order: orderOf(row),
    items: loadItems(session, orderId),
    payments: loadPayments(session, orderId),
    stock: session.rows<StockRow>(SELECT_STOCK, orderId).map(stockLevelOf),
    noticed: loadNoticed(session, orderId),
  };
  return { case: theCase, nudges: row.nudges, nudgeAt: row.nudge_at };
}

interface NudgeRow {
  readonly nudges: number;
  readonly nudge_at: Instant | null;
}

/** What people see of one order; `null`: no such order. */
export function loadView(session: Session, orderId: string): OrderView | null {
  const row = session.row<OrderRow>(SELECT_ORDER, orderId);
  return row === undefined ? null : viewOf(session, row);
}

/** An order with its parts, of the same snapshot as its row. */
export function viewOf(session: Session, row: OrderRow): OrderView {
  return {
    order: orderOf(row),
    items: loadItems(session, row.id),
    payments: loadPayments(session, row.id),
  };
}

function loadItems(session: Session, orderId: string): readonly Item[] {
  return session.rows<ItemRow>(SELECT_ITEMS, orderId).map(itemOf);
}

function loadPayments(session: Session, orderId: string): readonly Payment[] {
  return session.rows<PaymentRow>(SELECT_PAYMENTS, orderId).map(paymentOf);
}

interface NoticedRow extends NoticedKey {
  readonly at: Instant;
}

/** Sorted here: mostly there are none, and SQLite would set up a sorter even so. */
function loadNoticed(session: Session, orderId: string): readonly NoticedKey[] {
  return session
    .rows<NoticedRow>(SELECT_NOTICED, orderId)
    .sort((a, b) => a.at - b.at)
    .map(({ gateway, key }) => ({ gateway, key }));
}

interface StockRow {
  readonly id: string;
  readonly name: string;
  readonly on_hand: number;
  readonly low_stock_at: number | null;
}

function stockLevelOf(row: StockRow): StockLevel {
  return { productId: row.id, name: row.name, onHand: row.on_hand, lowStockAt: row.low_stock_at };
}

const SELECT_ORDER = `SELECT ${ORDER_COLUMNS}, nudges, nudge_at FROM orders WHERE id = ?`;

/**
 * An order id as a parameter. CAST: beside an ORDER BY, SQLite plans a statement anew for every value that a bare parameter
 * takes, to see whether its statistics say more about this one: ten times what the statement itself costs.
 */
const ORDER_ID = 'CAST(? AS TEXT)';

const SELECT_ITEMS = `
  SELECT product_id, quantity, unit_price FROM items WHERE order_id = ${ORDER_ID} ORDER BY position`;

const SELECT_PAYMENTS = `
  SELECT ${PAYMENT_COLUMNS} FROM payments WHERE order_id = ${ORDER_ID} ORDER BY seq`;

const SELECT_STOCK = `
  SELECT id, name, on_hand, low_stock_at FROM products
  WHERE id IN (SELECT product_id FROM items WHERE order_id = ?) ORDER BY id`;

const SELECT_NOTICED = `
  SELECT gateway, key, at FROM noticed_keys AS noticed
  WHERE order_id = ?
    AND NOT EXISTS (
      SELECT 1 FROM payments
      WHERE payments.gateway = noticed.gateway AND transaction_key = noticed.key)`;
