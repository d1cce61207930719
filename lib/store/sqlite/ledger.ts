import type { Effect } from '../../core/effect.ts';
import type { OrderState } from '../../core/order.ts';
import type { Reason } from '../../core/reason.ts';
import type { Instant } from '../../core/time.ts';
import type { JournalRecord, StockMovement } from '../port.ts';
import type { Session } from './connection.ts';

/** Adds the one journal row of a change: the row that made `version`. */
export function writeJournal(
  session: Session,
  row: {
    readonly orderId: string;
    readonly version: number;
    readonly at: Instant;
    readonly reason: Reason | null;
    readonly record: JournalRecord;
  },
): void {
  session.run(
    INSERT_JOURNAL,
    row.orderId,
    row.version,
    row.at,
    row.reason,
    JSON.stringify(withoutMember(row.record)),
  );
}

/**
 * The journal is kept for long and read by many, and no decision depends on who the member is: his id stays in the order's own
 * row. Left out on every side of a record, so that `replay` still compares like with like.
 */
function withoutMember(record: JournalRecord): JournalRecord {
  if (record.kind === 'payment_added') return record;
  if (record.kind === 'created') return { ...record, order: { ...record.order, memberId: '' } };
  const { hearing, decision } = record;
  const order = { ...hearing.case.order, memberId: '' };
  return {
    ...record,
    hearing: {
      ...hearing,
      case: { ...hearing.case, order },
      heard: hearing.heard.map(({ question, answer }) => ({
        question: { ...question, userId: '' },
        answer,
      })),
    },
    decision: { ...decision, order: { ...decision.order, memberId: '' } },
  };
}

/**
 * Keeps something to be told, with a delivery for each channel that is subscribed to it. The same key a second time is the same
 * thing: it stays once.
 */
export function writeEffect(session: Session, effect: Effect, at: Instant): void {
  const written = session.row<{ readonly seq: number }>(INSERT_EFFECT, { ...effect, at });
  if (written === undefined) return;
  const { topic } = effect;
  const told = session.rows<Subscribed>(INSERT_DELIVERIES, { effect: written.seq, topic, at });
  for (const { channel } of told) count(session, 'delivery_pending', 1, channel);
}

interface Subscribed {
  readonly channel: string;
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

/** Changes a counter in the transaction that changes what it counts. */
export function count(session: Session, counter: Counter, change: number, of = ''): void {
  if (change === 0) return;
  // Almost always it is there, and changing it costs half of what asking for a conflict does.
  if (session.run(CHANGE_COUNTER, change, counter, of) === 0)
    session.run(INSERT_COUNTER, counter, of, change);
}

const INSERT_JOURNAL =
  'INSERT INTO journal (order_id, version, at, reason, record) VALUES (?, ?, ?, ?, ?)';

const INSERT_EFFECT = `
  INSERT INTO effects (
    key, topic, order_id, version, payment_id, product_id, gateway, reason, text, amount, currency, on_hand, since, at)
  VALUES (
    :key, :topic, :orderId, :version, :paymentId, :productId, :gateway, :reason, :text, :amount, :currency, :onHand, :since, :at)
  ON CONFLICT (key) DO NOTHING RETURNING seq`;

/** A digest is due at the end of its stretch of time. Stretches are counted from the epoch, so that a restart changes none. */
const INSERT_DELIVERIES = `
  INSERT INTO deliveries (effect, channel, batch, first_due_at, next_at)
  SELECT :effect, channel, iif(digest_ms = 0, NULL, topic || ':' || stretch), due, due
  FROM (
    SELECT topic, channel, digest_ms, stretch, iif(digest_ms = 0, :at, (stretch + 1) * digest_ms) AS due
    FROM (
      SELECT topic, channel, digest_ms, iif(digest_ms = 0, 0, CAST(:at AS INTEGER) / digest_ms) AS stretch
      FROM subscriptions WHERE topic = :topic))
  RETURNING channel`;

const INSERT_MOVEMENT = `
  INSERT INTO stock_movements (product_id, change, on_hand, kind, reference, at)
  VALUES (:productId, :change, :onHand, :kind, :reference, :at)`;

const CHANGE_COUNTER = 'UPDATE counters SET value = value + ? WHERE name = ? AND gateway = ?';

const INSERT_COUNTER = 'INSERT INTO counters (name, gateway, value) VALUES (?, ?, max(?, 0))';
