import t from 'tap';
import { createLogger, logTeller } from '../../lib/observe/log.ts';
import { anOrder, openServing } from './serving.ts';

t.test('with a token, /v1 wants it and nothing else does', async (t) => {
  const token = 'a-long-secret';
  const serving = await openServing({ token });
  t.teardown(serving.close);
  const get = (path: string, authorization?: string) =>
    serving.call('GET', path, {
      headers: { host: 'shop.example', ...(authorization === undefined ? {} : { authorization }) },
    });
  t.match(await get('/v1/orders', `Bearer ${token}`), { status: 200 });
  t.match(await get('/v1/orders', `bearer  ${token}`), { status: 200 });
  for (const wrong of [
    undefined,
    '',
    'Bearer',
    `Basic ${token}`,
    'Bearer a-long-secre',
    `Bearer ${token}x`,
    `Bearer ${token} x`,
  ]) {
    const reply = await get('/v1/orders', wrong);
    t.match(
      reply,
      {
        status: 401,
        headers: { 'www-authenticate': /^Bearer realm="reconciled"/ },
        body: { code: 'unauthorized', hint: /api_token/ },
      },
      wrong ?? 'none',
    );
    t.notMatch(JSON.stringify(reply.body), token);
  }
  t.match(await get('/v1/nothing'), { status: 401 }, 'what there is, is told to nobody either');
  t.match(
    await serving.call('POST', '/v1/orders', { body: '{' }),
    { status: 401 },
    'before the body',
  );
  for (const path of ['/healthz', '/readyz', '/metrics', '/openapi.json']) {
    t.match(await get(path), { status: 200 }, path);
  }
});

t.test('without a token, only this machine may call', async (t) => {
  const serving = await openServing();
  t.teardown(serving.close);
  const get = (host: string, path = '/v1/orders') =>
    serving.call('GET', path, { headers: { host } });
  for (const host of [
    'localhost',
    'localhost:8090',
    'LOCALHOST:1',
    '127.0.0.1:8090',
    '127.0.0.2',
    '[::1]:8090',
    '[::1]',
  ]) {
    t.match(await get(host), { status: 200 }, host);
  }
  for (const host of [
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example:80',
    'evil.example:8090',
    'evil-localhost',
    '10.0.0.1',
    '[::2]',
  ]) {
    for (const path of ['/v1/orders', '/metrics', '/openapi.json', '/healthz']) {
      t.match(await get(host, path), { status: 421, body: { code: 'host_not_allowed' } }, host);
    }
  }
  const origin = (value: string) =>
    serving.call('POST', '/v1/sweeps', { headers: { origin: value, host: 'localhost:8090' } });
  t.match(await origin('http://evil.example'), { status: 403, body: { code: 'cross_origin' } });
  t.match(await origin('null'), { status: 403 });
  t.match(await origin('http://localhost:8090'), { status: 202 });
  for (const method of ['GET', 'HEAD']) {
    const headers = { origin: 'http://evil.example', host: 'localhost:8090' };
    t.match(await serving.call(method, '/v1/sweeps', { headers }), { status: 200 }, method);
  }
});

t.test('what begins as a callback leads nowhere else', async (t) => {
  const serving = await openServing();
  t.teardown(serving.close);
  for (const path of [
    '/callbacks/../v1/orders',
    '/callbacks/%2e%2E/metrics',
    '/callbacks/.%2e/healthz?',
    '/callbacks/./../readyz#',
    '/callbacks\\..\\metrics',
    '/callbacks/pg/..',
    '/callbacks/.',
  ]) {
    t.match(await serving.call('GET', path), { status: 400, body: { code: 'malformed' } }, path);
  }
  for (const path of ['/healthz?at=/../', '/callbacks/..%2fhealthz', '/callbacks/...']) {
    t.not((await serving.call('GET', path)).status, 400, path);
  }
});

t.test('answers do nothing in a browser', async (t) => {
  const serving = await openServing();
  t.teardown(serving.close);
  for (const path of ['/v1/orders', '/v1/orders/ORDER404404', '/healthz', '/openapi.json']) {
    t.match(
      (await serving.call('GET', path)).headers,
      {
        'x-content-type-options': 'nosniff',
        'content-security-policy': /default-src 'none'/,
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
      },
      path,
    );
  }
  t.match((await serving.call('GET', '/nothing')).headers, { 'x-content-type-options': 'nosniff' });
});

t.test('an address says what it takes', async (t) => {
  const serving = await openServing();
  t.teardown(serving.close);
  const { call } = serving;
  t.match(await call('GET', '/nothing'), {
    status: 404,
    body: { code: 'not_found', hint: /openapi/ },
  });
  t.match(await call('GET', '/v1/nothing'), { status: 404, body: { code: 'not_found' } });
  t.match(await call('GET', '/v1/orders/'), { status: 404 });
  for (const [method, path, allow] of [
    ['DELETE', '/v1/orders', 'GET, HEAD, POST'],
    ['POST', '/v1/products', 'GET, HEAD'],
    ['PATCH', '/v1/orders/ORDER000001', 'GET, HEAD'],
    ['GET', '/v1/orders/ORDER000001/resolve', 'POST'],
    ['GET', '/callbacks/pg', 'POST'],
    ['POST', '/healthz', 'GET, HEAD'],
    ['PUT', '/openapi.json', 'GET, HEAD'],
  ] as const) {
    const refused = await call(method, path);
    t.match(refused, { status: 405, headers: { allow }, body: { code: 'method_not_allowed' } });
    const options = await call('OPTIONS', path);
    t.match(options, { status: 204, headers: { allow }, body: '' });
  }
  const head = await call('HEAD', '/v1/orders');
  t.match(head, { status: 200, headers: { 'content-type': /json/ }, body: '' });
  t.match(await call('HEAD', '/v1/orders/ORDER404404'), { status: 404, body: '' });
});

t.test('monitoring is told how it is', async (t) => {
  const serving = await openServing();
  t.teardown(serving.close);
  const { call } = serving;
  t.match(await call('GET', '/healthz'), {
    status: 200,
    body: { status: 'ok', version: '0.1.0', database: '66306-1835024' },
  });
  t.match(await call('GET', '/readyz'), { status: 200, body: { status: 'ready', checks: [] } });
  const checks = [{ name: 'pool', ok: false, text: 'The threads are not up.' }];
  serving.readiness = { ready: false, checks };
  t.same((await call('GET', '/readyz')).body, { status: 'not_ready', checks });
  t.match(await call('GET', '/readyz'), { status: 503, headers: { 'retry-after': '5' } });
  const metrics = await call('GET', '/metrics');
  t.match(metrics.headers['content-type'], /^text\/plain; version=0\.0\.4/);
  t.match(metrics.body, /^reconciled_orders\{state="pending"\} 0$/m);
});

t.test('a database in trouble is a 503, and its errors stay inside', async (t) => {
  const serving = await openServing();
  t.teardown(serving.close);
  const { call, world } = serving;
  await world.store.upkeep.close();
  for (const [method, path, body] of [
    ['GET', '/v1/orders', undefined],
    ['POST', '/v1/orders', anOrder()],
    ['PUT', '/v1/products/tea', { name: 'Tea', onHand: 1 }],
  ] as const) {
    const reply = await call(method, path, { body });
    t.match(reply, {
      status: 503,
      headers: { 'retry-after': '5' },
      body: { code: 'store_closed' },
    });
  }
  for (const path of ['/callbacks/pg', '/callbacks/pg?from=pg']) {
    const body = { eventId: 'e', key: 'k', orderId: null };
    t.match(await call('POST', path, { body }), {
      status: 503,
      headers: { 'retry-after': '5' },
      body: { code: 'store_closed', detail: 'The callback could not be kept. Send it again.' },
    });
  }
  t.match(await call('GET', '/healthz'), { status: 200 });
  const { status, body } = await call('GET', '/metrics');
  t.equal(status, 200);
  t.notMatch(body, /^reconciled_orders\{/m, 'no old number');
  t.match(
    serving.events.filter(({ name }) => name === 'callback.received'),
    [
      { gateway: 'pg', outcome: 'failed' },
      { gateway: 'pg', outcome: 'failed' },
    ],
  );
});

t.test('a bug is a 500 that tells nothing, and a line in the log', async (t) => {
  const lines: string[] = [];
  const log = logTeller(createLogger('error', { write: (line) => void lines.push(line) }));
  const serving = await openServing();
  t.teardown(serving.close);
  // Readiness that breaks stands for any bug: the checks are no list.
  Object.assign(serving, { readiness: { ready: true, checks: 4111111111111111 } });
  const reply = await serving.call('GET', '/readyz');
  t.match(reply, {
    status: 500,
    body: { code: 'internal', detail: 'Something went wrong in the daemon.' },
  });
  const failures = serving.events.filter(({ name }) => name === 'http.failed');
  t.match(failures, [{ method: 'GET', route: '/readyz', error: /^TypeError at .*operations\.ts/ }]);
  for (const failure of failures) log(failure);
  t.match(JSON.parse(lines[0] ?? ''), { level: 'error', msg: 'http.failed', route: '/readyz' });
});
