import type { PaymentScene, Scene, Word } from './scene.ts';

/**
 * The tables of verdicts and of decisions once more, deliberately naive and as data: it imports nothing of the core, so that
 * agreement means something. `expected` names the one row that fits a scene, and the states that follow from it.
 */
interface Expected {
  readonly row: string;
  readonly state: string;
  readonly reason: string;
  /** By payment, in recorded order, then the added one when there is one. */
  readonly payments: readonly string[];
}

export function expected(scene: Scene): Expected {
  const facts = factsOf(scene);
  const row = ROWS.find(({ of, when }) => of.includes(scene.order) && when(facts));
  if (row === undefined) throw new Error(`the oracle has no row for ${JSON.stringify(scene)}`);
  const state = row.becomes ?? scene.order.replace('_for_person', '');
  return {
    row: row.name,
    state,
    reason: row.reason,
    payments: facts.payments.map((payment) => stateAfter(payment, state, row, facts)),
  };
}

type Order = Scene['order'];

interface Fact extends PaymentScene {
  readonly verdict: Verdict;
  /** What the gateway said of it, an extra transaction that fell to it included; `null`: nothing. */
  readonly said: Word | null;
}

interface Facts {
  readonly scene: Scene;
  readonly payments: readonly Fact[];
  /** Neither settled before nor on its way back. */
  readonly live: readonly Fact[];
  /** Some gateway that can list did not list all it has. */
  readonly listingSilent: boolean;
  readonly somebodyLists: boolean;
}

interface Row {
  readonly name: string;
  readonly of: readonly Order[];
  readonly when: (facts: Facts) => boolean;
  /** Absent: the order stays as it is. */
  readonly becomes?: 'completed' | 'failed' | 'held';
  readonly reason: string;
}

// ── 3.1 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

type Verdict = 'captured' | 'declined' | 'presumed' | 'open' | 'unknown' | 'mismatched' | 'unclear';

const VERDICTS: Readonly<Record<Word, Verdict>> = {
  succeeded: 'captured',
  failed: 'declined',
  cancelled: 'declined',
  refunded: 'declined',
  partly_refunded: 'mismatched',
  pending: 'open',
  authorised: 'open',
  attempt_failed: 'presumed',
  unrecognised: 'unclear',
  other_order: 'mismatched',
  other_currency: 'mismatched',
  other_amount: 'mismatched',
  absent: 'unclear',
  silent: 'unknown',
};

function factsOf(scene: Scene): Facts {
  const spoke = scene.gateway === 'complete' || scene.gateway === 'incomplete';
  const ofOurs = spoke && scene.extra !== null && !['other_order', 'silent'].includes(scene.extra);
  const heir = scene.payments.findIndex(
    ({ stored, word, served }) =>
      ofOurs && served && word === null && (stored === 'pending' || stored === 'presumed'),
  );
  const listed = scene.gateway === 'complete' && scene.extra !== 'silent';
  const young = scene.age === 'young';
  const payments = scene.payments.map((payment, index): Fact => {
    const said = index === heir ? scene.extra : spoke && payment.served ? payment.word : null;
    return { ...payment, said, verdict: verdictOf(payment, said, scene, listed, young) };
  });
  if (ofOurs && heir === -1 && scene.extra !== null) {
    const added = { stored: 'pending', word: scene.extra, served: true } as const;
    // Seen for the first time now, so it is young whatever the age of the order.
    const verdict = verdictOf(added, scene.extra, scene, listed, true);
    payments.push({ ...added, said: scene.extra, verdict });
  }
  return {
    scene,
    payments,
    live: payments.filter(({ stored }) => ['pending', 'presumed', 'declined'].includes(stored)),
    listingSilent: (scene.canList && !listed) || scene.second === 'silent',
    somebodyLists: scene.canList || scene.second !== 'none',
  };
}

function verdictOf(
  payment: PaymentScene,
  said: Word | null,
  scene: Scene,
  listed: boolean,
  young: boolean,
): Verdict {
  const heard = said !== null && said !== 'absent' && said !== 'silent';
  if (said === 'attempt_failed' && young) return 'open';
  if (heard) return VERDICTS[said];
  if (payment.stored === 'declined') return 'declined';
  if (!payment.served) return 'unclear';
  if (said !== null) return VERDICTS[said];
  if (payment.word !== null) return 'unknown';
  if (!scene.canList) return young ? 'open' : 'unclear';
  if (!listed) return 'unknown';
  if (payment.stored === 'presumed') return 'presumed';
  return young ? 'open' : 'presumed';
}

// ── 3.2 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

const some = (verdict: Verdict) => (facts: Facts) =>
  facts.live.some((payment) => payment.verdict === verdict);
const enough = ({ scene }: Facts) => scene.stock === 'enough';
const old = ({ scene }: Facts) => scene.age === 'old' || scene.age === 'old_and_silent';
const silentTooLong = ({ scene }: Facts) => scene.age === 'old_and_silent' && scene.answering;
const empty = ({ payments }: Facts) => payments.length === 0;
const byWord = ({ live }: Facts) =>
  live.some(({ verdict, said }) => verdict === 'declined' || said === 'attempt_failed');

const PENDING: readonly Order[] = ['pending'];
const DOUBT: readonly Order[] = ['held'];
const UNSETTLED: readonly Order[] = ['pending', 'held'];
const FINAL: readonly Order[] = ['completed', 'failed'];

const captured = some('captured');
const unclear = some('unclear');
const unknown = some('unknown');
const open = some('open');

/** In the order of the table; the first that fits wins. */
export const ROWS: readonly Row[] = [
  row('nothing due', PENDING, 'completed nothing_due', (f) => f.scene.nothingDue && enough(f)),
  row('nothing due, short', PENDING, 'failed out_of_stock', (f) => f.scene.nothingDue),
  row('captured', UNSETTLED, 'completed captured', (f) => captured(f) && enough(f)),
  row('captured, short', UNSETTLED, 'failed out_of_stock', captured),
  row('mismatched', UNSETTLED, 'held mismatched', some('mismatched')),
  row('unclear', PENDING, 'held unclear', unclear),
  row('silent too long', PENDING, 'held silent_too_long', (f) => unknown(f) && silentTooLong(f)),
  row('silent', PENDING, 'gateway_silent', unknown),
  row('open too long', PENDING, 'held open_too_long', (f) => openSinceLong(f)),
  row('open', PENDING, 'still_open', open),
  row('held, watching', DOUBT, 'watching', (f) => unknown(f) || open(f) || unclear(f)),
  row('too young', PENDING, 'too_young', (f) => empty(f) && f.scene.age === 'young'),
  row(
    'listing silent too long',
    PENDING,
    'held silent_too_long',
    (f) => f.listingSilent && silentTooLong(f),
  ),
  row('listing silent', PENDING, 'gateway_silent', (f) => f.listingSilent),
  row('held, listing silent', DOUBT, 'watching', (f) => f.listingSilent),
  row('declined', UNSETTLED, 'failed declined', byWord),
  row('not at gateway', UNSETTLED, 'failed not_at_gateway', (f) => !empty(f)),
  row('never requested', UNSETTLED, 'failed never_requested', (f) => f.somebodyLists),
  row('nobody can be asked', PENDING, 'held unclear', () => true),
  row('held, nobody can be asked', DOUBT, 'watching', () => true),
  row('waits for a person', ['held_for_person'], 'held', () => true),
  row('duplicate', ['completed'], 'duplicate_capture', captured),
  row('late', ['failed'], 'late_capture', captured),
  row('mismatched money', FINAL, 'mismatched_capture', (f) =>
    f.live.some(({ said }) => said === 'other_amount'),
  ),
  row('reversed', ['completed'], 'reversed_after_completion', (f) => f.payments.some(isReversed)),
  row('refunded', FINAL, 'refunded', refundIs('refunded')),
  row('refund under way', FINAL, 'refund_underway', refundIs('underway')),
  row('refund refused', FINAL, 'refund_refused', refundIs('refused')),
  row('refund by hand', FINAL, 'refund_by_hand', refundIs('by_hand')),
  row('final, watching', FINAL, 'watching', () => true),
];

/** `outcome`: the new state, when it changes, and the reason. */
function row(
  name: string,
  of: readonly Order[],
  outcome: string,
  when: (facts: Facts) => boolean,
): Row {
  const [reason = '', becomes] = outcome.split(' ').reverse();
  if (becomes === 'completed' || becomes === 'failed' || becomes === 'held') {
    return { name, of, when, becomes, reason };
  }
  return { name, of, when, reason };
}

/** A transaction that was seen for the first time is not old yet. */
function openSinceLong(facts: Facts): boolean {
  const recorded = facts.payments.slice(0, facts.scene.payments.length);
  return old(facts) && recorded.some(({ verdict, stored }) => isOpen(verdict, stored));
}

function isOpen(verdict: Verdict, stored: PaymentScene['stored']): boolean {
  return verdict === 'open' && ['pending', 'presumed', 'declined'].includes(stored);
}

function isReversed({ stored, said, verdict }: Fact): boolean {
  const news = said !== null && said !== 'absent' && said !== 'silent';
  return stored === 'own' && news && verdict !== 'captured' && verdict !== 'open';
}

type Refund = 'refunded' | 'refused' | 'underway' | 'by_hand';

function refundIs(outcome: Refund): (facts: Facts) => boolean {
  return (facts) => facts.payments.some((payment) => refundOf(payment, facts) === outcome);
}

function refundOf({ stored, said }: Fact, { scene, payments }: Facts): Refund | null {
  if (stored !== 'refund_due') return null;
  if (said === 'refunded') return 'refunded';
  // Only the first one was asked to go back in a scene.
  const asked = payments.filter((payment) => payment.stored === 'refund_due').length === 1;
  if (asked && scene.refund === 'done') return 'refunded';
  if (asked && scene.refund === 'refused') return 'refused';
  if (!scene.canRefund) return 'by_hand';
  return said === 'partly_refunded' ? 'refused' : 'underway';
}

// ── What becomes of the payments ────────────────────────────────────────────────────────────────────────────────────

const STORED_AS = {
  pending: 'pending',
  presumed: 'failed',
  declined: 'failed',
  own: 'succeeded',
  refund_due: 'refund_due',
  refunded: 'refunded',
} as const;

function stateAfter(payment: Fact, order: string, { becomes }: Row, facts: Facts): string {
  const { stored, verdict, said } = payment;
  const final = order === 'completed' || order === 'failed';
  if (refundOf(payment, facts) === 'refunded') return 'refunded';
  if (!['pending', 'presumed', 'declined'].includes(stored)) return STORED_AS[stored];
  if (final && verdict === 'captured') {
    const pays = becomes === 'completed' && facts.live.find((one) => one.verdict === 'captured');
    return pays === payment ? 'succeeded' : 'refund_due';
  }
  if (final && said === 'other_amount') return 'refund_due';
  if (verdict === 'declined') return 'failed';
  if (verdict === 'presumed' && final) return 'failed';
  // It is there after all, and undecided: a presumption is taken back.
  const there = said !== null && said !== 'absent' && said !== 'silent';
  const undecided = ['open', 'mismatched', 'unclear'].includes(verdict);
  if (undecided && stored === 'presumed' && there) return 'pending';
  return STORED_AS[stored];
}
