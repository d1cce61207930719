import type { Case, Decision } from '../../lib/core/decision.ts';
import type { Order } from '../../lib/core/order.ts';
import type { Payment } from '../../lib/core/payment.ts';
import { NOW } from './words.ts';

/** What is wrong with the dates and the memory that a decision keeps: no row says them, and they hold in all. Empty: nothing. */
export function bookkeepingFaults({ order, payments }: Case, decision: Decision): string[] {
  const after = decision.order;
  const faults: string[] = [];
  if (after.updatedAt !== (decision.changed ? NOW : order.updatedAt)) faults.push('updatedAt');
  faults.push(...forgotten('the order', order, after));
  for (const payment of decision.payments) {
    const before = payments.find(({ id }) => id === payment.id);
    if (before !== undefined) faults.push(...paymentFaults(before, payment));
  }
  for (const payment of decision.added) {
    const { method } = payments.find(({ gateway }) => gateway === payment.gateway) ?? UNKNOWN;
    faults.push(...paymentFaults({ ...payment, ...BEFORE, method, amount: order.amount }, payment));
  }
  const judged = decision.judgements.map(({ paymentId }) => paymentId);
  const known = [...payments, ...decision.added].map(({ id }) => id);
  if (judged.some((id, index) => id !== known[index])) faults.push('a judgement of nobody');
  return faults;
}

const UNKNOWN = { method: 'UNKNOWN' };

/** What a payment that nobody had recorded comes from. */
const BEFORE = {
  state: 'pending',
  reason: null,
  reasonText: null,
  requestedAt: NOW,
  settledAt: null,
  presumedAt: null,
  found: null,
  refundReference: null,
  escalated: [],
} as const;

function paymentFaults(before: Payment, after: Payment): string[] {
  const { id, state } = after;
  const faults = forgotten(id, before, after);
  const same = state === before.state && after.presumedAt === before.presumedAt;
  const settledAt = state === 'pending' ? null : same ? before.settledAt : NOW;
  if (after.settledAt !== settledAt) faults.push(`${id}: settledAt`);
  if (after.presumedAt !== null && state !== 'failed') faults.push(`${id}: presumed and ${state}`);
  if (state === 'pending' && (after.reason ?? after.reasonText) !== null) {
    faults.push(`${id}: pending for a reason`);
  }
  if (after.refundReference !== null && state !== 'refunded') faults.push(`${id}: a receipt`);
  const { found } = after;
  if (found !== before.found && found?.at !== NOW) faults.push(`${id}: found some other time`);
  for (const field of ['method', 'amount', 'requestedAt'] as const) {
    if (after[field] !== before[field]) faults.push(`${id}: another ${field}`);
  }
  return faults;
}

/** A person is told of each thing once, so what was told is never forgotten and never told twice. */
function forgotten(name: string, before: Told, { escalated }: Told): string[] {
  const isKept = before.escalated.every((reason) => escalated.includes(reason));
  return isKept && new Set(escalated).size === escalated.length ? [] : [`${name}: what was told`];
}

type Told = Pick<Order | Payment, 'escalated'>;
