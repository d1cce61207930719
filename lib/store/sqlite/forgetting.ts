import type { OrderState } from '../../core/order.ts';
import type { Instant } from '../../core/time.ts';
import type { OrderPlace } from '../report-port.ts';
import { count } from './ledger.ts';
import type { Session } from './session.ts';

/** Where a walk over the old orders begins: before the first. */
export const BEGINNING: OrderPlace = { createdAt: Number.MIN_SAFE_INTEGER, id: '' };

/** One step of the walk. `next` `null`: it has come to its end. */
interface Step {
  readonly orders: number;
  readonly next: OrderPlace | null;
}

/**
 * Goes on from `place` over at most `limit` orders, and removes (or only counts) those of them that nobody needs any more: final,
 * unchanged since `before`, with nothing to look at, nothing to refund and nothing to tell. Their ids are kept: an order that
 * is sent again after years must not be a new one. Movements of the stock are kept too, because the count is their sum.
 */
export function forget(
  session: Session,
  before: Instant,
  place: OrderPlace,
  { limit, remove }: { readonly limit: number; readonly remove: boolean },
): Step {
  const rows = session.rows<Candidate>(SELECT_CANDIDATES, {
    before,
    createdAt: place.createdAt,
    id: place.id,
    limit,
  });
  const old = rows.filter(({ isDone }) => isDone === 1);
  if (remove) for (const order of old) removeOrder(session, order);
  const last = rows.at(-1);
  const next = rows.length < limit || last === undefined ? null : last;
  return { orders: old.length, next };
}

interface Candidate extends OrderPlace {
  readonly state: OrderState;
  readonly isDone: 0 | 1;
}

function removeOrder(session: Session, { id, state }: Candidate): void {
  // What refers to something goes before it.
  for (const statement of REMOVALS) session.run(statement, id);
  session.run(KEEP_ID, id);
  count(session, state, -1);
}

/** True: an order with this id was there once, and was removed as old. */
export function wasForgotten(session: Session, orderId: string): boolean {
  return session.row(SELECT_FORGOTTEN, orderId) !== undefined;
}

/** A callback to a final order that comes now is matched and kept for a day: such an order is not done. */
const SELECT_CANDIDATES = `
  SELECT id, created_at AS createdAt, state,
    state IN ('completed', 'failed') AND updated_at < :before AND look_at IS NULL AND nudge_at IS NULL AND notices_kept = 0
    AND NOT EXISTS (
      SELECT 1 FROM payments
      WHERE payments.order_id = orders.id
        AND state IN ('pending', 'refund_due'))
    AND NOT EXISTS (
      SELECT 1 FROM effects JOIN deliveries ON deliveries.effect = effects.seq
      WHERE effects.order_id = orders.id AND deliveries.state <> 'delivered') AS isDone
  FROM orders
  WHERE (created_at, id) > (:createdAt, :id) AND created_at < :before
  ORDER BY created_at, id LIMIT CAST(:limit AS INTEGER)`;

const REMOVALS = [
  'DELETE FROM deliveries WHERE effect IN (SELECT seq FROM effects WHERE order_id = ?)',
  'DELETE FROM effects WHERE order_id = ?',
  'DELETE FROM journal WHERE order_id = ?',
  'DELETE FROM items WHERE order_id = ?',
  'DELETE FROM noticed_keys WHERE order_id = ?',
  'DELETE FROM payments WHERE order_id = ?',
  'DELETE FROM orders WHERE id = ?',
] as const;

const KEEP_ID = 'INSERT INTO forgotten (order_id) VALUES (?)';

const SELECT_FORGOTTEN = 'SELECT 1 FROM forgotten WHERE order_id = ?';
