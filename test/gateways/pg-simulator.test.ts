import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { Answer, SilenceCause } from '../../lib/core/gateway.ts';
import { MAX_REPLY_BYTES } from '../../lib/gateways/http.ts';
import { connectPgSimulator, pgSimulator } from '../../lib/gateways/pg-simulator.ts';
import { turnedClock } from '../pools/clock.ts';
import { unvouchedServer, whileNodeTakesAny } from '../support/unvouched.ts';
import {
  type Behaviour,
  dribble,
  hang,
  type MisbehavingServer,
  raw,
  rawThenClose,
  rawThenReset,
  reply,
  startMisbehaving,
  startSpeakingFirst,
} from './misbehaving.ts';
import { CARD, inquiry, KEY, MEMBER, ORDER, PATIENT_MS, settingsFor } from './settings.ts';

/** What the gateway says of a payment, with the card number as the real one sends it. */
function payment(changes: Readonly<Record<string, unknown>> = {}): object {
  return {
    transactionKey: KEY,
    orderId: ORDER,
    cardType: 'SAMSUNG',
    cardNo: CARD,
    amount: 5000,
    status: 'SUCCESS',
    reason: '정상 승인되었습니다.',
    ...changes,
  };
}

function success(data: unknown): object {
  return { meta: { result: 'SUCCESS', errorCode: null, message: null }, data };
}

function fail(errorCode: string, message: string | null): object {
  return { meta: { result: 'FAIL', errorCode, message }, data: null };
}

function found(changes: Readonly<Record<string, unknown>>): Behaviour {
  return reply(200, success(payment(changes)));
}

function listing(keys: readonly unknown[], orderId: unknown = ORDER): Behaviour {
  const transactions = keys.map((transactionKey) => ({ transactionKey, status: 'SUCCESS' }));
  return reply(200, success({ orderId, transactions }));
}

const absentKey = reply(
  404,
  fail('Not Found', `(transactionKey: ${KEY}) 결제건이 존재하지 않습니다.`),
);
const absentOrder = reply(
  404,
  fail('Not Found', `(orderId: ${ORDER}) 에 해당하는 결제건이 존재하지 않습니다.`),
);

/** Asks a server that answers lookups and listings as told; what it answers, and what the server saw. */
async function ask(
  t: Test,
  behave: { readonly lookup: Behaviour; readonly list: Behaviour },
  changes: {
    readonly keys?: readonly string[];
    readonly listAll?: boolean;
    readonly deadlineMs?: number;
  } = {},
): Promise<{ answer: Answer; server: MisbehavingServer; told: string }> {
  const server = await startMisbehaving((line) =>
    line.includes('?orderId=') ? behave.list : behave.lookup,
  );
  const lookupTimeoutMs = changes.deadlineMs ?? PATIENT_MS;
  const gateway = pgSimulator.connect(settingsFor(server.url, { lookupTimeoutMs }));
  const { keys = [KEY], listAll = false } = changes;
  const asked = await gateway.inquire(inquiry({ keys, listAll }));
  t.equal(asked.exchanges.length > 0, true);
  await server.close();
  await gateway.close();
  return { answer: asked.outcome, server, told: JSON.stringify(asked) };
}

interface Nasty {
  readonly title: string;
  readonly reply: Behaviour;
  readonly cause: SilenceCause;
  readonly retryAfterMs?: number;
  /** Of the whole request; short only where the reply never ends. */
  readonly deadlineMs?: number;
}

/** Also the list that follows has to be answered within it, on a machine that is busy with other tests. */
const SHORT_MS = 250;
const JSON_HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
const whole = JSON.stringify(success(payment()));
const inAnHour = new Date(1_755_300_000_000 + 3_600_000).toUTCString();
const inAMinute = new Date(1_755_300_000_000 + 60_000).toUTCString();
const date = new Date(1_755_300_000_000).toUTCString();

/** Replies from which nothing can be learned: about the order, about the key, about anything. */
const NASTY: readonly Nasty[] = [
  { title: '500', reply: reply(500, fail('Internal Server Error', 'x')), cause: 'server_error' },
  { title: '500 of a proxy', reply: reply(502, '<h1>Bad Gateway</h1>'), cause: 'server_error' },
  { title: '503 without Retry-After', reply: reply(503, ''), cause: 'server_error' },
  { title: '503 with rubbish', reply: retry(503, 'soon'), cause: 'server_error' },
  { title: '503, seconds', reply: retry(503, '7'), cause: 'rate_limited', retryAfterMs: 7_000 },
  { title: '429', reply: reply(429, ''), cause: 'rate_limited' },
  { title: '429, seconds', reply: retry(429, '2'), cause: 'rate_limited', retryAfterMs: 2_000 },
  {
    title: '429, a date',
    reply: retry(429, inAMinute),
    cause: 'rate_limited',
    retryAfterMs: 60_000,
  },
  { title: '429, a date gone by', reply: retry(429, date), cause: 'rate_limited', retryAfterMs: 0 },
  {
    title: '429, a day',
    reply: retry(429, '86400'),
    cause: 'rate_limited',
    retryAfterMs: 3_600_000,
  },
  {
    title: '429, a date next year',
    reply: retry(429, inAnHour.replace('2025', '2026')),
    cause: 'rate_limited',
    retryAfterMs: 3_600_000,
  },
  { title: '401', reply: reply(401, fail('Unauthorized', 'x')), cause: 'misconfigured' },
  { title: '403', reply: reply(403, 'no'), cause: 'misconfigured' },
  { title: '400', reply: reply(400, fail('Bad Request', 'x')), cause: 'bad_request' },
  { title: '405', reply: reply(405, ''), cause: 'bad_request' },
  { title: '409', reply: reply(409, fail('Conflict', 'x')), cause: 'bad_request' },
  { title: '408', reply: reply(408, ''), cause: 'timeout' },
  {
    title: '302 to another host',
    reply: reply(302, '', { location: 'http://127.0.0.1:1/' }),
    cause: 'redirected',
  },
  { title: '304', reply: raw('HTTP/1.1 304 Not Modified\r\n\r\n'), cause: 'redirected' },
  { title: 'a reset before a byte', reply: rawThenReset(''), cause: 'connection' },
  { title: 'a reset in the head', reply: rawThenReset('HTTP/1.1 2'), cause: 'connection' },
  {
    title: 'a reset after the head',
    reply: rawThenReset(`${JSON_HEAD}content-length: 100\r\n\r\n`),
    cause: 'connection',
  },
  { title: 'an empty reply', reply: rawThenClose(''), cause: 'connection' },
  {
    title: 'a body that breaks off',
    reply: rawThenClose(`${JSON_HEAD}content-length: 1000\r\n\r\n${whole}`),
    cause: 'connection',
  },
  { title: 'garbage', reply: rawThenClose('\0\x01garbage\r\n\r\n'), cause: 'unreadable' },
  { title: 'HTTP/0.9', reply: rawThenClose(whole), cause: 'unreadable' },
  {
    title: 'a chunk that is none',
    reply: rawThenClose(`${JSON_HEAD}transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n`),
    cause: 'unreadable',
  },
  { title: 'no byte ever', reply: hang, cause: 'timeout', deadlineMs: SHORT_MS },
  {
    title: 'a head and no body',
    reply: raw(`${JSON_HEAD}content-length: 9\r\n\r\n`),
    cause: 'timeout',
    deadlineMs: SHORT_MS,
  },
  { title: 'a dribble', reply: dribble(whole), cause: 'timeout', deadlineMs: SHORT_MS },
  {
    title: 'a page in HTML',
    reply: reply(200, '<html>log in</html>', { 'content-type': 'text/html' }),
    cause: 'unreadable',
  },
  {
    title: 'JSON that says it is text',
    reply: reply(200, whole, { 'content-type': 'text/plain' }),
    cause: 'unreadable',
  },
  { title: 'JSON cut short', reply: reply(200, whole.slice(0, -3)), cause: 'unreadable' },
  { title: 'no body', reply: reply(200, ''), cause: 'unreadable' },
  { title: '204', reply: raw('HTTP/1.1 204 No Content\r\n\r\n'), cause: 'unreadable' },
  {
    title: 'not UTF-8',
    reply: reply(
      200,
      Buffer.concat([Buffer.from('{"meta":"'), Buffer.from([0xff]), Buffer.from('"}')]),
    ),
    cause: 'unreadable',
  },
  {
    title: 'a body too large',
    reply: reply(200, JSON.stringify({ ...payment(), more: 'x'.repeat(MAX_REPLY_BYTES) })),
    cause: 'unreadable',
  },
  {
    title: 'a body without an end',
    reply: (socket) => {
      const piece = 'x'.repeat(16_384);
      socket.write(`${JSON_HEAD}transfer-encoding: chunked\r\n\r\n`);
      const pour = (): void => {
        if (socket.destroyed) return;
        socket.write(`4000\r\n${piece}\r\n`, () => setImmediate(pour));
      };
      pour();
    },
    cause: 'unreadable',
  },
  {
    title: 'brackets within brackets',
    reply: reply(
      200,
      `{"more":${'['.repeat(100_000)}${']'.repeat(100_000)},${JSON.stringify(success(payment())).slice(1)}`,
    ),
    cause: 'unreadable',
  },
  { title: 'JSON null', reply: reply(200, 'null'), cause: 'unreadable' },
  { title: 'a JSON list', reply: reply(200, '[]'), cause: 'unreadable' },
  { title: 'no envelope', reply: reply(200, payment()), cause: 'unreadable' },
  { title: 'null data', reply: reply(200, success(null)), cause: 'unreadable' },
  {
    title: '200 that says FAIL',
    reply: reply(200, { meta: { result: 'FAIL' }, data: payment() }),
    cause: 'unreadable',
  },
  {
    title: '404 without an envelope',
    reply: reply(404, '404 page not found'),
    cause: 'unreadable',
  },
  {
    title: '404 of an unknown route',
    reply: reply(404, fail('Not Found', '존재하지 않는 요청입니다.')),
    cause: 'unreadable',
  },
  {
    title: '404 without a message',
    reply: reply(404, fail('Not Found', null)),
    cause: 'unreadable',
  },
  {
    title: '404 that names something longer',
    reply: reply(404, fail('Not Found', `(transactionKey: ${KEY}0, orderId: ${ORDER}0) 없음`)),
    cause: 'unreadable',
  },
  {
    title: '404 with another error code',
    reply: reply(404, fail('Gone', `${KEY} ${ORDER}`)),
    cause: 'unreadable',
  },
  {
    title: '200 that says Not Found',
    reply: reply(200, fail('Not Found', `${KEY} ${ORDER}`)),
    cause: 'unreadable',
  },
];

function retry(status: number, after: string): Behaviour {
  return reply(status, '', { 'retry-after': after, date });
}

/** Found, but not as it should be: nothing is learned about the key. */
const UNREADABLE_PAYMENTS: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
  ['another key', { transactionKey: '20250816:TR:000000' }],
  ['no key', { transactionKey: null }],
  ['no order id', { orderId: null }],
  ['an order id that is a number', { orderId: 1 }],
  ['no amount', { amount: null }],
  ['an amount below zero', { amount: -5000 }],
  ['an amount below zero as a text', { amount: '-5000' }],
  ['an amount with a fraction', { amount: 5000.5 }],
  ['an amount that is no number', { amount: '5,000' }],
  ['an amount that is empty', { amount: '' }],
  ['an amount of 2^53', { amount: 2 ** 53 }],
  ['an amount of 2^60', { amount: 2 ** 60 }],
  ['an amount of 2^60 as a text', { amount: String(2n ** 60n) }],
  ['no status', { status: null }],
  ['a status that is a number', { status: 1 }],
];

t.test('a reply that says nothing is silence, with its cause', async (t) => {
  for (const { title, reply, cause, retryAfterMs, deadlineMs } of NASTY) {
    const pause = retryAfterMs === undefined ? {} : { retryAfterMs };
    const deadline = deadlineMs === undefined ? {} : { deadlineMs };
    await t.test(`${title}, whatever is asked`, async (t) => {
      const { answer, told } = await ask(t, { lookup: reply, list: reply }, deadline);
      t.strictSame(answer, { kind: 'silent', cause, ...pause });
      t.notMatch(told, CARD);
    });
    await t.test(`${title}, when the key is asked for`, async (t) => {
      const { answer, told } = await ask(t, { lookup: reply, list: absentOrder }, deadline);
      // A gateway that asks us to wait, or that turns us away, is not asked on.
      const stops = cause === 'rate_limited' || cause === 'misconfigured';
      t.strictSame(
        answer,
        stops
          ? { kind: 'silent', cause, ...pause }
          : {
              kind: 'statement',
              transactions: [],
              absentKeys: [],
              silentKeys: [KEY],
              complete: true,
              silence: cause,
            },
      );
      t.notMatch(told, CARD);
    });
  }
});

t.test('a payment that cannot be read is silence about its key', async (t) => {
  for (const [title, changes] of UNREADABLE_PAYMENTS) {
    const { answer, told } = await ask(t, { lookup: found(changes), list: absentOrder });
    t.strictSame(
      answer,
      {
        kind: 'statement',
        transactions: [],
        absentKeys: [],
        silentKeys: [KEY],
        complete: true,
        silence: 'unreadable',
      },
      title,
    );
    t.notMatch(told, CARD, title);
  }
});

t.test('a payment is read in our language', async (t) => {
  const plain = { key: KEY, orderId: ORDER, status: 'succeeded', amount: 5000, currency: 'KRW' };
  const reason = '정상 승인되었습니다.';
  const rows: readonly (readonly [string, Readonly<Record<string, unknown>>, object])[] = [
    ['SUCCESS', {}, { ...plain, reason }],
    [
      'FAILED',
      { status: 'FAILED', reason: '한도초과' },
      { ...plain, status: 'failed', reason: '한도초과' },
    ],
    ['PENDING', { status: 'PENDING', reason: null }, { ...plain, status: 'pending' }],
    ['an unknown word', { status: 'REVERSED' }, { ...plain, status: 'unrecognised', reason }],
    ['another case', { status: 'success' }, { ...plain, status: 'unrecognised', reason }],
    ['no reason', { reason: undefined }, plain],
    ['a reason that is no text', { reason: 7 }, plain],
    ['an empty reason', { reason: ' ' }, plain],
    ['unknown fields', { more: { fields: true } }, { ...plain, reason }],
    ['an amount as a text', { amount: '5000' }, { ...plain, reason }],
    ['no amount at all', { amount: 0 }, { ...plain, amount: 0, reason }],
    ['2^53 - 1', { amount: String(2 ** 53 - 1) }, { ...plain, amount: 2 ** 53 - 1, reason }],
    ['another order', { orderId: 'ORDER000002' }, { ...plain, orderId: 'ORDER000002', reason }],
    [
      'a card number in the reason',
      { reason: `카드 ${CARD} 거절` },
      { ...plain, reason: '카드 **** 거절' },
    ],
    ['a long reason', { reason: '가'.repeat(501) }, { ...plain, reason: '가'.repeat(500) }],
  ];
  for (const [title, changes, transaction] of rows) {
    const { answer, told } = await ask(t, { lookup: found(changes), list: listing([KEY]) });
    t.strictSame(answer.kind === 'statement' ? answer.transactions : answer, [transaction], title);
    t.notMatch(told, CARD, title);
    t.notMatch(told, CARD.replaceAll('-', ''), title);
  }
});

t.test('a complete list names nothing that was not fetched', async (t) => {
  const OTHER = '20250816:TR:000001';
  const other: Behaviour = found({ transactionKey: OTHER });
  const declined = found({ status: 'FAILED' });
  const key = { found: [KEY], absent: [], silent: [] };
  const none = { found: [], absent: [], silent: [] };
  const rows: readonly (readonly [
    string,
    { lookup: Behaviour; list: Behaviour },
    { found: string[]; absent: string[]; silent: string[] },
    boolean,
  ])[] = [
    ['the key that we know', { lookup: declined, list: listing([KEY]) }, key, true],
    ['the key that we know, twice', { lookup: declined, list: listing([KEY, KEY]) }, key, true],
    [
      'nothing, and the key is absent',
      { lookup: absentKey, list: absentOrder },
      { ...none, absent: [KEY] },
      true,
    ],
    ['an empty list', { lookup: absentKey, list: listing([]) }, { ...none, absent: [KEY] }, true],
    [
      'a key that it does not know',
      { lookup: absentKey, list: listing([KEY]) },
      { ...none, silent: [KEY] },
      false,
    ],
    [
      'a key that cannot be read',
      { lookup: other, list: listing([KEY]) },
      { ...none, silent: [KEY] },
      false,
    ],
    [
      'one more, which cannot be read',
      { lookup: declined, list: listing([OTHER, KEY]) },
      { ...key, silent: [OTHER] },
      false,
    ],
    ['not the payment that it has', { lookup: declined, list: absentOrder }, key, false],
    ['a line without a key', { lookup: declined, list: listing([KEY, null]) }, key, false],
    [
      'a line that is a number',
      {
        lookup: declined,
        list: reply(200, success({ orderId: ORDER, transactions: [{ transactionKey: KEY }, 7] })),
      },
      key,
      false,
    ],
    ['another order', { lookup: declined, list: listing([KEY], 'ORDER000002') }, key, false],
    ['no order', { lookup: declined, list: listing([KEY], null) }, key, false],
    ['no list', { lookup: declined, list: reply(200, success({ orderId: ORDER })) }, key, false],
    [
      'a payment that says it is of another order',
      { lookup: found({ orderId: 'ORDER000002' }), list: listing([KEY]) },
      key,
      false,
    ],
    [
      'a payment that spells the order in its own way',
      { lookup: found({ orderId: ORDER.toLowerCase() }), list: listing([KEY]) },
      key,
      false,
    ],
    [
      'nothing of the payment of another order that we asked about',
      { lookup: found({ orderId: 'ORDER000002' }), list: absentOrder },
      key,
      true,
    ],
  ];
  for (const [title, behave, expected, complete] of rows) {
    const { answer } = await ask(t, behave);
    const heard =
      answer.kind === 'statement'
        ? {
            found: answer.transactions.map((transaction) => transaction.key),
            absent: answer.absentKeys,
            silent: answer.silentKeys,
            complete: answer.complete,
            silence: answer.silence,
          }
        : answer;
    t.strictSame(
      heard,
      { ...expected, complete, silence: complete ? undefined : 'unreadable' },
      title,
    );
  }
});

t.test('a list that names more than is fetched is not complete', async (t) => {
  const keys = Array.from({ length: 51 }, (_, index) => `K${index}`);
  const server = await startMisbehaving((line) => {
    if (line.includes('?orderId=')) return listing(keys);
    return found({ transactionKey: /payments\/(\w+)/.exec(line)?.[1] });
  });
  const gateway = pgSimulator.connect(settingsFor(server.url));
  const { outcome } = await gateway.inquire(inquiry({ keys: [] }));
  t.match(outcome, {
    kind: 'statement',
    complete: false,
    silentKeys: ['K0'],
    silence: 'unreadable',
  });
  t.equal(outcome.kind === 'statement' && outcome.transactions.length, 50);
  t.equal(server.seen.length, 51);
  await server.close();
  await gateway.close();
});

t.test('after three silent keys no more of them are asked for, but the list is', async (t) => {
  const keys = ['K1', 'K2', 'K3', 'K4', 'K5'];
  const server = await startMisbehaving((line) => {
    if (line.includes('?orderId=')) return listing([KEY]);
    return line.includes('/K') ? reply(400, '') : found({});
  });
  const gateway = pgSimulator.connect(settingsFor(server.url));
  const { outcome } = await gateway.inquire(inquiry({ keys }));
  t.match(outcome, { complete: true, transactions: [{ key: KEY }], silentKeys: keys });
  t.strictSame(
    server.seen.map(({ line }) => line.slice(0, -' HTTP/1.1'.length)),
    [
      'GET /api/v1/payments/K1',
      'GET /api/v1/payments/K2',
      'GET /api/v1/payments/K3',
      `GET /api/v1/payments?orderId=${ORDER}`,
      `GET /api/v1/payments/${encodeURIComponent(KEY)}`,
    ],
  );
  await server.close();
  await gateway.close();
});

t.test('a gateway that asks for a pause gets it, whatever was heard before', async (t) => {
  const server = await startMisbehaving((line) => {
    if (line.includes('/K1')) return found({ transactionKey: 'K1', status: 'FAILED' });
    return line.includes('/K2') ? reply(200, 'null') : retry(429, '9');
  });
  const gateway = pgSimulator.connect(settingsFor(server.url));
  const { outcome } = await gateway.inquire(inquiry({ keys: ['K1', 'K2', 'K3', 'K4'] }));
  t.match(outcome, {
    transactions: [{ key: 'K1' }],
    silentKeys: ['K2', 'K3', 'K4'],
    complete: false,
    silence: 'unreadable',
    retryAfterMs: 9_000,
  });
  t.equal(server.seen.length, 3);
  await server.close();
  await gateway.close();
});

t.test('keys and order ids are encoded, the user is a header', async (t) => {
  let head = '';
  const server = await startMisbehaving(() => absentOrder);
  const gateway = pgSimulator.connect(settingsFor(`${server.url}/pg`, { userId: 'shop-7' }));
  await gateway.inquire(
    inquiry({ keys: ['20250816:TR:9577c5', 'a/b?c#d %', '../../admin', '\ud800'] }),
  );
  head = server.seen.map(({ line }) => line).join('\n');
  t.equal(
    head,
    [
      'GET /pg/api/v1/payments/20250816%3ATR%3A9577c5 HTTP/1.1',
      'GET /pg/api/v1/payments/a%2Fb%3Fc%23d%20%25 HTTP/1.1',
      'GET /pg/api/v1/payments/..%2F..%2Fadmin HTTP/1.1',
      'GET /pg/api/v1/payments?orderId=ORDER000001 HTTP/1.1',
    ].join('\n'),
  );
  await server.close();
  await gateway.close();
});

t.test('a connection that died before a byte of the reply is tried once more', async (t) => {
  const server = await startMisbehaving((_line, nth) =>
    nth === 2 ? rawThenReset('') : found({ status: 'SUCCESS' }),
  );
  const gateway = pgSimulator.connect(settingsFor(server.url, { connections: 1 }));
  const first = await gateway.inquire(inquiry());
  const second = await gateway.inquire(inquiry());
  t.match(second.outcome, first.outcome);
  t.equal(second.exchanges.length, 1, 'for us it is one exchange');
  t.strictSame(
    server.seen.map(({ connection }) => connection),
    [1, 1, 2],
  );
  await server.close();
  await gateway.close();
});

t.test('a redirect is not followed', async (t) => {
  const elsewhere = await startMisbehaving(() => found({}));
  const redirect = reply(307, '', { location: `${elsewhere.url}/api/v1/payments/x` });
  await ask(t, { lookup: redirect, list: redirect });
  t.strictSame(elsewhere.seen, []);
  await elsewhere.close();
});

t.test('the deadline counts the wait for a connection', async (t) => {
  const asked = Promise.withResolvers<void>();
  const server = await startMisbehaving((line) => {
    asked.resolve();
    return line.includes('?orderId=') ? absentOrder : hang;
  });
  const clock = turnedClock();
  const gateway = connectPgSimulator(settingsFor(server.url, { connections: 1 }), { clock });
  const slow = gateway.inquire(inquiry({ keys: ['slow'] }));
  await asked.promise;
  const queued = gateway.inquire(inquiry());
  await nextTurn();
  clock.turn(PATIENT_MS);
  t.match((await slow).exchanges[0], { result: 'timeout' });
  t.match((await queued).exchanges[0], { result: 'timeout', status: null });
  t.strictSame(
    server.seen.filter(({ line }) => !line.includes('?')).map(({ line }) => line),
    ['GET /api/v1/payments/slow HTTP/1.1'],
    'what was given up is never sent',
  );
  await server.close();
  await gateway.close();
});

t.test('TLS with a server that speaks none is a connection that failed', async (t) => {
  const server = await startSpeakingFirst('no TLS here\r\n');
  const gateway = pgSimulator.connect(settingsFor(server.url.replace('http:', 'https:')));
  const { outcome } = await gateway.inquire(inquiry({ keys: [] }));
  t.strictSame(outcome, { kind: 'silent', cause: 'connection' });
  await server.close();
  await gateway.close();
});

t.test(
  'a certificate that nobody vouches for is refused, whatever the environment says',
  async (t) => {
    const server = unvouchedServer();
    const said: string[] = [];
    server.on('request', ({ url = '' }) => said.push(url));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port }: { port: number } = Object(server.address());
    const gateway = pgSimulator.connect(settingsFor(`https://127.0.0.1:${port}`));
    const { outcome } = await whileNodeTakesAny(() => gateway.inquire(inquiry({ keys: [] })));
    t.strictSame(outcome, { kind: 'silent', cause: 'connection' });
    t.strictSame(said, [], 'it was asked nothing');
    await gateway.close();
    server.close();
  },
);

t.test('a member id of any script arrives, one that is no header is our mistake', async (t) => {
  const server = await startMisbehaving(() => absentOrder);
  const gateway = pgSimulator.connect(settingsFor(server.url));
  const korean = await gateway.inquire(inquiry({ keys: [], userId: '회원' }));
  t.match(korean.outcome, { kind: 'statement', complete: true });
  const broken = await gateway.inquire(inquiry({ keys: [], userId: 'a\r\nb: c' }));
  t.strictSame(broken.outcome, { kind: 'silent', cause: 'bad_request' });
  t.equal(server.seen.length, 1);
  await server.close();
  await gateway.close();
});

t.test('a callback: what is taken from it', async (t) => {
  const read = (body: unknown) => pgSimulator.readCallback(Buffer.from(JSON.stringify(body)));
  const rows: readonly (readonly [string, object, object])[] = [
    ['as it is sent', payment(), { key: KEY, orderId: ORDER }],
    ['a key alone', { transactionKey: KEY }, { key: KEY, orderId: null }],
    ['an order id alone', { orderId: ORDER }, { key: null, orderId: ORDER }],
    ['a key that is no text', { transactionKey: 7, orderId: ORDER }, { key: null, orderId: ORDER }],
    ['a key that is null', { transactionKey: null, orderId: ORDER }, { key: null, orderId: ORDER }],
    ['an empty key', { transactionKey: '', orderId: ORDER }, { key: null, orderId: ORDER }],
    ['a card number in place of a status', payment({ status: CARD }), { key: KEY, orderId: ORDER }],
    [
      'half a character',
      { transactionKey: '\ud800', orderId: ORDER },
      { key: null, orderId: ORDER },
    ],
    [
      'a key too long',
      { transactionKey: 'k'.repeat(201), orderId: ORDER },
      { key: null, orderId: ORDER },
    ],
    [
      'the longest key',
      { transactionKey: 'k'.repeat(200) },
      { key: 'k'.repeat(200), orderId: null },
    ],
  ];
  for (const [title, body, expected] of rows) {
    const reading = read(body);
    t.match(reading, { kind: 'notice', ...expected, eventId: /^\[.*\]$/ }, title);
    t.notMatch(JSON.stringify(reading), CARD, title);
  }
  const ids = [
    payment(),
    payment({ status: 'FAILED' }),
    payment({ orderId: 'ORDER000002' }),
    payment({ transactionKey: 'other' }),
    { transactionKey: 'x', status: 'y' },
    { orderId: 'x', status: 'y' },
    { transactionKey: 'x', orderId: 'y' },
  ].map((body) => JSON.stringify(read(body)));
  t.equal(new Set(ids).size, ids.length, 'different events have different ids');
  t.strictSame(
    read(payment({ amount: 1, reason: 'other' })),
    read(payment()),
    'a repeat has the same',
  );
  t.match(pgSimulator.readCallback(Buffer.alloc(70_000, 0x20)), {
    flaw: 'too_large',
    problem: /too large/,
  });
  t.match(pgSimulator.readCallback(Buffer.from('{')), { flaw: 'not_json' });
  t.match(read([]), { flaw: 'not_json' });
  t.match(read({}), {
    flaw: 'names_nothing',
    problem: 'transactionKey or orderId is needed',
  });
  const much = (values: number) => ({ orderId: ORDER, more: Array(values).fill('"\\,{[') });
  t.match(read(much(990)), { kind: 'notice', orderId: ORDER }, 'signs within texts do not count');
  t.match(read(much(1_000)), {
    flaw: 'too_many_values',
    problem: 'the body has more than 1000 values',
  });
});

t.test('inquiries are scoped to the order member', async (t) => {
  const server = await startMisbehaving(() => absentOrder);
  t.teardown(() => server.close());
  const gateway = pgSimulator.connect(settingsFor(server.url));
  t.teardown(() => gateway.close());
  await gateway.inquire(inquiry({ keys: [] }));
  t.match(server.seen[0]?.head, `x-user-id: ${MEMBER}\r\n`);
});
