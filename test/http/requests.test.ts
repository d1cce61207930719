import { gzipSync } from 'node:zlib';
import t from 'tap';
import { anOrder, type Given, openServing, type Serving } from './serving.ts';

/** What is wrong with a request → the status, the code, and the field that is named. */
type Row = readonly [
  wrong: string,
  request: readonly [method: string, path: string, given?: Given],
  problem: readonly [status: number, code: string, ...fields: string[]],
];

const order = (over: Readonly<Record<string, unknown>>): Row[1] => [
  'POST',
  '/v1/orders',
  { body: anOrder(over) },
];

const payment = (over: Readonly<Record<string, unknown>>) =>
  order({ payments: [{ method: 'CARD', amount: 5_000, transactionKey: null, ...over }] });

const further = (over: Readonly<Record<string, unknown>>, query = ''): Row[1] => [
  'POST',
  `/v1/orders/ORDER000009/payments${query}`,
  { body: { id: 'p-2', method: 'CARD', amount: 5_000, transactionKey: null, ...over } },
];

const post = (path: string, body: unknown): Row[1] => ['POST', path, { body }];

const raw = (body: string | Uint8Array, headers: Record<string, string> = {}): Row[1] => [
  'POST',
  '/v1/orders',
  { body, headers },
];

const without = (name: string) => ({ [name]: undefined });

const five = Array.from({ length: 5 }, () => ({ productId: 'tea', quantity: 1, unitPrice: 1 }));

const BAD_REQUESTS: readonly Row[] = [
  // The body as such.
  [
    'no body',
    ['POST', '/v1/orders'],
    [422, 'invalid', 'id', 'memberId', 'currency', 'amount', 'items', 'payments'],
  ],
  ['an empty body', raw(''), [400, 'malformed']],
  ['a form', raw('id=1', { 'content-type': 'text/plain' }), [415, 'unsupported_media_type']],
  ['an empty form', raw('', { 'content-type': 'text/plain' }), [415, 'unsupported_media_type']],
  [
    'a content type that ends too early',
    raw('{}', { 'content-type': 'application/json;' }),
    [415, 'unsupported_media_type'],
  ],
  [
    'a compressed body',
    raw(gzipSync('{}'), { 'content-type': 'application/json', 'content-encoding': 'gzip' }),
    [415, 'unsupported_media_type'],
  ],
  ['half a JSON', raw('{"id": "ORDER000001"'), [400, 'malformed']],
  ['no UTF-8', raw(new Uint8Array([0x22, 0xff, 0x22])), [400, 'malformed']],
  ['brackets in brackets', raw('['.repeat(500_000) + ']'.repeat(500_000)), [400, 'malformed']],
  ['brackets in a text', raw(JSON.stringify([`"${'['.repeat(65)}`])), [422, 'invalid', 'body']],
  ['a list', raw('[]'), [422, 'invalid', 'body']],
  ['null', raw('null'), [422, 'invalid', 'body']],
  ['too much of it', raw(`"${'x'.repeat(1024 * 1024)}"`), [413, 'too_large']],
  [
    'half a JSON, of no announced length',
    ['POST', '/v1/orders', { body: '{"id": "ORDER000001"', chunked: true }],
    [400, 'malformed'],
  ],
  [
    'too much of it, of no announced length',
    ['POST', '/v1/orders', { body: `"${'x'.repeat(1024 * 1024)}"`, chunked: true }],
    [413, 'too_large'],
  ],

  // Fields of an order.
  ['an id that is too short', order({ id: 'ORDER' }), [422, 'invalid', 'id']],
  ['an id with a slash', order({ id: 'ORDER/0001' }), [422, 'invalid', 'id']],
  ['an id that is a number', order({ id: 100_001 }), [422, 'invalid', 'id']],
  ['no id', order(without('id')), [422, 'invalid', 'id']],
  ['no member', order(without('memberId')), [422, 'invalid', 'memberId']],
  ['a member of 65 letters', order({ memberId: 'm'.repeat(65) }), [422, 'invalid', 'memberId']],
  ['a member with a line break', order({ memberId: 'm\r\nx' }), [422, 'invalid', 'memberId']],
  ['a currency in small letters', order({ currency: 'krw' }), [422, 'invalid', 'currency']],
  ['a currency that is none', order({ currency: 'WON' }), [422, 'invalid', 'currency']],
  ['an amount with a fraction', order({ amount: 50.5 }), [422, 'invalid', 'amount']],
  ['an amount below nothing', order({ amount: -1 }), [422, 'invalid', 'amount']],
  ['an amount as text', order({ amount: '5000' }), [422, 'invalid', 'amount']],
  ['an amount beyond 2^53-1', order({ amount: 2 ** 53 }), [422, 'invalid', 'amount']],
  ['no items', order(without('items')), [422, 'invalid', 'items']],
  ['501 items', order({ items: Array(101).fill(five).flat() }), [422, 'invalid', 'items']],
  [
    'no piece of an item',
    order({ items: [{ productId: 'tea', quantity: 0, unitPrice: 1 }] }),
    [422, 'invalid', 'items[0].quantity'],
  ],
  [
    'a product that nobody has',
    order({ items: [...five, { productId: 'coffee', quantity: 1, unitPrice: 1 }] }),
    [422, 'invalid', 'items[5].productId'],
  ],
  ['no payments', order(without('payments')), [422, 'invalid', 'payments']],
  [
    '51 payments',
    order({ payments: Array(51).fill({ method: 'CARD', amount: 5_000, transactionKey: null }) }),
    [422, 'invalid', 'payments'],
  ],
  [
    'a moment without a zone',
    order({ createdAt: '2025-08-16T00:00:00' }),
    [422, 'invalid', 'createdAt'],
  ],
  [
    'a moment that is a number',
    order({ createdAt: 1_755_302_400_000 }),
    [422, 'invalid', 'createdAt'],
  ],
  [
    'a day that the calendar does not have',
    order({ createdAt: '2025-02-29T00:00:00Z' }),
    [422, 'invalid', 'createdAt'],
  ],
  [
    'six minutes ahead',
    order({ createdAt: '2025-08-16T00:06:00Z' }),
    [422, 'invalid', 'createdAt'],
  ],
  ['a field of another name', order({ member_id: 'm' }), [422, 'invalid', 'member_id']],
  ['two mistakes', order({ amount: -1, currency: 'x' }), [422, 'invalid', 'currency', 'amount']],

  // Its payments.
  [
    'no word about the key',
    payment(without('transactionKey')),
    [422, 'invalid', 'payments[0].transactionKey'],
  ],
  ['an empty key', payment({ transactionKey: '' }), [422, 'invalid', 'payments[0].transactionKey']],
  ['a part of the amount', payment({ amount: 2_500 }), [422, 'invalid', 'payments[0].amount']],
  ['more than the amount', payment({ amount: 5_001 }), [422, 'invalid', 'payments[0].amount']],
  [
    'a payment that is requested six minutes from now',
    payment({ requestedAt: '2025-08-16T00:06:00Z' }),
    [422, 'invalid', 'payments[0].requestedAt'],
  ],
  [
    'a method that nobody serves',
    payment({ method: 'CASH' }),
    [422, 'invalid', 'payments[0].method'],
  ],
  ['a gateway that is none', payment({ gateway: 'gp' }), [422, 'invalid', 'payments[0].gateway']],
  [
    'a gateway that does not serve the method',
    payment({ gateway: 'bank' }),
    [422, 'invalid', 'payments[0].method'],
  ],
  [
    'a misspelt field',
    payment({ trasactionKey: 'k' }),
    [422, 'invalid', 'payments[0].trasactionKey'],
  ],
  [
    'the same payment twice',
    order({
      payments: ['a', 'a'].map((id) => ({
        id,
        method: 'CARD',
        amount: 5_000,
        transactionKey: null,
      })),
    }),
    [422, 'invalid', 'payments[1].id'],
  ],
  [
    'the same key twice',
    order({
      payments: ['a', 'b'].map((id) => ({
        id,
        method: 'CARD',
        amount: 5_000,
        transactionKey: 'k',
      })),
    }),
    [422, 'invalid', 'payments[1].transactionKey'],
  ],

  // Further payments of ORDER000009, which has 5,000 to pay and one keyless payment p-1.
  [
    'no such order',
    post('/v1/orders/ORDER404404/payments', {
      id: 'p',
      method: 'CARD',
      amount: 1,
      transactionKey: null,
    }),
    [404, 'not_found'],
  ],
  ['no id of the payment', further(without('id')), [422, 'invalid', 'id']],
  ['another amount', further({ amount: 4_999 }), [422, 'invalid', 'amount']],
  ['no key of the payment', further(without('transactionKey')), [422, 'invalid', 'transactionKey']],
  [
    'a further payment of six minutes from now',
    further({ requestedAt: '2025-08-16T00:06:00Z' }),
    [422, 'invalid', 'requestedAt'],
  ],
  ['a method unserved', further({ method: 'CASH' }), [422, 'invalid', 'method']],
  [
    'a payment known with other content',
    further({ id: 'p-1', transactionKey: 'k' }),
    [409, 'conflict', 'transactionKey'],
  ],
  [
    'a payment known with another amount',
    further({ id: 'p-1', amount: 4_999 }),
    [409, 'conflict', 'amount'],
  ],
  [
    'a card without a request',
    further({ request: { cardType: 'KB', cardNo: '1111-2222-3333-4444' } }),
    [422, 'invalid', 'request'],
  ],
  ['requests are off', further({}, '?request=true'), [403, 'payment_requests_off']],
  ['request=maybe', further({}, '?request=maybe'), [400, 'malformed', 'request']],

  // Other commands.
  [
    'resolve to nothing',
    post('/v1/orders/ORDER000009/resolve', { state: 'held', note: 'n', by: 'kim' }),
    [422, 'invalid', 'state'],
  ],
  [
    'resolve without a note',
    post('/v1/orders/ORDER000009/resolve', { state: 'failed', by: 'kim' }),
    [422, 'invalid', 'note'],
  ],
  [
    'resolve by nobody',
    post('/v1/orders/ORDER000009/resolve', { state: 'failed', note: 'n', by: ' ' }),
    [422, 'invalid', 'by'],
  ],
  [
    'resolve with a payment that is not wanted',
    post('/v1/orders/ORDER000009/resolve', {
      state: 'failed',
      note: 'n',
      by: 'kim',
      paymentId: 'p-1',
    }),
    [422, 'invalid', 'paymentId'],
  ],
  [
    'resolve what is not there',
    post('/v1/orders/ORDER404404/resolve', { state: 'failed', note: 'n', by: 'kim' }),
    [404, 'not_found'],
  ],
  [
    'resolve what is not held',
    post('/v1/orders/ORDER000009/resolve', { state: 'failed', note: 'n', by: 'kim' }),
    [409, 'conflict'],
  ],
  [
    'a refund without a receipt',
    post('/v1/payments/p-1/refunded', { note: 'n', by: 'kim' }),
    [422, 'invalid', 'reference'],
  ],
  [
    'a refund of nothing',
    post('/v1/payments/p-404/refunded', { reference: 'r', note: 'n', by: 'kim' }),
    [404, 'not_found'],
  ],
  [
    'a refund that is not due',
    post('/v1/payments/p-1/refunded', { reference: 'r', note: 'n', by: 'kim' }),
    [409, 'conflict'],
  ],
  [
    'a product without a name',
    ['PUT', '/v1/products/tea', { body: { onHand: 1 } }],
    [422, 'invalid', 'name'],
  ],
  [
    'too much of a product',
    ['PUT', '/v1/products/tea', { body: `"${'x'.repeat(1024 * 1024)}"` }],
    [413, 'too_large'],
  ],
  [
    'a product below nothing',
    ['PUT', '/v1/products/tea', { body: { name: 'Tea', onHand: -1 } }],
    [422, 'invalid', 'onHand'],
  ],
  [
    'a product id of 65 letters',
    ['PUT', `/v1/products/${'x'.repeat(65)}`, { body: { name: 'Tea', onHand: 1 } }],
    [400, 'malformed', 'id'],
  ],
  [
    'a product id that is not UTF-8',
    ['PUT', '/v1/products/a%ff', { body: { name: 'Tea', onHand: 1 } }],
    [400, 'malformed', 'id'],
  ],
  [
    'no pieces',
    post('/v1/products/tea/stock', { add: 0, reference: 'd' }),
    [422, 'invalid', 'add'],
  ],
  [
    'pieces of nothing',
    post('/v1/products/coffee/stock', { add: 1, reference: 'd' }),
    [404, 'not_found'],
  ],

  // Questions.
  ['an unknown order', ['GET', '/v1/orders/ORDER404404'], [404, 'not_found']],
  [
    'the journal of an unknown order',
    ['GET', '/v1/orders/ORDER404404/journal'],
    [404, 'not_found'],
  ],
  ['an unknown product', ['GET', '/v1/products/coffee'], [404, 'not_found']],
  ['an unknown sweep', ['GET', '/v1/sweeps/404'], [404, 'not_found']],
  ['a sweep that is no number', ['GET', '/v1/sweeps/last'], [404, 'not_found']],
  ['a state that is none', ['GET', '/v1/orders?state=open'], [400, 'malformed', 'state']],
  ['a misspelt parameter', ['GET', '/v1/orders?stat=held'], [400, 'malformed', 'stat']],
  ['a parameter twice', ['GET', '/v1/orders?limit=1&limit=2'], [400, 'malformed', 'limit']],
  ['no items on a page', ['GET', '/v1/orders?limit=0'], [400, 'malformed', 'limit']],
  ['1001 items on a page', ['GET', '/v1/products?limit=1001'], [400, 'malformed', 'limit']],
  ['a place that is none', ['GET', '/v1/orders?after=xyz'], [400, 'malformed', 'after']],
  ['a place that is none', ['GET', '/v1/products?after=xyz'], [400, 'malformed', 'after']],
  ['a place that is none', ['GET', '/v1/sweeps?after=xyz'], [400, 'malformed', 'after']],
  [
    'a place that is none',
    ['GET', '/v1/orders/ORDER000009/journal?after=xyz'],
    [400, 'malformed', 'after'],
  ],
  ['wait=yes', ['POST', '/v1/sweeps?wait=yes'], [400, 'malformed', 'wait']],
];

t.test('a request that is wrong is told where', async (t) => {
  const serving = await openServing();
  t.teardown(serving.close);
  await known(serving);
  for (const [wrong, [method, path, given], [status, code, ...fields]] of BAD_REQUESTS) {
    const reply = await serving.call(method, path, given);
    t.match(
      reply,
      {
        status,
        headers: { 'content-type': 'application/problem+json' },
        body: { type: `urn:reconciled:problem:${code}`, title: /./, status, code, detail: /./ },
      },
      `${wrong}: ${status} ${code}`,
    );
    const named = (reply.body.errors ?? []).map(({ field }: { field: string }) => field);
    t.same(named, fields, `${wrong} names ${fields.join(', ') || 'nothing'}`);
  }
  const { body } = await serving.call('GET', '/v1/orders');
  t.equal(body.items.length, 1, 'nothing of all that was stored');
});

t.test('broken JSON is told by line and column, and not quoted', async (t) => {
  const serving = await openServing();
  t.teardown(serving.close);
  const rows: readonly (readonly [text: string, place: string])[] = [
    ['{"id": tru}', 'line 1, column 11'],
    ['{\n  "id": "x",\n  4111111111111111\n}', 'line 3, column 3'],
    ['{"cardNo": 4111x}', 'line 1, column 16'],
    ['{"a": 1,}', 'line 1, column 9'],
    ['{"a": 1', 'line 1, column 8'],
    ['{"a": "x\ty"}', 'line 1, column 9'],
    ['[1, 2] 3', 'line 1, column 8'],
    [`[${'1,'.repeat(50_000)}x`, 'line 1, column 65537'],
  ];
  for (const [text, place] of rows) {
    const { status, body } = await serving.call('POST', '/v1/orders', { body: text });
    t.equal(status, 400);
    t.match(body.detail, `it breaks at ${place}.`, text.slice(0, 40));
    t.notMatch(JSON.stringify(body), /4111/);
  }
});

t.test('a misspelt name is met with the right one', async (t) => {
  const serving = await openServing();
  t.teardown(serving.close);
  const { body } = await serving.call('POST', '/v1/orders', {
    body: anOrder({ member_id: 'm', wholly: 1 }),
  });
  t.match(body.errors, [
    { field: 'member_id', message: 'there is no such field', hint: 'Did you mean memberId?' },
    {
      field: 'wholly',
      hint: 'There are id, memberId, currency, amount, items, payments, createdAt.',
    },
  ]);
});

t.test('a hundred thousand mistakes are told like a few', async (t) => {
  // Compared each with each they take longer than a test may, and the daemon does nothing else meanwhile.
  const serving = await openServing();
  t.teardown(serving.close);
  const item = {
    ...five[0],
    ...Object.fromEntries(Array.from({ length: 200 }, (_, index) => [index, 0])),
  };
  const items = Array.from({ length: 500 }, () => item);
  const { status, body } = await serving.call('POST', '/v1/orders', { body: anOrder({ items }) });
  t.equal(status, 422);
  t.equal(body.errors.length, 100);
  t.match(body.detail, /^items\[0\]\.0: there is no such field; .*; and 99997 more\.$/);

  const name = 'x'.repeat(1_000_000);
  const long = await serving.call('POST', '/v1/orders', { body: anOrder({ [name]: 1 }) });
  t.match(long, { status: 422, body: { errors: [{ field: name.slice(0, 64) }] } });
});

t.test('a problem says what to write instead, and never what was written', async (t) => {
  const serving = await openServing({ requesting: true });
  t.teardown(serving.close);
  await known(serving);
  const served = await serving.call('POST', '/v1/orders', {
    body: anOrder({ payments: [{ method: 'CASH', amount: 5_000, transactionKey: null }] }),
  });
  t.match(served.body.errors, [{ hint: 'Served are CARD, POINTS, TRANSFER.' }]);
  const written = await serving.call('POST', '/v1/orders', {
    body: anOrder({ currency: undefined, amount: '5000' }),
  });
  t.strictSame(written.body.errors, [
    {
      field: 'currency',
      message: 'missing',
      hint: 'Write a currency code of ISO 4217 in capitals, such as "KRW".',
    },
    {
      field: 'amount',
      message: 'not a whole number from 0 to 9007199254740991',
      hint: 'Write, for example, 5.',
    },
  ]);

  const number = '4111111111111111';
  const card = (request: unknown) =>
    serving.call('POST', '/v1/orders/ORDER000009/payments?request=true', {
      body: { id: 'p-2', method: 'CARD', amount: 5_000, request },
    });
  for (const request of [
    { cardType: 'KB', cardNo: number },
    { cardType: 'KB', cardNo: `1111-2222-3333-4444-${number}` },
    { cardType: 'KB', cardNo: `${number}-1111-2222-3333-4444` },
    { cardType: number, cardNo: '1111-2222-3333-4444' },
    { cardType: 'KB', [number]: '1' },
    number,
  ]) {
    const reply = await card(request);
    t.equal(reply.status, 422);
    t.notMatch(JSON.stringify(reply.body), number);
  }
  t.notMatch(JSON.stringify(serving.events), number);
});

/** An order with 5,000 to pay and one keyless payment, p-1. */
async function known({ call }: Serving): Promise<void> {
  await call('POST', '/v1/orders', {
    body: anOrder({
      id: 'ORDER000009',
      payments: [{ id: 'p-1', method: 'CARD', amount: 5_000, transactionKey: null }],
    }),
  });
}
