import t from 'tap';
import type { Heard, Question } from '../../lib/core/gateway.ts';
import { firstLook, MAX_ROUNDS, questions } from '../../lib/core/questions.ts';
import { MINUTE_MS } from '../../lib/core/time.ts';
import { deepFreeze } from './freeze.ts';
import { paymentId, situation } from './language.ts';
import { questionsSentence } from './sentences.ts';
import { NOW, ORDER_ID } from './words.ts';

/**
 * [what is stored, what was heard in the rounds before, what is asked next]. `all`: list even when a key turns out captured;
 * without a key there is only the order to ask about.
 */
type Row = readonly [stored: string, heard: string, asked: string];

const TABLE: Readonly<Record<string, readonly Row[]>> = {
  'the happy path costs one question about one key': [
    ['pending 20m; pg K1 pending', '', 'asks pg about K1'],
    ['pending 20m; pg K1 pending; wallet is configured too', '', 'asks pg about K1'],
    ['pending 1m; pg K1 pending', '', 'asks pg about K1'],
    ['pending 20m; pg K1 pending; wallet is configured too', 'pg: K1 succeeded', 'asks nothing'],
    ['held unclear 20m; pg K1 pending', 'pg: K1 succeeded', 'asks nothing'],
  ],
  'the other gateways are asked only when nothing was found captured': [
    [
      'pending 20m; pg K1 pending; wallet is configured too; bank is configured too',
      'pg: K1 failed, nothing else',
      'asks wallet about the order',
    ],
    [
      'pending 20m; pg K1 pending; wallet is configured too',
      'pg: silent timeout',
      'asks wallet about the order',
    ],
    [
      'pending 20m; pg K1 pending; wallet is configured too',
      'pg: K1 failed; wallet: nothing',
      'asks nothing',
    ],
    ['pending 20m; pg K1 pending; wallet K2 pending', '', 'asks pg about K1; asks wallet about K2'],
    [
      'pending 20m; pg K1 pending; pg K2 pending; wallet is configured too',
      'pg: K1 succeeded, K2 failed',
      'asks nothing',
    ],
    [
      'pending 20m; bank K1 pending; pg is configured too',
      'bank: K1 failed',
      'asks pg about the order',
    ],
    ['pending 20m; bank K1 pending', 'bank: K1 failed', 'asks nothing'],
  ],
  'a payment without a key needs a listing': [
    ['pending 20m; pg keyless pending', '', 'asks pg about all'],
    ['pending 20m; pg K1 pending; pg keyless pending', '', 'asks pg about K1 and all'],
    ['pending 20m; pg keyless presumed request_failed', '', 'asks pg about all'],
    ['pending 20m; bank keyless pending', '', 'asks bank about the order'],
  ],
  'what is settled already is not asked about while the order is pending': [
    ['pending 20m; pg K1 failed declined; pg K2 pending', '', 'asks pg about K2'],
    [
      'pending 20m; pg K1 failed declined; pg K2 pending; nudged',
      '',
      'asks pg about K2 and K1 and all',
    ],
    ['pending 20m; pg K1 presumed attempt_failed; pg K2 pending', '', 'asks pg about K1 and K2'],
  ],
  'a nudge asks for everything': [
    ['pending 20m; pg K1 pending; nudged', '', 'asks pg about K1 and all'],
    ['pending 1m; nudged', '', 'asks pg about all'],
    [
      'completed by K1 2h; pg K1 succeeded; wallet is configured too; nudged',
      '',
      'asks pg about K1 and all; asks wallet about all',
    ],
    ['failed declined 2h; pg K1 failed declined; nudged', '', 'asks pg about K1 and all'],
  ],
  'a key that a callback named costs a listing, where there is one': [
    ['pending 20m; pg K1 pending; a callback named K9 at pg', '', 'asks pg about K1 and all'],
    ['pending 20m; pg K1 pending; a callback named K1 at pg', '', 'asks pg about K1'],
    ['pending 20m; bank K1 pending; a callback named K9 at bank', '', 'asks bank about K1 and K9'],
    ['pending 20m; a callback named K9 at bank; pg is configured too', '', 'asks bank about K9'],
    [
      'pending 20m; pg K1 pending; a callback named K9 at bank',
      '',
      'asks pg about K1; asks bank about K9',
    ],
  ],
  'no payment at all': [
    ['pending 9m', '', 'asks nothing'],
    ['pending 10m', '', 'asks pg about the order'],
    [
      'pending 20m; wallet is configured too; pg is configured too',
      '',
      'asks pg about the order; asks wallet about the order',
    ],
    ['pending 20m; bank is configured too', '', 'asks nothing'],
    ['pending 20m; nothing to pay', '', 'asks nothing'],
    ['pending 20m; no-gateway K1 pending; pg is configured too', '', 'asks pg about the order'],
  ],
  'an order that is not pending is asked about in full': [
    ['held mismatched 2h; pg K1 pending', '', 'asks pg about K1 and all'],
    [
      'failed declined 2h; pg K1 failed declined; pg K2 pending',
      '',
      'asks pg about K2 and K1 and all',
    ],
    [
      'completed by K1 2h; pg K1 succeeded; wallet is configured too',
      '',
      'asks pg about K1 and all',
    ],
    [
      'completed by K1 2h; pg K1 succeeded; wallet is configured too; never listed',
      '',
      'asks pg about K1 and all; asks wallet about all',
    ],
    [
      'failed out_of_stock 2h; pg K1 refund_due 5000; wallet is configured too; never listed',
      '',
      'asks pg about K1 and all; asks wallet about all',
    ],
    ['completed by K1 2h; pg K1 succeeded', 'pg: K1 succeeded, nothing else', 'asks nothing'],
    [
      'completed by K1 2h; bank K1 succeeded; pg is configured too; nudged',
      '',
      'asks bank about K1; asks pg about all',
    ],
    ['completed nothing_due 1m; nothing to pay; never listed', '', 'asks pg about all'],
  ],
  'a refund is asked for after a look, when it is committed as due and the money is still there': [
    ['failed out_of_stock 2h; wallet K1 refund_due 5000', '', 'asks wallet about K1 and all'],
    [
      'failed out_of_stock 2h; wallet K1 refund_due 4000',
      'wallet: K1 succeeded 4000, nothing else',
      'asks wallet to refund 4000 of K1',
    ],
    [
      'failed out_of_stock 2h; wallet K1 refund_due 5000',
      'wallet: K1 refunded, nothing else',
      'asks nothing',
    ],
    [
      'failed out_of_stock 2h; wallet K1 refund_due 5000',
      'wallet: K1 partly_refunded',
      'asks nothing',
    ],
    ['failed out_of_stock 2h; wallet K1 refund_due 5000', 'wallet: silent timeout', 'asks nothing'],
    ['failed out_of_stock 2h; wallet K1 refund_due 5000', 'wallet: K1 silent', 'asks nothing'],
    ['failed out_of_stock 2h; pg K1 refund_due 5000', 'pg: K1 succeeded', 'asks nothing'],
    ['failed out_of_stock 2h; wallet K1 refunded 5000', 'wallet: K1 succeeded', 'asks nothing'],
    // It has to be committed as due before.
    [
      'failed out_of_stock 2h; wallet K1 refunded 5000',
      'wallet: K1 refunded, K2 succeeded, nothing else',
      'asks nothing',
    ],
    ['failed declined 2h; wallet K1 pending', 'wallet: K1 succeeded', 'asks nothing'],
    ['pending 20m; wallet K1 pending; stock short', 'wallet: K1 succeeded', 'asks nothing'],
    [
      'failed out_of_stock 2h; wallet K1 refund_due 5000, told refund_refused',
      'wallet: K1 succeeded',
      'asks nothing',
    ],
    // It could not refund when a person was asked to, who may have paid it back since.
    [
      'failed out_of_stock 2h; wallet K1 refund_due 5000, told refund_by_hand',
      'wallet: K1 succeeded',
      'asks nothing',
    ],
    [
      'failed out_of_stock 2h; wallet K1 refund_due 5000',
      'wallet: K1 succeeded; wallet refunds K1: underway',
      'asks nothing',
    ],
    [
      'completed by K1 2h; wallet K1 succeeded; wallet K2 refund_due 5000; wallet K3 refund_due 5000',
      'wallet: K1 succeeded, K2 succeeded, K3 succeeded, nothing else',
      'asks wallet to refund 5000 of K2; asks wallet to refund 5000 of K3',
    ],
  ],
};

for (const [row, examples] of Object.entries(TABLE)) {
  t.test(row, async (t) => {
    for (const [stored, heard, asked] of examples) {
      const { theCase, heard: said, policy, nudged } = deepFreeze(situation(stored, heard));
      const next = questions(theCase, said, policy, NOW, nudged);
      t.equal(questionsSentence(next), asked, `${stored} | ${heard}`);
    }
  });
}

t.test('a question says whom, and which payments it is about', async (t) => {
  const { theCase, policy } = situation('pending 20m; pg K1 pending; pg K2 failed declined', '');
  t.same(questions(theCase, [], policy, NOW, false), [
    {
      kind: 'inquire',
      gateway: 'pg',
      orderId: ORDER_ID,
      userId: 'member-1',
      keys: ['K1'],
      about: [paymentId('K1'), paymentId('K2')],
      listAll: false,
    },
  ]);
});

t.test('every try of a refund has the same idempotency key', async (t) => {
  const refundAt = (now: number): readonly Question[] => {
    const { theCase, heard, policy } = situation(
      'failed out_of_stock 2h; wallet K1 refund_due 5000; looked 3 times',
      'wallet: K1 succeeded, nothing else',
    );
    return questions(theCase, heard, policy, now, false);
  };
  t.same(refundAt(NOW), [
    {
      kind: 'refund',
      gateway: 'wallet',
      orderId: ORDER_ID,
      key: 'K1',
      amount: 5_000,
      currency: 'KRW',
      idempotencyKey: `refund:${ORDER_ID}:pay-K1`,
    },
  ]);
  t.same(refundAt(NOW), refundAt(NOW + MINUTE_MS));
});

t.test('a look takes a bounded number of rounds', async (t) => {
  const rows = [
    'pending 20m; pg K1 pending; wallet is configured too',
    'pending 20m; bank K1 pending; pg is configured too; wallet is configured too',
    'failed out_of_stock 2h; wallet K1 refund_due 5000; pg is configured too; nudged',
    'held mismatched 2h; pg keyless pending; wallet is configured too; nudged',
  ];
  for (const stored of rows) {
    const { theCase, policy, nudged } = situation(stored, '');
    const heard: Heard[] = [];
    let rounds = 0;
    for (;;) {
      const asked = questions(theCase, heard, policy, NOW, nudged);
      if (asked.length === 0) break;
      rounds += 1;
      for (const question of asked) {
        heard.push({ question, answer: { kind: 'silent', cause: 'timeout' } });
      }
      if (rounds > MAX_ROUNDS) break;
    }
    t.ok(rounds > 0 && rounds <= MAX_ROUNDS, `${stored}: ${rounds} rounds`);
  }
});

t.test('when a new order is looked at first', async (t) => {
  const { policy } = situation('pending 0m', '');
  const createdAt = NOW - MINUTE_MS;
  t.equal(firstLook({ createdAt, amount: 5_000 }, policy, NOW), createdAt + 10 * MINUTE_MS);
  t.equal(firstLook({ createdAt, amount: 0 }, policy, NOW), NOW, 'nothing due needs no gateway');
});
