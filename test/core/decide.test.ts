import { fail } from 'node:assert/strict';
import t, { type Test } from 'tap';
import { decide, holdForInternalError } from '../../lib/core/decide.ts';
import { type Decision, MAX_FOUND } from '../../lib/core/decision.ts';
import type { Heard } from '../../lib/core/gateway.ts';
import { assertDecision } from '../../lib/core/invariants.ts';
import { REASONS, type Reason } from '../../lib/core/reason.ts';
import { MINUTE_MS } from '../../lib/core/time.ts';
import { bookkeepingFaults } from './bookkeeping.ts';
import { deepFreeze } from './freeze.ts';
import { situation } from './language.ts';
import { FINAL } from './rows/final.ts';
import { HELD } from './rows/held.ts';
import { MOVED } from './rows/moved.ts';
import { PENDING } from './rows/pending.ts';
import { REFUNDS } from './rows/refunds.ts';
import type { Row } from './rows/row.ts';
import { sentenceOf } from './sentences.ts';
import { NOW } from './words.ts';

const produced = new Set<Reason>();

function collect({ reason, payments, added, effects, judgements }: Decision): void {
  produced.add(reason);
  const things = [...payments, ...added, ...effects, ...judgements];
  for (const thing of things) if (thing.reason !== null) produced.add(thing.reason);
}

function check(t: Test, [stored, heard, ...decided]: Row): void {
  const { theCase, heard: said, policy } = deepFreeze(situation(stored, heard));
  const decision = decide(theCase, said, policy, NOW);
  collect(decision);
  // A clause a line: a row that is off shows which clause is.
  const lines = (sentence: string) => sentence.replaceAll('; ', '\n');
  t.equal(lines(sentenceOf(theCase, decision)), lines(decided.join('; ')), `${stored} | ${heard}`);
  t.doesNotThrow(() => assertDecision(theCase, decision));
  t.same(bookkeepingFaults(theCase, decision), [], `${stored} | ${heard}`);
  const { order, reason } = decision;
  const isHeldAnew = order.state === 'held' && reason === 'mismatched';
  const isNew = order.state === 'pending' || order.state !== theCase.order.state || isHeldAnew;
  t.equal(order.reason, isNew ? reason : theCase.order.reason, `${stored} | ${heard}`);
}

for (const table of [PENDING, HELD, FINAL, REFUNDS, MOVED]) {
  for (const [row, examples] of Object.entries(table)) {
    t.test(row, async (t) => {
      for (const example of examples) check(t, example);
    });
  }
}

t.test('internal_error: an assert fails inside this order', async (t) => {
  const rows: readonly (readonly [stored: string, decided: string])[] = [
    [
      'pending 20m; pg K1 pending',
      'held internal_error "알 수 없는 오류"; tells order.held; looks in 1d',
    ],
    [
      'held unclear 20m; pg K1 pending',
      'stays held internal_error "알 수 없는 오류"; tells order.held; remembers that it told internal_error; looks in 1d',
    ],
    // A person ended the hold, and it is another one: somebody hears of that too.
    [
      'pending resolved_by_person 20m; pg K1 pending; told internal_error',
      'held internal_error "알 수 없는 오류"; tells order.held; looks in 1d',
    ],
    [
      'held unclear 20m; pg K1 pending; told internal_error and unclear',
      'stays held internal_error "알 수 없는 오류"; tells order.held; looks in 1d',
    ],
    [
      'held internal_error 1d; pg K1 pending',
      'stays held internal_error "알 수 없는 오류"; looks in 1d',
    ],
    [
      'completed by K1 2h; pg K1 succeeded',
      'stays completed internal_error; tells order.attention; remembers that it told internal_error; looks in 1d',
    ],
    [
      'failed declined 2h; pg K1 pending; told internal_error',
      'stays failed internal_error; looks in 1d',
    ],
  ];
  for (const [stored, decided] of rows) {
    const { theCase } = deepFreeze(situation(stored, ''));
    const decision = holdForInternalError(theCase, NOW);
    collect(decision);
    t.equal(sentenceOf(theCase, decision), decided, stored);
    t.doesNotThrow(() => assertDecision(theCase, decision));
    t.same(bookkeepingFaults(theCase, decision), [], stored);
    const isFinal = decision.order.state !== 'held';
    t.equal(decision.order.reason, isFinal ? theCase.order.reason : 'internal_error', stored);
  }
});

t.test(
  'of more declined attempts than a case holds some are not kept, and no money is missed',
  async (t) => {
    const rows = [
      ['pg: K1 failed, nothing else', 'failed', MAX_FOUND],
      ['pg: K1 failed, K2 pending, K3 succeeded 4000, nothing else', 'held', MAX_FOUND + 2],
    ] as const;
    for (const [said, state, kept] of rows) {
      const { theCase, heard, policy } = situation('pending 20m; pg K0 failed declined', said);
      const many = heard.map(({ question, answer }): Heard => {
        if (answer.kind !== 'statement') return { question, answer };
        const [declined, ...others] = answer.transactions;
        const attempts = Array.from({ length: MAX_FOUND + 50 }, (_, index) => ({
          ...(declined ?? fail('one was heard')),
          key: `K1-${index}`,
        }));
        return { question, answer: { ...answer, transactions: [...attempts, ...others] } };
      });
      const decision = decide(theCase, many, policy, NOW);
      t.equal(decision.order.state, state);
      t.equal(theCase.payments.length + decision.added.length, kept);
      t.doesNotThrow(() => assertDecision(theCase, decision));
    }
  },
);

t.test('every reason is produced by a row', async (t) => {
  // Only a person's command says it: person.test.ts.
  const elsewhere: readonly Reason[] = ['resolved_by_person'];
  const expected = REASONS.filter((reason) => !elsewhere.includes(reason));
  t.same([...produced].sort(), [...expected].sort());
});

t.test('what a look leaves in the order besides its decision', async (t) => {
  const rows: readonly (readonly [
    stored: string,
    heard: string,
    looks: number,
    silentMinutes: number | null,
    listed: boolean,
  ])[] = [
    ['pending 20m; pg K1 pending', 'pg: K1 pending', 1, null, false],
    ['pending 20m; pg K1 pending; looked 7 times', 'pg: silent timeout', 8, 0, false],
    ['pending 20m; pg K1 pending; silent for 5m', 'pg: silent timeout', 1, 5, false],
    ['pending 20m; pg K1 pending; silent for 5m', 'pg: K1 pending', 1, null, false],
    ['pending 20m; pg K1 failed declined; silent for 5m', 'pg: listing silent', 1, 5, false],
    // A clock that was ahead wrote it.
    ['pending 20m; pg K1 pending; silent since 5d from now', 'pg: silent timeout', 1, 0, false],
    // Not being let through to a gateway is not a look at the order.
    ['pending 20m; pg K1 pending; looked 7 times', 'pg: silent circuit_open', 7, 0, false],
    ['pending 20m; pg K1 pending; looked 7 times', 'pg: silent stopping', 7, 0, false],
    [
      'pending 20m; pg K1 pending; wallet K2 pending; looked 7 times',
      'pg: silent circuit_open; wallet: K2 pending',
      7,
      0,
      false,
    ],
    // Doubt in which the gateway answers is no silence.
    ['held unclear 4d; pg K1 pending; silent for 5m', 'pg: K1 absent', 1, null, false],
    ['pending 9m; silent for 5m', 'pg: nothing', 1, null, false],
    ['held unclear 4d; bank is configured too; silent for 5m', '', 1, null, false],
    ['held unclear 4d; pg K1 pending; silent for 5m', 'pg: silent timeout', 1, 5, false],
    ['held mismatched 4d; pg K1 pending; looked 7 times', 'pg: silent timeout', 8, null, false],
    // A new state begins the ladder again.
    ['pending 20m; pg K1 pending; looked 7 times', 'pg: K1 succeeded', 0, null, false],
    ['held unclear 4d; pg K1 pending; silent for 5m', 'pg: K1 succeeded', 0, null, false],
    ['pending 20m; pg K1 pending; looked 7 times', 'pg: K1 succeeded, nothing else', 0, null, true],
    ['pending 20m; pg K1 pending; looked 7 times', 'pg: K1 failed, nothing else', 0, null, true],
    [
      'pending 5d; pg K1 pending; looked 7 times; silent for 4d',
      'pg: silent timeout',
      0,
      5760,
      false,
    ],
    ['failed declined 2h; pg K1 pending; looked 7 times', 'pg: K1 pending', 8, null, true],
  ];
  for (const [stored, heard, looks, silentMinutes, listed] of rows) {
    const { theCase, heard: said, policy } = deepFreeze(situation(stored, heard));
    const { order } = decide(theCase, said, policy, NOW);
    const silentSince = silentMinutes === null ? null : NOW - silentMinutes * MINUTE_MS;
    const actual = [order.looks, order.silentSince, order.listedAt !== null];
    t.same(actual, [looks, silentSince, listed], `${stored} | ${heard}`);
  }
});

t.test('what is told carries everything that a reader needs', async (t) => {
  const { theCase, heard, policy } = situation(
    'pending 20m; pg K1 pending; pg K2 pending "두 번째"',
    'pg: K1 succeeded "정상 승인", K2 succeeded 7000',
  );
  t.same(decide(theCase, heard, policy, NOW).effects, [
    {
      topic: 'order.completed',
      key: 'order.completed:ORDER000001:v2',
      orderId: 'ORDER000001',
      version: 2,
      paymentId: null,
      productId: null,
      gateway: null,
      reason: 'captured',
      text: '정상 승인',
      amount: 5_000,
      currency: 'KRW',
      onHand: null,
      since: null,
    },
    {
      topic: 'refund.due',
      key: 'refund.due:ORDER000001:pay-K2:mismatched_capture:v2',
      orderId: 'ORDER000001',
      version: 2,
      paymentId: 'pay-K2',
      productId: null,
      gateway: null,
      reason: 'mismatched_capture',
      text: '두 번째',
      amount: 7_000,
      currency: 'KRW',
      onHand: null,
      since: null,
    },
    {
      topic: 'order.attention',
      key: 'order.attention:ORDER000001:pay-K2:refund_by_hand:v2',
      orderId: 'ORDER000001',
      version: 2,
      paymentId: 'pay-K2',
      productId: null,
      gateway: null,
      reason: 'refund_by_hand',
      text: '두 번째',
      amount: 7_000,
      currency: 'KRW',
      onHand: null,
      since: null,
    },
  ]);
});

t.test('the words of a refusal and the receipt of a refund are kept', async (t) => {
  const { theCase, heard, policy } = situation(
    'failed declined 2h; wallet K1 refund_due 5000 "정상 승인"; wallet K2 refund_due 5000',
    'wallet: K1 succeeded, K2 succeeded; wallet refunds K1: refused "too old"; wallet refunds K2: done 5000',
  );
  const { payments, effects } = decide(theCase, heard, policy, NOW);
  t.match(payments, [{ reasonText: 'too old' }, { refundReference: 'K2' }]);
  t.match(effects, [{ text: 'too old', amount: 5_000 }, { text: null }]);
});

t.test('a refund at one gateway is none of the same key at another', async (t) => {
  const { theCase, heard, policy } = situation(
    'failed declined 2h; pg K1 refund_due 5000, told refund_by_hand; wallet K2 refund_due 5000',
    'wallet: K2 succeeded, nothing else; wallet refunds K2: done 5000',
  );
  const payments = theCase.payments.map((payment) => ({ ...payment, transactionKey: 'K2' }));
  const decision = decide({ ...theCase, payments }, heard, policy, NOW);
  t.match(decision.payments, [{ id: 'pay-K2', state: 'refunded' }]);
  t.equal(decision.payments.length, 1);
});
