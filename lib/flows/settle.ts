import type { Clock } from '../clock.ts';
import type { Case, Decision } from '../core/decision.ts';
import type { Policy } from '../core/policy.ts';
import type { Tell } from '../observe/events.ts';
import {
  broughtBy,
  type CommitOutcome,
  type DecisionRecord,
  type Docket,
  type Lease,
} from '../store/port.ts';

/** What every flow that changes an order stands on. */
export interface Ground {
  readonly docket: Docket;
  readonly clock: Clock;
  readonly tell: Tell;
  /** The policy of this moment. */
  readonly policy: () => Policy;
}

/** A decision with its journal row, before the store has seen it. */
export interface Draft {
  readonly decision: Decision;
  readonly record: DecisionRecord;
}

/**
 * How it ended. `contended`: others changed the order (or took its stock) in every round; `clash`: a (gateway, key) of the
 * decision belongs to another order; `gone`: there is no such order; `nothing`: `draft` had nothing to write.
 */
export type Settled =
  | { readonly kind: 'applied'; readonly decision: Decision }
  | { readonly kind: 'clash'; readonly case: Case }
  | { readonly kind: 'contended' | 'gone' | 'nothing' };

/** Rounds of load and decide for one decision; beyond it the order is simply due again. */
const STALE_ROUNDS = 3;

/**
 * Writes what `draft` makes of a case; when the order changed meanwhile, of the case as it is then. Rejects when the store
 * failed, and when `draft` throws.
 */
export async function settle(
  ground: Ground,
  start: Case,
  lease: Lease | null,
  draft: (theCase: Case) => Draft | null,
): Promise<Settled> {
  let theCase = start;
  for (let round = 0; round < STALE_ROUNDS; round += 1) {
    if (round > 0) {
      const fresh = await ground.docket.load(start.order.id);
      if (fresh === null) return { kind: 'gone' };
      theCase = fresh;
    }
    const drafted = draft(theCase);
    if (drafted === null) return { kind: 'nothing' };
    const [outcome = 'stale'] = await ground.docket.commit([{ lease, ...drafted }]);
    tellOutcome(ground.tell, theCase, drafted, outcome);
    if (outcome === 'applied') return { kind: 'applied', decision: drafted.decision };
    if (outcome === 'refused') return { kind: 'clash', case: theCase };
  }
  return { kind: 'contended' };
}

function tellOutcome(
  tell: Tell,
  theCase: Case,
  { decision, record }: Draft,
  outcome: CommitOutcome,
): void {
  const { orderId, reason, changed } = decision;
  tell({
    name: 'order.decided',
    orderId,
    from: theCase.order.state,
    to: decision.order.state,
    reason,
    changed,
    gateways: gatewaysOf(theCase),
    trigger: broughtBy(record),
    outcome,
  });
}

function gatewaysOf({ payments }: Case): readonly string[] {
  return [...new Set(payments.flatMap(({ gateway }) => gateway ?? []))];
}
