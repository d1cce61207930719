import { type ConditionTopic, type Effect, type EffectTopic, REPORT_TOPIC } from './effect.ts';
import type { Order } from './order.ts';
import type { Payment } from './payment.ts';
import type { Reason } from './reason.ts';
import type { Instant } from './time.ts';

/** Tells about an order. `order.version` is the version that the commit makes: an order can be held twice. */
export function orderEffect(
  topic: EffectTopic,
  order: Order,
  reason: Reason,
  text: string | null,
): Effect {
  return {
    ...NOTHING,
    topic,
    key: `${topic}:${order.id}:v${order.version}`,
    orderId: order.id,
    version: order.version,
    reason,
    text,
    amount: order.amount,
    currency: order.currency,
  };
}

/** Tells about one payment of an order; `version` is the one that the commit makes. */
export function paymentEffect(
  topic: EffectTopic,
  order: Order,
  version: number,
  payment: Payment,
  reason: Reason,
): Effect {
  return {
    ...NOTHING,
    topic,
    key: `${topic}:${order.id}:${payment.id}:${reason}:v${version}`,
    orderId: order.id,
    version,
    paymentId: payment.id,
    reason,
    text: payment.reasonText,
    amount: payment.refundDue > 0 ? payment.refundDue : payment.amount,
    currency: order.currency,
  };
}

/**
 * Tells that a product has come to its threshold. `movement` is the number of the movement that did it, and makes it once
 * per crossing: the product may be restocked and run low again.
 */
export function lowStockEffect(
  product: { readonly id: string; readonly name: string; readonly onHand: number },
  movement: number,
  order: { readonly id: string; readonly version: number } | null,
): Effect {
  return {
    ...NOTHING,
    topic: 'stock.low',
    key: `stock.low:${product.id}:${movement}`,
    orderId: order?.id ?? null,
    version: order?.version ?? null,
    productId: product.id,
    text: product.name,
    onHand: product.onHand,
  };
}

/** Tells about the daemon itself. `since` is the start of the episode, so that each is told once. `gateway`: whose, if any's. */
export function conditionEffect(
  topic: ConditionTopic,
  gateway: string | null,
  since: Instant,
  text: string | null,
): Effect {
  const subject = gateway === null ? '' : `${gateway}:`;
  return { ...NOTHING, topic, key: `${topic}:${subject}${since}`, gateway, text, since };
}

/** Tells what a day came to. `day`: `2026-11-23`, in the configured zone; each is told once. */
export function reportEffect(day: string, begins: Instant, text: string): Effect {
  return { ...NOTHING, topic: REPORT_TOPIC, key: `${REPORT_TOPIC}:${day}`, text, since: begins };
}

const NOTHING = {
  orderId: null,
  version: null,
  paymentId: null,
  productId: null,
  gateway: null,
  reason: null,
  text: null,
  amount: null,
  currency: null,
  onHand: null,
  since: null,
} satisfies Partial<Effect>;
