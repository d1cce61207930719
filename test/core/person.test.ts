import t, { type Test } from 'tap';
import { assertDecision } from '../../lib/core/invariants.ts';
import { recordRefund, resolve } from '../../lib/core/resolve.ts';
import { bookkeepingFaults } from './bookkeeping.ts';
import { deepFreeze } from './freeze.ts';
import { paymentId, situation } from './language.ts';
import { sentenceOf } from './sentences.ts';
import { NOW } from './words.ts';

/** [what is stored, what a person says, what follows, in one string or more] */
type Row = readonly [stored: string, command: string, ...follows: string[]];

const RESOLVE: readonly Row[] = [
  [
    'held unclear 3h; pg K1 pending',
    'pending',
    'pending resolved_by_person; nobody is told; looks now',
  ],
  [
    'held internal_error 3h; pg K1 pending, heard succeeded',
    'pending',
    'pending resolved_by_person; nobody is told; looks now',
  ],
  [
    'held mismatched 3h; pg K1 pending, heard succeeded 4000',
    'completed K1',
    'completed resolved_by_person; K1 succeeded resolved_by_person',
    'takes 1 lamp; tells order.completed; looks in 1h',
  ],
  [
    'held unclear 3h; bank keyless pending',
    'completed keyless',
    'completed resolved_by_person; keyless succeeded resolved_by_person',
    'takes 1 lamp; tells order.completed; looks never',
  ],
  [
    'held mismatched 3h; wallet K1 pending, heard succeeded 4000; wallet K2 pending, heard succeeded',
    'completed K2',
    'completed resolved_by_person; K2 succeeded resolved_by_person',
    'K1 refund_due 4000 duplicate_capture',
    'takes 1 lamp; tells order.completed, refund.due duplicate_capture of K1; looks now',
  ],
  [
    'held mismatched 3h; pg K1 pending; pg K2 presumed not_at_gateway 1h ago',
    'completed K2',
    'completed resolved_by_person; K2 succeeded resolved_by_person',
    'takes 1 lamp; tells order.completed; looks in 1m',
  ],
  [
    'held mismatched 3h; pg K1 pending, heard succeeded 4000; pg K2 pending, heard pending',
    'failed',
    'failed resolved_by_person; K1 refund_due 4000 late_capture, told refund_by_hand',
    'tells order.failed, refund.due late_capture of K1, order.attention refund_by_hand of K1',
    'looks in 1m',
  ],
  [
    'held unclear 3h; pg K1 failed declined, heard failed',
    'failed',
    'failed resolved_by_person; tells order.failed; looks in 1h',
  ],
  // The command knows of no gateway: the daemon does.
  [
    'held unclear 3h; pg K1 failed declined, heard failed; pg is gone',
    'failed',
    'failed resolved_by_person; tells order.failed; looks in 1h',
  ],
  [
    'held internal_error 3h; nothing to pay',
    'completed',
    'completed resolved_by_person; takes 1 lamp; tells order.completed; looks in 1h',
  ],
  [
    'held unclear 3h; bank K1 pending; on hand 1 lamp',
    'completed K1',
    'completed resolved_by_person; K1 succeeded resolved_by_person',
    'takes 1 lamp; tells order.completed; looks never',
  ],
  [
    'held unclear 3h; pg K1 pending; looked 7 times; silent for 4d; planned in 1d',
    'pending',
    'pending resolved_by_person; nobody is told; looks now',
  ],
  // It was declined, and holds money all the same.
  [
    'held mismatched 3h; wallet K1 failed declined, heard succeeded 4000',
    'failed',
    'failed resolved_by_person; K1 refund_due 4000 late_capture',
    'tells order.failed, refund.due late_capture of K1; looks now',
  ],
  // Money of another order, or in another currency, is not ours to give back.
  [
    'held mismatched 3h; wallet K1 pending, heard succeeded 5000 of another order',
    'failed',
    'failed resolved_by_person; tells order.failed; looks in 1m',
  ],
  [
    'held mismatched 3h; wallet K1 pending, heard succeeded 5000 USD',
    'failed',
    'failed resolved_by_person; tells order.failed; looks in 1m',
  ],
  // What is owed already is not owed again.
  [
    'held unclear 3h; pg K1 refund_due 5000',
    'failed',
    'failed resolved_by_person; tells order.failed; looks in 1h',
  ],
];

const RESOLVE_REFUSED: readonly Row[] = [
  [
    'pending 3h; pg K1 pending',
    'failed',
    'the order is pending: only a held order can be resolved',
  ],
  [
    'completed by K1 3h; pg K1 succeeded',
    'pending',
    'the order is completed: only a held order can be resolved',
  ],
  [
    'failed declined 3h; pg K1 failed declined',
    'completed K1',
    'the order is failed: only a held order can be resolved',
  ],
  [
    'held unclear 3h; pg K1 pending; stock short',
    'completed K1',
    'the stock of product lamp does not suffice',
  ],
  [
    'held unclear 3h; pg K1 pending; buys 1 lamp and 2 cable; on hand 5 lamp and 1 cable',
    'completed K1',
    'the stock of product cable does not suffice',
  ],
  [
    'held unclear 3h; pg K1 pending',
    'completed',
    'completed needs the payment that is accepted (paymentId, --payment): pay-K1',
  ],
  [
    'held unclear 3h; pg K1 pending; pg K2 refund_due 5000; pg K3 failed declined, heard failed; pg K4 pending; pg K5 pending',
    'completed',
    'completed needs the payment that is accepted (paymentId, --payment): pay-K1, pay-K3, pay-K4 or another one',
  ],
  [
    'held unclear 3h; pg K1 refund_due 5000',
    'completed',
    'the order has no payment that could be accepted: record the one that was made first (POST /v1/orders/ORDER000001/payments)',
  ],
  ['held unclear 3h; pg K1 pending', 'completed K2', 'the order has no payment pay-K2'],
  [
    'held unclear 3h; pg K1 refund_due 5000',
    'completed K1',
    'payment pay-K1 is refund_due: it cannot pay for the order',
  ],
  [
    'held unclear 3h; pg K1 refunded 5000',
    'completed K1',
    'payment pay-K1 is refunded: it cannot pay for the order',
  ],
];

const REFUND: readonly Row[] = [
  [
    'failed out_of_stock 3h; pg K1 refund_due 5000 out_of_stock, told refund_by_hand; planned in 1d',
    'refunded K1 R-1',
    'stays failed refunded; K1 refunded 5000 refunded; tells refund.done of K1; looks in 1d',
  ],
  [
    'failed out_of_stock 3h; wallet K1 refund_due 5000 out_of_stock',
    'refunded K1 R-1',
    'stays failed refunded; K1 refunded 5000 refunded; tells refund.done of K1; looks now',
  ],
  // A look that was planned stays: something else may have been silent in the last one.
  [
    'failed out_of_stock 3h; pg K1 refund_due 5000 out_of_stock; planned in 5m',
    'refunded K1 R-1',
    'stays failed refunded; K1 refunded 5000 refunded; tells refund.done of K1; looks in 5m',
  ],
  [
    'failed out_of_stock 3h; pg K1 refund_due 5000 out_of_stock; never listed; planned in 1d',
    'refunded K1 R-1',
    'stays failed refunded; K1 refunded 5000 refunded; tells refund.done of K1; looks in 1h',
  ],
  [
    'completed by K1 3h; pg K1 succeeded; pg K2 refund_due 4000 mismatched_capture; pg K3 pending; planned in 1d',
    'refunded K2 R-1',
    'stays completed refunded; K2 refunded 4000 refunded; tells refund.done of K2; looks in 1m',
  ],
];

const REFUND_REFUSED: readonly Row[] = [
  ['failed out_of_stock 3h; pg K1 refunded 5000, receipt R-1', 'refunded K1 R-1', 'same'],
  [
    'failed out_of_stock 3h; pg K1 refunded 5000, receipt R-1',
    'refunded K1 R-2',
    'the refund is recorded already, as R-1',
  ],
  [
    'failed declined 3h; pg K1 pending',
    'refunded K1 R-1',
    'the payment is pending: nothing is due to go back',
  ],
  [
    'completed by K1 3h; pg K1 succeeded',
    'refunded K1 R-1',
    'the payment is succeeded: nothing is due to go back',
  ],
  ['failed declined 3h; pg K1 pending', 'refunded K2 R-1', 'the order has no such payment'],
];

/** A person's command and what follows from it: a decision told in full, or the sentence that refuses it. */
function command(t: Test, stored: string, words: string): string {
  const { theCase, policy } = deepFreeze(situation(stored, ''));
  const [verb, label, reference = ''] = words.split(' ');
  const id = label === undefined ? null : paymentId(label);
  const outcome =
    verb === 'refunded'
      ? recordRefund(theCase, id ?? '', reference, policy, NOW)
      : resolve(theCase, { state: stateOf(verb), paymentId: id }, policy, NOW);
  if (outcome === 'same') return 'same';
  if ('refused' in outcome) return outcome.refused;
  assertDecision(theCase, outcome);
  t.same(bookkeepingFaults(theCase, outcome), [], `${stored} | ${words}`);
  const { order } = outcome;
  t.equal(order.reason, verb === 'refunded' ? theCase.order.reason : 'resolved_by_person');
  if (verb !== 'refunded') t.match(order, { reasonText: null, looks: 0, silentSince: null });
  const told = outcome.effects.length === 0 ? '; nobody is told; looks' : '; looks';
  return sentenceOf(theCase, outcome).replace('; looks', told);
}

function stateOf(word: string | undefined): 'pending' | 'completed' | 'failed' {
  if (word === 'pending' || word === 'completed' || word === 'failed') return word;
  throw new Error(`no command: "${word}"`);
}

const TABLES = {
  'a person ends a hold': RESOLVE,
  'a hold is not ended like this': RESOLVE_REFUSED,
  'a refund made by hand is recorded': REFUND,
  'a refund is not recorded, or not again': REFUND_REFUSED,
};

for (const [name, table] of Object.entries(TABLES)) {
  t.test(name, async (t) => {
    for (const [stored, words, ...follows] of table) {
      t.equal(command(t, stored, words), follows.join('; '), `${stored} | ${words}`);
    }
  });
}

t.test('an accepted payment is settled, and the receipt of a refund is kept', async (t) => {
  const held = situation('held mismatched 3h; pg K1 presumed not_at_gateway 1h ago', '');
  const resolution = { state: 'completed', paymentId: paymentId('K1') } as const;
  const accepted = resolve(held.theCase, resolution, held.policy, NOW);
  t.match(accepted, {
    order: { paidBy: paymentId('K1'), looks: 0, silentSince: null },
    payments: [{ state: 'succeeded', settledAt: NOW, presumedAt: null }],
  });
  const owed = situation('failed out_of_stock 3h; pg K1 refund_due 4000', '');
  const recorded = recordRefund(owed.theCase, paymentId('K1'), 'R-1', owed.policy, NOW);
  t.match(recorded, {
    payments: [{ refundReference: 'R-1', settledAt: NOW }],
    effects: [
      {
        topic: 'refund.done',
        key: 'refund.done:ORDER000001:pay-K1:refunded:v2',
        amount: 4_000,
        currency: 'KRW',
      },
    ],
  });
});
