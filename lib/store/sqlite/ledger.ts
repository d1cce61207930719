import type { Effect } from '../../core/effect.ts';
import type { OrderState } from '../../core/order.ts';
import type { Reason } from '../../core/reason.ts';
import type { Instant } from '../../core/time.ts';
import type { JournalRecord, SettledBy, StockMovement } from '../port.ts';
import { policyTextOf, textOf } from './records.ts';
import type { Session } from './session.ts';

/** Adds the one journal row of a change: the row that made `version`. */
export function writeJournal(
  session: Session,
  row: {
    readonly orderId: string;
    readonly version: number;
    readonly at: Instant;
    readonly reason: Reason | null;
    /** The order's state after it; `null`: as before. */
    readonly state: OrderState | null;
    /** `null`: it did not make the order final. */
    readonly settledBy: SettledBy | null;
    readonly record: JournalRecord;
  },
): void {
  const policy = policyTextOf(row.record);
  session.run(
    INSERT_JOURNAL,
    row.orderId,
    row.version,
    row.at,
    row.reason,
    row.state,
    row.settledBy,
    policy === null ? null : policySeq(session, policy),
    textOf(row.record),
  );
}

/** The number of a policy, which is kept when it is the first time that a decision is made under it. */
function policySeq(session: Session, content: string): number {
  const known = session.row<{ readonly seq: number }>(SELECT_POLICY, content);
  return known?.seq ?? session.insert(INSERT_POLICY, content);
}

/**
 * Keeps something to be told, with a delivery for each channel that is subscribed to it. The same key a second time is the same
 * thing: it stays once.
 */
export function writeEffect(session: Session, effect: Effect, at: Instant): void {
  const seq = session.insertOnce(INSERT_EFFECT, { ...effect, at });
  if (seq === null) return;
  for (const { channel, digestMs } of session.rows<Subscribed>(SELECT_SUBSCRIBED, effect.topic)) {
    // A digest is due at the end of its stretch of time. Stretches are counted from the epoch, so that a restart changes none.
    const stretch = digestMs === 0 ? null : Math.floor(at / digestMs);
    const batch = stretch === null ? null : `${effect.topic}:${stretch}`;
    const dueAt = stretch === null ? at : (stretch + 1) * digestMs;
    session.run(INSERT_DELIVERY, seq, channel, batch, dueAt, dueAt);
    count(session, 'delivery_pending', 1, channel);
  }
}

interface Subscribed {
  readonly channel: string;
  readonly digestMs: number;
}

/** Keeps a change of a product's count; its number in the history. */
export function writeMovement(session: Session, movement: Omit<StockMovement, 'seq'>): number {
  return session.insert(INSERT_MOVEMENT, { ...movement });
}

/**
 * What is counted: orders by state, payments that wait for a refund, callbacks that wait for an order (by gateway), deliveries
 * that are on their way or were given up (by channel).
 */
export type Counter =
  | OrderState
  | 'refund_due'
  | 'unmatched'
  | 'delivery_pending'
  | 'delivery_dead';

/**
 * Changes a counter in the transaction that changes what it counts. Written once per transaction: a hundred orders that
 * complete together move the same two counters.
 */
export function count(session: Session, counter: Counter, change: number, of = ''): void {
  const key = `${counter} ${of}`;
  const known = session.tally.get(key);
  if (known === undefined) session.tally.set(key, { counter, of, change });
  else known.change += change;
}

/** What a counter says in this transaction. */
export function counted(session: Session, counter: Counter, of = ''): number {
  const written = session.row<{ readonly value: number }>(SELECT_COUNTER, counter, of)?.value ?? 0;
  return written + (session.tally.get(`${counter} ${of}`)?.change ?? 0);
}

/** Writes what the transaction has counted, the last thing before its COMMIT; the counters that have risen. */
export function writeCounts(session: Session): readonly string[] {
  const risen: string[] = [];
  for (const { counter, of, change } of session.tally.values()) {
    if (change === 0) continue;
    if (change > 0) risen.push(counter);
    // Almost always it is there, and changing it costs half of what asking for a conflict does.
    if (session.run(CHANGE_COUNTER, change, counter, of) === 0)
      session.run(INSERT_COUNTER, counter, of, change);
  }
  session.tally.clear();
  return risen;
}

const INSERT_JOURNAL =
  'INSERT INTO journal (order_id, version, at, reason, state, settled_by, policy, record) VALUES (?, ?, ?, ?, ?, ?, ?, ?)';

const SELECT_POLICY = 'SELECT seq FROM policies WHERE content = ?';

const INSERT_POLICY = 'INSERT INTO policies (content) VALUES (?)';

const INSERT_EFFECT = `
  INSERT INTO effects (
    key, topic, order_id, version, payment_id, product_id, gateway, reason, text, amount, currency, on_hand, since, at)
  VALUES (
    :key, :topic, :orderId, :version, :paymentId, :productId, :gateway, :reason, :text, :amount, :currency, :onHand, :since, :at)
  ON CONFLICT (key) DO NOTHING`;

const SELECT_SUBSCRIBED =
  'SELECT channel, digest_ms AS digestMs FROM subscriptions WHERE topic = ?';

const INSERT_DELIVERY =
  'INSERT INTO deliveries (effect, channel, batch, first_due_at, next_at) VALUES (?, ?, ?, ?, ?)';

const INSERT_MOVEMENT = `
  INSERT INTO stock_movements (product_id, change, on_hand, kind, reference, at)
  VALUES (:productId, :change, :onHand, :kind, :reference, :at)`;

const SELECT_COUNTER = 'SELECT value FROM counters WHERE name = ? AND gateway = ?';

const CHANGE_COUNTER = 'UPDATE counters SET value = value + ? WHERE name = ? AND gateway = ?';

const INSERT_COUNTER = 'INSERT INTO counters (name, gateway, value) VALUES (?, ?, max(?, 0))';
