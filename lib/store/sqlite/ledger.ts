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

/** Keeps something to be told. The same key a second time is the same thing: it stays once. */
export function writeEffect(session: Session, effect: Effect, at: Instant): void {
  session.run(INSERT_EFFECT, { ...effect, at });
}

/** Keeps a change of a product's count; its number in the history. */
export function writeMovement(session: Session, movement: Omit<StockMovement, 'seq'>): number {
  return session.insert(INSERT_MOVEMENT, { ...movement });
}

/** What is counted: orders by state, payments that wait for a refund, callbacks that wait for an order. */
export type Counter = OrderState | 'refund_due' | 'unmatched';

/** Changes a counter in the transaction that changes what it counts. */
export function count(session: Session, counter: Counter, change: number, gateway = ''): void {
  if (change === 0) return;
  // Almost always it is there, and changing it costs half of what asking for a conflict does.
  if (session.run(CHANGE_COUNTER, change, counter, gateway) === 0)
    session.run(INSERT_COUNTER, counter, gateway, change);
}

const INSERT_JOURNAL =
  'INSERT INTO journal (order_id, version, at, reason, record) VALUES (?, ?, ?, ?, ?)';

const INSERT_EFFECT = `
  INSERT INTO effects (key, topic, order_id, payment_id, product_id, reason, text, amount, currency, at)
  VALUES (:key, :topic, :orderId, :paymentId, :productId, :reason, :text, :amount, :currency, :at)
  ON CONFLICT (key) DO NOTHING`;

const INSERT_MOVEMENT = `
  INSERT INTO stock_movements (product_id, change, on_hand, kind, reference, at)
  VALUES (:productId, :change, :onHand, :kind, :reference, :at)`;

const CHANGE_COUNTER = 'UPDATE counters SET value = value + ? WHERE name = ? AND gateway = ?';

const INSERT_COUNTER = 'INSERT INTO counters (name, gateway, value) VALUES (?, ?, max(?, 0))';
