import type { DeliveryState } from '../../core/delivery.ts';
import type { DatedEffect } from '../../core/effect.ts';
import { ORDER_STATES } from '../../core/order.ts';
import type { Reason } from '../../core/reason.ts';
import type { Instant } from '../../core/time.ts';
import { ReconciledError } from '../../errors.ts';
import type { DeliveriesQuery, Delivery } from '../outbox-port.ts';
import type {
  Counts,
  JournalRow,
  OrdersQuery,
  OrderView,
  Page,
  Product,
  Reader,
  StockMovement,
} from '../port.ts';
import { loadView, viewsOf } from './cases.ts';
import { ANY, DUE, firstOf } from './claims.ts';
import type { Reading } from './reading.ts';
import { recordOf } from './records.ts';
import { EFFECT_COLUMNS, ORDER_COLUMNS, type OrderRow } from './rows.ts';
import type { Session } from './session.ts';
import { loadProduct } from './stock.ts';
import { loadSweep, loadSweeps } from './sweeps.ts';

/** For people and machines that look. Pages go by key, so that a page costs the same wherever it lies. */
export function sqliteReader({ look }: Reading): Reader {
  return {
    order: (id) => look((session) => loadView(session, id)),
    orders: (query) => look((session) => ordersPage(session, query)),
    journal: (orderId, after, limit) =>
      look((session) => journalPage(session, orderId, after, limit)),
    journalAfter: (seq, limit) =>
      look((session) =>
        session.rows<StoredJournalRow>(SELECT_JOURNAL_AFTER, seq, limit).map(journalRowOf),
      ),
    effects: (orderId) => look((session) => session.rows<DatedEffect>(SELECT_EFFECTS, orderId)),
    deliveriesOf: (orderId) =>
      look((session) => session.rows<DeliveryRow>(SELECT_DELIVERIES_OF, orderId).map(deliveryOf)),
    delivery: (id) =>
      look((session) => {
        const row = session.row<DeliveryRow>(SELECT_DELIVERY, id);
        return row === undefined ? null : deliveryOf(row);
      }),
    deliveries: (query) => look((session) => deliveriesPage(session, query)),
    product: (id) => look((session) => loadProduct(session, id)),
    products: (after, limit) =>
      look((session) => {
        const [id] = after === null ? [''] : readCursor(after, ['string']);
        const rows = session.rows<Product>(SELECT_PRODUCTS, id ?? '', limit + 1);
        return pageOf(rows, limit, (product) => cursorOf([product.id]));
      }),
    movements: (productId, after, limit) =>
      look((session) => {
        const rows = session.rows<StockMovement>(SELECT_MOVEMENTS, productId, after, limit + 1);
        return pageOf(rows, limit, (movement) => String(movement.seq));
      }),
    sweep: (id) => look((session) => loadSweep(session, id)),
    sweeps: (after, limit) =>
      look((session) => {
        const [before] = after === null ? [] : readCursor(after, ['number']);
        const sweeps = loadSweeps(session, Number(before ?? Number.MAX_SAFE_INTEGER), limit + 1);
        return pageOf(sweeps, limit, (sweep) => cursorOf([sweep.id]));
      }),
    counts: () => look(loadCounts),
    oldestDue: () => look((session) => firstOf(session, DUE, ANY)),
  };
}

function ordersPage(session: Session, query: OrdersQuery): Page<OrderView> {
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
  const end = isSearch ? session.row<OrderPlace>(SELECT_END_OF_SEARCH, binding) : undefined;
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
  const cursor = (row: OrderPlace) => cursorOf([row.created_at, row.id]);
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

type OrderPlace = Pick<OrderRow, 'created_at' | 'id'>;

function deliveriesPage(session: Session, query: DeliveriesQuery): Page<Delivery> {
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

function journalPage(
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

interface DeliveryRow extends DatedEffect {
  readonly id: number;
  readonly channel: string;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly nextAt: Instant | null;
  readonly detail: string | null;
  readonly settledAt: Instant | null;
}

function deliveryOf(row: DeliveryRow): Delivery {
  const { id, channel, state, attempts, nextAt, detail, settledAt, ...effect } = row;
  return { id, channel, state, attempts, nextAt, detail, settledAt, effect };
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

interface StoredJournalRow {
  readonly seq: number;
  readonly order_id: string;
  readonly version: number;
  readonly at: Instant;
  readonly reason: Reason | null;
  readonly policy: string | null;
  readonly record: string;
}

function journalRowOf(row: StoredJournalRow): JournalRow {
  return {
    seq: row.seq,
    orderId: row.order_id,
    version: row.version,
    at: row.at,
    reason: row.reason,
    record: recordOf(row.record, row.policy),
  };
}

function loadCounts(session: Session): Counts {
  const rows = session.rows<{ readonly name: string; readonly gateway: string; value: number }>(
    SELECT_COUNTERS,
  );
  const countedBy = (name: string) =>
    Object.fromEntries(
      rows
        .filter((row) => row.name === name && row.value > 0)
        .map((row) => [row.gateway, row.value]),
    );
  const counted = (name: string) => rows.find((row) => row.name === name)?.value ?? 0;
  const [pending, completed, failed, held] = ORDER_STATES.map(counted);
  return {
    orders: {
      pending: pending ?? 0,
      completed: completed ?? 0,
      failed: failed ?? 0,
      held: held ?? 0,
    },
    refundsDue: counted('refund_due'),
    unmatched: countedBy('unmatched'),
    deliveries: { pending: countedBy('delivery_pending'), dead: countedBy('delivery_dead') },
  };
}

const SELECT_ORDERS = `
  SELECT ${ORDER_COLUMNS} FROM orders WHERE (created_at, id) > (:createdAt, :id)`;

const IN_ORDER = 'ORDER BY created_at, id LIMIT :limit';

const SELECT_END_OF_SEARCH = `
  SELECT created_at, id FROM orders INDEXED BY orders_by_reason
  WHERE (created_at, id) > (:createdAt, :id) AND reason = :reason ORDER BY created_at, id LIMIT 1 OFFSET ${MAX_SEARCHED - 1}`;

const JOURNAL = `
  SELECT journal.seq, order_id, version, at, reason, content AS policy, record
  FROM journal LEFT JOIN policies ON policies.seq = policy`;

const SELECT_JOURNAL = `${JOURNAL} WHERE order_id = ? AND journal.seq > ? ORDER BY version LIMIT ?`;

const SELECT_JOURNAL_SIZES = `
  SELECT seq, octet_length(record) AS bytes FROM journal WHERE order_id = ? AND seq > ? ORDER BY version LIMIT ?`;

const SELECT_JOURNAL_AFTER = `${JOURNAL} WHERE journal.seq > ? ORDER BY journal.seq LIMIT ?`;

const SELECT_EFFECTS = `
  SELECT ${EFFECT_COLUMNS} FROM effects WHERE order_id = ? ORDER BY seq`;

const DELIVERIES = `
  SELECT id, channel, state, attempts, next_at AS nextAt, detail, settled_at AS settledAt, ${EFFECT_COLUMNS}
  FROM deliveries JOIN effects ON effects.seq = effect`;

const SELECT_DELIVERY = `${DELIVERIES} WHERE id = ?`;

const SELECT_DELIVERIES_OF = `${DELIVERIES} WHERE order_id = CAST(? AS TEXT) ORDER BY id`;

const SELECT_DELIVERIES = `${DELIVERIES} WHERE id < :before`;

const SELECT_DELIVERY_IDS = 'SELECT id FROM deliveries WHERE id < :before';

const END_OF_DELIVERIES = `ORDER BY id DESC LIMIT 1 OFFSET ${MAX_SEARCHED - 1}`;

const NEWEST = 'ORDER BY id DESC LIMIT :limit';

const SELECT_PRODUCTS = `
  SELECT id, name, on_hand AS onHand, low_stock_at AS lowStockAt FROM products WHERE id > ? ORDER BY id LIMIT ?`;

const SELECT_MOVEMENTS = `
  SELECT seq, product_id AS productId, change, on_hand AS onHand, kind, reference, at
  FROM stock_movements WHERE product_id = ? AND seq > ? ORDER BY seq LIMIT ?`;

const SELECT_COUNTERS = 'SELECT name, gateway, value FROM counters';
