import type { AmountMinor } from './money.ts';
import type { Reason } from './reason.ts';
import type { Instant } from './time.ts';

/**
 * What is told about orders, payments and stock. `order.attention`: a person is asked to look at an order that is final
 * already (money found late, a refund to be made by hand, a reversal).
 */
const ORDER_TOPICS = [
  'order.completed',
  'order.failed',
  'order.held',
  'order.attention',
  'refund.due',
  'refund.done',
  'stock.low',
] as const;

/** What is told about the daemon's own work and its gateways: a condition that began, or one that ended. */
const CONDITION_TOPICS = [
  'sweep.late',
  'callbacks.stopped',
  'gateway.down',
  'gateway.up',
  'gateway.misconfigured',
] as const;

/** What is told when a day has ended. */
export const REPORT_TOPIC = 'report.daily';

/** Everything that people and systems can hear of. */
export const EFFECT_TOPICS = [...ORDER_TOPICS, ...CONDITION_TOPICS, REPORT_TOPIC] as const;

export type EffectTopic = (typeof EFFECT_TOPICS)[number];

/** Told about the daemon itself: never about an order. */
export type ConditionTopic = (typeof CONDITION_TOPICS)[number];

/** What a person has to do something about: who is told nothing else is told this. */
export const TOPICS_FOR_PEOPLE: readonly EffectTopic[] = [
  'order.held',
  'order.attention',
  'refund.due',
  'stock.low',
  ...CONDITION_TOPICS,
  REPORT_TOPIC,
];

/** True for a topic about the daemon and its gateways. */
export function isCondition(topic: EffectTopic): topic is ConditionTopic {
  return CONDITION_TOPICS.some((one) => one === topic);
}

/** Something to be told, written by the commit that caused it, once. What does not apply is `null`. */
export interface Effect {
  readonly topic: EffectTopic;
  /**
   * Deterministic: the same decision on the same version gives the same key, and so does the same episode of a condition.
   * Unique in the outbox; receivers tell a repeat by it.
   */
  readonly key: string;
  readonly orderId: string | null;
  /** Of the order, as the commit made it: a receiver can put what it hears about one order in its order by it. */
  readonly version: number | null;
  readonly paymentId: string | null;
  readonly productId: string | null;
  /** Of a condition. */
  readonly gateway: string | null;
  readonly reason: Reason | null;
  /** The gateway's or our words; of `stock.low` the product's name, of `report.daily` the report in a sentence. */
  readonly text: string | null;
  readonly amount: AmountMinor | null;
  readonly currency: string | null;
  /** Of `stock.low`: the pieces that are left. */
  readonly onHand: number | null;
  /** Of a condition: when it began. Of a report: when its day began. */
  readonly since: Instant | null;
}

/** An effect as it stands in the outbox. */
export interface DatedEffect extends Effect {
  readonly at: Instant;
}
