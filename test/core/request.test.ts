import t from 'tap';
import { assertDecision } from '../../lib/core/invariants.ts';
import { applyRequest, type RequestResult } from '../../lib/core/request.ts';
import { bookkeepingFaults } from './bookkeeping.ts';
import { deepFreeze } from './freeze.ts';
import { paymentId, situation } from './language.ts';
import { sentenceOf } from './sentences.ts';
import { NOW } from './words.ts';

const RESULTS: Readonly<Record<string, RequestResult>> = {
  'accepted as K7': { kind: 'accepted', key: 'K7' },
  'refused "카드 번호 오류"': { kind: 'refused', reason: '카드 번호 오류' },
  'not reached': { kind: 'not_reached' },
  'nobody knows': { kind: 'nobody_knows' },
};

const UNCHANGED = 'stays pending watching; nothing new; looks now';

/** [what is stored, what became of the request of `keyless`, what follows] */
const TABLE: readonly (readonly [stored: string, result: string, follows: string])[] = [
  [
    'pending 1m; pg keyless pending',
    'accepted as K7',
    'stays pending still_open; keyless is K7: stays pending; looks now',
  ],
  [
    'pending 1m; pg K1 failed declined; pg keyless pending; planned in 9m',
    'accepted as K7',
    'stays pending still_open; keyless is K7: stays pending; looks in 9m',
  ],
  [
    'failed not_at_gateway 1h; pg keyless presumed not_at_gateway 1m ago "PG 요청 실패"; planned in 59m',
    'accepted as K7',
    'stays failed still_open; keyless is K7: pending; looks now',
  ],
  [
    'pending 1m; pg keyless pending',
    'refused "카드 번호 오류"',
    'stays pending declined; keyless failed declined "카드 번호 오류"; looks now',
  ],
  [
    'pending 1m; pg keyless pending',
    'not reached',
    'stays pending request_failed; keyless presumed request_failed "PG 요청 실패"; looks now',
  ],
  ['pending 1m; pg keyless pending', 'nobody knows', UNCHANGED],
  // A look was faster: what it settled or learned stays, and a key that it did not see is another payment's.
  [
    'pending 1m; pg keyless failed declined',
    'accepted as K7',
    'stays pending still_open; adds K7 pending; looks now',
  ],
  ['pending 1m; pg keyless presumed not_at_gateway 1m ago', 'not reached', UNCHANGED],
  // What a look only presumed, the gateway's own word takes back.
  [
    'failed not_at_gateway 1h; pg keyless presumed not_at_gateway 1m ago',
    'accepted as K7',
    'stays failed still_open; keyless is K7: pending; looks now',
  ],
  [
    'failed not_at_gateway 1h; pg keyless presumed not_at_gateway 1m ago',
    'refused "카드 번호 오류"',
    'stays failed declined; keyless failed declined "카드 번호 오류"; looks now',
  ],
  ['pending 1m; pg keyless pending; pg K7 pending', 'accepted as K7', UNCHANGED],
  // The same key at another gateway is another transaction.
  [
    'pending 1m; pg keyless pending; wallet K7 pending',
    'accepted as K7',
    'stays pending still_open; keyless is K7: stays pending; looks now',
  ],
  [
    'failed declined 1h; pg keyless pending',
    'accepted as K7',
    'stays failed still_open; keyless is K7: stays pending; looks now',
  ],
];

t.test('what a sent request makes of its payment', async (t) => {
  for (const [stored, words, follows] of TABLE) {
    const { theCase } = deepFreeze(situation(stored, ''));
    const result = RESULTS[words];
    if (result === undefined) throw new Error(`no result: "${words}"`);
    const decision = applyRequest(theCase, paymentId('keyless'), result, NOW);
    assertDecision(theCase, decision);
    t.same(bookkeepingFaults(theCase, decision), [], `${stored} | ${words}`);
    t.equal(sentenceOf(theCase, decision), follows, `${stored} | ${words}`);
  }
});

/** [what is stored, what became of the request of `K1`, what follows]: a look gave its payment a key before the reply came. */
const AFTER_A_LOOK: typeof TABLE = [
  ['pending 1m; pg K1 pending', 'refused "카드 번호 오류"', UNCHANGED],
  ['pending 1m; pg K1 pending', 'not reached', UNCHANGED],
  ['pending 1m; pg K1 pending', 'nobody knows', UNCHANGED],
  ['pending 1m; pg K1 pending; pg K7 pending', 'accepted as K7', UNCHANGED],
  [
    'pending 1m; pg K1 pending',
    'accepted as K7',
    'stays pending still_open; adds K7 pending; looks now',
  ],
  [
    'completed by K1 1m; pg K1 succeeded; planned in 1h',
    'accepted as K7',
    'stays completed still_open; adds K7 pending; looks now',
  ],
  [
    'failed declined 1m; pg K1 failed declined; planned in 1h',
    'accepted as K7',
    'stays failed still_open; adds K7 pending; looks now',
  ],
  // It was listed while the request was under way: what became of that need not have been in the list.
  [
    'completed by K1 1m; pg K1 succeeded; planned in 1d',
    'nobody knows',
    'stays completed watching; looks in 1h',
  ],
  [
    'failed declined 1m; pg K1 failed declined; planned in 10m',
    'nobody knows',
    'stays failed watching; looks in 10m',
  ],
  [
    'completed by K1 1m; pg K1 succeeded; never listed; planned in 1h',
    'nobody knows',
    'stays completed watching; nothing new; looks in 1h',
  ],
];

t.test('what a request makes of a payment that a look gave a key to', async (t) => {
  for (const [stored, words, follows] of AFTER_A_LOOK) {
    const { theCase } = deepFreeze(situation(stored, ''));
    const result = RESULTS[words];
    if (result === undefined) throw new Error(`no result: "${words}"`);
    const decision = applyRequest(theCase, paymentId('K1'), result, NOW);
    assertDecision(theCase, decision);
    t.same(bookkeepingFaults(theCase, decision), [], `${stored} | ${words}`);
    t.equal(sentenceOf(theCase, decision), follows, `${stored} | ${words}`);
    const asksForAll = decision.changed && result.kind === 'nobody_knows';
    t.equal(decision.order.listedAt === null, asksForAll || theCase.order.listedAt === null);
  }
});

t.test('a payment that a person accepted without a key gets that of its request', async (t) => {
  const { theCase } = deepFreeze(
    situation('completed resolved_by_person by keyless 1m; pg keyless succeeded', ''),
  );
  const accepted = { kind: 'accepted', key: 'K7' } as const;
  const decision = applyRequest(theCase, paymentId('keyless'), accepted, NOW);
  assertDecision(theCase, decision);
  t.equal(
    sentenceOf(theCase, decision),
    'stays completed watching; keyless is K7: stays succeeded; looks now',
  );
});
