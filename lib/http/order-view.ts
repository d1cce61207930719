import { z } from '@hono/zod-openapi';
import { toIso } from '../clock.ts';
import { ORDER_STATES } from '../core/order.ts';
import { PAYMENT_STATES, type Payment } from '../core/payment.ts';
import { REASONS } from '../core/reason.ts';
import type { Instant } from '../core/time.ts';
import type { OrderView } from '../store/port.ts';

const instantSchema = z
  .string()
  .openapi({ format: 'date-time', example: '2026-08-16T00:00:00.000Z' });

const amountSchema = z.int().openapi({
  description: 'In the minor unit of the currency (KRW: won, USD: cents).',
  example: 5000,
});

const reasonSchema = z.enum(REASONS).nullable().openapi({
  description: 'The row of the decision table, for programs.',
  example: 'captured',
});

const reasonTextSchema = z.string().nullable().openapi({
  description: "The same for people: the gateway's words or ours.",
});

/** A payment as it reads. */
const paymentSchema = z
  .object({
    id: z.string().openapi({ example: 'ORDER000001-1' }),
    gateway: z.string().nullable().openapi({ example: 'pg' }),
    method: z.string().openapi({ example: 'CARD' }),
    state: z.enum(PAYMENT_STATES),
    reason: reasonSchema,
    reasonText: reasonTextSchema,
    amount: amountSchema,
    transactionKey: z.string().nullable().openapi({ example: '20250816:TR:9577c5' }),
    requestedAt: instantSchema,
    settledAt: instantSchema.nullable(),
    refundDue: z.int().openapi({
      description: 'What has to go back, or went back: 0 unless it is refund_due or refunded.',
    }),
    refundReference: z.string().nullable().openapi({ description: 'The receipt of the refund.' }),
  })
  .openapi('Payment');

/** An order as it reads. */
export const orderSchema = z
  .object({
    id: z.string().openapi({ example: 'ORDER000001' }),
    memberId: z.string().openapi({ example: 'member-7' }),
    state: z.enum(ORDER_STATES),
    reason: reasonSchema,
    reasonText: reasonTextSchema,
    currency: z.string().openapi({ example: 'KRW' }),
    amount: amountSchema,
    items: z.array(
      z.object({
        productId: z.string().openapi({ example: 'tea' }),
        quantity: z.int().openapi({ example: 1 }),
        unitPrice: amountSchema,
      }),
    ),
    payments: z.array(paymentSchema).openapi({ description: 'In recorded order.' }),
    createdAt: instantSchema,
    updatedAt: instantSchema,
    nextLookAt: instantSchema.nullable().openapi({
      description: 'When the daemon looks again; null: nothing is unresolved.',
    }),
    version: z.int().openapi({ description: 'Rises by one with every change.' }),
  })
  .openapi('Order');

/** The order for the outside: the fields of the contract and no other. */
export function orderBody({ order, items, payments }: OrderView): z.infer<typeof orderSchema> {
  return {
    id: order.id,
    memberId: order.memberId,
    state: order.state,
    reason: order.reason,
    reasonText: order.reasonText,
    currency: order.currency,
    amount: order.amount,
    items: items.map(({ productId, quantity, unitPrice }) => ({ productId, quantity, unitPrice })),
    payments: payments.map(paymentBody),
    createdAt: toIso(order.createdAt),
    updatedAt: toIso(order.updatedAt),
    nextLookAt: isoOrNull(order.lookAt),
    version: order.version,
  };
}

/** A list of orders and the like: `next` goes back as `after`. */
export function pageSchema<Item extends z.ZodType>(item: Item, name: string) {
  return z
    .object({
      items: z.array(item),
      next: z.string().nullable().openapi({
        description:
          'Goes back as `after`; null: this was the last page. Any other may have fewer items than `limit`, or none.',
      }),
    })
    .openapi(name);
}

/** A moment for the outside, where there is one. */
export function isoOrNull(instant: Instant | null): string | null {
  return instant === null ? null : toIso(instant);
}

function paymentBody(payment: Payment): z.infer<typeof paymentSchema> {
  return {
    id: payment.id,
    gateway: payment.gateway,
    method: payment.method,
    state: payment.state,
    reason: payment.reason,
    reasonText: payment.reasonText,
    amount: payment.amount,
    transactionKey: payment.transactionKey,
    requestedAt: toIso(payment.requestedAt),
    settledAt: isoOrNull(payment.settledAt),
    refundDue: payment.refundDue,
    refundReference: payment.refundReference,
  };
}
