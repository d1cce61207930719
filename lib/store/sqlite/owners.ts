import type { Session } from './session.ts';

/** The order whose payment has that key; `null`: none. */
export function ownerOfKey(
  session: Session,
  gateway: string | null,
  key: string | null,
): string | null {
  if (gateway === null || key === null) return null;
  return session.row<Owner>(SELECT_OWNER_OF_KEY, gateway, key)?.order_id ?? null;
}

/** The order that a payment belongs to; `null`: no such payment. */
export function ownerOfPayment(session: Session, paymentId: string): string | null {
  return session.row<Owner>(SELECT_OWNER_OF_PAYMENT, paymentId)?.order_id ?? null;
}

interface Owner {
  readonly order_id: string;
}

const SELECT_OWNER_OF_KEY =
  'SELECT order_id FROM payments WHERE gateway = ? AND transaction_key = ?';
const SELECT_OWNER_OF_PAYMENT = 'SELECT order_id FROM payments WHERE id = ?';
