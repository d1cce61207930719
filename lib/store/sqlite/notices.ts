import type { OrderState } from '../../core/order.ts';
import type { DurationMs, Instant } from '../../core/time.ts';
import {
  type AdmitOutcome,
  MAX_NEW,
  MAX_UNMATCHED,
  type Matched,
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

/** Keeps callbacks: one row each. A repeat is rare, so all that it may lead to is done at once. */
export function admitNotices(
  session: Session,
  notices: readonly Notice[],
): readonly AdmitOutcome[] {
  const room = Math.max(0, MAX_NEW - countNew(session));
  const outcomes: AdmitOutcome[] = [];
  while (outcomes.length < Math.min(notices.length, room)) {
    const next = notices.slice(outcomes.length, Math.min(outcomes.length + AT_ONCE, room));
    outcomes.push(
      ...(next.length === AT_ONCE
        ? insertMany(session, next)
        : next.map((one) => insert(session, one))),
    );
  }
  return notices.map((_, index) => outcomes[index] ?? 'dropped');
}

/** Rows in one INSERT: it takes half as long as one INSERT for each. */
const AT_ONCE = 8;

function insert(session: Session, notice: Notice): AdmitOutcome {
  if (session.run(INSERT_ONE, ...bindingOf(notice)) === 1) return 'kept';
  repeat(session, notice);
  return 'duplicate';
}

function insertMany(session: Session, notices: readonly Notice[]): readonly AdmitOutcome[] {
  const last = session.row<{ readonly seq: number }>(SELECT_LAST)?.seq ?? 0;
  if (session.run(INSERT_MANY, ...notices.flatMap(bindingOf)) === notices.length)
    return notices.map(() => 'kept' as const);
  // Some came before, be it in this list.
  const kept = new Set<number>();
  return notices.map((notice) => {
    const seq = session.row<KnownRow>(SELECT_KNOWN, notice.gateway, notice.eventId)?.seq ?? 0;
    if (seq > last && !kept.has(seq)) {
      kept.add(seq);
      return 'kept';
    }
    repeat(session, notice);
    return 'duplicate';
  });
}

function bindingOf({ gateway, eventId, key, orderId, receivedAt }: Notice) {
  return [gateway, eventId, key, orderId, receivedAt];
}

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

/**
 * Drops callbacks that waited too long, and matched ones as old; at most `limit`. Goes in the order in which they came and
 * ends at the first that is young, so that no index by age has to be kept: a clock that was set back keeps some for longer.
 */
export function dropOld(
  session: Session,
  now: Instant,
  limit: number,
): { readonly dropped: number; readonly unmatched: number } {
  const rows = session.rows<OldRow>(SELECT_OLDEST, limit);
  const end = rows.findIndex((row) => !isOld(row, now));
  const old = end === -1 ? rows : rows.slice(0, end);
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

interface OldRow {
  readonly seq: number;
  readonly gateway: string;
  readonly order_id: string | null;
  readonly state: 'new' | 'waiting' | 'matched';
  readonly received_at: Instant;
}

/** A time as far ahead came from a clock that jumped, and must not keep what stands behind it for ever. */
function isOld({ state, received_at: at }: OldRow, now: Instant): boolean {
  return state !== 'new' && (at < now - UNMATCHED_KEPT_MS || at > now + UNMATCHED_KEPT_MS);
}

/** New ones stand behind all others, without a gap. */
function countNew(session: Session): number {
  const first = session.row<{ readonly seq: number }>(SELECT_FIRST_NEW);
  const last = session.row<{ readonly seq: number }>(SELECT_LAST);
  return first === undefined || last === undefined ? 0 : last.seq - first.seq + 1;
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
  if (order === null) {
    if (counted(session, 'unmatched', gateway) >= MAX_UNMATCHED) {
      session.run(DELETE_NOTICE, seq);
      return 'dropped';
    }
    session.run(LET_WAIT, seq);
    count(session, 'unmatched', 1, gateway);
    return 'unmatched';
  }
  const isKept = order.notices_kept < MAX_KEPT_PER_ORDER;
  if (isKept) session.run(MATCH_NEW, order.id, seq);
  else session.run(DELETE_NOTICE, seq);
  putNudge(session, order, at, isKept ? 1 : 0);
  // A key that a payment of ours has already says nothing new.
  if (key !== null && owner === null) insertKey(session, order.id, { gateway, key, at });
  return 'admitted';
}

/** The same came before. One that is new answers for both when its turn comes. */
function repeat(session: Session, { gateway, eventId, key, orderId, receivedAt }: Notice): void {
  const known = session.row<KnownRow>(SELECT_KNOWN, gateway, eventId);
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

interface KnownRow {
  readonly seq: number;
  readonly state: 'new' | 'waiting' | 'matched';
  readonly order_id: string | null;
}

/** The order whose payment has that key; `null`: none. */
function ownerOfKey(session: Session, gateway: string, key: string | null): string | null {
  if (key === null) return null;
  return (
    session.row<{ readonly order_id: string }>(SELECT_ORDER_OF_KEY, gateway, key)?.order_id ?? null
  );
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
  if (ownerOfKey(session, named.gateway, named.key) === null) insertKey(session, orderId, named);
}

/** The first ones are kept. */
function insertKey(session: Session, orderId: string, { gateway, key, at }: NamedKey): void {
  session.run(INSERT_KEY, { orderId, gateway, key, at, most: MAX_KEPT_PER_ORDER });
}

const PLACES = '(?, ?, ?, ?, ?)';

const insertOf = (rows: number) =>
  `INSERT INTO notices (gateway, event_id, key, named_order, received_at)
   VALUES ${Array(rows).fill(PLACES).join(', ')} ON CONFLICT DO NOTHING`;

const INSERT_ONE = insertOf(1);

const INSERT_MANY = insertOf(AT_ONCE);

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

const SELECT_ORDER_OF_KEY =
  'SELECT order_id FROM payments WHERE gateway = ? AND transaction_key = ?';

const SELECT_NUDGED =
  'SELECT id, state, looked_at, nudge_at, notices_kept FROM orders WHERE id = ?';

const NUDGE = `
  UPDATE orders SET nudge_at = ?, nudges = nudges + 1, notices_kept = notices_kept + ? WHERE id = ?`;

const KEEP_ONE_LESS = 'UPDATE orders SET notices_kept = notices_kept - 1 WHERE id = ?';

const INSERT_KEY = `
  INSERT INTO noticed_keys (order_id, gateway, key, at)
  SELECT :orderId, :gateway, :key, :at
  WHERE (SELECT count(*) FROM noticed_keys WHERE order_id = :orderId) < :most
  ON CONFLICT DO NOTHING`;

/** CAST: without it SQLite plans these two anew for every order, at ten times their cost (see `Queue`). */
const SELECT_WAITING_FOR_KEY = `
  SELECT seq, gateway, key, received_at FROM notices
  WHERE gateway = CAST(? AS TEXT) AND key = CAST(? AS TEXT) AND state = 'waiting' ORDER BY seq`;

const SELECT_WAITING_FOR_ORDER = `
  SELECT seq, gateway, key, received_at FROM notices
  WHERE named_order = CAST(? AS TEXT) AND state = 'waiting' ORDER BY seq LIMIT CAST(? AS INTEGER)`;

const COUNT_WAITING_FOR_ORDER = `
  SELECT gateway, count(*) AS waiting FROM notices
  WHERE named_order = ? AND state = 'waiting' GROUP BY gateway`;

const DELETE_WAITING_FOR_ORDER = `
  DELETE FROM notices WHERE named_order = ? AND state = 'waiting'`;

const DELETE_NOTICE = 'DELETE FROM notices WHERE seq = ?';

const SELECT_OLDEST = `
  SELECT seq, gateway, order_id, state, received_at FROM notices ORDER BY seq LIMIT CAST(? AS INTEGER)`;
