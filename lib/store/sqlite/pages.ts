import { ReconciledError } from '../../errors.ts';
import type { DeliveriesQuery, Delivery } from '../outbox-port.ts';
import type {
  JournalRow,
  OrdersQuery,
  OrderView,
  Page,
  Product,
  StockMovement,
  Sweep,
} from '../port.ts';
import { viewsOf } from './cases.ts';
import {
  DELIVERIES,
  type DeliveryRow,
  deliveryOf,
  JOURNAL,
  journalRowOf,
  ORDER_COLUMNS,
  type OrderRow,
  type StoredJournalRow,
} from './rows.ts';
import type { Session } from './session.ts';
import { loadSweeps } from './sweeps.ts';

// Pages go by key, so that a page costs the same wherever it lies.

/** Orders, oldest first. */
export function ordersPage(session: Session, query: OrdersQuery): Page<OrderView> {
  const [createdAt, id] = query.after === null ? [] : readCursor(query.after, ['number', 'string']);
  const binding = {
    state: query.state,
    reason: query.reason,
    createdAt: createdAt ?? Number.MIN_SAFE_INTEGER,
    id: id ?? '',
    limit: query.limit + 1,
  };
  // No index has both: one goes by the reason, and by the state no further than a page looks.
  const isSearch = query.state !== null && query.reason !== null;
  const end = isSearch ? session.row<RowPlace>(SELECT_END_OF_SEARCH, binding) : undefined;
  const filters = [
    query.state === null ? '' : `AND ${isSearch ? '+' : ''}state = :state`,
    query.reason === null ? '' : 'AND reason = :reason',
    end === undefined ? '' : 'AND (created_at, id) <= (:endAt, :endId)',
  ];
  // Few texts occur, one per set of filters; each is prepared once.
  const rows = session.rows<OrderRow>(`${SELECT_ORDERS} ${filters.join(' ')} ${IN_ORDER}`, {
    ...binding,
    endAt: end?.created_at ?? null,
    endId: end?.id ?? null,
  });
  const items = viewsThatFit(session, rows.slice(0, query.limit));
  const cursor = (row: RowPlace) => cursorOf([row.created_at, row.id]);
  const { next } = pageOf(rows, items.length, cursor);
  return { items, next: next ?? endOf(end, cursor) };
}

/** As many of the first orders as make a page. */
function viewsThatFit(session: Session, rows: readonly OrderRow[]): readonly OrderView[] {
  const views: OrderView[] = [];
  let parts = 0;
  while (views.length < rows.length && parts < MAX_PARTS) {
    for (const view of viewsOf(session, rows.slice(views.length, views.length + READ_TOGETHER))) {
      views.push(view);
      parts += view.items.length + view.payments.length;
    }
  }
  return views;
}

type RowPlace = Pick<OrderRow, 'created_at' | 'id'>;

/** Deliveries, newest first. */
export function deliveriesPage(session: Session, query: DeliveriesQuery): Page<Delivery> {
  const [before] = query.after === null ? [] : readCursor(query.after, ['number']);
  const filters = [
    query.state === null ? '' : 'AND state = :state',
    // Says the same once more, in the words of the index of those that are not delivered.
    query.state === null || query.state === 'delivered' ? '' : "AND state <> 'delivered'",
  ].join(' ');
  const binding = {
    state: query.state,
    channel: query.channel,
    before: before ?? Number.MAX_SAFE_INTEGER,
    limit: query.limit + 1,
  };
  // No index has the channel.
  const end =
    query.channel === null
      ? undefined
      : session.row<{ readonly id: number }>(
          `${SELECT_DELIVERY_IDS} ${filters} ${END_OF_DELIVERIES}`,
          binding,
        );
  const searched = `${query.channel === null ? '' : 'AND channel = :channel'} ${end === undefined ? '' : 'AND id >= :endId'}`;
  const rows = session.rows<DeliveryRow>(`${SELECT_DELIVERIES} ${filters} ${searched} ${NEWEST}`, {
    ...binding,
    endId: end?.id ?? null,
  });
  const cursor = (row: { readonly id: number }) => cursorOf([row.id]);
  const page = pageOf(rows, query.limit, cursor);
  return { items: page.items.map(deliveryOf), next: page.next ?? endOf(end, cursor) };
}

/** The journal of one order, oldest first. */
export function journalPage(
  session: Session,
  orderId: string,
  after: number,
  limit: number,
): Page<JournalRow> {
  const sizes = session.rows<{ readonly seq: number; readonly bytes: number }>(
    SELECT_JOURNAL_SIZES,
    orderId,
    after,
    limit + 1,
  );
  let size = 0;
  const end = sizes.findIndex(({ bytes }, index) => {
    size += bytes;
    return index > 0 && size > MAX_JOURNAL_BYTES;
  });
  const most = end === -1 ? limit : Math.min(end, limit);
  const { items, next } = pageOf(sizes, most, ({ seq }) => String(seq));
  const rows = session.rows<StoredJournalRow>(SELECT_JOURNAL, orderId, after, items.length);
  return { items: rows.map(journalRowOf), next };
}

/** Products by their ids. */
export function productsPage(session: Session, after: string | null, limit: number): Page<Product> {
  const [id] = after === null ? [''] : readCursor(after, ['string']);
  const rows = session.rows<Product>(SELECT_PRODUCTS, id ?? '', limit + 1);
  return pageOf(rows, limit, (product) => cursorOf([product.id]));
}

/** The changes of one product's count, oldest first. */
export function movementsPage(
  session: Session,
  productId: string,
  after: number,
  limit: number,
): Page<StockMovement> {
  const rows = session.rows<StockMovement>(SELECT_MOVEMENTS, productId, after, limit + 1);
  return pageOf(rows, limit, (movement) => String(movement.seq));
}

/** Sweeps, newest first. */
export function sweepsPage(session: Session, after: string | null, limit: number): Page<Sweep> {
  const [before] = after === null ? [] : readCursor(after, ['number']);
  const sweeps = loadSweeps(session, Number(before ?? Number.MAX_SAFE_INTEGER), limit + 1);
  return pageOf(sweeps, limit, (sweep) => cursorOf([sweep.id]));
}

/**
 * What a page holds at most (items and payments, or journal), and how far it looks for what no index leads to: each takes the event
 * loop some ten milliseconds. A page may be shorter by it than was asked for, and is the last one only when it says so.
 */
const MAX_PARTS = 5_000;
const MAX_JOURNAL_BYTES = 2 * 1024 * 1024;
const MAX_SEARCHED = 10_000;

/** Orders whose parts are read at once: those of the largest are as many as a page holds. */
const READ_TOGETHER = 10;

/** Where to go on when a page has looked as far as it does and has found no more than what is on it. */
function endOf<T>(end: T | undefined, cursor: (place: T) => string): string | null {
  return end === undefined ? null : cursor(end);
}

/** One row more than asked for was read: it tells whether there is a further page. */
function pageOf<T>(rows: readonly T[], limit: number, cursor: (row: T) => string): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? cursor(last) : null };
}

type CursorPart = string | number;

/** Opaque to callers, so that its content may change. */
function cursorOf(parts: readonly CursorPart[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

function readCursor(
  cursor: string,
  kinds: readonly ('string' | 'number')[],
): readonly CursorPart[] {
  const parts = parsed(Buffer.from(cursor, 'base64url').toString());
  if (
    Array.isArray(parts) &&
    parts.length === kinds.length &&
    kinds.every((kind, index) => typeof parts[index] === kind)
  )
    return parts;
  throw new ReconciledError(
    'invalid',
    `after: ${cursor.slice(0, 100)} is not a place in this list.`,
    {
      hint: 'Give the "next" of the page before, unchanged, or leave it out for the first page.',
    },
  );
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}

const SELECT_ORDERS = `
  SELECT ${ORDER_COLUMNS} FROM orders WHERE (created_at, id) > (:createdAt, :id)`;

const IN_ORDER = 'ORDER BY created_at, id LIMIT :limit';

const SELECT_END_OF_SEARCH = `
  SELECT created_at, id FROM orders INDEXED BY orders_by_reason
  WHERE (created_at, id) > (:createdAt, :id) AND reason = :reason ORDER BY created_at, id LIMIT 1 OFFSET ${MAX_SEARCHED - 1}`;

const SELECT_JOURNAL = `${JOURNAL} WHERE order_id = ? AND journal.seq > ? ORDER BY version LIMIT ?`;

const SELECT_JOURNAL_SIZES = `
  SELECT seq, octet_length(record) AS bytes FROM journal WHERE order_id = ? AND seq > ? ORDER BY version LIMIT ?`;

const SELECT_DELIVERIES = `${DELIVERIES} WHERE id < :before`;

const SELECT_DELIVERY_IDS = 'SELECT id FROM deliveries WHERE id < :before';

const END_OF_DELIVERIES = `ORDER BY id DESC LIMIT 1 OFFSET ${MAX_SEARCHED - 1}`;

const NEWEST = 'ORDER BY id DESC LIMIT :limit';

const SELECT_PRODUCTS = `
  SELECT id, name, on_hand AS onHand, low_stock_at AS lowStockAt FROM products WHERE id > ? ORDER BY id LIMIT ?`;

const SELECT_MOVEMENTS = `
  SELECT seq, product_id AS productId, change, on_hand AS onHand, kind, reference, at
  FROM stock_movements WHERE product_id = ? AND seq > ? ORDER BY seq LIMIT ?`;
