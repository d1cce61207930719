import { connect } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import t from 'tap';
import { anOrder, openServing, type Serving } from './serving.ts';

const body = (over: object = {}) => ({ eventId: 'e-1', key: 'k', orderId: 'ORDER000001', ...over });

const outcomes = ({ events }: Serving) =>
  events.flatMap((event) => (event.name === 'callback.received' ? [event.outcome] : []));

const causes = ({ events }: Serving) =>
  events.flatMap((event) => (event.name === 'callback.received' ? [event.cause] : []));

/** What became of those that were kept. */
const matched = ({ events }: Serving) =>
  events.flatMap((event) => (event.name === 'callback.matched' ? [event.outcome] : []));

/** Lets everything come to rest. */
const rest = ({ world }: Serving) => world.pass(0);

t.test('a callback is kept before it is answered, whatever becomes of it', async (t) => {
  const serving = await openServing();
  t.teardown(serving.close);
  const { call } = serving;
  const send = (over: object = {}) => call('POST', '/callbacks/pg', { body: body(over) });
  const accepted = { status: 200, body: { status: 'accepted' } };
  t.match(await send(), accepted, 'its order is not there yet');
  await rest(serving);
  t.same((await serving.world.store.reader.counts()).unmatched, { pg: 1 });
  await call('POST', '/v1/orders', { body: anOrder() });
  t.same((await serving.world.store.reader.counts()).unmatched, {});
  t.match(await send({ eventId: 'e-2' }), accepted);
  t.match(await send({ eventId: 'e-2' }), accepted, 'a repeat');
  await rest(serving);
  t.same(outcomes(serving), ['kept', 'kept', 'duplicate']);
  t.same(matched(serving), ['unmatched', 'admitted']);
});

t.test('no token and no Host is asked for, and any content type will do', async (t) => {
  for (const options of [{}, { token: 'secret' }]) {
    const serving = await openServing(options);
    t.teardown(serving.close);
    const headers = { host: 'pay.shop.example', 'content-type': 'text/plain' };
    t.match(await serving.call('POST', '/callbacks/pg', { body: body(), headers }), {
      status: 200,
    });
  }
});

t.test('an address that is spelled otherwise leads to the same', async (t) => {
  const serving = await openServing();
  t.teardown(serving.close);
  for (const [index, path] of ['/callbacks/pg?from=pg', '/callbacks/%70g'].entries()) {
    const sent = { body: body({ eventId: `e-${index}` }) };
    t.match(await serving.call('POST', path, sent), { status: 200, body: { status: 'accepted' } });
    t.match(await serving.call('POST', path, { body: '{' }), { status: 400 }, path);
  }
  t.same(outcomes(serving), ['kept', 'invalid', 'kept', 'invalid']);
});

t.test('what is no callback is refused, and nothing of it is kept', async (t) => {
  const serving = await openServing();
  t.teardown(serving.close);
  const headers = { connection: 'keep-alive' };
  const send = (body: unknown, chunked = false, path = '/callbacks/pg') =>
    serving.call('POST', path, { body, chunked, headers });
  for (const wrong of ['', '{', '[]', { orderId: 'ORDER000001' }, new Uint8Array([255])]) {
    t.match(await send(wrong), { status: 400, body: { code: 'malformed' } });
  }
  const bytes = (length: number) => JSON.stringify(body()).padEnd(length, ' ');
  for (const path of ['/callbacks/pg', '/callbacks/pg?from=pg'])
    for (const chunked of [false, true]) {
      const reply = await send(bytes(64 * 1024 + 1), chunked, path);
      t.match(reply, { status: 413, body: { code: 'too_large' } }, path);
      t.equal(reply.headers.connection, 'close', 'what is left of it is not read');
    }
  t.same(outcomes(serving), Array(9).fill('invalid'), 'each is counted once');
  t.same(causes(serving), [...Array(5).fill('not_json'), ...Array(4).fill('too_large')]);
  t.same((await serving.world.store.reader.counts()).unmatched, {});
  for (const path of ['/callbacks/pg', '/callbacks/pg?from=pg'])
    for (const chunked of [false, true])
      t.match(await send(bytes(64 * 1024), chunked, path), { status: 200 }, 'within the bound');
});

t.test('a compressed one is said to be that, whatever the gateway sends', async (t) => {
  const serving = await openServing();
  t.teardown(serving.close);
  const gzipped = gzipSync(JSON.stringify(body()));
  const brotli = brotliCompressSync(JSON.stringify(body()));
  for (const path of ['/callbacks/pg', '/callbacks/pg?from=pg'])
    for (const [sent, headers] of [
      [gzipped, { 'content-encoding': 'gzip' }],
      [brotli, { 'content-encoding': 'br' }],
      [gzipped, {}],
    ] as const) {
      const reply = await serving.call('POST', path, { body: sent, headers });
      t.match(reply, { status: 400, body: { detail: /compressed and has to be sent as it is/ } });
    }
  t.same(causes(serving), Array(6).fill('compressed'));
  const headers = { 'content-encoding': 'identity' };
  t.match(await serving.call('POST', '/callbacks/pg', { body: '{', headers }), { status: 400 });
  t.equal(causes(serving).at(-1), 'not_json');
});

t.test('an unknown gateway learns nothing', async (t) => {
  const serving = await openServing();
  t.teardown(serving.close);
  for (const name of ['toss', 'PG', '%70g%00', '__proto__']) {
    const reply = await serving.call('POST', `/callbacks/${name}`, { body: body() });
    t.match(reply, { status: 404, body: { code: 'gateway_unknown' } }, name);
    t.notMatch(JSON.stringify(reply.body), /bank/);
  }
  t.match(await serving.call('POST', '/callbacks/pg/more', { body: body() }), { status: 404 });
  t.match(await serving.call('POST', '/callbacks/toss', { body: 'x'.repeat(65 * 1024) }), {
    status: 404,
  });
  t.same(outcomes(serving), [], 'an invented name becomes no metric');
});

t.test(
  'a callback that cannot be kept, because too many are not matched yet, may come again',
  async (t) => {
    const serving = await openServing({
      through: (store) => ({ ...store, intake: { ...store.intake, admit: async () => 'dropped' } }),
    });
    t.teardown(serving.close);
    t.match(await serving.call('POST', '/callbacks/pg', { body: body() }), {
      status: 503,
      headers: { 'retry-after': '60' },
      body: { code: 'waiting_full' },
    });
    t.same(outcomes(serving), ['dropped']);
  },
);

t.test('a listener of their own takes callbacks and nothing else', async (t) => {
  const serving = await openServing({ http: 'callback_listen = "127.0.0.1:1"' });
  t.teardown(serving.close);
  const { call, callbackPort } = serving;
  t.not(callbackPort, serving.port);
  const outside = { port: callbackPort };
  t.match(await call('POST', '/callbacks/pg', { ...outside, body: body() }), { status: 200 });
  for (const path of ['/v1/orders', '/healthz', '/metrics', '/openapi.json', '/']) {
    const reply = await call('GET', path, outside);
    t.match(reply, { status: 404 }, path);
    t.notOk('hint' in reply.body, 'it does not send anybody to a document that it has not');
  }
  t.match(
    await call('POST', '/callbacks/pg', { body: body() }),
    { status: 404, body: { hint: /http\.callback_listen/ } },
    'not inside, and whoever is there is told where',
  );
});

t.test('what comes after too much is not heard, in however many pieces', async (t) => {
  const serving = await openServing();
  t.teardown(serving.close);
  const socket = connect(serving.port, '127.0.0.1').setEncoding('latin1');
  const pieces = [`10000\r\n${'x'.repeat(0x10000)}`, '1\r\nx', '1\r\nx', '1\r\nx', '0\r\n\r\n'];
  socket.write(
    `POST /callbacks/pg HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${pieces.join('\r\n')}`,
  );
  let heard = '';
  for await (const text of socket) heard += text;
  t.match(heard, /^HTTP\/1\.1 413 /);
  t.same(outcomes(serving), ['invalid']);
});

t.test('a caller that goes away in the middle does no harm', async (t) => {
  const serving = await openServing();
  t.teardown(serving.close);
  for (const path of ['/callbacks/pg', '/callbacks/pg?from=pg', '/v1/orders']) {
    const socket = connect(serving.port, '127.0.0.1');
    const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{`;
    await new Promise<void>((resolve) => socket.write(head, () => resolve()));
    socket.destroy();
  }
  while (outcomes(serving).length < 2) await nextTurn();
  t.match(await serving.call('POST', '/callbacks/pg', { body: body() }), { status: 200 });
  t.strictSame(outcomes(serving), ['invalid', 'invalid', 'kept']);
  t.strictSame(causes(serving), ['cut_off', 'cut_off', null]);
  t.notOk(serving.events.some(({ name }) => name === 'http.failed'));
});
