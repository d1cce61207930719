import { orderEffect } from './announce.ts';
import type { Assessed, Assessment } from './assess.ts';
import { ladderWait } from './backoff.ts';
import { type Case, type Decision, type Taking, unchanged } from './decision.ts';
import type { Effect } from './effect.ts';
import { learned, settleRest } from './final.ts';
import type { Heard } from './gateway.ts';
import { doubtUntil, isUnheard, type Look, longestRetryAfter, lookOf, nextLook } from './look.ts';
import { isFinal, type Order, type OrderState, waitsForPerson } from './order.ts';
import { isUnresolved, type Payment } from './payment.ts';
import { type GatewayPolicy, gatewayPolicy, type Policy } from './policy.ts';
import type { Reason } from './reason.ts';
import { shortages, takings } from './stock.ts';
import { DAY_MS, type Instant } from './time.ts';
import type { Judgement } from './verdict.ts';

/**
 * The version of these rules, raised with every change by which some case comes out differently. A journal row is replayed only by
 * the rules that wrote it.
 */
export const RULES = '3';

/**
 * What is to be done about one order: the decision table, a row a branch. Pure and total: it reads no clock, asks nobody,
 * and every case and every answer has a row.
 */
export function decide(
  theCase: Case,
  heard: readonly Heard[],
  policy: Policy,
  now: Instant,
): Decision {
  const { order } = theCase;
  const look = lookOf(theCase, heard, policy, now);
  switch (order.state) {
    case 'pending':
      return decideUnsettled(look);
    case 'held':
      return waitsForPerson(order) ? waitForPerson(look) : decideUnsettled(look);
    case 'completed':
    case 'failed':
      return decideFinal(look);
  }
}

/** The decision for an order inside which an assert failed: it is held for a person, with nothing else touched. */
export function holdForInternalError(theCase: Case, now: Instant): Decision {
  const { order } = theCase;
  // A final order stays final: holding it would undo what was settled and told.
  const final = isFinal(order.state);
  const held: Order = {
    ...order,
    state: final ? order.state : 'held',
    reason: final ? order.reason : 'internal_error',
    reasonText: final ? order.reasonText : UNKNOWN_ERROR_TEXT,
    escalated: withReason(order.escalated, 'internal_error'),
    updatedAt: now,
    looks: order.looks + 1,
    lookAt: now + DAY_MS,
    version: order.version + 1,
  };
  // A person may have ended the hold before this one: it is another, and nobody else tells of it.
  const isTold = final
    ? order.escalated.includes('internal_error')
    : order.reason === 'internal_error';
  const topic = final ? 'order.attention' : 'order.held';
  return {
    ...unchanged(theCase),
    reason: 'internal_error',
    changed: true,
    order: held,
    effects: isTold ? [] : [orderEffect(topic, held, 'internal_error', UNKNOWN_ERROR_TEXT)],
  };
}

/** The first users' words for a bug of ours. */
const UNKNOWN_ERROR_TEXT = '알 수 없는 오류';

// ── Pending, or held by age or doubt ────────────────────────────────────────────────────────────────────────────────

/** The rows of an order that nothing final is known of, the first that fits wins. */
function decideUnsettled(look: Look): Decision {
  const { theCase, assessment, now, policy } = look;
  const { order } = theCase;
  const pending = order.state === 'pending';
  const short = missingStock(theCase);
  if (pending && order.amount === 0) {
    return short === null ? complete(look, null, 'nothing_due') : fail(look, 'out_of_stock', short);
  }
  const live = assessment.payments.filter(isLive);
  const verdictIs = (word: Judgement['verdict']) => (one: Assessed) =>
    one.judgement.verdict === word;

  const captured = live.find(verdictIs('captured'));
  if (captured !== undefined) {
    return short === null
      ? complete(look, captured, 'captured')
      : fail(look, 'out_of_stock', short);
  }
  if (live.some(verdictIs('mismatched'))) return hold(look, 'mismatched');
  const unclear = live.find(verdictIs('unclear'));
  if (pending && unclear !== undefined) return hold(look, 'unclear', unclear.judgement.text);

  const unknown = live.filter(verdictIs('unknown'));
  if (unknown.length > 0)
    return beSilent(
      look,
      unknown.flatMap(({ gateway }) => gateway ?? []),
    );
  const open = live.filter(verdictIs('open'));
  if (open.length > 0) {
    const tooLong = open.some((one) => now > doubtUntil(look, one));
    if (pending && tooLong) return hold(look, 'open_too_long');
    return stay(look, pending ? 'still_open' : 'watching', false);
  }
  if (unclear !== undefined) return stay(look, 'watching', false);
  const empty = assessment.payments.length === 0;
  if (pending && empty && now < order.createdAt + policy.staleAfterMs) {
    return stay(look, 'too_young', false);
  }
  if (assessment.silentListings.length > 0) return beSilent(look, assessment.silentListings);
  if (!empty) return fail(look, reasonOfFailure(assessment), textOfFailure(assessment));
  if (assessment.listed) return fail(look, 'never_requested', null);
  // No gateway can be asked by order id: that nobody paid is not known, and never will be.
  return pending ? hold(look, 'unclear') : stay(look, 'watching', false);
}

/** Silence is never evidence: the order waits, and a person hears of it when only this order gets no answer for long. */
function beSilent(look: Look, gateways: readonly GatewayPolicy[]): Decision {
  const { theCase, policy, now } = look;
  const { state, silentSince } = theCase.order;
  if (state !== 'pending') return stay(look, 'watching', true);
  const tooLong = silentSince !== null && now - silentSince > policy.holdAfterMs;
  const answersOthers = gateways.some(({ answering }) => answering);
  return tooLong && answersOthers
    ? hold(look, 'silent_too_long')
    : stay(look, 'gateway_silent', true);
}

/** Not paid back and not about to be: it still says something about the order. */
function isLive({ payment }: Assessed): boolean {
  return payment.state === 'pending' || payment.state === 'failed';
}

/** A gateway's own decline says more than an absence, and a request that never left more than one without a trace. */
function reasonOfFailure({ payments }: Assessment): Reason {
  const live = payments.filter(isLive).map(({ judgement }) => judgement);
  const byWord = live.some(
    ({ verdict, reason }) => verdict === 'declined' || reason === 'attempt_failed',
  );
  if (byWord) return 'declined';
  return live.some(({ reason }) => reason === 'request_failed')
    ? 'request_failed'
    : 'not_at_gateway';
}

function textOfFailure({ payments }: Assessment): string | null {
  const live = payments.filter(isLive);
  const declined = live.findLast(({ judgement }) => judgement.verdict === 'declined');
  return (declined ?? live.at(-1))?.judgement.text ?? null;
}

/** The names of the products that do not suffice, in the first users' words; `null`: all do. */
function missingStock(theCase: Case): string | null {
  const names = shortages(theCase).map(({ name }) => name);
  return names.length === 0 ? null : `재고 부족: ${names.join(', ')}`;
}

// ── The four things that can be done ────────────────────────────────────────────────────────────────────────────────

function complete(look: Look, captured: Assessed | null, reason: Reason): Decision {
  const { theCase, now } = look;
  const paid: Payment | null =
    captured === null
      ? null
      : {
          ...captured.payment,
          state: 'succeeded',
          reason: 'captured',
          reasonText: captured.judgement.text,
          settledAt: now,
          presumedAt: null,
        };
  const order: Order = {
    ...settled(look, 'completed', reason, captured?.judgement.text ?? null),
    paidBy: paid?.id ?? null,
  };
  return finish(look, order, reason, paid === null ? [] : [paid], takings(theCase.items), [
    orderEffect('order.completed', order, reason, order.reasonText),
  ]);
}

function fail(look: Look, reason: Reason, text: string | null): Decision {
  const order = settled(look, 'failed', reason, text);
  return finish(look, order, reason, [], [], [orderEffect('order.failed', order, reason, text)]);
}

function hold(look: Look, reason: Reason, text: string | null = null): Decision {
  const { theCase, now } = look;
  const order: Order = {
    ...settled(look, 'held', reason, text),
    escalated: withReason(theCase.order.escalated, reason),
    silentSince: theCase.order.silentSince,
    lookAt: now + (reason === 'mismatched' ? DAY_MS : ladderWait(look.policy.ladderMs, 0)),
  };
  const effects = [orderEffect('order.held', order, reason, text)];
  return build(look, order, reason, keptPayments(look), [], effects);
}

/** Nothing is decided: what was learned of the payments is kept, and the next look comes a rung later. */
function stay(look: Look, reason: Reason, silent: boolean): Decision {
  const { theCase, policy, now, heard } = look;
  const old = theCase.order;
  // Not being let through to a gateway is not a look at the order.
  const blocked = heard.some(
    ({ answer }) =>
      answer.kind === 'silent' && (answer.cause === 'circuit_open' || answer.cause === 'stopping'),
  );
  const wait = Math.max(ladderWait(policy.ladderMs, old.looks), longestRetryAfter(heard));
  const order: Order = {
    ...old,
    reason: old.state === 'pending' ? reason : old.reason,
    looks: blocked ? old.looks : old.looks + 1,
    silentSince: silent ? silentSince(look) : null,
    lookAt: reason === 'too_young' ? old.createdAt + policy.staleAfterMs : now + wait,
  };
  return build(look, order, reason, keptPayments(look), [], []);
}

/** A clock that was ahead may have written it: nobody would hear of the silence until then. */
function silentSince({ theCase, now }: Look): Instant {
  return Math.min(theCase.order.silentSince ?? now, now);
}

/** Held until a person decides: everything is recorded, nothing follows from it. */
function waitForPerson(look: Look): Decision {
  const { order } = look.theCase;
  const watched: Order = { ...order, looks: order.looks + 1, lookAt: look.now + DAY_MS };
  return build(look, watched, 'held', keptPayments(look), [], []);
}

// ── Completed or failed ─────────────────────────────────────────────────────────────────────────────────────────────

/** The rows of a final order: it stays what it is, money found at it goes back, people are told once. */
function decideFinal(look: Look): Decision {
  const { order } = look.theCase;
  const watched: Order = {
    ...order,
    looks: order.looks + 1,
    silentSince: isUnheard(look.heard) ? silentSince(look) : null,
  };
  return finish(look, watched, null, [], [], []);
}

/**
 * Completes a decision about an order that is final now: all payments that the row itself did not settle are settled by the
 * rows of final orders, and the next look is planned. `reason` null: the first of those rows that fits names the decision.
 */
function finish(
  look: Look,
  order: Order,
  reason: Reason | null,
  settledPayments: readonly Payment[],
  take: readonly Taking[],
  effects: readonly Effect[],
): Decision {
  const rest = settleRest(look, order, settledPayments);
  const final: Order = {
    ...order,
    escalated: rest.orderEscalated,
    listedAt: listsAll(look) ? (order.listedAt ?? look.now) : order.listedAt,
  };
  const payments = [...settledPayments, ...rest.payments];
  const lookAt = nextLook(look, final, payments);
  return build(look, { ...final, lookAt }, reason ?? rest.reason, payments, take, [
    ...effects,
    ...rest.effects,
  ]);
}

/**
 * What was listed is all that there will be. Not while a payment without a key is inside its window: the transaction that it takes
 * here may be another one's that nobody recorded, and its own still on its way.
 */
function listsAll({ assessment, theCase, policy, now }: Look): boolean {
  const onItsWay = theCase.payments.some(
    (payment) =>
      payment.transactionKey === null &&
      isUnresolved(payment) &&
      now < payment.requestedAt + (gatewayPolicy(policy, payment.gateway)?.paymentWindowMs ?? 0),
  );
  return assessment.listed && !onItsWay;
}

// ── Building ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The order in a new state. */
function settled(look: Look, state: OrderState, reason: Reason, text: string | null): Order {
  const { order } = look.theCase;
  return {
    ...order,
    state,
    reason,
    reasonText: text,
    updatedAt: look.now,
    looks: 0,
    silentSince: null,
    version: order.version + 1,
  };
}

/** Payments of an order that stays unsettled: the gateway's last words are kept, and declines are. */
function keptPayments({ assessment, now }: Look): readonly Payment[] {
  return assessment.payments.map(({ payment, judgement }) => learned(payment, judgement, now));
}

/** Splits payments into changed and added ones, and says whether anything changed at all. */
function build(
  look: Look,
  order: Order,
  reason: Reason,
  payments: readonly Payment[],
  take: readonly Taking[],
  effects: readonly Effect[],
): Decision {
  const { theCase, assessment, now } = look;
  const recorded = new Map(theCase.payments.map((payment) => [payment.id, payment]));
  const changedPayments = payments.filter(
    (payment) => recorded.has(payment.id) && recorded.get(payment.id) !== payment,
  );
  const added = payments.filter((payment) => !recorded.has(payment.id));
  const old = theCase.order;
  const changed =
    order.state !== old.state ||
    order.reason !== old.reason ||
    order.reasonText !== old.reasonText ||
    order.escalated.length !== old.escalated.length ||
    changedPayments.length + added.length + effects.length > 0;
  return {
    orderId: old.id,
    basis: old.version,
    reason,
    changed,
    order: {
      ...order,
      version: changed ? old.version + 1 : old.version,
      updatedAt: changed ? now : old.updatedAt,
    },
    payments: changedPayments,
    added,
    take,
    effects,
    judgements: assessment.payments.map(({ judgement }) => judgement),
  };
}

function withReason(reasons: readonly Reason[], reason: Reason): readonly Reason[] {
  return reasons.includes(reason) ? reasons : [...reasons, reason];
}
