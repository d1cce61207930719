import { once } from 'node:events';
import http from 'node:http';
import { setImmediate } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { SimulatorOptions } from '../../lib/simulator/options.ts';
import { type Simulator, startSimulator } from '../../lib/simulator/simulator.ts';
import { TurnedClock } from '../support/turned-clock.ts';

const PATH = '/api/v1/payments';
const GOOD = {
  orderId: 'ORDER000001',
  cardType: 'SAMSUNG',
  cardNo: '1234-5678-9814-1451',
  amount: 5000,
  callbackUrl: 'http://localhost:8080/callbacks/pg',
};
const PAID = {
  transactionKey: '20250816:TR:9577c5',
  orderId: 'ORDER000001',
  userId: '135135',
  amount: 5000,
  status: 'SUCCESS',
  reason: '정상 승인되었습니다.',
} as const;

/** At full speed and without a failure, unless said otherwise. */
const SMOOTH = {
  port: 0,
  requestDelay: 'none',
  processingDelay: 'none',
  failureRate: 0,
  callbacks: false,
} as const;

async function start(t: Test, options: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  const simulator = await startSimulator({ ...SMOOTH, ...options });
  t.teardown(() => simulator.close());
  return simulator;
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

async function call(
  simulator: Simulator,
  path: string,
  init: RequestInit & { readonly user?: string | null } = {},
): Promise<Reply> {
  const { user = '135135', ...rest } = init;
  const headers = new Headers(rest.headers);
  if (user !== null) headers.set('x-user-id', user);
  const response = await fetch(simulator.url + path, { ...rest, headers });
  return { status: response.status, body: await response.json() };
}

function pay(simulator: Simulator, body: unknown, user?: string | null): Promise<Reply> {
  return call(simulator, PATH, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...(user === undefined ? {} : { user }),
  });
}

function failure(errorCode: string, message: string): object {
  return { meta: { result: 'FAIL', errorCode, message } };
}

t.test('a payment request is checked in the order of the contract, before any delay', async (t) => {
  // Each request breaks its rule and all later ones: the message names the first.
  const broken = { ...GOOD, orderId: 'ORDER', cardNo: '1', amount: 0, callbackUrl: 'http://x' };
  const rows: readonly (readonly [string, unknown, string])[] = [
    [
      'no JSON',
      '{',
      '요청 본문을 처리하는 중 오류가 발생했습니다. JSON 메세지 규격을 확인해주세요.',
    ],
    [
      'a field is missing',
      { ...broken, cardNo: undefined },
      "필수 필드 'cardNo'이(가) 누락되었습니다.",
    ],
    ['a field is null', { ...broken, orderId: null }, "필수 필드 'orderId'이(가) 누락되었습니다."],
    ['a field is an object', { ...GOOD, orderId: {} }, "필수 필드 'orderId'이(가) 누락되었습니다."],
    ['a field is a list', { ...GOOD, amount: [1] }, "필수 필드 'amount'이(가) 누락되었습니다."],
    [
      'an unknown card type',
      { ...broken, cardType: 'SAM' },
      "필드 'cardType'의 값 'SAM'이(가) 예상 타입(CardTypeDto)과 일치하지 않습니다. 사용 가능한 값 : [SAMSUNG, KB, HYUNDAI]",
    ],
    [
      'an amount that is no number',
      { ...broken, amount: 'x' },
      "필드 'amount'의 값 'x'이(가) 예상 타입(long)과 일치하지 않습니다. ",
    ],
    ['a short order id', broken, '주문 ID는 6자리 이상 문자열이어야 합니다.'],
    [
      'a blank order id',
      { ...broken, orderId: '       ' },
      '주문 ID는 6자리 이상 문자열이어야 합니다.',
    ],
    [
      'a card number',
      { ...broken, orderId: 'ORDER1' },
      '카드 번호는 xxxx-xxxx-xxxx-xxxx 형식이어야 합니다.',
    ],
    [
      'an amount of 0',
      { ...GOOD, amount: 0, callbackUrl: 'http://x' },
      '결제금액은 양의 정수여야 합니다.',
    ],
    ['an amount below 0, as a text', { ...GOOD, amount: '-1' }, '결제금액은 양의 정수여야 합니다.'],
    [
      'a callback elsewhere',
      { ...GOOD, callbackUrl: 'http://127.0.0.1:8080/x' },
      '콜백 URL 은 http://localhost:8080 로 시작해야 합니다.',
    ],
  ];
  // All requests would fail, after a minute: no check waits for that.
  const simulator = await start(t, { failureRate: 1, requestDelay: 'constant:60000' });
  for (const [title, body, message] of rows) {
    t.strictSame(
      await pay(simulator, body),
      { status: 400, body: failure('Bad Request', message) },
      title,
    );
  }
  t.strictSame(await pay(simulator, broken, null), {
    status: 400,
    body: failure('Bad Request', '유저 ID 헤더는 필수입니다.'),
  });
  t.strictSame(simulator.transactions(), []);
});

t.test('a request that is accepted', async (t) => {
  const simulator = await start(t, { processingDelay: 'constant:60000' });
  for (const amount of [5000, '5000']) {
    const { status, body } = await pay(simulator, { ...GOOD, amount });
    t.equal(status, 200);
    t.match(body, {
      meta: { result: 'SUCCESS' },
      data: { transactionKey: /^\d{8}:TR:[0-9a-f]{6}$/, status: 'PENDING' },
    });
  }
  const keys = simulator.transactions().map(({ transactionKey }) => transactionKey);
  t.equal(new Set(keys).size, 2, 'no idempotency: each is another charge');
  const { body } = await call(simulator, `${PATH}/${encodeURIComponent(keys[0] ?? '')}`);
  const { callbackUrl: _, ...asked } = GOOD;
  t.strictSame(body, {
    meta: { result: 'SUCCESS' },
    data: { transactionKey: keys[0], ...asked, status: 'PENDING' },
  });
});

t.test('a request that fails has recorded nothing', async (t) => {
  const simulator = await start(t, { failureRate: 1 });
  t.strictSame(await pay(simulator, GOOD), {
    status: 500,
    body: failure('Internal Server Error', '현재 서버가 불안정합니다. 잠시 후 다시 시도해주세요.'),
  });
  t.strictSame(simulator.transactions(), []);
});

t.test('lookups', async (t) => {
  const older = { ...PAID, transactionKey: 'OLD', createdAt: '2025-08-16T00:00:00Z' };
  const newer = {
    ...PAID,
    transactionKey: 'NEW',
    status: 'FAILED',
    createdAt: '2025-08-17T00:00:00Z',
  } as const;
  const simulator = await start(t, {
    preload: [
      newer,
      { ...older, reason: null },
      { ...PAID, orderId: 'ORDER000002', userId: '회원' },
    ],
  });
  const rows: readonly (readonly [string, string, string | null, number, object])[] = [
    [
      'by key',
      '/NEW',
      '135135',
      200,
      {
        meta: { result: 'SUCCESS' },
        data: {
          transactionKey: 'NEW',
          orderId: 'ORDER000001',
          cardType: 'SAMSUNG',
          cardNo: GOOD.cardNo,
          amount: 5000,
          status: 'FAILED',
          reason: PAID.reason,
        },
      },
    ],
    [
      'by a key with colons',
      '/20250816%3ATR%3A9577c5',
      '회원',
      200,
      { data: { orderId: 'ORDER000002' } },
    ],
    [
      'by order, newest first, without amounts',
      '?orderId=ORDER000001',
      '135135',
      200,
      {
        meta: { result: 'SUCCESS' },
        data: {
          orderId: 'ORDER000001',
          transactions: [
            { transactionKey: 'NEW', status: 'FAILED', reason: PAID.reason },
            { transactionKey: 'OLD', status: 'SUCCESS' },
          ],
        },
      },
    ],
    [
      'the right key with another user',
      '/NEW',
      '2',
      404,
      failure('Not Found', '(transactionKey: NEW) 결제건이 존재하지 않습니다.'),
    ],
    [
      'an unknown key',
      '/a%2Fb',
      '135135',
      404,
      failure('Not Found', '(transactionKey: a/b) 결제건이 존재하지 않습니다.'),
    ],
    [
      'an order without payments',
      '?orderId=ORDER000009',
      '135135',
      404,
      failure('Not Found', '(orderId: ORDER000009) 에 해당하는 결제건이 존재하지 않습니다.'),
    ],
    [
      'the right order with another user',
      '?orderId=ORDER000001',
      '2',
      404,
      failure('Not Found', '(orderId: ORDER000001) 에 해당하는 결제건이 존재하지 않습니다.'),
    ],
    [
      'no order id',
      '',
      '135135',
      400,
      failure('Bad Request', "필수 요청 파라미터 'orderId' (타입: String)가 누락되었습니다."),
    ],
    ['no user', '/NEW', null, 400, failure('Bad Request', '유저 ID 헤더는 필수입니다.')],
  ];
  for (const [title, path, user, status, body] of rows) {
    const header = user === null ? null : Buffer.from(user).toString('latin1');
    const reply = await call(simulator, PATH + path, { user: header });
    t.equal(reply.status, status, title);
    if (title.startsWith('by a key')) t.match(reply.body, body, title);
    else t.strictSame(reply.body, body, title);
  }
});

t.test('what is not part of the contract', async (t) => {
  const simulator = await start(t, {});
  const unknown = { status: 404, body: failure('Not Found', '존재하지 않는 요청입니다.') };
  const failed = {
    status: 500,
    body: failure('Internal Server Error', '일시적인 오류가 발생했습니다.'),
  };
  t.strictSame(await call(simulator, '/api/v2/payments'), unknown);
  t.strictSame(await call(simulator, '/'), unknown);
  t.strictSame(
    await call(simulator, '/__simulator/stats'),
    unknown,
    'closed unless it is asked for',
  );
  t.strictSame(await call(simulator, '/__simulator/reset', { method: 'POST' }), unknown);
  t.strictSame(await call(simulator, PATH, { method: 'DELETE' }), failed);
  t.strictSame(
    await call(simulator, `${PATH}/x/refunds`, { method: 'POST' }),
    unknown,
    'no refund',
  );
  t.strictSame(await call(simulator, PATH, { method: 'POST', body: 'x=1' }), failed);
});

t.test('one callback, bare, and never again', async (t) => {
  const seen: { method: string | undefined; url: string | undefined; body: string }[] = [];
  const shop = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      seen.push({ method: request.method, url: request.url, body });
      response.writeHead(404).end();
      shop.emit('callback');
    });
  });
  shop.listen(0, '127.0.0.1');
  await once(shop, 'listening');
  const address = shop.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const simulator = await start(t, {
    callbacks: true,
    callbackOrigin: `http://127.0.0.1:${port}`,
    admin: true,
  });
  const called = once(shop, 'callback');
  await pay(simulator, GOOD);
  await called;
  const [truth] = simulator.transactions();
  const { callbackUrl: _, ...asked } = GOOD;
  t.equal(seen[0]?.url, '/callbacks/pg');
  t.strictSame(JSON.parse(seen[0]?.body ?? ''), {
    transactionKey: truth?.transactionKey,
    ...asked,
    status: truth?.status,
    reason: truth?.reason,
  });
  // A second payment, refused as well: had the first been repeated, it would have come before.
  const again = once(shop, 'callback');
  await pay(simulator, { ...GOOD, orderId: 'ORDER000002' });
  await again;
  t.equal(seen.length, 2);
  t.match(seen[1]?.body, /ORDER000002/);
  shop.closeAllConnections();
  shop.close();
});

t.test('a callback can be lost, or never sent', async (t) => {
  const lost = await start(t, { callbacks: true, lostCallbackRate: 1, admin: true });
  await pay(lost, GOOD);
  await settled(lost);
  t.match(lost.stats().callbacks, { sent: 0, failed: 0, lost: 1 });
  const off = await start(t, { callbacks: false });
  await pay(off, GOOD);
  await settled(off);
  t.match(off.stats().callbacks, { sent: 0, failed: 0, lost: 0 });
});

/** Resolves when no payment is pending; each turn is a request, not a wait. */
async function settled(simulator: Simulator): Promise<void> {
  while (simulator.transactions().some(({ status }) => status === 'PENDING')) {
    await call(simulator, PATH);
  }
}

t.test('the same seed gives each order the same fate, whatever comes first', async (t) => {
  const orders = Array.from(
    { length: 100 },
    (_, index) => `ORDER${String(index).padStart(6, '0')}`,
  );
  async function fates(seed: number, order: readonly string[]): Promise<readonly string[]> {
    const simulator = await start(t, { seed, failureRate: 0.4 });
    for (const orderId of order) await pay(simulator, { ...GOOD, orderId });
    await settled(simulator);
    const found = simulator.transactions().map(({ orderId, status, reason, transactionKey }) => {
      return `${orderId} ${status} ${reason} ${transactionKey.slice(-6)}`;
    });
    return found.sort();
  }
  const first = await fates(7, orders);
  t.strictSame(await fates(7, orders.toReversed()), first);
  t.notSame(await fates(8, orders), first);
  // The shares of the contract: about 60 of 100 accepted, of which 70, 20 and 10 of 100.
  const count = (word: string) => first.filter((line) => line.includes(word)).length;
  t.ok(first.length > 45 && first.length < 75, `accepted: ${first.length}`);
  t.ok(count('정상 승인되었습니다.') > first.length * 0.55, 'most are approved');
  t.ok(
    count('한도초과입니다.') > count('잘못된 카드입니다.'),
    'the limit more often than the card',
  );
  t.ok(count('잘못된 카드입니다.') > 0);
});

t.test('stats tell the truth about what is in flight', async (t) => {
  // Time stands until all seven are under way, so that how fast the machine is does not matter.
  const clock = new TurnedClock();
  const simulator = await start(t, {
    clock,
    admin: true,
    lookupDelay: 'constant:20',
    preload: [PAID],
  });
  const key = encodeURIComponent(PAID.transactionKey);
  const asked = Array.from({ length: 7 }, () => call(simulator, `${PATH}/${key}`));
  while (simulator.stats().inFlight < 7) await setImmediate();
  while (clock.turn());
  await Promise.all(asked);
  const listed = call(simulator, `${PATH}?orderId=ORDER000001`);
  while (simulator.stats().inFlight < 1) await setImmediate();
  while (clock.turn());
  await listed;
  const response = await fetch(`${simulator.url}/__simulator/stats`);
  const stats: unknown = await response.json();
  t.match(stats, { inFlight: 0, maxInFlight: 7, lookups: 7, lists: 1, requests: 0 });
  t.strictSame(
    simulator.stats().durationsMs.ORDER000001,
    Array.from({ length: 8 }, () => 20),
    'measured, each of them',
  );
});

t.test('a lookup that is never answered is in flight until the client gives up', async (t) => {
  const simulator = await start(t, { lookupSilenceRate: 1, preload: [PAID] });
  const abort = new AbortController();
  const hanging = call(simulator, `${PATH}/x`, { signal: abort.signal });
  while (simulator.stats().inFlight === 0) await call(simulator, '/');
  abort.abort();
  await t.rejects(hanging);
  while (simulator.stats().inFlight > 0) await call(simulator, '/');
  t.equal(simulator.stats().lookups, 1);
});

t.test('lookups can fail', async (t) => {
  const simulator = await start(t, { lookupFailureRate: 1, preload: [PAID] });
  const { status } = await call(simulator, `${PATH}?orderId=ORDER000001`);
  t.equal(status, 500);
});

t.test('a client that hangs up has paid all the same', async (t) => {
  const clock = new TurnedClock();
  const simulator = await start(t, { requestDelay: 'constant:30', clock });
  const abort = new AbortController();
  const hanging = fetch(simulator.url + PATH, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-user-id': '1' },
    body: JSON.stringify(GOOD),
    signal: abort.signal,
  });
  while (simulator.stats().requests === 0) await call(simulator, '/');
  abort.abort();
  await t.rejects(hanging);
  while (simulator.transactions().length === 0) {
    clock.turn();
    await call(simulator, '/');
  }
  t.match(simulator.transactions(), [{ orderId: 'ORDER000001', amount: 5000 }]);
});

t.test('payments can be loaded while it runs', async (t) => {
  const simulator = await start(t, { admin: true });
  const post = async (path: string, body: string): Promise<readonly [number, string]> => {
    const response = await fetch(`${simulator.url}/__simulator${path}`, { method: 'POST', body });
    return [response.status, await response.text()];
  };
  const line = JSON.stringify({ ...PAID, createdAt: '2025-08-16T09:00:00+09:00' });
  const other = JSON.stringify({ ...PAID, transactionKey: 'K2' });
  t.strictSame(await post('/payments', `${line}\n\n${other}\n`), [200, '{"preloaded":2}']);
  t.match(simulator.transactions(), [
    { createdAt: Date.UTC(2025, 7, 16) },
    { transactionKey: 'K2' },
  ]);
  t.equal((await post('/payments', `[${line}]`))[0], 409);
  t.match(await post('/payments', `${line}\nnonsense`), [400, /line 2: not JSON/]);
  t.match(await post('/payments', '{"transactionKey":"K3"}'), [400, /payment 1: orderId/]);
  t.equal(simulator.transactions().length, 2, 'all of them or none');
  await post('/reset', '');
  t.strictSame(simulator.transactions(), []);
});

t.test('an option that is off is named, with what to type instead', async (t) => {
  const rows: readonly (readonly [Partial<SimulatorOptions>, RegExp])[] = [
    [{ failureRate: 1.1 }, /failureRate: 1\.1/],
    [{ lookupFailureRate: -0.1 }, /lookupFailureRate/],
    [{ lookupSilenceRate: Number.NaN }, /lookupSilenceRate/],
    [{ limitExceededRate: 0.8, invalidCardRate: 0.3 }, /limitExceededRate \+ invalidCardRate/],
    [{ seed: 1.5 }, /seed/],
    [{ callbackOrigin: 'http://127.0.0.1:8090/path' }, /callbackOrigin/],
    [{ lookupDelay: 'fast' }, /lookupDelay: "fast"/],
    [{ requestDelay: 'uniform:500-100' }, /requestDelay/],
    [{ processingDelay: 'lognormal:0:10' }, /processingDelay/],
    [{ preload: [PAID, PAID] }, /payment 2: transactionKey is that of payment 1/],
    [{ preload: [{ ...PAID, amount: 1.5 }] }, /payment 1: amount/],
    [{ preload: [{ ...PAID, createdAt: 'yesterday' }] }, /payment 1: createdAt/],
  ];
  for (const [options, message] of rows) {
    await t.rejects(startSimulator({ ...SMOOTH, ...options }), {
      code: 'invalid',
      message,
      hint: /./,
    });
  }
  const simulator = await start(t);
  await t.rejects(startSimulator({ ...SMOOTH, port: simulator.port }), { code: 'port_in_use' });
});
