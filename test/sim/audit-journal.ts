import { isDeepStrictEqual } from 'node:util';
import type { Decision } from '../../lib/core/decision.ts';
import type { DatedEffect } from '../../lib/core/effect.ts';
import type { Order, OrderState } from '../../lib/core/order.ts';
import type { Payment, PaymentState } from '../../lib/core/payment.ts';
import type { Policy } from '../../lib/core/policy.ts';
import type { Reason } from '../../lib/core/reason.ts';
import type { JournalRow, NewPayment, OrderView } from '../../lib/store/port.ts';
import type { Configuration } from './configuration.ts';

/** What may be decided about an order that is final. */
const FINAL_REASONS: readonly Reason[] = [
  'watching',
  'duplicate_capture',
  'late_capture',
  'mismatched_capture',
  'reversed_after_completion',
  'refunded',
  'refund_underway',
  'refund_refused',
  'refund_by_hand',
  'internal_error',
  // What became of a payment request.
  'still_open',
  'declined',
  'request_failed',
];

/** What it was decided on is what the daemon was configured with in some life. */
export function auditPolicies(
  history: readonly JournalRow[],
  configurations: readonly Configuration[],
): string[] {
  const isConfigured = ({ gateways, ...settings }: Policy) =>
    configurations.some(
      (one) =>
        isDeepStrictEqual(one.settings, settings) &&
        one.policies.length === gateways.length &&
        one.policies.every(({ name, settings: { canRefund, paymentWindowMs } }, index) => {
          const gateway = gateways[index];
          return (
            gateway?.name === name &&
            gateway.canRefund === canRefund &&
            gateway.paymentWindowMs === paymentWindowMs
          );
        }),
    );
  return history.flatMap(({ record, version }) =>
    'hearing' in record && !isConfigured(record.hearing.policy)
      ? [`version ${version} was decided under a policy that nobody configured`]
      : [],
  );
}

/** Invariants 5, 6 and 7: the journal tells the whole story of an order, and its effects are those of its decisions. */
export function auditHistory(
  view: OrderView,
  history: readonly JournalRow[],
  effects: readonly DatedEffect[],
  requested: ReadonlySet<string>,
): string[] {
  const broken: string[] = [];
  const story = tell(history, requested, broken);
  const { order } = view;
  if (history.length !== order.version)
    broken.push(`${history.length} rows, version ${order.version}`);
  const last = story.order;
  if (last !== null) {
    const kept = ['state', 'reason', 'reasonText', 'paidBy', 'escalated'] as const;
    for (const field of kept) {
      if (!isDeepStrictEqual(last[field], order[field])) {
        broken.push(`its ${field} is not what the journal says`);
      }
    }
  }
  for (const payment of view.payments) {
    if (!isDeepStrictEqual(story.payments.get(payment.id), payment)) {
      broken.push(`payment ${payment.id} is not what the journal says`);
    }
  }
  if (view.payments.length !== story.payments.size) broken.push('payments were lost');
  const told = effects.filter(({ topic }) => topic !== 'stock.low').map(({ key }) => key);
  if (!isDeepStrictEqual([...told].sort(), [...story.effects].sort())) {
    broken.push('its effects are not those of its decisions');
  }
  for (const topic of ['order.completed', 'order.failed', 'order.held'] as const) {
    const changes = story.changes.filter((state) => `order.${state}` === topic).length;
    const effectsTold = effects.filter((effect) => effect.topic === topic).length;
    if (changes !== effectsTold) broken.push(`${changes} × ${topic}, told ${effectsTold} ×`);
  }
  return broken;
}

/** The order as its journal tells it. */
interface Story {
  order: Order | null;
  readonly payments: Map<string, Payment>;
  readonly effects: string[];
  /** Every change of its state. Held for another reason is a change. */
  readonly changes: OrderState[];
}

/** What a payment may become. Money that goes back never pays for anything again, and what paid for the order is not given back. */
const NEXT_STATES: Readonly<Record<PaymentState, readonly PaymentState[]>> = {
  pending: ['pending', 'succeeded', 'failed', 'refund_due'],
  failed: ['failed', 'pending', 'succeeded', 'refund_due'],
  succeeded: ['succeeded'],
  refund_due: ['refund_due', 'refunded'],
  refunded: ['refunded'],
};

/** `requested`: payments that the daemon was told to request itself. */
function tell(
  history: readonly JournalRow[],
  requested: ReadonlySet<string>,
  broken: string[],
): Story {
  const story: Story = { order: null, payments: new Map(), effects: [], changes: [] };
  let state: OrderState = 'pending';
  let reason: Reason | null = null;
  for (const [index, row] of history.entries()) {
    const { record, version } = row;
    if (version !== index + 1)
      broken.push(`row ${index + 1} of the journal has version ${version}`);
    if ((record.kind === 'created') !== (index === 0)) broken.push('it was not created first');
    if (record.kind === 'created') {
      for (const payment of record.order.payments) story.payments.set(payment.id, fresh(payment));
      continue;
    }
    if (record.kind === 'payment_added') {
      if (requested.has(record.payment.id) && !takesRequest(state, story)) {
        broken.push(`${record.payment.id} was requested beside another payment`);
      }
      story.payments.set(record.payment.id, fresh(record.payment));
      continue;
    }
    const { decision } = record;
    broken.push(...auditDecision(decision, row, state, record.kind));
    for (const payment of [...decision.payments, ...decision.added]) {
      const before = story.payments.get(payment.id)?.state ?? 'pending';
      if (!NEXT_STATES[before].includes(payment.state)) {
        broken.push(`${payment.id} became ${payment.state} after it was ${before}`);
      }
      story.payments.set(payment.id, payment);
    }
    story.effects.push(...decision.effects.map(({ key }) => key));
    const next = decision.order;
    if (next.state !== state || (next.state === 'held' && next.reason !== reason)) {
      story.changes.push(next.state);
    }
    state = next.state;
    reason = next.reason;
    story.order = next;
  }
  return story;
}

/** The order is pending, and nothing else can still pay for it. */
function takesRequest(state: OrderState, { payments }: Story): boolean {
  const isSettled = [...payments.values()].every(
    (one) => one.state === 'failed' && one.presumedAt === null,
  );
  return state === 'pending' && isSettled;
}

function auditDecision(
  decision: Decision,
  row: JournalRow,
  state: OrderState,
  kind: string,
): string[] {
  const broken: string[] = [];
  const { order, basis, reason } = decision;
  if (!decision.changed) broken.push(`version ${row.version} changed nothing`);
  if (basis !== row.version - 1 || order.version !== row.version) {
    broken.push(`version ${row.version} was decided on version ${basis}`);
  }
  if (row.reason !== reason) broken.push(`version ${row.version} has two reasons`);
  const final = state === 'completed' || state === 'failed';
  if (final && order.state !== state) {
    broken.push(`version ${row.version} makes it ${order.state} after ${state}`);
  }
  if (final && kind !== 'refund_recorded' && !FINAL_REASONS.includes(reason)) {
    broken.push(`version ${row.version} changes a final order for ${reason}`);
  }
  return broken;
}

function fresh(payment: NewPayment): Payment {
  return {
    ...payment,
    state: 'pending',
    reason: null,
    reasonText: null,
    settledAt: null,
    presumedAt: null,
    found: null,
    refundDue: 0,
    refundReference: null,
    escalated: [],
  };
}
