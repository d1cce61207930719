import type { OrderState } from '../../core/order.ts';
import type { DurationMs, Instant } from '../../core/time.ts';
import {
  type AdmitOutcome,
  MAX_UNMATCHED,
  type Notice,
  NUDGE_FINAL_MS,
  NUDGE_UNRESOLVED_MS,
  UNMATCHED_KEPT_MS,
} from '../port.ts';
import { count, counted } from './ledger.ts';
import type { Session } from './session.ts';

/**
 * Callbacks and named keys kept for one order. A flood of forged ones must not fill the disk: further callbacks still nudge,
 * they are only no longer told apart from repeats.
 */
const MAX_KEPT_PER_ORDER = 50;

/** Keeps one callback and nudges its order. The order's version stays. */
export function admitNotice(session: Session, notice: Notice): AdmitOutcome {
  const { gateway, eventId, key, receivedAt } = notice;
  const known = session.row<Known>(SELECT_KNOWN, gateway, eventId, gateway, key);
  const seq = known?.seq ?? null;
  const ownerOfKey = known?.owner_of_key ?? null;
  const matchedTo =
    seq === null ? null : (session.row<Matched>(SELECT_MATCHED, seq)?.order_id ?? null);
  // The key says more than the order id: the gateway made it, and it cannot be of two orders.
  const order = noticed(session, ownerOfKey ?? notice.orderId) ?? noticed(session, matchedTo);
  if (order === null) {
    if (seq !== null) return 'duplicate';
    if (waitingAt(session, gateway) >= MAX_UNMATCHED) return 'dropped';
    insertNotice(session, notice, null);
    count(session, 'unmatched', 1, gateway);
    return 'unmatched';
  }
  const isKept = seq === null && order.notices_kept < MAX_KEPT_PER_ORDER;
  // It waited, and a look has given the order the key that it names since.
  const isMatchedNow =
    seq !== null && matchedTo === null && session.run(MATCH_NOTICE, order.id, seq) === 1;
  if (isMatchedNow) count(session, 'unmatched', -1, gateway);
  putNudge(session, order, receivedAt, isKept || isMatchedNow ? 1 : 0);
  // A key that a payment of ours has already says nothing new.
  if (key !== null && ownerOfKey === null)
    insertKey(session, order.id, { gateway, key, at: receivedAt });
  if (isKept) insertNotice(session, notice, order.id);
  return seq === null ? 'admitted' : 'duplicate';
}

/** Gives an order the callbacks that came before it: those that name it or one of its keys. Nudges it if there are any. */
export function matchWaiting(
  session: Session,
  orderId: string,
  payments: readonly { readonly gateway: string | null; readonly transactionKey: string | null }[],
): void {
  const byKey = payments.flatMap(({ gateway, transactionKey }) =>
    gateway === null || transactionKey === null
      ? []
      : session.rows<WaitingRow>(SELECT_WAITING_FOR_KEY, gateway, transactionKey),
  );
  const byOrder = session.rows<WaitingRow>(SELECT_WAITING_FOR_ORDER, orderId, MAX_KEPT_PER_ORDER);
  for (const row of [...byKey, ...byOrder]) match(session, row, orderId);
  if (byOrder.length === MAX_KEPT_PER_ORDER) dropRest(session, orderId);
}

/** Drops callbacks that waited too long, and matched ones as old; at most `limit`. */
export function dropOld(
  session: Session,
  now: Instant,
  limit: number,
): { readonly dropped: number; readonly unmatched: number } {
  const old = session.rows<{ readonly seq: number; gateway: string; order_id: string | null }>(
    SELECT_OLD,
    now - UNMATCHED_KEPT_MS,
    limit,
  );
  let unmatched = 0;
  for (const row of old) {
    session.run(DELETE_NOTICE, row.seq);
    if (row.order_id !== null) {
      session.run(KEEP_ONE_LESS, row.order_id);
      continue;
    }
    unmatched += 1;
    count(session, 'unmatched', -1, row.gateway);
  }
  return { dropped: old.length, unmatched };
}

/** The shortest time between two nudged looks at an order in this state. */
export function nudgeIntervalMs(state: OrderState): DurationMs {
  return state === 'pending' ? NUDGE_UNRESOLVED_MS : NUDGE_FINAL_MS;
}

interface Known {
  /** Of the same notice that came before. */
  readonly seq: number | null;
  readonly owner_of_key: string | null;
}

interface Matched {
  readonly order_id: string | null;
}

function noticed(session: Session, orderId: string | null): Nudged | null {
  if (orderId === null) return null;
  return session.row<Nudged>(SELECT_NUDGED, orderId) ?? null;
}

interface Nudged {
  readonly id: string;
  readonly state: OrderState;
  readonly looked_at: Instant | null;
  readonly nudge_at: Instant | null;
  readonly notices_kept: number;
}

/** `matched`: how many notices were given to the order with this nudge. */
function putNudge(session: Session, order: Nudged, at: Instant, matched: 0 | 1): void {
  const earliest =
    order.looked_at === null ? at : Math.max(at, order.looked_at + nudgeIntervalMs(order.state));
  session.run(NUDGE, Math.min(earliest, order.nudge_at ?? earliest), matched, order.id);
}

interface WaitingRow {
  readonly seq: number;
  readonly gateway: string;
  readonly key: string | null;
  readonly received_at: Instant;
}

function match(session: Session, row: WaitingRow, orderId: string): void {
  if (session.run(MATCH_NOTICE, orderId, row.seq) === 0) return;
  count(session, 'unmatched', -1, row.gateway);
  const order = noticed(session, orderId);
  if (order !== null) putNudge(session, order, row.received_at, 1);
  if (row.key !== null)
    keepKey(session, orderId, { gateway: row.gateway, key: row.key, at: row.received_at });
}

/** A flood that named the order before it came: what is beyond the bound goes in one stroke. */
function dropRest(session: Session, orderId: string): void {
  const groups = session.rows<{ readonly gateway: string; readonly waiting: number }>(
    COUNT_WAITING_FOR_ORDER,
    orderId,
  );
  for (const { gateway, waiting } of groups) count(session, 'unmatched', -waiting, gateway);
  session.run(DELETE_WAITING_FOR_ORDER, orderId);
}

interface NamedKey {
  readonly gateway: string;
  readonly key: string;
  readonly at: Instant;
}

/** A key that a payment of ours has already says nothing new. */
function keepKey(session: Session, orderId: string, named: NamedKey): void {
  if (session.row(SELECT_ORDER_OF_KEY, named.gateway, named.key) === undefined)
    insertKey(session, orderId, named);
}

/** The first ones are kept. */
function insertKey(session: Session, orderId: string, { gateway, key, at }: NamedKey): void {
  session.run(INSERT_KEY, { orderId, gateway, key, at, most: MAX_KEPT_PER_ORDER });
}

function insertNotice(session: Session, notice: Notice, orderId: string | null): void {
  const { gateway, eventId, key, orderId: namedOrder, receivedAt } = notice;
  session.run(INSERT_NOTICE, gateway, eventId, key, namedOrder, orderId, receivedAt);
}

function waitingAt(session: Session, gateway: string): number {
  return counted(session, 'unmatched', gateway);
}

/** Always one row. In one statement, because a statement costs the driver more than what it does; a join costs still more. */
const SELECT_KNOWN = `
  SELECT
    (SELECT seq FROM notices WHERE gateway = ? AND event_id = ?) AS seq,
    (SELECT order_id FROM payments WHERE gateway = ? AND transaction_key = ?) AS owner_of_key`;

const SELECT_MATCHED = 'SELECT order_id FROM notices WHERE seq = ?';

const SELECT_ORDER_OF_KEY =
  'SELECT order_id FROM payments WHERE gateway = ? AND transaction_key = ?';

const SELECT_NUDGED =
  'SELECT id, state, looked_at, nudge_at, notices_kept FROM orders WHERE id = ?';

const NUDGE = `
  UPDATE orders SET nudge_at = ?, nudges = nudges + 1, notices_kept = notices_kept + ? WHERE id = ?`;

const KEEP_ONE_LESS = 'UPDATE orders SET notices_kept = notices_kept - 1 WHERE id = ?';

const INSERT_NOTICE = `
  INSERT INTO notices (gateway, event_id, key, named_order, order_id, received_at)
  VALUES (?, ?, ?, ?, ?, ?)`;

const INSERT_KEY = `
  INSERT INTO noticed_keys (order_id, gateway, key, at)
  SELECT :orderId, :gateway, :key, :at
  WHERE (SELECT count(*) FROM noticed_keys WHERE order_id = :orderId) < :most
  ON CONFLICT DO NOTHING`;

/** CAST: without it SQLite plans these two anew for every order, at ten times their cost (see `Queue`). */
const SELECT_WAITING_FOR_KEY = `
  SELECT seq, gateway, key, received_at FROM notices
  WHERE gateway = CAST(? AS TEXT) AND key = CAST(? AS TEXT) AND order_id IS NULL ORDER BY seq`;

const SELECT_WAITING_FOR_ORDER = `
  SELECT seq, gateway, key, received_at FROM notices
  WHERE named_order = CAST(? AS TEXT) AND order_id IS NULL ORDER BY seq LIMIT CAST(? AS INTEGER)`;

const COUNT_WAITING_FOR_ORDER = `
  SELECT gateway, count(*) AS waiting FROM notices
  WHERE named_order = ? AND order_id IS NULL GROUP BY gateway`;

const DELETE_WAITING_FOR_ORDER = 'DELETE FROM notices WHERE named_order = ? AND order_id IS NULL';

const MATCH_NOTICE = 'UPDATE notices SET order_id = ? WHERE seq = ? AND order_id IS NULL';

const DELETE_NOTICE = 'DELETE FROM notices WHERE seq = ?';

const SELECT_OLD =
  'SELECT seq, gateway, order_id FROM notices WHERE received_at < ? ORDER BY received_at LIMIT ?';
