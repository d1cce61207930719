import { type Assessed, type Assessment, assess } from './assess.ts';
import { ladderWait } from './backoff.ts';
import type { Case } from './decision.ts';
import type { Heard } from './gateway.ts';
import type { Order } from './order.ts';
import type { Payment } from './payment.ts';
import type { Policy } from './policy.ts';
import { refundable } from './questions.ts';
import { DAY_MS, type DurationMs, HOUR_MS, type Instant } from './time.ts';

/** Everything that the rows of the decision table look at. */
export interface Look {
  readonly theCase: Case;
  readonly heard: readonly Heard[];
  readonly policy: Policy;
  readonly now: Instant;
  readonly assessment: Assessment;
}

/** Looks at a case with what was heard of it. */
export function lookOf(theCase: Case, heard: readonly Heard[], policy: Policy, now: Instant): Look {
  return { theCase, heard, policy, now, assessment: assess(theCase, heard, policy, now) };
}

/** The longest wait that a gateway asked for, 0 when none did. */
export function longestRetryAfter(heard: readonly Heard[]): DurationMs {
  return Math.max(
    0,
    ...heard.map(({ answer }) => (answer.kind === 'refund' ? 0 : (answer.retryAfterMs ?? 0))),
  );
}

/** Something that this look asked for was not heard. */
export function isUnheard(heard: readonly Heard[]): boolean {
  return heard.some(({ question, answer }) => {
    if (answer.kind === 'silent') return true;
    if (answer.kind === 'refund' || question.kind === 'refund') return false;
    return answer.silentKeys.length > 0 || (question.listAll && !answer.complete);
  });
}

/**
 * Until when doubt about a payment may last. A clock that was ahead may have written when it was requested: its order was there before.
 */
export function doubtUntil(
  { theCase, policy, now }: Look,
  { payment, judgement }: Assessed,
): Instant {
  const { requestedAt } = payment;
  const since = requestedAt > now ? theCase.order.createdAt : requestedAt;
  return judgement.transaction?.expiresAt ?? since + policy.holdAfterMs;
}

/**
 * A final order whose gateways never listed everything is listed once, this long after: the happy path asks about one key,
 * a person about none, and a second charge whose callback got lost must not stay unseen.
 */
export const LISTING_AFTER_MS: DurationMs = HOUR_MS;

/**
 * When a final order is looked at next; `null`: nothing about it is unresolved. `payments` are the payments as they will be.
 */
export function nextLook(look: Look, order: Order, payments: readonly Payment[]): Instant | null {
  const { policy, now, heard, theCase } = look;
  const rung = rungOf(look, order.looks);
  const times = payments.flatMap((payment) => {
    const before = theCase.payments.find(({ id }) => id === payment.id);
    return timesOf(payment, before, look, order.looks);
  });
  // A command may be given none of them, and the daemon has some.
  const mayList = policy.gateways.length === 0 || policy.gateways.some((one) => one.canList);
  if (order.listedAt === null && mayList) {
    const due = order.updatedAt + LISTING_AFTER_MS;
    times.push(due > now ? due : rung);
  }
  if (isUnheard(heard)) times.push(rung);
  if (times.length === 0) return null;
  return Math.max(Math.min(...times), now + longestRetryAfter(heard));
}

function rungOf({ policy, now }: Look, looks: number): Instant {
  return now + ladderWait(policy.ladderMs, looks);
}

/** The times at which one payment wants a look: none, one or more. */
function timesOf(
  payment: Payment,
  before: Payment | undefined,
  look: Look,
  looks: number,
): Instant[] {
  const { policy, now, theCase } = look;
  switch (payment.state) {
    case 'pending':
      return [now > payment.requestedAt + policy.holdAfterMs ? now + DAY_MS : rungOf(look, looks)];
    case 'failed': {
      if (payment.presumedAt === null) return [];
      // A clock that was ahead may have written it: no look is put off by that.
      const since = Math.min(payment.presumedAt, now);
      const waits = [HOUR_MS, DAY_MS, policy.holdAfterMs];
      const times = waits.map((wait) => since + wait).filter((due) => due > now);
      if (times.length > 0) return times;
      // One that is ahead now leaves none of them: they are made all the same. So is one more when this was not to be the last: a callback
      // came before it, the one before was not heard, or it comes late, because a clock has run ahead to it.
      const last = since + Math.max(...waits);
      const { lookAt, silentSince } = theCase.order;
      const planned = lookAt ?? now;
      const isLast = planned <= now && planned >= last && silentSince === null;
      const isLate = planned === last && now > last + HOUR_MS;
      return looks < waits.length || !isLast || isLate ? [now + DAY_MS] : [];
    }
    case 'refund_due':
      // Waiting for a person: looked at daily, so that a refund made at the gateway's console is seen.
      if (!refundable(payment, policy)) return [now + DAY_MS];
      return [before?.state === 'refund_due' ? rungOf(look, looks) : now];
    case 'succeeded':
    case 'refunded':
      return [];
  }
}
