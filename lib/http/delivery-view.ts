import { z } from '@hono/zod-openapi';
import { toIso } from '../clock.ts';
import { DELIVERY_STATES } from '../core/delivery.ts';
import { EFFECT_TOPICS } from '../core/effect.ts';
import { REASONS } from '../core/reason.ts';
import type { Delivery } from '../store/outbox-port.ts';
import { isoOrNull } from './order-view.ts';

const instantSchema = z
  .string()
  .openapi({ format: 'date-time', example: '2026-08-16T00:10:00.000Z' });

/** What is told, as it reads; `null` where it does not apply to the topic. */
const effectSchema = z
  .object({
    key: z.string().openapi({
      description: 'The same at every attempt and in every channel: receivers tell a repeat by it.',
      example: 'order.held:ORDER000001:v2',
    }),
    orderId: z.string().nullable().openapi({ example: 'ORDER000001' }),
    version: z.int().nullable().openapi({
      description: 'Of the order, as this made it: puts what is heard of one order in its order.',
      example: 2,
    }),
    paymentId: z.string().nullable().openapi({ example: 'ORDER000001-1' }),
    productId: z.string().nullable(),
    gateway: z.string().nullable().openapi({ description: 'Whose condition it is.' }),
    reason: z.enum(REASONS).nullable().openapi({ example: 'mismatched' }),
    text: z.string().nullable().openapi({
      description:
        "The gateway's words or ours; of stock.low the product's name; of report.daily the day in a sentence.",
    }),
    amount: z.int().nullable().openapi({
      description: 'In the minor unit of the currency.',
      example: 5000,
    }),
    currency: z.string().nullable().openapi({ example: 'KRW' }),
    onHand: z.int().nullable().openapi({ description: 'Of stock.low: the pieces that are left.' }),
    since: instantSchema
      .nullable()
      .openapi({ description: 'When it began: the condition, or the day of a report.' }),
    at: instantSchema.openapi({ description: 'When it happened.' }),
  })
  .openapi('Effect');

/** A notification on its way to one channel, as it reads. */
export const deliverySchema = z
  .object({
    id: z.int().openapi({ example: 17 }),
    channel: z.string().openapi({ example: 'ops' }),
    topic: z.enum(EFFECT_TOPICS),
    state: z.enum(DELIVERY_STATES).openapi({
      description: 'dead: given up; it is sent again when somebody says so.',
    }),
    attempts: z.int().openapi({ example: 1 }),
    nextAt: instantSchema.nullable().openapi({
      description: 'When it is tried next; null unless it is pending.',
    }),
    detail: z.string().nullable().openapi({
      description: 'What the receiver said last; null: nothing was tried.',
    }),
    settledAt: instantSchema.nullable().openapi({
      description: 'When it was delivered or given up.',
    }),
    effect: effectSchema,
  })
  .openapi('Delivery');

/** A delivery as programs read it. */
type DeliveryBody = z.infer<typeof deliverySchema>;

/** The delivery for the outside: the fields of the contract and no other. */
export function deliveryBody({ effect, ...delivery }: Delivery): DeliveryBody {
  return {
    id: delivery.id,
    channel: delivery.channel,
    topic: effect.topic,
    state: delivery.state,
    attempts: delivery.attempts,
    nextAt: isoOrNull(delivery.nextAt),
    detail: delivery.detail,
    settledAt: isoOrNull(delivery.settledAt),
    effect: {
      key: effect.key,
      orderId: effect.orderId,
      version: effect.version,
      paymentId: effect.paymentId,
      productId: effect.productId,
      gateway: effect.gateway,
      reason: effect.reason,
      text: effect.text,
      amount: effect.amount,
      currency: effect.currency,
      onHand: effect.onHand,
      since: isoOrNull(effect.since),
      at: toIso(effect.at),
    },
  };
}
