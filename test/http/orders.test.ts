import t from 'tap';
import { MINUTE_MS } from '../../lib/core/time.ts';
import type { NewOrder, NewPayment } from '../../lib/store/port.ts';
import { anOrder, openServing, type Serving } from './serving.ts';

/** The world begins at 2025-08-16T00:00:00Z and its clock stands until it is turned. */
const NOW = '2025-08-16T00:00:00.000Z';

const told = (events: Serving['events']) => events.filter(({ name }) => name === 'order.created');

t.test('an order is stored once, whatever is sent how often', async (t) => {
  const serving = await openServing();
  t.teardown(serving.close);
  const created = await serving.call('POST', '/v1/orders', { body: anOrder() });
  t.equal(created.status, 201);
  t.equal(created.headers.location, '/v1/orders/ORDER000001');
  t.same(created.body, {
    id: 'ORDER000001',
    memberId: 'member-7',
    state: 'pending',
    reason: null,
    reasonText: null,
    currency: 'KRW',
    amount: 5_000,
    items: [{ productId: 'tea', quantity: 1, unitPrice: 5_000 }],
    payments: [
      {
        id: 'ORDER000001-1',
        gateway: 'pg',
        method: 'CARD',
        state: 'pending',
        reason: null,
        reasonText: null,
        amount: 5_000,
        transactionKey: null,
        requestedAt: NOW,
        settledAt: null,
        refundDue: 0,
        refundReference: null,
      },
    ],
    createdAt: NOW,
    updatedAt: NOW,
    nextLookAt: '2025-08-16T00:10:00.000Z',
    version: 1,
  });
  t.match(told(serving.events), [{ orderId: 'ORDER000001' }]);

  serving.world.clock.goTo(serving.world.clock.now() + MINUTE_MS);
  const again = await serving.call('POST', '/v1/orders', { body: anOrder() });
  t.match(again, { status: 200, body: created.body }, 'the same, although a minute later');
  const other = await serving.call('POST', '/v1/orders', { body: anOrder({ memberId: 'm-8' }) });
  t.match(other, { status: 409, body: { code: 'conflict', errors: [{ field: 'memberId' }] } });
  t.match(other.body, {
    detail: 'Order ORDER000001 is stored already, with other content: memberId.',
  });
  t.same((await serving.call('GET', '/v1/orders/ORDER000001')).body, created.body);
  t.equal(told(serving.events).length, 1);
});

t.test('what is left out is filled in', async (t) => {
  const serving = await openServing();
  t.teardown(serving.close);
  const pay = (over: object) => ({ amount: 5_000, transactionKey: null, ...over });
  const { body } = await serving.call('POST', '/v1/orders', {
    body: anOrder({
      createdAt: '2025-08-15T23:00:00+09:00',
      payments: [
        pay({ method: 'CARD' }),
        pay({ method: 'TRANSFER', transactionKey: '20250816:TR:9577c5' }),
        pay({ method: 'POINTS' }),
        pay({
          method: 'POINTS',
          gateway: 'bank',
          id: '포인트 4',
          requestedAt: '2025-08-15T14:00:01Z',
        }),
      ],
    }),
  });
  t.equal(body.createdAt, '2025-08-15T14:00:00.000Z');
  const requestedAt = body.createdAt;
  t.match(body.payments, [
    { id: 'ORDER000001-1', gateway: 'pg', requestedAt },
    { id: 'ORDER000001-2', gateway: 'bank', transactionKey: '20250816:TR:9577c5', requestedAt },
    { id: 'ORDER000001-3', gateway: 'pg', requestedAt },
    { id: '포인트 4', gateway: 'bank', requestedAt: '2025-08-15T14:00:01.000Z' },
  ]);
});

t.test('a payment goes to a gateway of its currency where one serves its method', async (t) => {
  const serving = await openServing({ requesting: true });
  t.teardown(serving.close);
  const { call } = serving;
  const pay = (method: string) => ({ method, amount: 5_000, transactionKey: null });
  for (const [id, currency, gateway] of [
    ['ORDER000001', 'KRW', 'pg'],
    ['ORDER000002', 'USD', 'abroad'],
    ['ORDER000003', 'EUR', 'pg'],
  ]) {
    const body = anOrder({ id, currency, payments: [pay('POINTS')] });
    t.match(await call('POST', '/v1/orders', { body }), { body: { payments: [{ gateway }] } });
    const attempt = { id: `${id}-2`, ...pay('POINTS') };
    t.match(await call('POST', `/v1/orders/${id}/payments`, { body: attempt }), {
      status: 201,
      body: { payments: [{ gateway }, { gateway }] },
    });
  }
  const inDollars = anOrder({ id: 'ORDER000004', currency: 'USD', payments: [] });
  await call('POST', '/v1/orders', { body: inDollars });
  const request = { cardType: 'KB', cardNo: '1111-2222-3333-4444' };
  const body = { id: 'asked', method: 'POINTS', amount: 5_000, request };
  t.match(await call('POST', '/v1/orders/ORDER000004/payments?request=true', { body }), {
    status: 202,
    body: { payments: [{ gateway: 'abroad' }] },
  });
});

t.test('a key belongs to one order', async (t) => {
  const serving = await openServing();
  t.teardown(serving.close);
  const payments = [{ method: 'CARD', amount: 5_000, transactionKey: 'k' }];
  await serving.call('POST', '/v1/orders', { body: anOrder({ payments }) });
  const { status, body } = await serving.call('POST', '/v1/orders', {
    body: anOrder({ id: 'ORDER000002', payments }),
  });
  t.equal(status, 409);
  t.match(body.errors, [{ field: 'payments[0].transactionKey', message: /ORDER000001/ }]);
});

t.test('lists are read page by page', async (t) => {
  const serving = await openServing();
  t.teardown(serving.close);
  const { call } = serving;
  const ids = ['ORDER000001', 'ORDER000002', 'ORDER000003'];
  for (const id of ids) await call('POST', '/v1/orders', { body: anOrder({ id }) });
  for (const id of ['a/b', '50%', '녹차']) {
    const path = `/v1/products/${encodeURIComponent(id)}`;
    t.equal((await call('PUT', path, { body: { name: id, onHand: 1 } })).status, 201);
    t.match(await call('GET', path), { status: 200, body: { id, name: id, lowStockAt: null } });
  }

  for (const [list, expected] of [
    ['/v1/orders', ids],
    ['/v1/products', ['50%', 'a/b', 'tea', '녹차']],
  ] as const) {
    const found: string[] = [];
    let after = '';
    do {
      const { body } = await call('GET', `${list}?limit=2${after}`);
      found.push(...body.items.map(({ id }: { id: string }) => id));
      t.ok(body.items.length <= 2);
      after = body.next === null ? '' : `&after=${encodeURIComponent(body.next)}`;
    } while (after !== '');
    t.same(found, expected, list);
  }
  t.match((await call('GET', '/v1/orders?state=held')).body, { items: [], next: null });
  t.match((await call('GET', '/v1/orders?reason=captured')).body, { items: [], next: null });
});

t.test('orders are listed by their state, their reason, or both', async (t) => {
  const { call, close, world } = await openServing();
  t.teardown(close);
  await world.order('ORDER-1', [{}]);
  await world.order('ORDER-2', [{}]);
  await world.order('ORDER-3', []);
  world.transaction({ key: 'key-1', orderId: 'ORDER-1' });
  world.transaction({ key: 'key-2', orderId: 'ORDER-2', amount: 1 });
  await world.sweep();
  await world.order('ORDER-4', []);
  for (const [query, ids] of [
    ['', ['ORDER-1', 'ORDER-2', 'ORDER-3', 'ORDER-4']],
    ['reason=captured', ['ORDER-1']],
    ['reason=mismatched', ['ORDER-2']],
    ['reason=never_requested', ['ORDER-3']],
    ['reason=declined', []],
    ['state=pending', ['ORDER-4']],
    ['state=failed&reason=never_requested', ['ORDER-3']],
    ['state=failed&reason=captured', []],
  ] as const) {
    const { body } = await call('GET', `/v1/orders?${query}`);
    t.same(body.items.map(({ id }: { id: string }) => id).toSorted(), ids, query);
  }
});

t.test('a further attempt is recorded once', async (t) => {
  const serving = await openServing();
  t.teardown(serving.close);
  await serving.call('POST', '/v1/orders', { body: anOrder() });
  const add = (over: object) =>
    serving.call('POST', '/v1/orders/ORDER000001/payments', {
      body: { id: 'second', method: 'CARD', amount: 5_000, transactionKey: null, ...over },
    });
  const added = await add({});
  t.match(added, { status: 201, headers: { location: '/v1/orders/ORDER000001' } });
  t.match(added.body.payments, [{ id: 'ORDER000001-1' }, { id: 'second', requestedAt: NOW }]);
  t.match(await add({}), { status: 200, body: { version: 2 } });
  t.match(await add({ method: 'POINTS' }), { status: 409, body: { code: 'conflict' } });
  for (let number = 3; number <= 50; number += 1) await add({ id: `number-${number}` });
  t.match(await add({ id: 'number-51' }), { status: 409, body: { detail: /as many payments/ } });
});

t.test('the daemon requests a payment where it may', async (t) => {
  const serving = await openServing({ requesting: true });
  t.teardown(serving.close);
  await serving.call('POST', '/v1/orders', { body: anOrder({ payments: [] }) });
  const request = (over: object) =>
    serving.call('POST', '/v1/orders/ORDER000001/payments?request=true', {
      body: {
        id: 'asked',
        method: 'CARD',
        amount: 5_000,
        request: { cardType: 'KB', cardNo: '1111-2222-3333-4444' },
        ...over,
      },
    });
  t.match(await request({ request: undefined }), {
    status: 422,
    body: { errors: [{ field: 'request' }] },
  });
  t.match(await request({ transactionKey: 'k' }), {
    status: 422,
    body: { errors: [{ field: 'transactionKey' }] },
  });
  const taken = await request({});
  t.match(taken, { status: 202, body: { payments: [{ id: 'asked', transactionKey: null }] } });
  t.match(await request({}), { status: 200 }, 'not requested again');
  t.match(await request({ id: 'another' }), { status: 409, body: { detail: /not resolved yet/ } });
  const { body } = await serving.call('GET', '/v1/orders/ORDER000001/journal');
  t.notMatch(JSON.stringify([taken, body, serving.events]), /1111-2222|4444/);
});

t.test(
  'what the configuration chose and the clock gave is kept apart from what was sent',
  async (t) => {
    const given: (NewOrder | NewPayment)[] = [];
    const serving = await openServing({
      through: (store) => ({
        ...store,
        intake: {
          ...store.intake,
          createOrders: (orders, now) => {
            given.push(...orders, ...orders.flatMap(({ payments }) => payments));
            return store.intake.createOrders(orders, now);
          },
          addPayment: (orderId, payment, now, mode) => {
            given.push(payment);
            return store.intake.addPayment(orderId, payment, now, mode);
          },
        },
      }),
    });
    t.teardown(serving.close);
    const payment = { method: 'CARD', amount: 5_000, transactionKey: null };
    const payments = [payment, { ...payment, gateway: 'pg' }];
    for (const body of [anOrder({ payments }), anOrder({ createdAt: NOW, id: 'ORDER000002' })])
      t.match(await serving.call('POST', '/v1/orders', { body }), { status: 201 });
    for (const [id, over] of Object.entries({ a: {}, b: { gateway: 'pg' } })) {
      const body = { ...payment, id, ...over };
      const path = '/v1/orders/ORDER000002/payments';
      t.match(await serving.call('POST', path, { body }), { status: 201 });
    }
    t.strictSame(
      given.map(({ id, ...one }) => [id, ...['undated', 'routed'].filter((name) => name in one)]),
      [
        ['ORDER000001', 'undated'],
        ['ORDER000001-1', 'routed'],
        ['ORDER000001-2'],
        ['ORDER000002'],
        ['ORDER000002-1', 'routed'],
        ['a', 'routed'],
        ['b'],
      ],
    );
  },
);

t.test("a shop's clock may be five minutes ahead", async (t) => {
  const serving = await openServing();
  t.teardown(serving.close);
  const createdAt = new Date(Date.parse(NOW) + 5 * 60_000).toISOString();
  const made = await serving.call('POST', '/v1/orders', { body: anOrder({ createdAt }) });
  t.match(made, { status: 201, body: { createdAt } });
});

t.test('a payment is requested when the daemon requests it, whatever the shop says', async (t) => {
  const serving = await openServing({ requesting: true });
  t.teardown(serving.close);
  const { call } = serving;
  const createdAt = '2025-08-15T23:00:00Z';
  await call('POST', '/v1/orders', { body: anOrder({ createdAt, payments: [] }) });
  const taken = await call('POST', '/v1/orders/ORDER000001/payments?request=true', {
    body: {
      id: 'asked',
      method: 'CARD',
      amount: 5_000,
      requestedAt: createdAt,
      request: { cardType: 'KB', cardNo: '1111-2222-3333-4444' },
    },
  });
  t.match(taken, { status: 202, body: { payments: [{ requestedAt: NOW }] } });
});

t.test("no payment is requested in a currency that is not the order's", async (t) => {
  const serving = await openServing({ requesting: true });
  t.teardown(serving.close);
  const id = 'ORDER000001';
  await serving.call('POST', '/v1/orders', { body: anOrder({ currency: 'USD', payments: [] }) });
  const ask = (orderId: string) =>
    serving.call('POST', `/v1/orders/${orderId}/payments?request=true`, {
      body: {
        id: 'asked',
        method: 'CARD',
        amount: 5_000,
        request: { cardType: 'KB', cardNo: '1111-2222-3333-4444' },
      },
    });
  t.match(await ask(id), {
    status: 422,
    body: { errors: [{ field: 'gateway', message: /KRW.*USD/ }] },
  });
  t.match(await serving.call('GET', `/v1/orders/${id}`), { body: { payments: [], version: 1 } });
  t.match(await ask('ORDER000002'), { status: 404 });
});

t.test(
  'a person accepts a payment that only the gateway knew, however long its key is',
  async (t) => {
    const serving = await openServing();
    t.teardown(serving.close);
    const { call, world } = serving;
    const createdAt = '2025-08-15T23:00:00Z';
    await call('POST', '/v1/orders', { body: anOrder({ createdAt, payments: [] }) });
    const key = `key ${'k'.repeat(196)}`;
    world.transaction({ key, orderId: 'ORDER000001', amount: 4_000 });
    await world.sweep();
    const paymentId = `pg:${key}`;
    const body = { state: 'completed', paymentId, note: 'The rest was paid in cash.', by: 'kim' };
    t.match(await call('POST', '/v1/orders/ORDER000001/resolve', { body }), {
      status: 200,
      body: { state: 'completed', payments: [{ id: paymentId, state: 'succeeded' }] },
    });
  },
);

t.test('the journal tells what happened, and a person ends a hold', async (t) => {
  const serving = await openServing();
  t.teardown(serving.close);
  const { call, world } = serving;
  const createdAt = '2025-08-15T23:00:00Z';
  const payments = [{ method: 'CARD', amount: 5_000, transactionKey: 'k' }];
  await call('POST', '/v1/orders', { body: anOrder({ createdAt, payments }) });
  world.transaction({ key: 'k', orderId: 'ORDER000001', amount: 4_000 });
  await world.sweep();
  const held = await call('GET', '/v1/orders?state=held&reason=mismatched');
  t.match(held.body.items, [{ id: 'ORDER000001', version: 2 }]);

  const resolve = (over: object) =>
    call('POST', '/v1/orders/ORDER000001/resolve', {
      body: { state: 'failed', note: 'Card 4111 1111 1111 1111 was wrong.', by: 'kim', ...over },
    });
  t.match(await resolve({ version: 1 }), {
    status: 409,
    body: {
      detail: 'Refused: the order has version 2, not 1: read it again.',
      errors: [{ field: 'version', message: 'the order has version 2, not 1: read it again' }],
    },
  });
  for (const paymentId of [undefined, 'nobodys'])
    t.match(await resolve({ state: 'completed', paymentId }), {
      status: 409,
      body: { errors: [{ field: 'paymentId', message: paymentId ?? /: ORDER000001-1$/ }] },
    });
  const resolved = await resolve({ version: 2 });
  t.match(resolved, { status: 200, body: { state: 'failed', version: 3 } });
  t.match(resolved.body.payments, [{ state: 'refund_due', refundDue: 4_000 }]);

  const refunded = (reference: string) =>
    call('POST', '/v1/payments/ORDER000001-1/refunded', {
      body: { reference, note: 'By hand.', by: 'lee 4111-1111-1111-1111' },
    });
  const back = await refunded('R-1');
  t.match(back, {
    status: 200,
    body: { payments: [{ state: 'refunded', refundReference: 'R-1' }] },
  });
  t.match(await refunded('R-1'), { status: 200, body: { version: back.body.version } });
  t.match(await refunded('R-2'), {
    status: 409,
    body: {
      detail: 'Refused: the refund is recorded already, as R-1.',
      errors: [{ field: 'reference', message: 'the refund is recorded already, as R-1' }],
    },
  });
  t.notOk(
    'errors' in (await resolve({})).body,
    'that the order is not held is the matter of no field',
  );

  const first = await call('GET', '/v1/orders/ORDER000001/journal?limit=3');
  t.match(first.body.items, [
    { version: 1, kind: 'created', reason: null },
    { version: 2, kind: 'decided', reason: 'mismatched', record: { hearing: { heard: [{}] } } },
    { version: 3, kind: 'resolved', by: 'kim', note: 'Card **** was wrong.' },
  ]);
  const rest = await call('GET', `/v1/orders/ORDER000001/journal?after=${first.body.next}`);
  t.match(rest.body, {
    items: [{ version: 4, kind: 'refund_recorded', by: 'lee ****' }],
    next: null,
  });
  t.notMatch(JSON.stringify([first.body, rest.body]), /4111/);
});

t.test('stock is set and added to', async (t) => {
  const serving = await openServing();
  t.teardown(serving.close);
  const { call } = serving;
  const put = (body: object) => call('PUT', '/v1/products/mug', { body });
  t.match(await put({ name: 'Mug', onHand: 3, lowStockAt: 1 }), {
    status: 201,
    body: { onHand: 3, lowStockAt: 1 },
  });
  t.match(await put({ name: 'Mug', onHand: 3, lowStockAt: 1 }), { status: 200 });
  t.match(await put({ name: 'Mug', onHand: 4, lowStockAt: null }), {
    status: 200,
    body: { onHand: 4, lowStockAt: null },
  });
  const add = (pieces: number) =>
    call('POST', '/v1/products/mug/stock', { body: { add: pieces, reference: 'delivery-1' } });
  t.match(await add(6), { status: 201, body: { onHand: 10 } });
  t.match(await add(6), { status: 200, body: { onHand: 10 } });
  t.match(await add(7), { status: 409, body: { errors: [{ field: 'reference' }] } });
  const most = 1_000_000_000_000;
  const body = { add: most, reference: 'delivery-2' };
  t.match(await call('POST', '/v1/products/mug/stock', { body }), {
    status: 422,
    body: { errors: [{ field: 'add', message: `there would be more than ${most} pieces` }] },
  });
});

t.test('a sweep is asked for, followed and found again', async (t) => {
  const serving = await openServing();
  t.teardown(serving.close);
  const { call, world } = serving;
  const empty = await call('POST', '/v1/sweeps?wait=true');
  t.match(empty, { status: 200, body: { looked: 0, reasons: {}, startedAt: NOW, endedAt: NOW } });
  const { id } = empty.body;

  await world.order('ORDER-1', []);
  const running = await call('POST', '/v1/sweeps');
  t.match(running, { status: 202, headers: { location: `/v1/sweeps/${id + 1}` } });
  t.match(running.body, { id: id + 1, startedAt: NOW, endedAt: null });
  const waiting = await call('POST', '/v1/sweeps');
  t.match(waiting.body, { id: id + 2, startedAt: null, endedAt: null });
  t.match((await call('POST', '/v1/sweeps')).body, { id: id + 2 }, 'shared');
  t.match(await call('GET', `/v1/sweeps/${id + 2}`), { status: 200, body: { startedAt: null } });
  t.match(await call('GET', `/v1/sweeps/${id + 1}`), { status: 200, body: { endedAt: null } });

  await world.until(world.daemon.sweeping.request().ended);
  t.match(await call('GET', `/v1/sweeps/${id + 1}`), {
    status: 200,
    body: { looked: 1, reasons: { never_requested: 1 }, endedAt: /Z$/ },
  });
  const list = await call('GET', '/v1/sweeps');
  t.same(
    list.body.items.map((sweep: { id: number }) => sweep.id),
    [id + 2, id + 1, id],
  );
});

t.test('a daemon that is about to end begins no sweep, and says when to ask again', async (t) => {
  const { call, close, world } = await openServing();
  t.teardown(close);
  await world.until(world.daemon.stop());
  for (const path of ['/v1/sweeps', '/v1/sweeps?wait=true'])
    t.match(await call('POST', path), {
      status: 503,
      headers: { 'retry-after': '5' },
      body: { code: 'daemon_refused', detail: /stopping/, hint: /^Start it again/ },
    });
});

t.test('of a sweep that runs it is told how far it has come', async (t) => {
  const serving = await openServing();
  t.teardown(serving.close);
  const { call, world } = serving;
  // One more than are asked about at once.
  for (let number = 1; number <= 11; number += 1) await world.order(`ORDER-${number}`, []);
  const { id } = (await call('POST', '/v1/sweeps')).body;
  await world.pass(250);
  const sweep = { id, endedAt: null, looked: 10, reasons: { never_requested: 10 } };
  t.match(await call('GET', `/v1/sweeps/${id}`), { status: 200, body: sweep });
  t.match(await call('GET', '/v1/sweeps'), { status: 200, body: { items: [sweep] } });
});
