import t from 'tap';
import { decide } from '../../lib/core/decide.ts';
import type { Case, Decision } from '../../lib/core/decision.ts';
import { assertDecision } from '../../lib/core/invariants.ts';
import type { Order } from '../../lib/core/order.ts';
import type { Payment } from '../../lib/core/payment.ts';
import { deepFreeze } from './freeze.ts';
import { paymentId, situation } from './language.ts';
import { NOW } from './words.ts';

/** [what is stored, what was heard, what a bug makes of the decision, the sentence that this is not] */
type Row = readonly [stored: string, heard: string, bug: Bug, sentence: string];
type Bug = (decision: Decision, theCase: Case) => Partial<Decision>;

const order =
  (wrong: Partial<Order>): Bug =>
  (decision) => ({ order: { ...decision.order, ...wrong } });

/** A payment of the case, changed besides what the decision does. */
const payment =
  (label: string, wrong: Partial<Payment>): Bug =>
  (decision, { payments }) => {
    const id = paymentId(label);
    const whole = [...decision.payments, ...payments].find((one) => one.id === id);
    if (whole === undefined) throw new Error(`no payment ${label}`);
    const others = decision.payments.filter((one) => one.id !== id);
    return { payments: [...others, { ...whole, ...wrong }] };
  };

const both =
  (...bugs: readonly Bug[]): Bug =>
  (decision, theCase) =>
    Object.assign({}, ...bugs.map((bug) => bug(decision, theCase)));

const CAPTURED = ['pending 20m; pg K1 pending', 'pg: K1 succeeded, nothing else'] as const;
const OPEN = ['pending still_open 20m; pg K1 pending, heard pending', 'pg: K1 pending'] as const;
const YOUNG = ['pending 9m', 'pg: nothing'] as const;
const DOUBTED = ['held unclear 4d; pg K1 failed declined', 'pg: listing silent'] as const;
const DECLINED = ['pending 20m; pg K1 pending', 'pg: K1 failed, nothing else'] as const;
const HELD = ['pending 20m; pg K1 pending', 'pg: K1 succeeded 4000'] as const;
const PAID = ['completed by K1 2h; pg K1 succeeded; pg K2 pending', 'pg: silent timeout'] as const;
const OWED = ['failed declined 2h; pg K1 refund_due 5000', 'pg: silent timeout'] as const;
const BACK = ['failed declined 2h; pg K1 refunded 5000', 'pg: silent timeout'] as const;
const TWO = [
  'pending 20m; pg K1 pending; buys 1 lamp and 2 cable; on hand 9 lamp and 9 cable',
  'pg: K1 succeeded, nothing else',
] as const;

const TABLE: readonly Row[] = [
  [...OPEN, () => ({ orderId: 'ORDER000002' }), 'a decision is about the order of its case'],
  [...OPEN, () => ({ basis: 2 }), 'a decision names the version it was made on'],
  [...OPEN, () => ({ changed: false }), 'the version rises by one with every change'],
  [...CAPTURED, order({ version: 1 }), 'the version rises by one with every change'],
  [...CAPTURED, order({ version: 3 }), 'the version rises by one with every change'],
  ...(['payments', 'added', 'effects'] as const).map((part): Row => {
    const alone = { payments: [], added: [], effects: [] };
    const some = (decision: Decision, { payments }: Case): Partial<Decision> => ({
      changed: false,
      order: { ...decision.order, version: 1 },
      take: [],
      ...alone,
      [part]: part === 'effects' ? decision.effects : payments,
    });
    return [...CAPTURED, some, 'a look that changes nothing writes the order only'];
  }),
  [
    ...CAPTURED,
    ({ payments }) => ({ payments: payments.map((one) => ({ ...one, id: 'pay-K9' })) }),
    'changed payments were recorded, added ones were not',
  ],
  [
    ...CAPTURED,
    (_, { payments }) => ({ added: payments }),
    'changed payments were recorded, added ones were not',
  ],
  [...PAID, order({ state: 'failed' }), 'a final order stays as it is'],
  [...OWED, order({ state: 'held' }), 'a final order stays as it is'],
  [...PAID, order({ paidBy: paymentId('K2') }), 'what paid for an order never changes'],
  [...OWED, order({ paidBy: paymentId('K1') }), 'what paid for an order never changes'],
  ...[
    order({ paidBy: paymentId('K9') }),
    order({ paidBy: null }),
    payment('K1', { state: 'pending' }),
  ].map(
    (bug): Row => [...CAPTURED, bug, 'exactly the payment that completed the order has succeeded'],
  ),
  [
    'pending 20m; pg K1 pending; pg K2 pending',
    'pg: K1 succeeded, K2 failed, nothing else',
    payment('K2', { state: 'succeeded' }),
    'exactly the payment that completed the order has succeeded',
  ],
  [
    ...CAPTURED,
    both(order({ paidBy: null }), payment('K1', { state: 'refund_due', refundDue: 5_000 })),
    'an order completes on a payment, unless nothing is due',
  ],
  ...[{ status: 'pending' as const }, { ours: false }, { amount: 4_999 }, { currency: 'USD' }].map(
    (wrong): Row => [
      ...CAPTURED,
      (decision, theCase) => {
        const found = decision.payments[0]?.found ?? null;
        const bad = found === null ? null : { ...found, ...wrong };
        return payment('K1', { found: bad })(decision, theCase);
      },
      'an order completes on a captured payment of the full amount',
    ],
  ),
  [
    ...CAPTURED,
    payment('K1', { found: null }),
    'an order completes on a captured payment of the full amount',
  ],
  ...[
    [],
    [{ productId: 'lamp', quantity: 1 }],
    [
      { productId: 'lamp', quantity: 1 },
      { productId: 'cable', quantity: 1 },
    ],
    [
      { productId: 'lamp', quantity: 1 },
      { productId: 'wire', quantity: 2 },
    ],
    [
      { productId: 'lamp', quantity: 1 },
      { productId: 'cable', quantity: 2 },
      { productId: 'lamp', quantity: 1 },
    ],
  ].map(
    (take): Row => [
      ...TWO,
      () => ({ take }),
      'the stock is taken when the order completes, and only then',
    ],
  ),
  ...[DECLINED, HELD, OPEN, PAID].map(
    (look): Row => [
      ...look,
      () => ({ take: [{ productId: 'lamp', quantity: 1 }] }),
      'the stock is taken when the order completes, and only then',
    ],
  ),
  [
    'pending 20m; pg K1 pending; buys 3 lamp and 1 cable; on hand 2 lamp and 9 cable',
    'pg: K1 succeeded, nothing else',
    (_, { order: before, payments: [first] }) => {
      if (first === undefined) throw new Error('no payment');
      const found = {
        status: 'succeeded' as const,
        amount: 5_000,
        currency: 'KRW',
        ours: true,
        at: NOW,
      };
      return {
        order: { ...before, state: 'completed', paidBy: first.id, version: 2 },
        payments: [{ ...first, found, state: 'succeeded' }],
        take: [
          { productId: 'lamp', quantity: 3 },
          { productId: 'cable', quantity: 1 },
        ],
      };
    },
    'no more is taken than is on hand',
  ],
  ...[
    'completed by K1 2h; pg K1 succeeded; pg K2 pending',
    'failed declined 2h; pg K2 pending',
  ].map(
    (stored): Row => [
      stored,
      'pg: K2 succeeded 4000, nothing else',
      payment('K2', { state: 'pending', refundDue: 0 }),
      'captured money pays for a completed order or goes back',
    ],
  ),
  [
    'failed declined 2h; pg K2 pending',
    'pg: K2 succeeded 1, nothing else',
    payment('K2', { state: 'failed', refundDue: 0 }),
    'captured money pays for a completed order or goes back',
  ],
  [...OWED, payment('K1', { refundDue: 0 }), 'what goes back has an amount, and nothing else has'],
  [...BACK, payment('K1', { refundDue: 0 }), 'what goes back has an amount, and nothing else has'],
  [...PAID, payment('K2', { refundDue: 1 }), 'what goes back has an amount, and nothing else has'],
  [...BACK, payment('K1', { state: 'refund_due' }), 'what was paid back stays paid back'],
  [
    'failed declined 2h; pg K2 refunded 5000; pg K1 refund_due 5000',
    'pg: silent timeout',
    payment('K1', { state: 'failed', refundDue: 0, found: null }),
    'a refund that is due is paid back or stays due',
  ],
  [...PAID, payment('K2', { transactionKey: 'K9' }), 'the key of a payment never changes'],
  [...PAID, payment('K2', { transactionKey: null }), 'the key of a payment never changes'],
  [
    'failed declined 2h',
    'pg: K1 succeeded, nothing else',
    ({ added }) => ({ added: added.map((one) => ({ ...one, state: 'failed', refundDue: 0 })) }),
    'captured money pays for a completed order or goes back',
  ],
  ...[YOUNG, DOUBTED, OPEN, HELD, PAID, OWED].map(
    (look): Row => [...look, order({ lookAt: null }), 'whatever is unresolved has a due time'],
  ),
  [
    ...CAPTURED,
    ({ effects }) => ({ effects: [...effects, ...effects] }),
    'no decision tells the same thing twice',
  ],
];

t.test('a decision that a bug makes wrong is not written', async (t) => {
  for (const [stored, heard, bug, sentence] of TABLE) {
    const { theCase, heard: said, policy } = deepFreeze(situation(stored, heard));
    const decided = decide(theCase, said, policy, NOW);
    // What a bug writes is a change, unless it says otherwise.
    const decision = { ...decided, changed: true, order: { ...decided.order, version: 2 } };
    const broken = { ...decision, ...bug(decision, theCase) };
    t.throws(
      () => assertDecision(theCase, broken),
      { message: sentence },
      `${stored}: ${sentence}`,
    );
  }
});

t.test('a capture of nothing, and money of others, may stay where it is', async (t) => {
  const rows = [
    ['failed declined 2h; pg K1 pending', 'pg: K1 succeeded 0, nothing else'],
    ['failed declined 2h; pg K1 pending', 'pg: K1 succeeded of another order, nothing else'],
    ['failed declined 2h; pg K1 pending', 'pg: K1 succeeded 5000 USD, nothing else'],
  ] as const;
  for (const [stored, heard] of rows) {
    const { theCase, heard: said, policy } = situation(stored, heard);
    const decision = decide(theCase, said, policy, NOW);
    t.doesNotThrow(() => assertDecision(theCase, decision), `${stored} | ${heard}`);
  }
});
