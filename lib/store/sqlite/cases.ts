import type { Case } from '../../core/decision.ts';
import type { NoticedKey } from '../../core/gateway.ts';
import type { StockLevel } from '../../core/order.ts';
import type { Instant } from '../../core/time.ts';
import type { AwaitedOrder, OrderView } from '../port.ts';
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

/** A case, and how callbacks stand to it. */
export interface NudgedCase {
  readonly case: Case;
  /** How often callbacks have named the order. */
  readonly nudges: number;
  /** When it may be looked at because of them; `null`: all are answered. */
  readonly nudgeAt: Instant | null;
}

/** All that decisions about these orders may know, by id: there is none for an order that is not there. */
export function loadCases(
  session: Session,
  orderIds: readonly string[],
): ReadonlyMap<string, NudgedCase> {
  const ids = JSON.stringify(orderIds);
  const viewOf = viewing(session, ids);
  const stock = session.rows<StockLevel>(SELECT_STOCK, ids);
  const levels = new Map(stock.map((level) => [level.productId, level]));
  const noticed = byOrder(session.rows<NoticedRow>(SELECT_NOTICED, ids));
  const caseOf = (row: OrderRow): Case => {
    const view = viewOf(row);
    return {
      ...view,
      stock: levelsOf(view, levels),
      noticed: (noticed.get(row.id) ?? []).map(({ gateway, key }) => ({ gateway, key })),
    };
  };
  return new Map(
    session
      .rows<OrderRow & NudgeRow>(SELECT_ORDERS, ids)
      .map((row) => [row.id, { case: caseOf(row), nudges: row.nudges, nudgeAt: row.nudge_at }]),
  );
}

/** What people see of one order; `null`: no such order. */
export function loadView(session: Session, orderId: string): AwaitedOrder | null {
  const ids = JSON.stringify([orderId]);
  const [row] = session.rows<OrderRow & NudgeRow>(SELECT_ORDERS, ids);
  return row === undefined ? null : { ...viewing(session, ids)(row), nudgeAt: row.nudge_at };
}

/** These orders with their parts, of the same snapshot as their rows. */
export function viewsOf(session: Session, rows: readonly OrderRow[]): readonly OrderView[] {
  return rows.map(viewing(session, JSON.stringify(rows.map(({ id }) => id))));
}

/** Reads the parts of these orders, and puts them to a row. */
function viewing(session: Session, ids: string): (row: OrderRow) => OrderView {
  const items = byOrder(session.rows<ItemRow & OfOrder>(SELECT_ITEMS, ids));
  const payments = byOrder(session.rows<PaymentRow & OfOrder>(SELECT_PAYMENTS, ids));
  return (row) => ({
    order: orderOf(row),
    items: (items.get(row.id) ?? []).map(itemOf),
    payments: (payments.get(row.id) ?? []).map(paymentOf),
  });
}

/** One level for each product of the order, by id. */
function levelsOf(
  { items }: OrderView,
  levels: ReadonlyMap<string, StockLevel>,
): readonly StockLevel[] {
  const products = [...new Set(items.map(({ productId }) => productId))].sort();
  return products.flatMap((id) => levels.get(id) ?? []);
}

interface NudgeRow {
  readonly nudges: number;
  readonly nudge_at: Instant | null;
}

interface OfOrder {
  readonly order_id: string;
}

interface NoticedRow extends NoticedKey, OfOrder {}

function byOrder<Row extends OfOrder>(rows: readonly Row[]): ReadonlyMap<string, readonly Row[]> {
  return Map.groupBy(rows, ({ order_id }) => order_id);
}

/** Ids as one parameter, a JSON list: for a hundred orders a statement costs a tenth of what a hundred statements do. */
const IDS = '(SELECT value FROM json_each(?))';

const SELECT_ORDERS = `SELECT ${ORDER_COLUMNS}, nudges, nudge_at FROM orders WHERE id IN ${IDS}`;

const SELECT_ITEMS = `
  SELECT order_id, product_id, quantity, unit_price FROM items
  WHERE order_id IN ${IDS} ORDER BY order_id, position`;

const SELECT_PAYMENTS = `
  SELECT order_id, ${PAYMENT_COLUMNS} FROM payments WHERE order_id IN ${IDS} ORDER BY order_id, seq`;

const SELECT_STOCK = `
  SELECT id AS productId, name, on_hand AS onHand, low_stock_at AS lowStockAt FROM products
  WHERE id IN (SELECT product_id FROM items WHERE order_id IN ${IDS})`;

/** Keys that no payment has yet. */
const SELECT_NOTICED = `
  SELECT order_id, gateway, key FROM noticed_keys AS noticed
  WHERE order_id IN ${IDS}
    AND NOT EXISTS (
      SELECT 1 FROM payments
      WHERE payments.gateway = noticed.gateway AND transaction_key = noticed.key)
  ORDER BY at`;
