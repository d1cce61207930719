import { createHash } from 'node:crypto';
import type { Instant } from '../../core/time.ts';
import type { NewOrder, NewPayment, Repeat } from '../port.ts';
import { recordOf } from './records.ts';
import type { Session } from './session.ts';

/** What comes of an order whose id is stored already; `null`: it is not. */
export function repeatOf(session: Session, order: NewOrder, content: Buffer): Repeat | null {
  const stored = session.row<Stored>(SELECT_STORED, order.id);
  if (stored === undefined) return null;
  const isOfTheTime = order.undated === true || order.createdAt === stored.createdAt;
  if (isOfTheTime && content.equals(stored.content)) return { kind: 'same' };
  const before = storedOrder(session, order, stored);
  return comparison([
    ...(isOfTheTime ? [] : ['createdAt']),
    ...fieldsThatDiffer(toldOf(before), toldOf(order)),
  ]);
}

/** A hash of what the shop sent, without the times that are filled in when it leaves them out. */
export function contentOf(order: NewOrder): Buffer {
  const { items, payments, ...told } = toldOf(order);
  const canonical = [...Object.values(told), items.map(Object.values), payments.map(Object.values)];
  return createHash('sha256').update(JSON.stringify(canonical)).digest();
}

/** A payment as it is stored, as far as the shop tells it. */
export interface StoredPayment extends Pick<NewPayment, 'gateway' | 'method' | 'amount'> {
  readonly transactionKey: string | null;
  /** As the shop told it; what is known now may have been found at the gateway. */
  readonly recordedKey: string | null;
}

/** The same for a payment. The time of its request is not compared: it is filled in when the shop leaves it out. */
export function repeatOfPayment(stored: StoredPayment, payment: NewPayment): Repeat {
  const { gateway, method, amount, transactionKey, recordedKey } = stored;
  const key = payment.transactionKey === transactionKey ? transactionKey : recordedKey;
  const before = { gateway: asNamed(payment, gateway), method, amount, transactionKey: key };
  return comparison(
    fieldsThatDiffer(before, {
      gateway: payment.gateway,
      method: payment.method,
      amount: payment.amount,
      transactionKey: payment.transactionKey,
    }),
  );
}

function comparison(fields: readonly string[]): Repeat {
  return fields.length === 0 ? { kind: 'same' } : { kind: 'differs', fields };
}

interface Stored {
  readonly memberId: string;
  readonly content: Uint8Array;
  readonly createdAt: Instant;
}

/** The stored order as it came in, with the gateways of the other one where nobody names them. */
function storedOrder(session: Session, order: NewOrder, { memberId }: Stored): NewOrder {
  const row = session.row<{ readonly record: string }>(SELECT_CREATION, order.id);
  const creation = row === undefined ? null : recordOf(row.record, null);
  if (creation?.kind !== 'created') return order;
  const now = new Map(order.payments.map((payment) => [payment.id, payment]));
  const payments = creation.order.payments.map((payment) => ({
    ...payment,
    gateway: asNamed(now.get(payment.id), payment.gateway),
  }));
  return { ...creation.order, memberId, payments };
}

/** The gateway that is stored, or the one of a repeat for which the configuration said which. */
function asNamed(repeat: NewPayment | undefined, stored: string | null): string | null {
  return repeat?.routed === true ? repeat.gateway : stored;
}

/**
 * What makes two orders of one id the same, in the order in which it is hashed. Of the times, creation is compared by its column, and
 * requests at that same moment are those that were filled in.
 */
function toldOf({ id, memberId, currency, amount, items, payments, createdAt }: NewOrder) {
  return {
    id,
    memberId,
    currency,
    amount,
    items: items.map(({ productId, quantity, unitPrice }) => ({ productId, quantity, unitPrice })),
    payments: payments.map(({ id, gateway, method, amount, transactionKey, requestedAt }) => ({
      id,
      gateway,
      method,
      amount,
      transactionKey,
      requestedAt: requestedAt === createdAt ? null : requestedAt,
    })),
  };
}

/** Where two values of one shape differ, as paths: `payments[0].amount`; a list of another length as a whole. */
function fieldsThatDiffer(before: unknown, after: unknown, path = ''): readonly string[] {
  if (!isComposite(before) || !isComposite(after)) return before === after ? [] : [path];
  if (Array.isArray(before) && before.length !== Object.keys(after).length) return [path];
  return Object.keys(before).flatMap((name) => {
    const dotted = path === '' ? name : `${path}.${name}`;
    const place = Array.isArray(before) ? `${path}[${name}]` : dotted;
    return fieldsThatDiffer(before[name], after[name], place);
  });
}

function isComposite(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

const SELECT_STORED = `
  SELECT member_id AS memberId, content, created_at AS createdAt FROM orders WHERE id = ?`;

const SELECT_CREATION = 'SELECT record FROM journal WHERE order_id = ? AND version = 1';
