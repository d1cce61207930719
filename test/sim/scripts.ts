import type { TransactionStatus } from '../../lib/core/gateway.ts';
import { HOUR_MS, type Instant, MINUTE_MS, SECOND_MS } from '../../lib/core/time.ts';
import type { NewPayment } from '../../lib/store/port.ts';
import type { ModelGateway, TrueTransaction } from '../support/model-gateway.ts';
import type { Random } from './random.ts';

/** What the shop records of one attempt, and what is really so at the gateway. */
export interface Attempt {
  readonly recorded: NewPayment;
  /** `null`: the gateway never heard of it. */
  readonly truth: TrueTransaction | null;
}

interface AttemptOf {
  readonly id: string;
  readonly orderId: string;
  /** Another order that the gateway may take it for. */
  readonly otherOrderId: string;
  readonly currency: string;
  readonly amount: number;
  readonly requestedAt: Instant;
  readonly gateway: ModelGateway;
  /** Makes a key that nobody else has. */
  readonly newKey: () => string;
}

/** One attempt to pay, with a course of events drawn by lot: everyday ones often, every strange one sometimes. */
export function drawAttempt(random: Random, about: AttemptOf): Attempt {
  const course = random.pick(COURSES)(random);
  const { gateway, requestedAt } = about;
  const key = about.newKey();
  const recorded: NewPayment = {
    id: about.id,
    gateway: course.noGateway === true ? null : gateway.name,
    method: 'CARD',
    amount: about.amount,
    transactionKey: course.keyless === true || course.noGateway === true ? null : key,
    requestedAt,
  };
  if (course.steps.length === 0) return { recorded, truth: null };
  const truth: TrueTransaction = {
    key,
    orderId: course.ofAnother === true ? about.otherOrderId : about.orderId,
    currency: course.currency ?? about.currency,
    amount: course.amount ?? about.amount,
    steps: course.steps.map(([afterMs, status]) => ({ at: requestedAt + afterMs, status })),
    ...(course.expiresAfterMs === undefined
      ? {}
      : { expiresAt: requestedAt + course.expiresAfterMs }),
  };
  return { recorded, truth };
}

interface Course {
  readonly steps: readonly (readonly [afterMs: number, status: TransactionStatus])[];
  /** The shop never learned its key. */
  readonly keyless?: boolean;
  readonly noGateway?: boolean;
  readonly ofAnother?: boolean;
  readonly currency?: string;
  readonly amount?: number;
  readonly expiresAfterMs?: number;
}

const soon = (random: Random) => random.between(SECOND_MS, 5 * SECOND_MS);
const late = (random: Random) => random.between(MINUTE_MS, 40 * MINUTE_MS);
const nextDays = (random: Random) => random.between(HOUR_MS, 70 * HOUR_MS);

const captured = (random: Random): Course => ({
  steps: [
    [0, 'pending'],
    [soon(random), 'succeeded'],
  ],
});
const declined = (random: Random): Course => ({
  steps: [
    [0, 'pending'],
    [soon(random), random.pick(['failed', 'cancelled'])],
  ],
});
const keyless = (course: (random: Random) => Course) => (random: Random) => ({
  ...course(random),
  keyless: true,
});
const appears = (random: Random): Course => ({ steps: [[late(random), 'succeeded']] });

const COURSES: readonly ((random: Random) => Course)[] = [
  captured,
  captured,
  captured,
  captured,
  declined,
  declined,
  keyless(captured),
  keyless(captured),
  keyless(declined),
  keyless(appears),
  // The request never reached the gateway.
  () => ({ steps: [], keyless: true }),
  // The gateway gave a key and lost the transaction.
  () => ({ steps: [] }),
  (random) => ({
    steps: [
      [0, 'pending'],
      [late(random), random.pick(['succeeded', 'failed'])],
    ],
  }),
  (random) => ({
    steps: [
      [0, 'authorised'],
      [nextDays(random), random.pick(['succeeded', 'cancelled'])],
    ],
  }),
  // Left pending for ever, as after a restart of the gateway.
  () => ({ steps: [[0, 'pending']] }),
  (random) => ({
    steps: [
      [0, 'pending'],
      [3 * HOUR_MS, random.pick(['failed', 'succeeded'])],
    ],
    expiresAfterMs: 2 * HOUR_MS,
  }),
  (random) => ({ ...captured(random), amount: random.pick([1, 700, 900_000]) }),
  (random) => ({ ...captured(random), currency: 'EUR' }),
  (random) => ({ ...captured(random), ofAnother: true }),
  (random) => ({ ...captured(random), noGateway: true }),
  (random) => ({
    steps: [
      [0, 'attempt_failed'],
      [late(random), random.pick(['succeeded', 'failed'])],
    ],
  }),
  () => ({ steps: [[0, 'attempt_failed']] }),
  (random) => ({
    steps: [
      [0, 'unrecognised'],
      [nextDays(random), random.pick(['succeeded', 'failed'])],
    ],
  }),
  // Given back at the gateway's console, at once or days later.
  (random) => ({
    steps: [
      [0, 'succeeded'],
      [late(random), 'refunded'],
    ],
  }),
  (random) => ({
    steps: [
      [0, 'succeeded'],
      [nextDays(random), random.pick(['refunded', 'partly_refunded'])],
    ],
  }),
];
