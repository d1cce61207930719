import type { PaymentScene, Scene, Stored, Word } from './scene.ts';

/**
 * The cross product of what can be stored and what can be said, about two hundred thousand scenes. With two payments the
 * second one says one word of each verdict, and what does not touch payments is varied less.
 */
export function* scenes(): Generator<Scene> {
  yield* unsettled(LISTS_OF_ONE, SAID, ['none', 'listed_nothing', 'silent'], CAPABILITIES);
  yield* unsettled(LISTS_OF_TWO, SAID_OF_PAIRS, ['none'], CAPABILITIES.slice(0, 2));
  yield* nothingDue();
  yield* final();
}

const STATUS_WORDS: readonly Word[] = [
  'succeeded',
  'failed',
  'cancelled',
  'pending',
  'authorised',
  'attempt_failed',
  'refunded',
  'partly_refunded',
  'unrecognised',
];

const WORDS: readonly Word[] = [
  ...STATUS_WORDS,
  'other_order',
  'other_currency',
  'other_amount',
  'absent',
  'silent',
];

/** One of each verdict, and money of another amount. */
const FEW_WORDS: readonly Word[] = [
  'succeeded',
  'other_amount',
  'failed',
  'pending',
  'attempt_failed',
  'absent',
  'silent',
];

const UNPAID: readonly Stored[] = ['pending', 'presumed', 'declined'];

const payments = (stored: readonly Stored[], words: readonly (Word | null)[]): PaymentScene[] =>
  stored.flatMap((one) => words.map((word) => ({ stored: one, word, served: true })));

const UNSERVED: readonly PaymentScene[] = [
  { stored: 'pending', word: 'succeeded', served: false },
  { stored: 'presumed', word: null, served: false },
  { stored: 'declined', word: 'failed', served: false },
];

const ONE = [...payments(UNPAID, [...WORDS, null]), ...UNSERVED];
const FEW_PENDING = payments(['pending'], [...FEW_WORDS, null]);
const FEW = [
  ...FEW_PENDING,
  ...payments(['presumed'], ['succeeded', 'silent', null]),
  ...payments(['declined'], ['succeeded', 'failed', null]),
  ...UNSERVED.slice(0, 1),
];
const OWED = payments(['refund_due'], WORDS);
const OWN: PaymentScene = { stored: 'own', word: 'succeeded', served: true };
const GONE_BACK = payments(['refunded'], ['refunded', 'succeeded', 'silent']);

const LISTS_OF_ONE: readonly (readonly PaymentScene[])[] = [[], ...ONE.map((one) => [one])];
const LISTS_OF_TWO = ONE.flatMap((one) => FEW.map((two) => [one, two]));

type Said = Pick<Scene, 'gateway' | 'extra'>;

const EXTRAS: readonly (Word | null)[] = [
  null,
  'succeeded',
  'failed',
  'pending',
  'attempt_failed',
  'unrecognised',
  'other_amount',
  'other_currency',
  'other_order',
  'silent',
];

const SAID: readonly Said[] = [
  ...EXTRAS.map((extra) => ({ gateway: 'complete', extra }) as const),
  { gateway: 'incomplete', extra: null },
  { gateway: 'incomplete', extra: 'succeeded' },
  { gateway: 'silent', extra: null },
  { gateway: 'not_asked', extra: null },
];

const SAID_OF_PAIRS: readonly Said[] = [
  { gateway: 'complete', extra: null },
  { gateway: 'complete', extra: 'succeeded' },
  { gateway: 'incomplete', extra: null },
];

type Capability = Pick<Scene, 'canList' | 'canRefund' | 'answering'>;

const CAPABILITIES: readonly Capability[] = [
  { canList: true, canRefund: false, answering: true },
  { canList: false, canRefund: false, answering: true },
  { canList: true, canRefund: true, answering: false },
  { canList: false, canRefund: true, answering: false },
];

const AGES: readonly Scene['age'][] = ['young', 'stale', 'old', 'old_and_silent'];

const USUAL: Scene = {
  order: 'pending',
  payments: [],
  extra: null,
  gateway: 'complete',
  second: 'none',
  refund: null,
  stock: 'enough',
  age: 'stale',
  canList: true,
  canRefund: false,
  answering: true,
  nothingDue: false,
};

function* unsettled(
  lists: readonly (readonly PaymentScene[])[],
  said: readonly Said[],
  seconds: readonly Scene['second'][],
  capabilities: readonly Capability[],
): Generator<Scene> {
  for (const list of lists) {
    for (const one of said) {
      for (const second of seconds) {
        for (const capability of capabilities) {
          for (const age of list.length < 2 ? AGES : AGES.slice(0, 3)) {
            const scene = { ...USUAL, ...one, ...capability, payments: list, second, age };
            yield scene;
            yield { ...scene, order: 'held' };
            if (age === 'stale' && second === 'none') yield { ...scene, order: 'held_for_person' };
            if (!mayTakeStock(scene)) continue;
            yield { ...scene, stock: 'short' };
            yield { ...scene, order: 'held', stock: 'short' };
          }
        }
      }
    }
  }
}

/** The stock matters only to money, at any age; the scenes of one age show that it does not matter elsewhere. */
function mayTakeStock({ payments: list, extra, age }: Scene): boolean {
  const money = extra === 'succeeded' || list.some(({ word }) => word === 'succeeded');
  return age === 'stale' || (money && list.length < 2);
}

function* nothingDue(): Generator<Scene> {
  for (const list of [[], ...payments(UNPAID, [null]).map((one) => [one])]) {
    for (const stock of ['enough', 'short'] as const) {
      yield { ...USUAL, nothingDue: true, gateway: 'not_asked', payments: list, stock };
    }
  }
}

function* final(): Generator<Scene> {
  const others = [...ONE, ...OWED, ...GONE_BACK];
  const own = payments(['own'], WORDS);
  const completed = [
    ...own.map((one) => [one]),
    ...others.map((other) => [OWN, other]),
    ...own.flatMap((one) => [...FEW_PENDING, ...OWED.slice(0, 1)].map((other) => [one, other])),
    ...others.map((one) => [one]),
  ];
  const failed = [
    [],
    ...others.map((one) => [one]),
    ...others.flatMap((one) => [...FEW_PENDING, ...OWED.slice(0, 1)].map((two) => [one, two])),
  ];
  for (const capability of CAPABILITIES) {
    for (const age of AGES.slice(0, 3)) {
      for (const one of [...SAID_OF_PAIRS, { gateway: 'silent', extra: null } as const]) {
        const scene = { ...USUAL, ...capability, ...one, age };
        for (const list of completed) {
          yield* withRefunds({ ...scene, order: 'completed', payments: list });
        }
        for (const list of failed) {
          yield* withRefunds({ ...scene, order: 'failed', payments: list });
        }
      }
    }
  }
}

/** A refund is asked for where the gateway can, for the one payment that is due. */
function* withRefunds(scene: Scene): Generator<Scene> {
  yield scene;
  const due = scene.payments.filter(({ stored }) => stored === 'refund_due');
  if (!scene.canRefund || scene.gateway === 'silent' || due.length !== 1) return;
  for (const refund of ['done', 'underway', 'refused', 'silent'] as const) {
    yield { ...scene, refund };
  }
}
