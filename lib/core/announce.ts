import type { Effect, EffectTopic } from './effect.ts';
import type { Order } from './order.ts';
import type { Payment } from './payment.ts';
import type { Reason } from './reason.ts';

/** Tells about an order. `order.version` is the version that the commit makes: an order can be held twice. */
export function orderEffect(
  topic: EffectTopic,
  order: Order,
  reason: Reason,
  text: string | null,
): Effect {
  return {
    topic,
    key: `${topic}:${order.id}:v${order.version}`,
    orderId: order.id,
    paymentId: null,
    productId: null,
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
    topic,
    key: `${topic}:${order.id}:${payment.id}:${reason}:v${version}`,
    orderId: order.id,
    paymentId: payment.id,
    productId: null,
    reason,
    text: payment.reasonText,
    amount: payment.refundDue > 0 ? payment.refundDue : payment.amount,
    currency: order.currency,
  };
}
