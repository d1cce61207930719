import { RULES } from '../core/decide.ts';
import type { Case, Decision } from '../core/decision.ts';
import { assertDecision } from '../core/invariants.ts';
import type { Policy } from '../core/policy.ts';
import { recordRefund, resolve } from '../core/resolve.ts';
import type { Instant } from '../core/time.ts';
import type { DecisionRecord } from '../store/port.ts';
import type { CommandOutcome, Commands, ResolveCommand } from './port.ts';
import { type Draft, type Ground, settle } from './settle.ts';

/** What a person decides goes the same way as every decision: fenced by the version, journalled, in one transaction. */
export function createCommands(ground: Ground): Commands {
  return {
    resolve: (orderId, command) =>
      carryOut(ground, orderId, 'resolved', command, (theCase, policy, now) =>
        command.version !== null && command.version !== theCase.order.version
          ? { refused: changedMeanwhile(theCase, command), field: 'version' }
          : resolve(theCase, command, policy, now),
      ),
    recordRefund: async (paymentId, command) => {
      const orderId = await ground.docket.orderOfPayment(paymentId);
      if (orderId === null) return { kind: 'not_found' };
      return carryOut(ground, orderId, 'refund_recorded', command, (theCase, policy, now) =>
        recordRefund(theCase, paymentId, command.reference, policy, now),
      );
    },
  };
}

type Carried = Decision | { readonly refused: string; readonly field?: string } | 'same';

async function carryOut(
  ground: Ground,
  orderId: string,
  kind: 'resolved' | 'refund_recorded',
  command: { readonly by: string; readonly note: string },
  decideOn: (theCase: Case, policy: Policy, now: Instant) => Carried,
): Promise<CommandOutcome> {
  const start = await ground.docket.load(orderId);
  if (start === null) return { kind: 'not_found' };
  let refusal: Extract<CommandOutcome, { kind: 'conflict' }> | null = null;
  const settled = await settle(ground, start, null, (theCase): Draft | null => {
    const policy = ground.policy();
    const now = ground.clock.now();
    const carried = decideOn(theCase, policy, now);
    if (carried === 'same') return null;
    if ('refused' in carried) {
      refusal = { kind: 'conflict', problem: carried.refused, field: carried.field ?? null };
      return null;
    }
    assertDecision(theCase, carried);
    const { by, note } = command;
    const hearing = { case: theCase, heard: [], policy, now };
    const record: DecisionRecord = {
      kind,
      hearing,
      command,
      by,
      note,
      decision: carried,
      rules: RULES,
    };
    return { decision: carried, record };
  });
  if (refusal !== null) return refusal;
  if (settled.kind === 'contended' || settled.kind === 'clash') {
    const problem = 'the order is being changed at this moment; try again';
    return { kind: 'conflict', problem, field: null };
  }
  const now = await ground.docket.load(orderId);
  if (now === null) return { kind: 'not_found' };
  const { order, items, payments } = now;
  return { kind: settled.kind === 'applied' ? 'done' : 'same', view: { order, items, payments } };
}

function changedMeanwhile({ order }: Case, { version }: ResolveCommand): string {
  return `the order has version ${order.version}, not ${version}: read it again`;
}
