import type { OrderState } from '../../core/order.ts';
import type { DurationMs, Instant } from '../../core/time.ts';
import {
  MAX_UNMATCHED,
  type Matched,
  type Notice,
  NUDGE_FINAL_MS,
  NUDGE_UNRESOLVED_MS,
} from '../port.ts';
import { count, counted } from './ledger.ts';
import { ownerOfKey } from './owners.ts';
import type { Session } from './session.ts';

/**
 * Callbacks and named keys kept for one order. A flood of forged ones must not fill the disk: further callbacks still nudge,
 * they are only no longer told apart from repeats.
 */
const MAX_KEPT_PER_ORDER = 50;

/** True: there is a callback that is not matched yet. */
export function hasNew(session: Session): boolean {
  return session.row(SELECT_FIRST_NEW) !== undefined;
}

/** Matches the oldest callbacks that are new, at most `limit`. */
export function matchNotices(session: Session, limit: number): readonly Matched[] {
  return session
    .rows<NewRow>(SELECT_NEW, limit)
    .map((row) => ({ gateway: row.gateway, outcome: matchNew(session, row) }));
}

/** Puts the oldest callback that is new among those that wait for their order, wherever that is. */
export function letFirstWait(session: Session): readonly Matched[] {
  return session
    .rows<NewRow>(SELECT_NEW, 1)
    .map((row) => ({ gateway: row.gateway, outcome: letWait(session, row) }));
}

/** Gives an order the callbacks that came before it: those that name it or one of its keys. Nudges it if there are any. */
export function matchWaiting(
  session: Session,
  orderId: string,
  payments: readonly { readonly gateway: string | null; readonly transactionKey: string | null }[],
): void {
  for (const { gateway, transactionKey: key } of payments) {
    if (gateway === null || key === null) continue;
    const byKey = session.rows<WaitingRow>(
      SELECT_WAITING_FOR_KEY,
      gateway,
      key,
      MAX_KEPT_PER_ORDER,
    );
    for (const row of byKey) match(session, row, orderId);
  }
  const byOrder = session.rows<WaitingRow>(SELECT_WAITING_FOR_ORDER, orderId, MAX_KEPT_PER_ORDER);
  for (const row of byOrder) match(session, row, orderId);
}

/** The shortest time between two nudged looks at an order in this state. */
export function nudgeIntervalMs(state: OrderState): DurationMs {
  return state === 'pending' ? NUDGE_UNRESOLVED_MS : NUDGE_FINAL_MS;
}

/** How many are not matched yet: they stand behind all others, without a gap. */
export function countNew(session: Session): number {
  const first = session.row<{ readonly seq: number }>(SELECT_FIRST_NEW);
  return first === undefined ? 0 : lastNotice(session) - first.seq + 1;
}

/** The number of the callback that came last; 0 when there is none. */
export function lastNotice(session: Session): number {
  return session.row<{ readonly seq: number }>(SELECT_LAST)?.seq ?? 0;
}

/** The callback that is kept for this one and its repeats. */
export function knownNotice(
  session: Session,
  { gateway, eventId }: Notice,
): KnownNotice | undefined {
  return session.row<KnownNotice>(SELECT_KNOWN, gateway, eventId);
}

/** A callback that is kept, as far as a repeat of it is concerned. */
interface KnownNotice {
  readonly seq: number;
  readonly state: 'new' | 'waiting' | 'matched';
  readonly order_id: string | null;
}

/** Forgets a callback; what it counts for is the caller's affair. */
export function deleteNotice(session: Session, seq: number): void {
  session.run(DELETE_NOTICE, seq);
}

interface NewRow {
  readonly seq: number;
  readonly gateway: string;
  readonly key: string | null;
  readonly named_order: string | null;
  readonly received_at: Instant;
}

function matchNew(session: Session, row: NewRow): Matched['outcome'] {
  const { seq, gateway, key, received_at: at } = row;
  const owner = ownerOfKey(session, gateway, key);
  // The key says more than the order id: the gateway made it, and it cannot be of two orders.
  const order = noticed(session, owner ?? row.named_order);
  if (order === null) return letWait(session, row);
  const isKept = order.notices_kept < MAX_KEPT_PER_ORDER;
  if (isKept) session.run(MATCH_NEW, order.id, seq);
  else deleteNotice(session, seq);
  putNudge(session, order, at, isKept ? 1 : 0);
  // A key that a payment of ours has already says nothing new.
  if (key !== null && owner === null) insertKey(session, order.id, { gateway, key, at });
  return 'admitted';
}

function letWait(session: Session, row: NewRow): 'unmatched' | 'dropped' {
  const { seq, gateway } = row;
  if (counted(session, 'unmatched', gateway) >= MAX_UNMATCHED) {
    deleteNotice(session, seq);
    return 'dropped';
  }
  if (enoughWait(session, row)) {
    deleteNotice(session, seq);
    return 'unmatched';
  }
  session.run(LET_WAIT, seq);
  count(session, 'unmatched', 1, gateway);
  return 'unmatched';
}

/** As many wait for the same order, or for the same key where no order is named, as will be kept when it comes. */
function enoughWait(session: Session, { gateway, key, named_order }: NewRow): boolean {
  const last =
    named_order === null
      ? session.row(SELECT_LAST_FOR_KEY, gateway, key)
      : session.row(SELECT_LAST_FOR_ORDER, named_order);
  return last !== undefined;
}

/** The same came before. One that is new answers for both when its turn comes. */
export function matchRepeat(session: Session, notice: Notice): void {
  const { gateway, key, orderId, receivedAt } = notice;
  const known = knownNotice(session, notice);
  if (known === undefined || known.state === 'new') return;
  const owner = ownerOfKey(session, gateway, key);
  const order = noticed(session, owner ?? orderId) ?? noticed(session, known.order_id);
  if (order === null) return;
  // It waited, and a look has given the order the key that it names since.
  const isMatchedNow = session.run(MATCH_WAITING, order.id, known.seq) === 1;
  if (isMatchedNow) count(session, 'unmatched', -1, gateway);
  putNudge(session, order, receivedAt, isMatchedNow ? 1 : 0);
  if (key !== null && owner === null)
    insertKey(session, order.id, { gateway, key, at: receivedAt });
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
  if (session.run(MATCH_WAITING, orderId, row.seq) === 0) return;
  count(session, 'unmatched', -1, row.gateway);
  const order = noticed(session, orderId);
  if (order !== null) putNudge(session, order, row.received_at, 1);
  if (row.key !== null)
    keepKey(session, orderId, { gateway: row.gateway, key: row.key, at: row.received_at });
}

interface NamedKey {
  readonly gateway: string;
  readonly key: string;
  readonly at: Instant;
}

/** A key that a payment of ours has already says nothing new. */
function keepKey(session: Session, orderId: string, named: NamedKey): void {
  if (ownerOfKey(session, named.gateway, named.key) === null) insertKey(session, orderId, named);
}

/** The first ones are kept. */
function insertKey(session: Session, orderId: string, { gateway, key, at }: NamedKey): void {
  session.run(INSERT_KEY, { orderId, gateway, key, at, most: MAX_KEPT_PER_ORDER });
}

const SELECT_KNOWN = 'SELECT seq, state, order_id FROM notices WHERE gateway = ? AND event_id = ?';

/**
 * Those that are new stand behind the last one that is not: to keep one must not cost an index that tells it from the others. INDEXED
 * BY: without the index these must fail, not scan.
 */
const NEW = `
  seq > coalesce(
    (SELECT seq FROM notices INDEXED BY notices_looked_at WHERE state <> 'new' ORDER BY seq DESC LIMIT 1), 0)`;

const SELECT_FIRST_NEW = `SELECT seq FROM notices WHERE ${NEW} ORDER BY seq LIMIT 1`;

const SELECT_LAST = 'SELECT seq FROM notices ORDER BY seq DESC LIMIT 1';

/** CAST: see `Queue`. */
const SELECT_NEW = `
  SELECT seq, gateway, key, named_order, received_at FROM notices
  WHERE ${NEW} ORDER BY seq LIMIT CAST(? AS INTEGER)`;

const LET_WAIT = `UPDATE notices SET state = 'waiting' WHERE seq = ?`;

const MATCH_NEW = `UPDATE notices SET state = 'matched', order_id = ? WHERE seq = ?`;

const MATCH_WAITING = `
  UPDATE notices SET state = 'matched', order_id = ? WHERE seq = ? AND state = 'waiting'`;

const SELECT_NUDGED =
  'SELECT id, state, looked_at, nudge_at, notices_kept FROM orders WHERE id = ?';

const NUDGE = `
  UPDATE orders SET nudge_at = ?, nudges = nudges + 1, notices_kept = notices_kept + ? WHERE id = ?`;

const INSERT_KEY = `
  INSERT INTO noticed_keys (order_id, gateway, key, at)
  SELECT :orderId, :gateway, :key, :at
  WHERE (SELECT count(*) FROM noticed_keys WHERE order_id = :orderId) < :most
  ON CONFLICT DO NOTHING`;

/** CAST: without it SQLite plans these two anew for every order, at ten times their cost (see `Queue`). */
const SELECT_WAITING_FOR_KEY = `
  SELECT seq, gateway, key, received_at FROM notices
  WHERE gateway = CAST(? AS TEXT) AND key = CAST(? AS TEXT) AND state = 'waiting' ORDER BY seq LIMIT CAST(? AS INTEGER)`;

const SELECT_WAITING_FOR_ORDER = `
  SELECT seq, gateway, key, received_at FROM notices
  WHERE named_order = CAST(? AS TEXT) AND state = 'waiting' ORDER BY seq LIMIT CAST(? AS INTEGER)`;

const LAST_KEPT = `state = 'waiting' LIMIT 1 OFFSET ${MAX_KEPT_PER_ORDER - 1}`;

const SELECT_LAST_FOR_ORDER = `
  SELECT seq FROM notices WHERE named_order = CAST(? AS TEXT) AND ${LAST_KEPT}`;

const SELECT_LAST_FOR_KEY = `
  SELECT seq FROM notices WHERE gateway = CAST(? AS TEXT) AND key = CAST(? AS TEXT) AND ${LAST_KEPT}`;

const DELETE_NOTICE = 'DELETE FROM notices WHERE seq = ?';
