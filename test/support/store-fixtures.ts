import type { Clock } from '../../lib/clock.ts';
import type { Case, Decision } from '../../lib/core/decision.ts';
import type { Effect } from '../../lib/core/effect.ts';
import type { Order } from '../../lib/core/order.ts';
import { type Payment, pendingPayment } from '../../lib/core/payment.ts';
import type { Policy } from '../../lib/core/policy.ts';
import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS } from '../../lib/core/time.ts';
import type {
  AdmitOutcome,
  ClaimRequest,
  Lease,
  Matched,
  NewOrder,
  NewPayment,
  Notice,
  Settlement,
  Store,
} from '../../lib/store/port.ts';

/** The moment at which the tests begin. */
export const T0: Instant = Date.UTC(2025, 7, 16, 3, 0, 0);

/** A clock that stands until it is turned. */
export interface TestClock extends Clock {
  turn(byMs: number): void;
}

export function testClock(start: Instant = T0): TestClock {
  let passedMs = 0;
  return {
    now: () => start + passedMs,
    monotonicMs: () => passedMs,
    after: () => () => {},
    turn: (byMs) => {
      passedMs += byMs;
    },
  };
}

export const POLICY: Policy = {
  staleAfterMs: 10 * MINUTE_MS,
  holdAfterMs: 72 * HOUR_MS,
  ladderMs: [MINUTE_MS],
  gateways: [
    {
      name: 'pg',
      canList: true,
      canRefund: false,
      paymentWindowMs: 10 * MINUTE_MS,
      answering: true,
    },
  ],
};

/** A payment as the shop sends it: of 5,000 won by card at `pg`, its key not known. */
export function newPayment(over: Partial<NewPayment> & { readonly id: string }): NewPayment {
  return {
    gateway: 'pg',
    method: 'CARD',
    amount: 5_000,
    transactionKey: null,
    requestedAt: T0,
    ...over,
  };
}

/** An order as the shop sends it: 5,000 won, nothing from the stock, no payment, due at once. */
export function newOrder(over: Partial<NewOrder> & { readonly id: string }): NewOrder {
  return {
    memberId: 'member-1',
    currency: 'KRW',
    amount: 5_000,
    items: [],
    payments: [],
    createdAt: T0,
    lookAt: T0,
    ...over,
  };
}

/** A callback that names an order. */
export function notice(over: Partial<Notice> & { readonly eventId: string }): Notice {
  return { gateway: 'pg', key: null, orderId: null, receivedAt: T0, ...over };
}

/** Keeps callbacks and finds out what they mean: what became of each. */
export async function callBack(
  store: Store,
  notices: readonly Notice[],
): Promise<readonly (AdmitOutcome | Matched['outcome'])[]> {
  const admitted = await Promise.all(notices.map((one) => store.intake.admit(one)));
  const matched = (await store.docket.match(notices.length)).map(({ outcome }) => outcome);
  return admitted.map((outcome) => (outcome === 'kept' ? (matched.shift() ?? outcome) : outcome));
}

/** A claim of all that is due now. */
export function claimRequest(over: Partial<ClaimRequest> = {}): ClaimRequest {
  const now = over.now ?? T0;
  return {
    limit: 100,
    now,
    dueBy: now,
    longestWaitMs: DAY_MS,
    exceptGateways: [],
    nudgedOnly: false,
    ...over,
  };
}

interface Change {
  readonly order?: Partial<Order>;
  /** Changed payments by id. */
  readonly payments?: Readonly<Record<string, Partial<Payment>>>;
  readonly added?: readonly Payment[];
  readonly take?: Decision['take'];
  readonly effects?: readonly Effect[];
  readonly reason?: Decision['reason'];
  readonly now?: Instant;
}

/** A decision that changes what is named and nothing else. */
export function change(from: Case, to: Change, lease: Lease | null = null): Settlement {
  const now = to.now ?? T0;
  const order = { ...from.order, updatedAt: now, ...to.order, version: from.order.version + 1 };
  const payments = Object.entries(to.payments ?? {}).map(([id, over]) => ({
    ...paymentIn(from, id),
    ...over,
  }));
  return settlementOf(from, lease, now, {
    orderId: from.order.id,
    basis: from.order.version,
    reason: to.reason ?? 'captured',
    changed: true,
    order,
    payments,
    added: to.added ?? [],
    take: to.take ?? [],
    effects: to.effects ?? [],
    judgements: [],
  });
}

/** A look that changed nothing but when to look next. */
export function unchanged(
  from: Case,
  to: { readonly order?: Partial<Order>; readonly now?: Instant } = {},
  lease: Lease | null = null,
): Settlement {
  const now = to.now ?? T0;
  return settlementOf(from, lease, now, {
    orderId: from.order.id,
    basis: from.order.version,
    reason: 'still_open',
    changed: false,
    order: { ...from.order, looks: from.order.looks + 1, lookAt: now + MINUTE_MS, ...to.order },
    payments: [],
    added: [],
    take: [],
    effects: [],
    judgements: [],
  });
}

/** The order is completed by the payment of that id, and takes what its items say. */
export function completion(
  from: Case,
  paymentId: string,
  over: Change = {},
  lease: Lease | null = null,
): Settlement {
  const now = over.now ?? T0;
  return change(
    from,
    {
      ...over,
      order: {
        state: 'completed',
        reason: 'captured',
        paidBy: paymentId,
        lookAt: null,
        ...over.order,
      },
      payments: { [paymentId]: { state: 'succeeded', settledAt: now }, ...over.payments },
      take: over.take ?? from.items,
    },
    lease,
  );
}

/** An order of 5,000 won that just came in. */
export function pendingOrder(over: Partial<Order> & { readonly id: string }): Order {
  return {
    memberId: 'member-1',
    currency: 'KRW',
    amount: 5_000,
    state: 'pending',
    reason: null,
    reasonText: null,
    paidBy: null,
    escalated: [],
    createdAt: T0,
    updatedAt: T0,
    looks: 0,
    silentSince: null,
    listedAt: null,
    lookAt: T0,
    version: 1,
    ...over,
  };
}

/** A transaction that nobody had recorded. */
export function foundPayment(over: Partial<Payment> & { readonly id: string }): Payment {
  return { ...pendingPayment(newPayment({ id: over.id })), ...over };
}

/** Something to be told of an order. */
export function effect(over: Partial<Effect> & Pick<Effect, 'key' | 'orderId'>): Effect {
  return {
    topic: 'order.completed',
    version: 2,
    paymentId: null,
    productId: null,
    gateway: null,
    reason: 'captured',
    text: null,
    amount: 5_000,
    currency: 'KRW',
    onHand: null,
    since: null,
    ...over,
  };
}

function settlementOf(
  from: Case,
  lease: Lease | null,
  now: Instant,
  decision: Decision,
): Settlement {
  const hearing = { case: from, heard: [], policy: POLICY, now };
  return {
    lease,
    decision,
    record: { kind: 'decided', trigger: 'sweep', hearing, decision, rules: 'test' },
  };
}

function paymentIn(from: Case, id: string): Payment {
  const payment = from.payments.find((candidate) => candidate.id === id);
  if (payment === undefined) throw new Error(`no payment ${id} in this case`);
  return payment;
}
