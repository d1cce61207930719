import type { AmountMinor } from './money.ts';
import type { Reason } from './reason.ts';

/**
 * What people and systems hear of. `order.attention`: a person is asked to look at an order that is final already
 * (money found late, a refund to be made by hand, a reversal).
 */
export const EFFECT_TOPICS = [
  'order.completed',
  'order.failed',
  'order.held',
  'order.attention',
  'refund.due',
  'refund.done',
  'stock.low',
] as const;

export type EffectTopic = (typeof EFFECT_TOPICS)[number];

/** Something to be told, written by the commit that caused it, once. */
export interface Effect {
  readonly topic: EffectTopic;
  /** Deterministic: the same decision on the same version gives the same key. Unique in the outbox. */
  readonly key: string;
  readonly orderId: string;
  readonly paymentId: string | null;
  readonly productId: string | null;
  readonly reason: Reason;
  readonly text: string | null;
  readonly amount: AmountMinor | null;
  readonly currency: string | null;
}
