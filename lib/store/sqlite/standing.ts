import { isUnresolved, type Payment } from '../../core/payment.ts';
import type { Session } from './session.ts';

/** What tells whether a payment may still change. */
type PaymentStanding = Pick<Payment, 'gateway' | 'state' | 'presumedAt'>;

/** A further look may still change it: it is unresolved, or is to be refunded. */
export function mayChange(payment: PaymentStanding): boolean {
  return payment.state === 'refund_due' || isUnresolved(payment);
}

/**
 * The column `ask_at`: the gateways of which a look may learn something, those of the payments that may still change or, when none
 * may, of all. A payment that no gateway serves stands in it as '': such an order can be decided without asking, so it is
 * never left out. Few different texts occur (sets of configured gateways): claims go through them one by one.
 */
export function askAtOf(payments: readonly PaymentStanding[]): string {
  const open = payments.filter(mayChange);
  const relevant = open.length > 0 ? open : payments;
  return JSON.stringify([...new Set(relevant.map((payment) => payment.gateway ?? ''))].sort());
}

/** True when everything that a look could learn is at gateways that must not be asked. Never for an order without payments. */
export function isLeftOut(askAt: string, exceptGateways: readonly string[]): boolean {
  if (exceptGateways.length === 0 || askAt === '[]') return false;
  const gateways = JSON.parse(askAt) as readonly string[];
  return gateways.every((gateway) => exceptGateways.includes(gateway));
}

/** The same of a payment in the database. */
export type RecordedStanding = PaymentStanding & Pick<Payment, 'id' | 'transactionKey'>;

/** The payments of an order as they stand in this transaction. */
export function standingOf(session: Session, orderId: string): readonly RecordedStanding[] {
  return session.rows<RecordedStanding>(SELECT_STANDING, orderId);
}

const SELECT_STANDING =
  'SELECT id, gateway, state, presumed_at AS presumedAt, transaction_key AS transactionKey FROM payments WHERE order_id = ?';
