import { decide, holdForInternalError } from '../../../lib/core/decide.ts';
import type { Case, Decision } from '../../../lib/core/decision.ts';
import type { Heard, Question, TransactionStatus } from '../../../lib/core/gateway.ts';
import { assertDecision } from '../../../lib/core/invariants.ts';
import { isUnresolved, type Payment } from '../../../lib/core/payment.ts';
import type { GatewayPolicy, Policy } from '../../../lib/core/policy.ts';
import { MAX_ROUNDS, questions } from '../../../lib/core/questions.ts';
import { type Resolution, recordRefund, resolve } from '../../../lib/core/resolve.ts';
import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS } from '../../../lib/core/time.ts';
import { apply } from '../apply.ts';
import { situation } from '../language.ts';
import { AMOUNT, NOW } from '../words.ts';
import {
  type By,
  faultsOfCommit,
  faultsOfRefund,
  NOTHING_YET,
  type Past,
  remember,
} from './auditor.ts';
import {
  answerTo,
  HEARINGS,
  type HowHeard,
  type HowRefunded,
  lastCame,
  REFUNDINGS,
  refund,
  replaced,
  type TrueTransaction,
  turns,
} from './truth.ts';

/** One order at one moment: what is stored of it, what is true, what is under way, and what the auditor remembers. */
export interface World {
  readonly now: Instant;
  readonly theCase: Case;
  readonly policy: Policy;
  readonly truth: readonly TrueTransaction[];
  /** A callback named the order, and no look since has answered it. */
  readonly nudged: boolean;
  readonly look: LookUnderWay | null;
  /** What can happen once only. */
  readonly left: readonly Once[];
  readonly past: Past;
  /** What was wrong with the step that led here. */
  readonly faults: readonly string[];
}

/** Asked, and not committed yet. A crash forgets it: the world is then one without it. */
export interface LookUnderWay {
  readonly theCase: Case;
  readonly nudged: boolean;
  readonly heard: readonly Heard[];
  /** No callback came since it began. */
  readonly answersNudge: boolean;
  /** The gateway had captured the amount of the order when it was first asked, and could say so. */
  readonly captured: boolean;
  /** So many transactions had come when all of them were listed; `null`: they were not. */
  readonly listedUpTo: number | null;
  /** Nothing more is asked. */
  readonly isHeard: boolean;
}

export type Once = 'pays again' | 'asks once more' | 'learns to refund' | 'assert';

/** One thing that happens. */
export interface Step {
  readonly words: string;
  readonly to: World;
}

/** Short, so that histories are: the rules know of no length. */
const PATIENCE = { ladderMs: [10 * MINUTE_MS, DAY_MS], holdAfterMs: 2 * DAY_MS } as const;

/**
 * A world that begins with what is stored. Transactions of which the gateway has told are there as it told; those of `amounts` are
 * still to come.
 */
export function beginning(
  stored: string,
  amounts: Readonly<Record<string, number>>,
  left: readonly Once[],
): World {
  const { theCase, policy } = situation(stored, '');
  const there = theCase.payments.flatMap(({ transactionKey: key, found }, index) =>
    key === null || found === null ? [] : [transaction(key, found.amount, found.status, index + 1)],
  );
  const toCome = Object.entries(amounts).map(([key, amount]) => transaction(key, amount, null, 0));
  const { listedAt, state } = theCase.order;
  return {
    now: NOW,
    theCase,
    policy: { ...policy, ...PATIENCE },
    truth: [...there, ...toCome],
    nudged: false,
    look: null,
    left,
    past: {
      ...NOTHING_YET,
      told: theCase.payments.flatMap(({ id, escalated }) =>
        escalated.map((reason) => `order.attention ${reason} ${id}`),
      ),
      listedUpTo: listedAt === null ? null : lastCame(there),
      taken: state === 'completed' ? 1 : 0,
    },
    faults: [],
  };
}

function transaction(
  key: string,
  amount: number,
  status: TransactionStatus | null,
  came: number,
): TrueTransaction {
  return { key, amount, status, came, wasCaptured: status === 'succeeded', backBy: [] };
}

/** Everything that can happen next. */
export function stepsFrom(world: World): readonly Step[] {
  return [
    ...turns(world.truth).map(({ words, truth }) => ({ words, to: { ...world, truth } })),
    ...looking(world),
    ...callback(world),
    ...person(world),
    ...shop(world),
    ...operator(world),
    ...time(world),
  ];
}

// ── The daemon ──────────────────────────────────────────────────────────────────────────────────────────────────────

function looking(world: World): readonly Step[] {
  const { look } = world;
  if (look === null) return isDue(world) ? hearing(world, begin(world)) : [];
  return look.isHeard ? [{ words: 'commits', to: commitLook(world, look) }] : hearing(world, look);
}

export function isDue({ theCase: { order }, nudged, now }: World): boolean {
  return nudged || (order.lookAt !== null && order.lookAt <= now);
}

function begin(world: World): LookUnderWay {
  const { theCase, nudged, truth } = world;
  const known = theCase.payments.map(({ transactionKey }) => transactionKey);
  const captured = truth.some(
    ({ key, status, amount }) =>
      status === 'succeeded' &&
      amount === AMOUNT &&
      (gatewayOf(world).canList || known.includes(key)),
  );
  return {
    theCase,
    nudged,
    heard: [],
    answersNudge: true,
    captured,
    listedUpTo: null,
    isHeard: false,
  };
}

/** The next round of questions, answered in each way that there is. */
function hearing(world: World, look: LookUnderWay): readonly Step[] {
  const asked = nextQuestions(world, look);
  if (asked.length === 0) {
    return [{ words: 'asks nothing', to: { ...world, look: { ...look, isHeard: true } } }];
  }
  const [first] = asked;
  return first?.kind === 'inquire'
    ? HEARINGS.map((how) => ({
        words: `asks, and the gateway ${how}`,
        to: heardRound(world, look, asked, how, 'is made'),
      }))
    : REFUNDINGS.map((how) => ({
        words: `asks for a refund, and it ${how}`,
        to: heardRound(world, look, asked, 'answers', how),
      }));
}

function nextQuestions({ policy, now }: World, { theCase, heard, nudged }: LookUnderWay) {
  return questions(theCase, heard, policy, now, nudged);
}

function heardRound(
  world: World,
  look: LookUnderWay,
  asked: readonly Question[],
  how: HowHeard,
  refunding: HowRefunded,
): World {
  let { truth } = world;
  const faults: string[] = [];
  const heard = asked.map((question): Heard => {
    if (question.kind === 'inquire') {
      return { question, answer: answerTo(question, truth, gatewayOf(world), how) };
    }
    faults.push(...faultsOfRefund(question, world));
    const made = refund(question, truth, refunding);
    truth = made.truth;
    return { question, answer: made.answer };
  });
  const isListed = heard.some(({ answer }) => answer.kind === 'statement' && answer.complete);
  const listedUpTo = isListed ? lastCame(truth) : look.listedUpTo;
  const next = { ...look, heard: [...look.heard, ...heard], listedUpTo };
  const isHeard = nextQuestions(world, next).length === 0;
  return { ...world, truth, look: { ...next, isHeard }, faults };
}

export function gatewayOf({ policy }: World): GatewayPolicy {
  const [gateway] = policy.gateways;
  if (gateway === undefined) throw new Error('a world has a gateway');
  return gateway;
}

/** What changed since the look began is decided on again, with the same answers. */
function commitLook(world: World, look: LookUnderWay): World {
  const isStale = look.theCase.order.version !== world.theCase.order.version;
  const theCase = isStale ? world.theCase : look.theCase;
  const decision = decide(theCase, look.heard, world.policy, world.now);
  const nudged = world.nudged && !look.answersNudge;
  return commit({ ...world, look: null, nudged }, theCase, decision, { look });
}

function commit(world: World, theCase: Case, decision: Decision, by: By): World {
  assertDecision(theCase, decision);
  const after = { ...world, theCase: apply(theCase, decision) };
  return {
    ...after,
    past: remember(world, decision, by),
    faults: faultsOfCommit(world, after.theCase, decision, by),
  };
}

/** A look at its time or for a callback, with nothing between asking and committing, and with every answer heard. */
export function lookInFairWeather(world: World): World {
  let next: World = { ...world, look: begin(world) };
  for (let round = 0; round <= MAX_ROUNDS; round += 1) {
    const { look } = next;
    if (look === null) break;
    const asked = nextQuestions(next, look);
    if (asked.length === 0) return commitLook(next, look);
    next = heardRound(next, look, asked, 'answers', 'is made');
    if (next.faults.length > 0) return next;
  }
  throw new Error('a look has no end');
}

// ── Everybody else ──────────────────────────────────────────────────────────────────────────────────────────────────

function callback(world: World): readonly Step[] {
  const calledUpTo = lastCame(world.truth);
  const isNews = !world.nudged || calledUpTo > world.past.calledUpTo;
  if (!isNews && world.look?.answersNudge !== true) return [];
  const look = world.look === null ? null : { ...world.look, answersNudge: false };
  const past = { ...world.past, calledUpTo };
  return [{ words: 'a callback comes', to: { ...world, nudged: true, look, past } }];
}

function person(world: World): readonly Step[] {
  const { theCase, policy, now } = world;
  const resolutions: readonly Resolution[] =
    theCase.order.state === 'held'
      ? [
          { state: 'failed', paymentId: null },
          ...theCase.payments.map(({ id }) => ({ state: 'completed', paymentId: id }) as const),
        ]
      : [];
  const again = theCase.order.state === 'held' ? once(world, 'asks once more') : null;
  const resolved = (from: World, resolution: Resolution): readonly Step[] => {
    const decision = resolve(theCase, resolution, policy, now);
    if ('refused' in decision) return [];
    const words = `a person says ${resolution.state} ${resolution.paymentId ?? ''}`;
    return [{ words, to: commit(from, theCase, decision, { person: 'resolves' }) }];
  };
  return [
    ...resolutions.flatMap((resolution) => resolved(world, resolution)),
    ...(again === null ? [] : resolved(again, { state: 'pending', paymentId: null })),
    ...theCase.payments.flatMap((payment) => paysBack(world, payment)),
  ];
}

/** A person who was asked to pays the money back in a way of their own, and records it afterwards. */
function paysBack(world: World, payment: Payment): readonly Step[] {
  const { theCase, policy, now, truth } = world;
  const asked = payment.escalated.some(
    (one) => one === 'refund_by_hand' || one === 'refund_refused',
  );
  const one = truth.find(({ key }) => key === payment.transactionKey);
  if (payment.state !== 'refund_due' || !asked || one === undefined) return [];
  if (!one.backBy.includes('person')) {
    const back = replaced(truth, { ...one, backBy: [...one.backBy, 'person'] });
    return [{ words: `a person pays ${payment.id} back`, to: { ...world, truth: back } }];
  }
  const decision = recordRefund(theCase, payment.id, 'R-1', policy, now);
  if (decision === 'same' || 'refused' in decision) return [];
  const words = `a person records that ${payment.id} went back`;
  return [{ words, to: commit(world, theCase, decision, { person: 'records' }) }];
}

function shop(world: World): readonly Step[] {
  const next = once(world, 'pays again');
  const [sibling] = world.theCase.payments;
  if (next === null || sibling === undefined) return [];
  const { order, payments } = world.theCase;
  const added: Payment = {
    ...sibling,
    id: 'pay-again',
    amount: AMOUNT,
    state: 'pending',
    reason: null,
    transactionKey: null,
    requestedAt: world.now,
    settledAt: null,
    presumedAt: null,
    found: null,
    refundDue: 0,
    escalated: [],
  };
  const lookAt = order.state === 'pending' ? order.lookAt : world.now;
  const theCase = {
    ...world.theCase,
    order: { ...order, lookAt, version: order.version + 1 },
    payments: [...payments, added],
  };
  return [{ words: 'the member pays again', to: { ...next, theCase } }];
}

function operator(world: World): readonly Step[] {
  const steps: Step[] = [];
  const learned = once(world, 'learns to refund');
  if (learned !== null && !gatewayOf(world).canRefund) {
    const gateways = world.policy.gateways.map((one) => ({ ...one, canRefund: true }));
    const policy = { ...world.policy, gateways };
    steps.push({ words: 'the gateway learns to refund', to: { ...learned, policy } });
  }
  const broken = once(world, 'assert');
  if (broken !== null && world.look === null) {
    const decision = holdForInternalError(world.theCase, world.now);
    const to = commit(broken, world.theCase, decision, { look: null });
    steps.push({ words: 'an assert fails', to });
  }
  return steps;
}

/** The world without this chance; `null`: it was taken. */
function once(world: World, what: Once): World | null {
  if (!world.left.includes(what)) return null;
  return { ...world, left: world.left.filter((one) => one !== what) };
}

/** Time passes up to a moment at which something is due, or a wait has an end. */
function time(world: World): readonly Step[] {
  const { theCase, policy, now } = world;
  const waits = [HOUR_MS, DAY_MS, policy.holdAfterMs];
  const ends = theCase.payments
    .filter(isUnresolved)
    .flatMap(({ requestedAt, presumedAt }) => [
      requestedAt + gatewayOf(world).paymentWindowMs,
      requestedAt + policy.holdAfterMs + 1,
      ...(presumedAt === null ? [] : waits.map((wait) => presumedAt + wait)),
    ]);
  const moments = [theCase.order.lookAt ?? now, ...ends].filter((moment) => moment > now);
  return [...new Set(moments)].map((moment) => ({
    words: `${(moment - now) / MINUTE_MS} minutes pass`,
    to: { ...world, now: moment },
  }));
}
