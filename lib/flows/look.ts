import { decide, holdForInternalError, RULES } from '../core/decide.ts';
import type { Case } from '../core/decision.ts';
import type { Heard, NoticedKey, Transaction } from '../core/gateway.ts';
import { assertDecision } from '../core/invariants.ts';
import { MAX_ROUNDS, questions } from '../core/questions.ts';
import type { Asking } from '../pools/port.ts';
import type { Claimed, JournalRecord, Lease } from '../store/port.ts';
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
  const cause = { lease, trigger: claimed.nudged ? 'callback' : 'sweep' } as const;
  if (broken !== null) return holdPoisoned(ground, claimed.case, cause, heard, broken.error);
  const settled = await settleHeard(ground, claimed.case, cause, heard);
  if (settled.kind !== 'clash') return settled;
  // Two orders claim one transaction: only a person can say whose it is, and hears of it once.
  if (!settled.case.order.escalated.includes('internal_error')) {
    return holdPoisoned(ground, settled.case, cause, heard, CLASH);
  }
  // From then on the order goes without it, so that the rest of its money is not forgotten. When it is not the key that is
  // another's (but the id that its payment would get), without all that is not recorded for it.
  for (const keysOf of [keysOfOthers, unrecordedKeys]) {
    const rest = withoutKeys(heard, await keysOf(ground, settled.case, heard));
    const again = await settleHeard(ground, settled.case, cause, rest);
    if (again.kind !== 'clash') return again;
  }
  return { kind: 'nothing' };
}

/** What brought a look, and the claim that it rests on. */
interface Cause {
  /** `null`: it is no look at a claimed order. */
  readonly lease: Lease | null;
  readonly trigger: Trigger;
}

type Trigger = Extract<JournalRecord, { readonly kind: 'decided' }>['trigger'];

const CLASH = new Error('a transaction of this order is recorded for another order');

/** Decides on what was heard; an order in which that throws is poison. */
async function settleHeard(
  ground: LookGround,
  start: Case,
  cause: Cause,
  heard: readonly Heard[],
): Promise<Settled> {
  const poisons: { readonly case: Case; readonly error: unknown }[] = [];
  const settled = await settle(ground, start, cause.lease, (theCase) => {
    try {
      return draftOf(ground, theCase, heard, cause.trigger);
    } catch (error) {
      poisons.push({ case: theCase, error });
      return null;
    }
  });
  const [poison] = poisons;
  if (poison === undefined) return settled;
  return holdPoisoned(ground, poison.case, cause, heard, poison.error);
}

/** The transactions among what was heard that are recorded for another order. */
async function keysOfOthers(
  { docket }: Ground,
  { order }: Case,
  heard: readonly Heard[],
): Promise<readonly NoticedKey[]> {
  const keys = keysIn(heard);
  const owners = await docket.ordersOfKeys(keys);
  return keys.filter((_, index) => (owners[index] ?? order.id) !== order.id);
}

/** Those that are not recorded for this order. */
function unrecordedKeys(
  _: Ground,
  { payments }: Case,
  heard: readonly Heard[],
): readonly NoticedKey[] {
  const isRecorded = ({ gateway, key }: NoticedKey) =>
    payments.some((one) => one.gateway === gateway && one.transactionKey === key);
  return keysIn(heard).filter((one) => !isRecorded(one));
}

function keysIn(heard: readonly Heard[]): readonly NoticedKey[] {
  return heard.flatMap(({ question: { gateway }, answer }) =>
    answer.kind === 'statement' ? answer.transactions.map(({ key }) => ({ gateway, key })) : [],
  );
}

/** As if the gateways had been silent about these transactions. */
function withoutKeys(heard: readonly Heard[], keys: readonly NoticedKey[]): readonly Heard[] {
  return heard.map(({ question, answer }) => {
    if (answer.kind !== 'statement') return { question, answer };
    const isLeftOut = ({ key }: Transaction) =>
      keys.some((one) => one.gateway === question.gateway && one.key === key);
    const leftOut = answer.transactions.filter(isLeftOut);
    const silentKeys = [...answer.silentKeys, ...leftOut.map(({ key }) => key)];
    const transactions = answer.transactions.filter((one) => !isLeftOut(one));
    return { question, answer: { ...answer, transactions, silentKeys } };
  });
}

/** The rounds of questions; what is heard goes into `heard`. `null`: nothing threw. */
async function hear(
  { asking, clock, policy }: LookGround,
  { case: theCase, nudged }: Claimed,
  heard: Heard[],
  progress: Progress,
): Promise<{ readonly error: unknown } | null> {
  try {
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const next = questions(theCase, heard, policy(), clock.now(), nudged);
      if (next.length === 0) break;
      heard.push(...(await asking.ask(next)));
      if (progress.abandoned) break;
    }
    return null;
  } catch (error) {
    return { error };
  }
}

function draftOf(
  { policy, clock }: LookGround,
  theCase: Case,
  heard: readonly Heard[],
  trigger: Trigger,
): Draft {
  const hearing = { case: theCase, heard, policy: policy(), now: clock.now() };
  const decision = decide(theCase, heard, hearing.policy, hearing.now);
  assertDecision(theCase, decision);
  return { decision, record: { kind: 'decided', trigger, hearing, decision, rules: RULES } };
}

/**
 * Takes a poison order out of the way of the others: it is held for a person, with nothing else touched. When even that
 * cannot be decided nothing is written, and the order is due again.
 */
export async function holdPoisoned(
  ground: Ground,
  start: Case,
  { lease, trigger }: Cause,
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
      return { decision, record: { kind: 'decided', trigger, hearing, decision, rules: RULES } };
    } catch {
      return null;
    }
  });
  return settled.kind === 'clash' ? { kind: 'nothing' } : settled;
}
