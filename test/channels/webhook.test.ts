import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import t, { type Test } from 'tap';
import type { Message, WebhookSettings } from '../../lib/channels/port.ts';
import { probeChannel } from '../../lib/channels/probe.ts';
import { openWebhook } from '../../lib/channels/webhook.ts';
import { conditionEffect } from '../../lib/core/announce.ts';
import type { DatedEffect } from '../../lib/core/effect.ts';
import { unvouchedServer, whileNodeTakesAny } from '../support/unvouched.ts';

const NEW_SECRET = `whsec_${Buffer.from('the newest of the secrets').toString('base64')}`;
const OLD_SECRET = 'a secret of plain text';

const BEGAN = Date.UTC(2026, 10, 24, 8, 41, 34);

const EFFECT: DatedEffect = {
  ...conditionEffect('gateway.down', 'pg', BEGAN, '결제사가 답하지 않습니다'),
  at: BEGAN + 1_000,
};

const MESSAGE: Message = {
  id: EFFECT.key,
  topic: EFFECT.topic,
  effects: [EFFECT],
  isTest: false,
};

interface Arrival {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** A real receiver that answers as it is told, and a channel to it. */
async function set(t: Test, answer: Answer, over: Partial<WebhookSettings> = {}) {
  const arrivals: Arrival[] = [];
  const server = createServer(async (request, response) => {
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    arrivals.push({ path: request.url ?? '', headers, body: await text(request) });
    answer(response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const settings: WebhookSettings = {
    kind: 'webhook',
    name: 'shop',
    url: `http://127.0.0.1:${port}/hooks/token-4711?key=s3cret`,
    secrets: [NEW_SECRET],
    allowPrivate: true,
    timeoutMs: 15_000,
    ...over,
  };
  const channel = openWebhook(settings);
  t.teardown(() => {
    channel.close();
    server.closeAllConnections();
    server.close();
  });
  return { channel, arrivals, port, settings };
}

const takes: Answer = (response) => response.end('thanks');

function says(status: number, headers: Record<string, string> = {}, body = ''): Answer {
  return (response) => response.writeHead(status, headers).end(body);
}

t.test('what arrives is a Standard Webhook', async (t) => {
  const { channel, arrivals } = await set(t, takes);
  t.strictSame(await channel.send(MESSAGE), { kind: 'delivered', detail: '200 thanks' });
  const [arrival] = arrivals;
  t.equal(arrival?.path, '/hooks/token-4711?key=s3cret');
  t.equal(arrival?.headers['webhook-id'], MESSAGE.id);
  const verified = new Webhook(NEW_SECRET).verify(arrival?.body ?? '', arrival?.headers ?? {});
  t.strictSame(verified, {
    type: 'gateway.down',
    timestamp: '2026-11-24T08:41:35.000Z',
    data: {
      key: EFFECT.key,
      orderId: null,
      version: null,
      paymentId: null,
      productId: null,
      gateway: 'pg',
      reason: null,
      text: '결제사가 답하지 않습니다',
      amount: null,
      currency: null,
      onHand: null,
      since: '2026-11-24T08:41:34.000Z',
    },
  });
});

t.test('each secret signs, so that a receiver may change over', async (t) => {
  const { channel, arrivals } = await set(t, takes, { secrets: [NEW_SECRET, OLD_SECRET] });
  await channel.send(MESSAGE);
  const { body = '', headers = {} } = arrivals[0] ?? {};
  for (const receiver of [new Webhook(NEW_SECRET), new Webhook(OLD_SECRET, { format: 'raw' })]) {
    t.ok(receiver.verify(body, headers));
  }
  t.throws(() => new Webhook('whsec_AAAA').verify(body, headers), /No matching signature/);
  t.throws(() => new Webhook(NEW_SECRET).verify(`${body} `, headers), /No matching signature/);
});

t.test('a test says so, and several effects come as a list', async (t) => {
  const { channel, arrivals } = await set(t, takes);
  await channel.send({ ...MESSAGE, isTest: true });
  await channel.send({ ...MESSAGE, effects: [EFFECT, { ...EFFECT, key: 'k', at: BEGAN + 2_000 }] });
  const [tried, several] = arrivals.map(({ body }) => JSON.parse(body));
  t.equal(tried.data.test, true);
  t.equal(several.timestamp, '2026-11-24T08:41:36.000Z', 'of the newest');
  t.match(several.data.effects, [
    { key: EFFECT.key, timestamp: '2026-11-24T08:41:35.000Z' },
    { key: 'k', timestamp: '2026-11-24T08:41:36.000Z' },
  ]);
});

t.test('a second attempt has the same id', async (t) => {
  const { channel, arrivals } = await set(t, takes);
  await channel.send(MESSAGE);
  await channel.send(MESSAGE);
  t.strictSame(
    arrivals.map(({ headers }) => headers['webhook-id']),
    [MESSAGE.id, MESSAGE.id],
  );
});

const after30 = { 'retry-after': '30' };
for (const [name, answer, receipt] of [
  ['204', says(204), { kind: 'delivered', detail: '204' }],
  ['301', says(301, { location: '/other' }), { cause: 'redirected', permanent: false }],
  ['307', says(307, { location: 'http://169.254.169.254/' }), { cause: 'redirected' }],
  ['400', says(400, {}, 'no'), { cause: 'rejected', permanent: false, detail: '400 no' }],
  ['404', says(404), { cause: 'rejected', permanent: false }],
  ['410 is never', says(410), { cause: 'rejected', permanent: true }],
  ['429', says(429, after30), { cause: 'rate_limited', permanent: false, retryAfterMs: 30_000 }],
  ['429 without a time', says(429), { cause: 'rate_limited', retryAfterMs: null }],
  ['429 for ever', says(429, { 'retry-after': '9'.repeat(30) }), { retryAfterMs: 3_600_000 }],
  ['503 with a time', says(503, after30), { cause: 'rate_limited', retryAfterMs: 30_000 }],
  ['500 with a time', says(500, after30), { cause: 'server_error', retryAfterMs: null }],
  ['a reset', (_, { socket }) => socket.resetAndDestroy(), { cause: 'connection' }],
  ['garbage', (_, { socket }) => socket.end('what?\r\n\r\n'), { cause: 'connection' }],
  [
    'taken, and then a reset',
    (response, { socket }) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => setImmediate(() => socket.resetAndDestroy()));
    },
    { kind: 'delivered' },
  ],
  [
    'a body without end',
    (response) => {
      const more = () => {
        while (!response.destroyed && response.write('words '.repeat(1_000)));
      };
      response.writeHead(500).on('drain', more);
      more();
    },
    { cause: 'server_error', detail: /^500 words words .{0,500}$/ },
  ],
] satisfies readonly (readonly [string, Answer, object])[]) {
  t.test(`a receiver that answers: ${name}`, async (t) => {
    const { channel, arrivals } = await set(t, answer);
    t.match(await channel.send(MESSAGE), receipt);
    t.equal(arrivals.length, 1, 'asked once, followed nowhere');
  });
}

t.test('a receiver that hangs is a time-out', async (t) => {
  const { channel } = await set(t, () => {}, { timeoutMs: 50 });
  t.match(await channel.send(MESSAGE), { cause: 'timeout', detail: 'no answer within 0.05 s' });
});

t.test('nobody there', async (t) => {
  const { channel } = await set(t, takes, { url: 'http://127.0.0.1:1/' });
  t.match(await channel.send(MESSAGE), { cause: 'connection', detail: /ECONNREFUSED/ });
});

t.test('nothing is sent to whom nobody vouches for, whatever the environment says', async (t) => {
  const server = unvouchedServer();
  const said: string[] = [];
  server.on('request', ({ url = '' }) => said.push(url));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const { channel, settings } = await set(t, takes, { url: `https://127.0.0.1:${port}/hook` });
  await whileNodeTakesAny(async () => {
    t.match(await channel.send(MESSAGE), { kind: 'failed', detail: /certificate/ });
    t.match(await probeChannel(settings), { kind: 'failed', detail: /certificate/ }, 'doctor');
  });
  t.strictSame(said, []);
  server.close();
});

t.test('nothing is sent to private addresses unless that is allowed', async (t) => {
  for (const host of ['127.0.0.1', 'localhost', '2130706433', '[::ffff:127.0.0.1]', '[::1]']) {
    const { port, arrivals } = await set(t, takes);
    const settings = { url: `http://${host}:${port}/`, allowPrivate: false };
    const { channel } = await set(t, takes, settings);
    t.match(await channel.send(MESSAGE), {
      cause: 'forbidden_address',
      permanent: false,
      detail: /allow_private = true/,
    });
    t.equal(arrivals.length, 0, host);
  }
  const { port, arrivals } = await set(t, takes);
  const { channel } = await set(t, takes, { url: `http://localhost:${port}/` });
  t.match(await channel.send(MESSAGE), { kind: 'delivered' });
  t.equal(arrivals.length, 1, 'allowed');
});

t.test('no receipt holds a secret', async (t) => {
  const echo: Answer = (response, { url }) =>
    response.writeHead(404).end(`Cannot POST ${url} ${NEW_SECRET} ${OLD_SECRET}`);
  const { channel } = await set(t, echo, { secrets: [NEW_SECRET, OLD_SECRET] });
  t.match(await channel.send(MESSAGE), { detail: '404 Cannot POST **** **** ****' });
  const inPart: Answer = (response) => response.writeHead(403).end('unknown s3cret of token-4711');
  const told = await set(t, inPart);
  t.match(await told.channel.send(MESSAGE), { detail: '403 unknown **** of ****' });
});

t.test('a closed channel sends nothing', async (t) => {
  const { channel, arrivals } = await set(t, takes);
  channel.close();
  t.match(await channel.send(MESSAGE), { cause: 'stopping' });
  t.equal(arrivals.length, 0);
});
