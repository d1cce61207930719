import type { Case, Decision } from '../../lib/core/decision.ts';

/** The case after a decision, as the store writes it. */
export function apply(theCase: Case, decision: Decision): Case {
  const changed = new Map(decision.payments.map((payment) => [payment.id, payment]));
  const taken = new Map(decision.take.map(({ productId, quantity }) => [productId, quantity]));
  return {
    ...theCase,
    order: decision.order,
    payments: [
      ...theCase.payments.map((payment) => changed.get(payment.id) ?? payment),
      ...decision.added,
    ],
    stock: theCase.stock.map((level) => ({
      ...level,
      onHand: level.onHand - (taken.get(level.productId) ?? 0),
    })),
  };
}
