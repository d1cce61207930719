import { RULES } from '../core/decide.ts';
import { assertDecision } from '../core/invariants.ts';
import { applyRequest } from '../core/request.ts';
import { ReconciledError } from '../errors.ts';
import type { PaymentRequest, RequestOutcome } from '../gateways/port.ts';
import type { Asking } from '../pools/port.ts';
import type { DecisionRecord, Intake, NewPayment } from '../store/port.ts';
import { holdPoisoned } from './look.ts';
import type { Requesting, Stoppable } from './port.ts';
import { type Ground, settle } from './settle.ts';

/** What payment requests stand on. */
interface RequestGround extends Ground {
  readonly intake: Intake;
  readonly asking: Asking;
}

/**
 * Requests payments in the shop's name. The payment is durable without a key before the request leaves, so whatever is lost
 * on the way (the reply, the process) is asked about like any other payment. A request is sent once: a repeat by the shop
 * finds its payment and sends nothing.
 */
export function createRequesting(ground: RequestGround): Requesting & Stoppable {
  const sent = new Set<Sent>();
  return {
    request: async (orderId, payment, card) => {
      const gateway = payment.gateway ?? refuse(payment);
      const now = ground.clock.now();
      const outcome = await ground.intake.addPayment(orderId, payment, now, 'exclusive');
      if (outcome.kind !== 'created') return outcome;
      const one: Sent = { settling: false, abandoned: false, ended: Promise.resolve() };
      one.ended = send(ground, orderId, payment, { gateway, ...card }, one)
        // The store failed: it has told so itself, and the payment stays without a key until the gateway is asked.
        .catch(() => undefined)
        .finally(() => sent.delete(one));
      sent.add(one);
      return outcome;
    },
    stop: async () => {
      for (const one of sent) one.abandoned = true;
      const settling = [...sent].filter((one) => one.settling);
      await Promise.all(settling.map(({ ended }) => ended));
    },
  };
}

/** A request on its way. `settling`: its outcome is being committed; `abandoned`: what becomes of it is not waited for. */
interface Sent {
  settling: boolean;
  abandoned: boolean;
  ended: Promise<void>;
}

async function send(
  ground: RequestGround,
  orderId: string,
  payment: NewPayment,
  to: Pick<PaymentRequest, 'gateway' | 'cardType' | 'cardNo'>,
  progress: Sent,
): Promise<void> {
  const before = await ground.docket.load(orderId);
  if (progress.abandoned || before === null) return;
  const userId = before.order.memberId;
  const outcome = await ground.asking.request({ ...to, orderId, userId, amount: payment.amount });
  ground.tell({ name: 'payment.requested', orderId, outcome: outcome.kind });
  if (progress.abandoned) return;
  progress.settling = true;
  await keepOutcome(ground, orderId, payment.id, outcome);
}

async function keepOutcome(
  ground: RequestGround,
  orderId: string,
  paymentId: string,
  outcome: RequestOutcome,
): Promise<void> {
  const start = await ground.docket.load(orderId);
  if (start === null) return;
  const settled = await settle(ground, start, null, (theCase) => {
    const now = ground.clock.now();
    const decision = applyRequest(theCase, paymentId, outcome, now);
    if (!decision.changed) return null;
    assertDecision(theCase, decision);
    const record: DecisionRecord = {
      kind: 'requested',
      hearing: { case: theCase, heard: [], policy: ground.policy(), now },
      command: { paymentId, outcome },
      by: 'reconciled',
      note: null,
      decision,
      rules: RULES,
    };
    return { decision, record };
  });
  if (settled.kind !== 'clash') return;
  const error = new Error('the gateway gave a key that is recorded for another order');
  await holdPoisoned(ground, settled.case, { lease: null, trigger: 'request' }, [], error);
}

function refuse({ id, method }: NewPayment): never {
  throw new ReconciledError('gateway_unknown', `No gateway takes ${method} for payment ${id}.`, {
    hint: 'Name a configured gateway that takes payment requests.',
  });
}
