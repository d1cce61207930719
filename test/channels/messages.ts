import type { Message, Style } from '../../lib/channels/port.ts';
import { conditionEffect, reportEffect } from '../../lib/core/announce.ts';
import {
  type ConditionTopic,
  type DatedEffect,
  type EffectTopic,
  isCondition,
  REPORT_TOPIC,
} from '../../lib/core/effect.ts';
import type { Reason } from '../../lib/core/reason.ts';
import { SECOND_MS } from '../../lib/core/time.ts';

/** When everything in these messages happened: 17:41:34 in Seoul. */
export const AT = Date.UTC(2026, 10, 24, 8, 41, 34);

export const ENGLISH: Style = { locale: 'en', timezone: 'Asia/Seoul', orderUrl: null };

export const KOREAN: Style = { ...ENGLISH, locale: 'ko' };

/** A usual reason for each topic about an order. */
const REASONS: Readonly<
  Record<Exclude<EffectTopic, ConditionTopic | 'stock.low' | 'report.daily'>, Reason>
> = {
  'order.completed': 'captured',
  'order.failed': 'declined',
  'order.held': 'mismatched',
  'order.attention': 'refund_by_hand',
  'refund.due': 'duplicate_capture',
  'refund.done': 'refunded',
};

/** Something that happened, of any topic. */
export function happened(topic: EffectTopic, over: Partial<DatedEffect> = {}): DatedEffect {
  if (isCondition(topic)) {
    const gateway = topic === 'sweep.late' ? null : 'pg';
    const text = topic === 'gateway.misconfigured' ? 'HTTP 401' : null;
    return { ...conditionEffect(topic, gateway, AT - 60 * SECOND_MS, text), at: AT, ...over };
  }
  if (topic === REPORT_TOPIC) {
    const begins = Date.UTC(2026, 10, 22, 15);
    return { ...reportEffect('2026-11-23', begins, '3 orders, 3 completed.'), at: AT, ...over };
  }
  const none = conditionEffect('gateway.up', null, AT, null);
  const order = { ...none, topic, orderId: 'ORDER000003', version: 2, since: null, at: AT };
  if (topic === 'stock.low') {
    const low = { key: 'stock.low:HAT-1:7', productId: 'HAT-1', text: 'Straw hat', onHand: 2 };
    return { ...order, ...low, ...over };
  }
  return {
    ...order,
    key: `${topic}:ORDER000003:v2`,
    paymentId: topic.startsWith('order.') && topic !== 'order.attention' ? null : 'ORDER000003-2',
    reason: REASONS[topic],
    text: topic === 'order.failed' ? '한도초과입니다.' : null,
    amount: 12_900,
    currency: 'KRW',
    ...over,
  };
}

/** One message about what happened. */
export function told(topic: EffectTopic, over: Partial<DatedEffect> = {}): Message {
  const effect = happened(topic, over);
  return { id: effect.key, topic, effects: [effect], isTest: false };
}

/** One message about many: a second apart, of orders ORDER000001 and on, of products HAT-1 and on. */
export function toldMany(
  topic: EffectTopic,
  count: number,
  over: (index: number) => Partial<DatedEffect> = () => ({}),
): Message {
  const effects = Array.from({ length: count }, (_, index) => {
    const orderId = `ORDER${String(index + 1).padStart(6, '0')}`;
    const productId = topic === 'stock.low' ? `HAT-${index + 1}` : null;
    const named = isCondition(topic) ? {} : { orderId, productId };
    return happened(topic, { ...named, at: AT + index * SECOND_MS, ...over(index) });
  });
  return { id: 'digest:4f2a', topic, effects, isTest: false };
}
