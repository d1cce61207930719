import { MAX_PAYMENTS } from '../../lib/core/decision.ts';
import { MAX_PIECES, type NewOrder, type NewPayment } from '../../lib/store/port.ts';
import {
  change,
  completion,
  newOrder,
  newPayment,
  T0,
  unchanged,
} from '../support/store-fixtures.ts';
import { type Clause, caseOf } from './contract.ts';

const PEN = { id: 'pen', name: 'Pen', onHand: 10, lowStockAt: null };

/** What the shop tells: products, orders, attempts to pay. */
export function intakeContract(clause: Clause): void {
  clause(
    'a product is created, the same, or updated, and a difference is a movement',
    async (t, { store }) => {
      t.equal(await store.intake.putProduct(PEN, T0), 'created');
      t.equal(await store.intake.putProduct(PEN, T0), 'same');
      t.equal(await store.intake.putProduct({ ...PEN, name: 'Red pen' }, T0), 'updated');
      t.equal(
        await store.intake.putProduct({ ...PEN, onHand: 7, lowStockAt: 2 }, T0 + 1),
        'updated',
      );
      t.strictSame(await store.reader.product('pen'), { ...PEN, onHand: 7, lowStockAt: 2 });
      const { items } = await store.reader.movements('pen', 0, 10);
      t.match(items, [
        { change: 10, onHand: 10, kind: 'counted', reference: null, at: T0 },
        { change: -3, onHand: 7, kind: 'counted', reference: null, at: T0 + 1 },
      ]);
      t.equal(items.length, 2);
    },
  );

  clause('a delivery counts once per product and reference', async (t, { store }) => {
    await store.intake.putProduct(PEN, T0);
    await store.intake.putProduct({ ...PEN, id: 'ink' }, T0);
    t.equal(await store.intake.addStock('pen', 5, 'note-1', T0), 'added');
    t.equal(await store.intake.addStock('pen', 5, 'note-1', T0), 'same');
    t.equal(await store.intake.addStock('pen', 6, 'note-1', T0), 'differs');
    t.equal(await store.intake.addStock('ink', 5, 'note-1', T0), 'added');
    t.equal(await store.intake.addStock('cap', 5, 'note-1', T0), 'not_found');
    t.equal((await store.reader.product('pen'))?.onHand, 15);
  });

  clause(
    'a delivery that would make more pieces than can be counted is refused',
    async (t, { store }) => {
      await store.intake.putProduct({ ...PEN, onHand: MAX_PIECES - 5 }, T0);
      t.equal(await store.intake.addStock('pen', 6, 'note-1', T0), 'too_many');
      t.equal(
        await store.intake.addStock('pen', 5, 'note-1', T0),
        'added',
        'the reference is not used up',
      );
      t.equal((await store.reader.product('pen'))?.onHand, MAX_PIECES);
    },
  );

  clause('a created order reads as it was sent', async (t, { store }) => {
    await store.intake.putProduct(PEN, T0);
    const items = [
      { productId: 'pen', quantity: 2, unitPrice: 2_000 },
      { productId: 'pen', quantity: 1, unitPrice: 1_000 },
    ];
    const payments = [
      newPayment({ id: 'pay-2', transactionKey: '20250816:TR:9577c5' }),
      newPayment({ id: 'pay-1', gateway: null, method: 'TRANSFER' }),
    ];
    const order = newOrder({ id: 'ORDER000001', items, payments, lookAt: T0 + 600_000 });
    t.strictSame(await store.intake.createOrders([order], T0 + 5), [{ kind: 'created' }]);
    const found = await caseOf(store, 'ORDER000001');
    t.strictSame(found.order, {
      id: 'ORDER000001',
      memberId: 'member-1',
      currency: 'KRW',
      amount: 5_000,
      state: 'pending',
      reason: null,
      reasonText: null,
      paidBy: null,
      escalated: [],
      createdAt: T0,
      updatedAt: T0 + 5,
      looks: 0,
      silentSince: null,
      listedAt: null,
      lookAt: T0 + 600_000,
      version: 1,
    });
    t.strictSame(found.items, items);
    t.match(found.payments, payments, 'in recorded order');
    t.match(found.payments[0], { state: 'pending', found: null, refundDue: 0, escalated: [] });
    t.strictSame(found.stock, [{ productId: 'pen', name: 'Pen', onHand: 10, lowStockAt: null }]);
    t.strictSame(found.noticed, []);
    const journal = await store.reader.journal('ORDER000001', 0, 10);
    const record = { kind: 'created', order: { ...order, memberId: '' } };
    t.match(journal.items, [{ version: 1, at: T0 + 5, record }], 'without the member');
  });

  clause('the largest amounts are exact', async (t, { store }) => {
    const amount = Number.MAX_SAFE_INTEGER;
    await store.intake.putProduct({ ...PEN, onHand: amount }, T0);
    const payments = [newPayment({ id: 'p', amount })];
    await store.intake.createOrders([newOrder({ id: 'ORDER1', amount, payments })], T0);
    const found = await caseOf(store, 'ORDER1');
    t.equal(found.order.amount, amount);
    t.equal(found.payments[0]?.amount, amount);
    t.equal((await store.reader.product('pen'))?.onHand, amount);
  });

  const sent = newOrder({
    id: 'ORDER1',
    items: [{ productId: 'pen', quantity: 1, unitPrice: 5_000 }],
    payments: [newPayment({ id: 'pay-1' })],
  });
  const later = T0 + 60_000;
  const repeats: readonly (readonly [string, Partial<NewOrder>, 'same' | readonly string[]])[] = [
    ['nothing', {}, 'same'],
    ['when to look first', { lookAt: later }, 'same'],
    ['the member', { memberId: 'member-2' }, ['memberId']],
    ['the currency', { currency: 'USD' }, ['currency']],
    [
      'the amount',
      { amount: 5_001, payments: [newPayment({ id: 'pay-1', amount: 5_001 })] },
      ['amount', 'payments[0].amount'],
    ],
    [
      'the quantity',
      { items: [{ productId: 'pen', quantity: 2, unitPrice: 5_000 }] },
      ['items[0].quantity'],
    ],
    ['no items', { items: [] }, ['items']],
    ['no payments', { payments: [] }, ['payments']],
    [
      'a key',
      { payments: [newPayment({ id: 'pay-1', transactionKey: 'k' })] },
      ['payments[0].transactionKey'],
    ],
    [
      'a gateway',
      { payments: [newPayment({ id: 'pay-1', gateway: 'card' })] },
      ['payments[0].gateway'],
    ],
    [
      'a gateway, which nobody named',
      { payments: [newPayment({ id: 'pay-1', gateway: 'card', routed: true })] },
      'same',
    ],
    [
      'a method, at a gateway that nobody named',
      {
        payments: [newPayment({ id: 'pay-1', method: 'TRANSFER', gateway: 'card', routed: true })],
      },
      ['payments[0].method'],
    ],
    [
      'the time of the request',
      { payments: [newPayment({ id: 'pay-1', requestedAt: later })] },
      ['payments[0].requestedAt'],
    ],
    ['the time of creation', { createdAt: later }, ['createdAt', 'payments[0].requestedAt']],
    [
      'the times, which were filled in',
      {
        createdAt: later,
        undated: true,
        payments: [newPayment({ id: 'pay-1', requestedAt: later })],
      },
      'same',
    ],
  ];
  for (const [what, over, fields] of repeats) {
    const outcome = fields === 'same' ? { kind: fields } : { kind: 'differs', fields };
    clause(`an order sent again with another ${what}: ${outcome.kind}`, async (t, { store }) => {
      await store.intake.putProduct(PEN, T0);
      await store.intake.createOrders([sent], T0);
      const before = await caseOf(store, 'ORDER1');
      t.strictSame(await store.intake.createOrders([{ ...sent, ...over }], T0), [outcome]);
      t.strictSame(await caseOf(store, 'ORDER1'), before);
    });
  }

  clause('an order stays the same one whatever became of it since', async (t, { store }) => {
    await store.intake.putProduct(PEN, T0);
    await store.intake.createOrders([sent], T0);
    await store.intake.addPayment('ORDER1', newPayment({ id: 'pay-2' }), T0, 'recorded');
    await store.docket.commit([completion(await caseOf(store, 'ORDER1'), 'pay-1')]);
    t.strictSame(await store.intake.createOrders([sent], T0), [{ kind: 'same' }]);
  });

  const refused: readonly (readonly [string, Partial<NewOrder>, RegExp])[] = [
    [
      'a payment id of another order',
      { payments: [newPayment({ id: 'taken' })] },
      /^payments\[0\]\.id: taken .*ORDER0$/,
    ],
    [
      'a transaction of another order',
      { payments: [newPayment({ id: 'a' }), newPayment({ id: 'b', transactionKey: 'TR:1' })] },
      /^payments\[1\]\.transactionKey: TR:1 .*ORDER0$/,
    ],
    [
      'one payment id twice',
      { payments: [newPayment({ id: 'a' }), newPayment({ id: 'a' })] },
      /^payments\[1\]\.id: a /,
    ],
    [
      'one transaction twice',
      {
        payments: [
          newPayment({ id: 'a', transactionKey: 'k' }),
          newPayment({ id: 'b', transactionKey: 'k' }),
        ],
      },
      /^payments\[1\]\.transactionKey: k /,
    ],
    [
      'a payment of another amount',
      { payments: [newPayment({ id: 'a', amount: 4_000 })] },
      /^payments\[0\]\.amount: .*5000$/,
    ],
  ];
  for (const [what, over, where] of refused)
    clause(`an order with ${what} conflicts and leaves nothing`, async (t, { store }) => {
      const payments = [newPayment({ id: 'taken', transactionKey: 'TR:1' })];
      await store.intake.createOrders([newOrder({ id: 'ORDER0', payments })], T0);
      const [outcome] = await store.intake.createOrders([newOrder({ id: 'ORDER1', ...over })], T0);
      t.match(outcome, { kind: 'conflict', where });
      t.equal(await store.reader.order('ORDER1'), null);
      t.equal(await store.docket.orderOfPayment('a'), null);
      t.equal((await store.reader.counts()).orders.pending, 1);
    });

  clause('the same key at two gateways, or at none, is two transactions', async (t, { store }) => {
    const orders = ['pg', 'other', null, null].map((gateway, index) =>
      newOrder({
        id: `ORDER${index}`,
        payments: [newPayment({ id: `pay-${index}`, gateway, transactionKey: 'k' })],
      }),
    );
    const outcomes = await store.intake.createOrders(orders, T0);
    t.ok(outcomes.every(({ kind }) => kind === 'created'));
  });

  clause('one bad order does not fail the others of its call', async (t, { store }) => {
    const orders = [
      newOrder({ id: 'ORDER1', payments: [newPayment({ id: 'pay-1' })] }),
      newOrder({ id: 'ORDER2', items: [{ productId: 'none', quantity: 1, unitPrice: 1 }] }),
      newOrder({ id: 'ORDER3', payments: [newPayment({ id: 'pay-1' })] }),
      newOrder({ id: 'ORDER1', amount: 1 }),
      newOrder({ id: 'ORDER4' }),
    ];
    t.match(await store.intake.createOrders(orders, T0), [
      { kind: 'created' },
      { kind: 'unknown_product', productId: 'none' },
      { kind: 'conflict' },
      { kind: 'differs' },
      { kind: 'created' },
    ]);
    t.equal((await store.reader.counts()).orders.pending, 2);
  });

  const attempts: readonly (readonly [string, string, Partial<NewPayment>, object])[] = [
    ['a new one', 'ORDER1', { id: 'new' }, { kind: 'created' }],
    ['a new one with a key', 'ORDER1', { id: 'new', transactionKey: 'k' }, { kind: 'created' }],
    ['the same again', 'ORDER1', { id: 'pay-1', requestedAt: later }, { kind: 'same' }],
    [
      'another gateway',
      'ORDER1',
      { id: 'pay-1', gateway: 'card' },
      { kind: 'differs', fields: ['gateway'] },
    ],
    [
      'another gateway, which nobody named',
      'ORDER1',
      { id: 'pay-1', gateway: 'card', routed: true },
      { kind: 'same' },
    ],
    [
      'another method',
      'ORDER1',
      { id: 'pay-1', method: 'TRANSFER' },
      { kind: 'differs', fields: ['method'] },
    ],
    [
      'another key',
      'ORDER1',
      { id: 'pay-1', transactionKey: 'k' },
      { kind: 'differs', fields: ['transactionKey'] },
    ],
    ['no such order', 'ORDER9', { id: 'new' }, { kind: 'not_found' }],
    ['the amount', 'ORDER1', { id: 'new', amount: 1 }, { kind: 'wrong_amount', due: 5_000 }],
    [
      'an id of another order',
      'ORDER1',
      { id: 'taken' },
      { kind: 'conflict', where: /^id: taken .*ORDER0$/ },
    ],
    [
      'a transaction of another order',
      'ORDER1',
      { id: 'new', transactionKey: 'TR:1' },
      { kind: 'conflict', where: /^transactionKey: TR:1 .*ORDER0$/ },
    ],
    [
      'a transaction that the order has already',
      'ORDER1',
      { id: 'new', transactionKey: 'TR:2' },
      { kind: 'conflict', where: /^transactionKey: TR:2 .*this order already: nothing is left/ },
    ],
  ];
  for (const [what, orderId, over, outcome] of attempts)
    clause(`an attempt to pay: ${what}`, async (t, { store }) => {
      await store.intake.createOrders(
        [
          newOrder({
            id: 'ORDER0',
            payments: [newPayment({ id: 'taken', transactionKey: 'TR:1' })],
          }),
          newOrder({
            id: 'ORDER1',
            payments: [
              newPayment({ id: 'pay-1' }),
              newPayment({ id: 'found', transactionKey: 'TR:2' }),
            ],
          }),
        ],
        T0,
      );
      const payment = newPayment({ id: 'x', ...over });
      t.match(await store.intake.addPayment(orderId, payment, T0 + 9, 'recorded'), outcome);
      const isNew = 'kind' in outcome && outcome.kind === 'created';
      const { order, payments } = await caseOf(store, 'ORDER1');
      t.equal(order.version, isNew ? 2 : 1);
      t.equal(payments.length, isNew ? 3 : 2);
      const journal = await store.reader.journal('ORDER1', 0, 10);
      if (isNew)
        t.match(journal.items[1], {
          version: 2,
          at: T0 + 9,
          record: { kind: 'payment_added', payment },
        });
    });

  clause('an attempt is the same one after it was given its key', async (t, { store }) => {
    const payment = newPayment({ id: 'pay-1' });
    await store.intake.createOrders([newOrder({ id: 'ORDER1', payments: [payment] })], T0);
    const keyed = change(await caseOf(store, 'ORDER1'), {
      payments: { 'pay-1': { transactionKey: 'k' } },
    });
    await store.docket.commit([keyed]);
    for (const transactionKey of [null, 'k'])
      t.match(
        await store.intake.addPayment('ORDER1', { ...payment, transactionKey }, T0, 'recorded'),
        {
          kind: 'same',
        },
      );
  });

  const soon = T0 + 300_000;
  const lookTable = [
    ['pending', soon, soon],
    ['pending', null, later],
    ['completed', null, later],
    ['completed', T0, T0],
    ['failed', soon, later],
    ['held', soon, later],
  ] as const;
  for (const [state, lookAt, expected] of lookTable)
    clause(
      `an attempt on a ${state} order due ${lookAt === null ? 'never' : lookAt - T0}`,
      async (t, { store }) => {
        await store.intake.createOrders([newOrder({ id: 'ORDER1' })], T0);
        await store.docket.commit([
          change(await caseOf(store, 'ORDER1'), { order: { state, lookAt } }),
        ]);
        await store.intake.addPayment('ORDER1', newPayment({ id: 'pay-1' }), later, 'recorded');
        t.match((await caseOf(store, 'ORDER1')).order, { state, lookAt: expected });
      },
    );

  const exclusive = [
    ['pending', 'failed', null, 'created'],
    ['pending', 'refunded', null, 'created'],
    ['pending', 'pending', null, 'busy'],
    ['pending', 'failed', T0, 'busy'],
    ['pending', 'refund_due', null, 'busy'],
    ['failed', 'failed', null, 'busy'],
    ['held', 'failed', null, 'busy'],
  ] as const;
  for (const [state, paymentState, presumedAt, kind] of exclusive)
    clause(
      `exclusively on a ${state} order beside a ${presumedAt ? 'presumed ' : ''}${paymentState} payment: ${kind}`,
      async (t, { store }) => {
        const payments = [newPayment({ id: 'pay-1' })];
        await store.intake.createOrders([newOrder({ id: 'ORDER1', payments })], T0);
        await store.docket.commit([
          change(await caseOf(store, 'ORDER1'), {
            order: { state },
            payments: { 'pay-1': { state: paymentState, presumedAt } },
          }),
        ]);
        const added = newPayment({ id: 'pay-2' });
        t.match(await store.intake.addPayment('ORDER1', added, T0, 'exclusive'), { kind });
        t.match(await store.intake.addPayment('ORDER1', payments[0] ?? added, T0, 'exclusive'), {
          kind: 'same',
        });
      },
    );

  clause('an order has a bounded number of payments', async (t, { store }) => {
    const payments = Array.from({ length: MAX_PAYMENTS }, (_, index) =>
      newPayment({ id: `pay-${index}` }),
    );
    await store.intake.createOrders([newOrder({ id: 'ORDER1', payments })], T0);
    const outcome = await store.intake.addPayment(
      'ORDER1',
      newPayment({ id: 'more' }),
      T0,
      'recorded',
    );
    t.strictSame(outcome, { kind: 'too_many' });
  });

  clause('what was acknowledged is there after a restart', async (t, { store, reopen }) => {
    await store.intake.createOrders(
      [newOrder({ id: 'ORDER1', payments: [newPayment({ id: 'p' })] })],
      T0,
    );
    await store.docket.commit([unchanged(await caseOf(store, 'ORDER1'), { now: T0 + 7 })]);
    const before = await caseOf(store, 'ORDER1');
    const again = await reopen();
    t.strictSame(await caseOf(again, 'ORDER1'), before);
    t.strictSame(await again.upkeep.check(), []);
  });
}
