import { decide, holdForInternalError, RULES } from '../core/decide.ts';
import type { Case } from '../core/decision.ts';
import type { Heard } from '../core/gateway.ts';
import { assertDecision } from '../core/invariants.ts';
import { MAX_ROUNDS, questions } from '../core/questions.ts';
import type { Asking } from '../pools/port.ts';
import type { Claimed, Lease } from '../store/port.ts';
import { type Draft, type Ground, type Settled, settle } from './settle.ts';

/** What a look stands on. */
export interface LookGround extends Ground {
  readonly asking: Asking;
}

/** How far a look has come; whoever stops looks reads and sets it. */
export interface Progress {
  /** From `settling` on it is in the store's hands, and has to be waited for. */
  phase: 'asking' | 'settling';
  /** Set from outside while it asks: what is heard from then on is dropped. */
  abandoned: boolean;
}

/**
 * One look at one order: asks, decides, asserts, commits. `null`: it was abandoned, and the lease is somebody else's. Whatever
 * goes wrong inside this order is this order's alone: it is held. Rejects only when the store failed.
 */
export async function look(
  ground: LookGround,
  claimed: Claimed,
  progress: Progress,
): Promise<Settled | null> {
  const heard: Heard[] = [];
  const broken = await hear(ground, claimed, heard, progress);
  if (progress.abandoned) return null;
  progress.phase = 'settling';
  const { lease } = claimed;
  if (broken !== null) return holdPoisoned(ground, claimed.case, lease, heard, broken.error);
  const poisons: Broken[] = [];
  const settled = await settle(ground, claimed.case, lease, (theCase) => {
    try {
      return draftOf(ground, theCase, heard);
    } catch (error) {
      poisons.push({ case: theCase, error });
      return null;
    }
  });
  const [poison] = poisons;
  if (poison !== undefined) return holdPoisoned(ground, poison.case, lease, heard, poison.error);
  if (settled.kind !== 'clash') return settled;
  return holdPoisoned(ground, settled.case, lease, heard, CLASH);
}

/** Something threw that never should have. */
interface Broken {
  readonly case: Case;
  readonly error: unknown;
}

/** The rounds of questions; what is heard goes into `heard`. */
async function hear(
  { asking, clock, policy }: LookGround,
  { case: theCase, nudged }: Claimed,
  heard: Heard[],
  progress: Progress,
): Promise<Broken | null> {
  try {
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const next = questions(theCase, heard, policy(), clock.now(), nudged);
      if (next.length === 0) break;
      heard.push(...(await asking.ask(next)));
      if (progress.abandoned) break;
    }
    return null;
  } catch (error) {
    return { case: theCase, error };
  }
}

function draftOf({ policy, clock }: LookGround, theCase: Case, heard: readonly Heard[]): Draft {
  const hearing = { case: theCase, heard, policy: policy(), now: clock.now() };
  const decision = decide(theCase, heard, hearing.policy, hearing.now);
  assertDecision(theCase, decision);
  return { decision, record: { kind: 'decided', hearing, decision, rules: RULES } };
}

/** Two orders claim one transaction: only a person can say whose it is. */
const CLASH = new Error('a transaction of this order is recorded for another order');

/**
 * Takes a poison order out of the way of the others: it is held for a person, with nothing else touched. When even that
 * cannot be decided nothing is written, and the order is due again.
 */
export async function holdPoisoned(
  ground: Ground,
  start: Case,
  lease: Lease | null,
  heard: readonly Heard[],
  error: unknown,
): Promise<Settled> {
  const { tell, clock, policy } = ground;
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  tell({ name: 'order.poisoned', orderId: start.order.id, error: text });
  const settled = await settle(ground, start, lease, (theCase) => {
    try {
      const hearing = { case: theCase, heard, policy: policy(), now: clock.now() };
      const decision = holdForInternalError(theCase, hearing.now);
      return { decision, record: { kind: 'decided', hearing, decision, rules: RULES } };
    } catch {
      return null;
    }
  });
  return settled.kind === 'clash' ? { kind: 'nothing' } : settled;
}
