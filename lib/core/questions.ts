import { assess } from './assess.ts';
import type { Case } from './decision.ts';
import type { Heard, Inquiry, Question, RefundOrder } from './gateway.ts';
import { isFinal } from './order.ts';
import { isUnresolved, type Payment } from './payment.ts';
import { type GatewayPolicy, gatewayPolicy, type Policy } from './policy.ts';
import type { Instant } from './time.ts';

/** Rounds of questions in one look: the gateways of the payments, the other gateways or refunds, nothing more. */
export const MAX_ROUNDS = 3;

/** When a new order is looked at first: nothing due needs no gateway, everything else gets time for its callback. */
export function firstLook(
  order: { readonly createdAt: Instant; readonly amount: number },
  policy: Policy,
  now: Instant,
): Instant {
  return order.amount === 0 ? now : order.createdAt + policy.staleAfterMs;
}

/**
 * The next round of questions about one order, given what was heard in the rounds before; none: decide now. The happy path
 * costs one question; the other gateways are asked only when nothing was found captured, a refund only after a look at what
 * it would give back.
 */
export function questions(
  theCase: Case,
  heard: readonly Heard[],
  policy: Policy,
  now: Instant,
  nudged: boolean,
): readonly Question[] {
  const { order, payments } = theCase;
  if (order.state === 'pending' && order.amount === 0) return [];
  const youngAndEmpty = payments.length === 0 && now < order.createdAt + policy.staleAfterMs;
  if (order.state === 'pending' && youngAndEmpty && !nudged) return [];

  const asked = new Set(heard.map(({ question }) => question.gateway));
  const ask = (gateways: readonly GatewayPolicy[]) =>
    gateways
      .filter(({ name }) => !asked.has(name))
      .map((gateway) => inquiry(theCase, gateway, nudged));
  const involved = policy.gateways.filter(({ name }) => concerns(theCase, name));
  const listing = policy.gateways.filter(({ canList }) => canList);
  const final = isFinal(order.state);
  const first = ask(
    involved.length === 0 || (final && asksForAll(theCase, nudged))
      ? [...new Set([...involved, ...listing])]
      : involved,
  );
  if (heard.length === 0) return first;
  if (final) return refunds(theCase, heard, policy, now);
  const captured = assess(theCase, heard, policy, now).payments.some(
    ({ judgement }) => judgement.verdict === 'captured',
  );
  return captured ? [] : ask(listing);
}

/** A final order is listed everywhere when a callback asks for it, or while it never was. */
function asksForAll({ order }: Case, nudged: boolean): boolean {
  return nudged || order.listedAt === null;
}

function concerns({ payments, noticed }: Case, gateway: string): boolean {
  return (
    payments.some((payment) => payment.gateway === gateway) ||
    noticed.some((notice) => notice.gateway === gateway)
  );
}

function inquiry(theCase: Case, gateway: GatewayPolicy, nudged: boolean): Inquiry {
  const { order, payments, noticed } = theCase;
  const here = payments.filter((payment) => payment.gateway === gateway.name);
  const recorded = here.flatMap(({ transactionKey }) => transactionKey ?? []);
  const named = noticed
    .filter((notice) => notice.gateway === gateway.name && !recorded.includes(notice.key))
    .map(({ key }) => key);
  // While an order is pending, what is settled already needs no second look; a nudge looks at everything.
  const needed = here.filter(
    (payment) => nudged || order.state !== 'pending' || isUnresolved(payment),
  );
  const keyless = needed.some(({ transactionKey }) => transactionKey === null);
  return {
    kind: 'inquire',
    gateway: gateway.name,
    orderId: order.id,
    userId: order.memberId,
    // A gateway is asked about so many keys and no more: first about those of which something is still to be learned.
    // A listing by order id finds what callbacks named; a forged name then costs nothing more.
    keys: [
      ...needed
        .toSorted((one, other) => Number(isOver(one)) - Number(isOver(other)))
        .flatMap(({ transactionKey }) => transactionKey ?? []),
      ...(gateway.canList ? [] : named),
    ],
    about: here.map(({ id }) => id),
    listAll:
      gateway.canList && (nudged || keyless || named.length > 0 || order.state !== 'pending'),
  };
}

/** Its gateway has said all that it will say about it. */
function isOver({ state, presumedAt }: Payment): boolean {
  return state === 'refunded' || (state === 'failed' && presumedAt === null);
}

/** What may go back now: committed as due, at a gateway that can, found captured in this look, never refused before. */
function refunds(
  theCase: Case,
  heard: readonly Heard[],
  policy: Policy,
  now: Instant,
): readonly RefundOrder[] {
  if (heard.some(({ question }) => question.kind === 'refund')) return [];
  return assess(theCase, heard, policy, now).payments.flatMap(({ payment, before, judgement }) => {
    const { transaction } = judgement;
    const due = before?.state === 'refund_due' && refundable(payment, policy);
    if (!due || payment.gateway === null || transaction?.status !== 'succeeded') return [];
    return [
      {
        kind: 'refund' as const,
        gateway: payment.gateway,
        orderId: theCase.order.id,
        key: transaction.key,
        amount: payment.refundDue,
        currency: transaction.currency,
        idempotencyKey: `refund:${theCase.order.id}:${payment.id}`,
      },
    ];
  });
}

/** The daemon may ask for this refund itself: the gateway can, and no person was asked to make it, who may have since. */
export function refundable({ gateway, escalated }: Payment, policy: Policy): boolean {
  const asked = escalated.includes('refund_refused') || escalated.includes('refund_by_hand');
  return (gatewayPolicy(policy, gateway)?.canRefund ?? false) && !asked;
}
