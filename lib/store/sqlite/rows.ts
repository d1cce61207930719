import type { DatedEffect } from '../../core/effect.ts';
import type { TransactionStatus } from '../../core/gateway.ts';
import type { Item, Order, OrderState } from '../../core/order.ts';
import type { Found, Payment, PaymentState } from '../../core/payment.ts';
import type { Reason } from '../../core/reason.ts';
import type { Instant } from '../../core/time.ts';
import type { Delivery } from '../outbox-port.ts';
import type { JournalRow } from '../port.ts';
import { recordOf } from './records.ts';
import type { Value } from './session.ts';

/** A row of `orders`, as far as `Order` has it. */
export interface OrderRow {
  readonly id: string;
  readonly member_id: string;
  readonly currency: string;
  readonly amount: number;
  readonly state: OrderState;
  readonly reason: Reason | null;
  readonly reason_text: string | null;
  readonly paid_by: string | null;
  readonly escalated: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly looks: number;
  readonly silent_since: number | null;
  readonly listed_at: number | null;
  readonly look_at: number | null;
  readonly version: number;
}

/** The columns of an `OrderRow`. */
export const ORDER_COLUMNS =
  'id, member_id, currency, amount, state, reason, reason_text, paid_by, escalated, created_at, updated_at, looks, silent_since, listed_at, look_at, version';

/** The order that a row holds. */
export function orderOf(row: OrderRow): Order {
  return {
    id: row.id,
    memberId: row.member_id,
    currency: row.currency,
    amount: row.amount,
    state: row.state,
    reason: row.reason,
    reasonText: row.reason_text,
    paidBy: row.paid_by,
    escalated: reasonsOf(row.escalated),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    looks: row.looks,
    silentSince: row.silent_since,
    listedAt: row.listed_at,
    lookAt: row.look_at,
    version: row.version,
  };
}

/** The columns of an effect under the names of the port, which its rows then have. */
export const EFFECT_COLUMNS = `
  topic, key, order_id AS orderId, version, payment_id AS paymentId, product_id AS productId, gateway, reason, text, amount,
  currency, on_hand AS onHand, since, at`;

/** A delivery with the columns of its effect, under the names of the port. */
export type DeliveryRow = Omit<Delivery, 'effect'> & DatedEffect;

/** What selects a `DeliveryRow`, before its WHERE. */
export const DELIVERIES = `
  SELECT id, channel, state, attempts, next_at AS nextAt, detail, settled_at AS settledAt, ${EFFECT_COLUMNS}
  FROM deliveries JOIN effects ON effects.seq = effect`;

/** The delivery that a row holds. */
export function deliveryOf(row: DeliveryRow): Delivery {
  const { id, channel, state, attempts, nextAt, detail, settledAt, ...effect } = row;
  return { id, channel, state, attempts, nextAt, detail, settledAt, effect };
}

/** A row of the journal, with the policy that it refers to. */
export interface StoredJournalRow {
  readonly seq: number;
  readonly order_id: string;
  readonly version: number;
  readonly at: Instant;
  readonly reason: Reason | null;
  readonly policy: string | null;
  readonly record: string;
}

/** What selects a `StoredJournalRow`, before its WHERE. */
export const JOURNAL = `
  SELECT journal.seq, order_id, version, at, reason, content AS policy, record
  FROM journal LEFT JOIN policies ON policies.seq = policy`;

/** The journal row that a row holds. */
export function journalRowOf(row: StoredJournalRow): JournalRow {
  return {
    seq: row.seq,
    orderId: row.order_id,
    version: row.version,
    at: row.at,
    reason: row.reason,
    record: recordOf(row.record, row.policy),
  };
}

/** A row of `items`. */
export interface ItemRow {
  readonly product_id: string;
  readonly quantity: number;
  readonly unit_price: number;
}

/** The item that a row holds. */
export function itemOf(row: ItemRow): Item {
  return { productId: row.product_id, quantity: row.quantity, unitPrice: row.unit_price };
}

/** A row of `payments`. */
export interface PaymentRow {
  readonly id: string;
  readonly gateway: string | null;
  readonly method: string;
  readonly amount: number;
  readonly state: PaymentState;
  readonly reason: Reason | null;
  readonly reason_text: string | null;
  readonly transaction_key: string | null;
  readonly requested_at: number;
  readonly settled_at: number | null;
  readonly presumed_at: number | null;
  readonly found_status: TransactionStatus | null;
  readonly found_amount: number | null;
  readonly found_currency: string | null;
  readonly found_ours: number | null;
  readonly found_at: number | null;
  readonly refund_due: number;
  readonly refund_reference: string | null;
  readonly escalated: string;
}

/** The columns of a `PaymentRow`. */
export const PAYMENT_COLUMNS =
  'id, gateway, method, amount, state, reason, reason_text, transaction_key, requested_at, settled_at, presumed_at, found_status, found_amount, found_currency, found_ours, found_at, refund_due, refund_reference, escalated';

/** The payment that a row holds. */
export function paymentOf(row: PaymentRow): Payment {
  return {
    id: row.id,
    gateway: row.gateway,
    method: row.method,
    amount: row.amount,
    state: row.state,
    reason: row.reason,
    reasonText: row.reason_text,
    transactionKey: row.transaction_key,
    requestedAt: row.requested_at,
    settledAt: row.settled_at,
    presumedAt: row.presumed_at,
    found: foundOf(row),
    refundDue: row.refund_due,
    refundReference: row.refund_reference,
    escalated: reasonsOf(row.escalated),
  };
}

/** The columns of a payment, by name. */
export function paymentBinding(payment: Payment, orderId: string): Record<string, Value> {
  return {
    id: payment.id,
    orderId,
    gateway: payment.gateway,
    method: payment.method,
    amount: payment.amount,
    state: payment.state,
    reason: payment.reason,
    reasonText: payment.reasonText,
    transactionKey: payment.transactionKey,
    requestedAt: payment.requestedAt,
    settledAt: payment.settledAt,
    presumedAt: payment.presumedAt,
    foundStatus: payment.found?.status ?? null,
    foundAmount: payment.found?.amount ?? null,
    foundCurrency: payment.found?.currency ?? null,
    foundOurs: payment.found === null ? null : Number(payment.found.ours),
    foundAt: payment.found?.at ?? null,
    refundDue: payment.refundDue,
    refundReference: payment.refundReference,
    escalated: JSON.stringify(payment.escalated),
  };
}

function foundOf(row: PaymentRow): Found | null {
  if (row.found_status === null) return null;
  return {
    status: row.found_status,
    amount: row.found_amount ?? 0,
    currency: row.found_currency ?? '',
    ours: row.found_ours === 1,
    at: row.found_at ?? 0,
  };
}

function reasonsOf(json: string): readonly Reason[] {
  return json === '[]' ? [] : (JSON.parse(json) as Reason[]);
}
