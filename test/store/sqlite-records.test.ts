import { deepStrictEqual, ok } from 'node:assert/strict';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import t from 'tap';
import { decide, RULES } from '../../lib/core/decide.ts';
import type { Case, Decision, Hearing } from '../../lib/core/decision.ts';
import type { Effect } from '../../lib/core/effect.ts';
import type { Heard, Transaction } from '../../lib/core/gateway.ts';
import type { Order, StockLevel } from '../../lib/core/order.ts';
import type { Payment } from '../../lib/core/payment.ts';
import type { Judgement } from '../../lib/core/verdict.ts';
import type { JournalRecord } from '../../lib/store/port.ts';
import { openSqliteStore } from '../../lib/store/sqlite/index.ts';
import { policyTextOf, recordOf, textOf } from '../../lib/store/sqlite/records.ts';
import {
  change,
  foundPayment,
  newOrder,
  POLICY,
  pendingOrder,
  T0,
  testClock,
} from '../support/store-fixtures.ts';
import { directoryOf } from '../support/store-process.ts';
import { caseOf } from './contract.ts';

/** What a journal row holds: everything that was decided from and all that was decided, in half a page of the file. */

const MEMBER = 'member-1';

const INQUIRY = {
  kind: 'inquire',
  gateway: 'pg',
  orderId: 'ORDER1',
  userId: MEMBER,
  keys: ['k1'],
  about: ['pay-1'],
  listAll: false,
} as const;

const STATEMENT = {
  kind: 'statement',
  transactions: [
    {
      key: 'k1',
      orderId: 'ORDER1',
      status: 'succeeded',
      amount: 5_000,
      currency: 'KRW',
      reason: '정상 승인되었습니다.',
    },
  ],
  absentKeys: [],
  silentKeys: [],
  complete: false,
} as const;

t.test('a decision whose case says most of it', async (t) => {
  const text = textOf(decided(shopCase(1)));
  t.strictSame(JSON.parse(text), {
    kind: 'decided',
    trigger: 'sweep',
    hearing: {
      case: {
        order: {
          id: 'ORDER1',
          currency: 'KRW',
          amount: 5_000,
          state: 'pending',
          createdAt: T0,
          updatedAt: T0,
          lookAt: T0,
          version: 1,
        },
        items: [{ productId: 'pen-1', quantity: 2, unitPrice: 2_500 }],
        payments: [
          {
            id: 'pay-1',
            gateway: 'pg',
            method: 'CARD',
            amount: 5_000,
            state: 'pending',
            transactionKey: 'k1',
            requestedAt: T0,
          },
        ],
        stock: [{ productId: 'pen-1', name: 'Pen', onHand: 5 }],
      },
      heard: [{ question: { ...INQUIRY, userId: '' }, answer: STATEMENT }],
      now: T0 + 9,
    },
    decision: {
      reason: 'captured',
      order: {
        state: 'completed',
        reason: 'captured',
        reasonText: '정상 승인되었습니다.',
        paidBy: 'pay-1',
        updatedAt: T0 + 9,
        lookAt: T0 + 9 + 3_600_000,
        version: 2,
      },
      payments: [
        {
          id: 'pay-1',
          state: 'succeeded',
          reason: 'captured',
          reasonText: '정상 승인되었습니다.',
          settledAt: T0 + 9,
          found: { status: 'succeeded', amount: 5_000, currency: 'KRW', ours: true, at: T0 + 9 },
        },
      ],
      take: [{ productId: 'pen-1', quantity: 2 }],
      effects: [
        {
          topic: 'order.completed',
          key: 'order.completed:ORDER1:v2',
          reason: 'captured',
          text: '정상 승인되었습니다.',
          amount: 5_000,
          currency: 'KRW',
        },
      ],
      judgements: [{ paymentId: 'pay-1', verdict: 'captured', reason: 'captured' }],
    },
    rules: RULES,
  });
});

t.test('two of them share a page of 4,096 bytes, with two items as well', async (t) => {
  // What a row has beside its record: 60 bytes and the head of its page.
  const half = (4_096 - 2 * 60) / 2;
  for (const items of [1, 2]) {
    const bytes = Buffer.byteLength(textOf(decided(shopCase(items))));
    t.ok(bytes <= half, `${items} items: ${bytes} bytes of ${half}`);
  }
});

t.test('what is no decision stands there as it is, without the member', async (t) => {
  const order = newOrder({ id: 'ORDER1', memberId: MEMBER });
  const created: JournalRecord = { kind: 'created', order };
  t.strictSame(JSON.parse(textOf(created)), { kind: 'created', order: { ...order, memberId: '' } });
  t.equal(policyTextOf(created), null);
  t.strictSame(recordOf(textOf(created), null), {
    kind: 'created',
    order: { ...order, memberId: '' },
  });
});

t.test('a policy is kept once, and every decision is read with its own', async (t) => {
  const path = join(directoryOf(t), 'orders.db');
  const store = openSqliteStore({ path, clock: testClock(), tell: () => {} });
  t.teardown(() => store.upkeep.close());
  const hasty = { ...POLICY, holdAfterMs: 1 };
  const policies = [POLICY, hasty, POLICY, hasty];
  for (const [index, policy] of policies.entries()) {
    const id = `ORDER${index}`;
    await store.intake.createOrders([newOrder({ id })], T0);
    const settlement = change(await caseOf(store, id), { order: { state: 'failed' } });
    const hearing = { ...settlement.record.hearing, policy };
    const record = { ...settlement.record, hearing };
    t.strictSame(await store.docket.commit([{ ...settlement, record }]), ['applied']);
  }
  const rows = await store.reader.journalAfter(0, 100);
  const read = rows.flatMap(({ record }) => ('hearing' in record ? record.hearing.policy : []));
  t.strictSame(read, policies);
  const database = new Database(path, { readonly: true });
  t.strictSame(database.prepare('SELECT count(*) FROM policies').pluck().get(), 2);
  database.close();
  t.strictSame(await store.upkeep.check(), []);
});

t.test('whatever is kept is read as it was, but for who the member is', async (t) => {
  const keepsAll = fc.property(records(), (record) => {
    const text = textOf(record);
    ok(!text.includes(MEMBER));
    const json = JSON.stringify(record).replaceAll(`"${MEMBER}"`, '""');
    deepStrictEqual(recordOf(text, policyTextOf(record)), JSON.parse(json));
  });
  t.doesNotThrow(() => fc.assert(keepsAll, { numRuns: 1_000, seed: 1 }));
});

/** An order of as many products as said, which the gateway has captured. */
function shopCase(products: number): Hearing {
  const names = Array.from({ length: products }, (_, index) => `pen-${index + 1}`);
  const theCase: Case = {
    order: pendingOrder({ id: 'ORDER1', memberId: MEMBER }),
    items: names.map((productId) => ({ productId, quantity: 2, unitPrice: 2_500 / products })),
    payments: [foundPayment({ id: 'pay-1', transactionKey: 'k1' })],
    stock: names.map((productId) => ({ productId, name: 'Pen', onHand: 5, lowStockAt: null })),
    noticed: [],
  };
  const heard = [{ question: INQUIRY, answer: STATEMENT }];
  return { case: theCase, heard, policy: POLICY, now: T0 + 9 };
}

function decided(hearing: Hearing): JournalRecord {
  const { case: theCase, heard, policy, now } = hearing;
  const decision = decide(theCase, heard, policy, now);
  return { kind: 'decided', trigger: 'sweep', hearing, decision, rules: RULES };
}

/** Records whose parts have nothing to do with each other: what is kept must not lean on the rules. */
function records(): fc.Arbitrary<JournalRecord> {
  return fc
    .record<Hearing>({
      case: cases(),
      heard: fc.array(heardOnes(), { maxLength: 2 }),
      policy: fc.constant(POLICY),
      now: moments,
    })
    .chain((hearing) =>
      fc
        .record({ decision: decisions(hearing), by: words, note: orNull(words) })
        .chain(({ decision, by, note }) =>
          fc.constantFrom<JournalRecord>(
            { kind: 'decided', trigger: 'callback', hearing, decision, rules: '0' },
            {
              kind: 'resolved',
              hearing,
              command: { state: 'failed' },
              by,
              note,
              decision,
              rules: '1',
            },
          ),
        ),
    );
}

const words = fc.constantFrom('', 'k1', 'k2', 'pay-1', 'pay-2', '정상');

const moments = fc.constantFrom(T0, T0 + 1);

const numbers = fc.constantFrom(0, 1, 5_000);

const reasons = fc.constantFrom('captured', 'declined');

function orNull<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> {
  return fc.option(arbitrary, { nil: null });
}

function few<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T[]> {
  return fc.array(arbitrary, { maxLength: 2 });
}

const orders = (): fc.Arbitrary<Order> =>
  fc.record({
    id: words,
    memberId: fc.constant(MEMBER),
    currency: fc.constantFrom('KRW', 'EUR'),
    amount: numbers,
    state: fc.constantFrom('pending', 'completed'),
    reason: orNull(reasons),
    reasonText: orNull(words),
    paidBy: orNull(words),
    escalated: few(reasons),
    createdAt: moments,
    updatedAt: moments,
    looks: numbers,
    silentSince: orNull(moments),
    listedAt: orNull(moments),
    lookAt: orNull(moments),
    version: numbers,
  });

const payments = (): fc.Arbitrary<Payment> =>
  fc.record({
    id: words,
    gateway: orNull(words),
    method: words,
    amount: numbers,
    state: fc.constantFrom('pending', 'succeeded'),
    reason: orNull(reasons),
    reasonText: orNull(words),
    transactionKey: orNull(words),
    requestedAt: moments,
    settledAt: orNull(moments),
    presumedAt: orNull(moments),
    found: orNull(
      fc.record({
        status: fc.constantFrom('succeeded', 'failed'),
        amount: numbers,
        currency: fc.constant('KRW'),
        ours: fc.boolean(),
        at: moments,
      }),
    ),
    refundDue: numbers,
    refundReference: orNull(words),
    escalated: few(reasons),
  });

const levels = (): fc.Arbitrary<StockLevel> =>
  fc.record({ productId: words, name: words, onHand: numbers, lowStockAt: orNull(numbers) });

const transactions = (): fc.Arbitrary<Transaction> =>
  fc.record(
    {
      key: words,
      orderId: words,
      status: fc.constantFrom('succeeded', 'failed'),
      amount: numbers,
      currency: fc.constant('KRW'),
      reason: words,
    },
    { requiredKeys: ['key', 'orderId', 'status', 'amount', 'currency'] },
  );

const heardOnes = (): fc.Arbitrary<Heard> =>
  fc.record({
    question: fc.constant(INQUIRY),
    answer: fc.oneof(
      fc.constant({ kind: 'silent', cause: 'timeout' } as const),
      fc.record({
        kind: fc.constant('statement'),
        transactions: few(transactions()),
        absentKeys: few(words),
        silentKeys: few(words),
        complete: fc.boolean(),
      }),
    ),
  });

const cases = (): fc.Arbitrary<Case> =>
  fc.record({
    order: orders(),
    items: few(fc.record({ productId: words, quantity: numbers, unitPrice: numbers })),
    payments: fc.uniqueArray(payments(), { maxLength: 3, selector: ({ id }) => id }),
    stock: few(levels()),
    noticed: few(fc.record({ gateway: words, key: words })),
  });

const effects = (): fc.Arbitrary<Effect> =>
  fc.record({
    topic: fc.constantFrom('order.completed', 'stock.low'),
    key: words,
    orderId: orNull(words),
    version: orNull(numbers),
    paymentId: orNull(words),
    productId: orNull(words),
    gateway: orNull(words),
    reason: orNull(reasons),
    text: orNull(words),
    amount: orNull(numbers),
    currency: orNull(fc.constant('KRW')),
    onHand: orNull(numbers),
    since: orNull(moments),
  });

/** Judgements rest on what was heard, as they do, or on nothing that was. */
const judgements = ({ heard }: Hearing): fc.Arbitrary<Judgement> => {
  const said = heard.flatMap(({ answer }) =>
    answer.kind === 'statement' ? answer.transactions : [],
  );
  return fc.record({
    paymentId: words,
    verdict: fc.constantFrom('captured', 'open'),
    reason: orNull(reasons),
    text: orNull(words),
    transaction: orNull(
      said.length === 0 ? transactions() : fc.oneof(fc.constantFrom(...said), transactions()),
    ),
  });
};

const decisions = (hearing: Hearing): fc.Arbitrary<Decision> =>
  fc.record({
    orderId: words,
    basis: numbers,
    reason: reasons,
    changed: fc.boolean(),
    order: fc.oneof(fc.constant(hearing.case.order), orders()),
    payments: few(
      fc.oneof(payments(), ...hearing.case.payments.map((payment) => fc.constant(payment))),
    ),
    added: few(payments()),
    take: few(fc.record({ productId: words, quantity: numbers })),
    effects: few(effects()),
    judgements: few(judgements(hearing)),
  });
