import t, { type Test } from 'tap';
import { type Clock, systemClock } from '../../lib/clock.ts';
import type { SilenceCause } from '../../lib/core/gateway.ts';
import { connectPgSimulator } from '../../lib/gateways/pg-simulator.ts';
import { MAX_TRIES } from '../../lib/gateways/pg-simulator-request.ts';
import type { Exchange, RequestOutcome } from '../../lib/gateways/port.ts';
import {
  type Behaviour,
  hang,
  raw,
  rawThenClose,
  rawThenReset,
  reply,
  startMisbehaving,
} from './misbehaving.ts';
import { CARD, KEY, PATIENT_MS, paymentRequest, settingsFor } from './settings.ts';

const ACCEPTED = reply(200, {
  meta: { result: 'SUCCESS' },
  data: { transactionKey: KEY, status: 'PENDING' },
});
const UNSTABLE = reply(500, fail('현재 서버가 불안정합니다. 잠시 후 다시 시도해주세요.'));

function fail(message: string | null): object {
  return { meta: { result: 'FAIL', errorCode: 'Internal Server Error', message } };
}

function success(data: unknown): object {
  return { meta: { result: 'SUCCESS' }, data };
}

/** A clock whose long waits are short; it keeps what it was asked to wait. The deadline of a request is not a pause between two. */
function impatientClock(waitsMs: number[], deadline: (expire: () => void) => () => void): Clock {
  return {
    ...systemClock,
    after(waitMs, call) {
      if (waitMs === PATIENT_MS) return deadline(call);
      waitsMs.push(waitMs);
      return systemClock.after(0, call);
    },
  };
}

const SHORT_MS = 50;

interface Sent {
  readonly outcome: RequestOutcome;
  readonly exchanges: readonly Exchange[];
  readonly waitsMs: readonly number[];
  readonly posts: readonly {
    readonly line: string;
    readonly connection: number;
    readonly body: string;
  }[];
}

/**
 * Sends one payment request to a server that answers its tries in this order, the last one again and again. `timesOut`: its
 * deadline passes as soon as the server has it.
 */
async function send(t: Test, replies: readonly Behaviour[], timesOut = false): Promise<Sent> {
  let expire = () => {};
  const server = await startMisbehaving((_line, nth) => (socket) => {
    const behave = replies[nth - 1] ?? replies.at(-1) ?? hang;
    behave(socket);
    if (timesOut) expire();
  });
  const waitsMs: number[] = [];
  const gateway = connectPgSimulator(settingsFor(server.url, { lookupTimeoutMs: PATIENT_MS }), {
    clock: impatientClock(waitsMs, (call) => {
      expire = call;
      return systemClock.after(PATIENT_MS, call);
    }),
    random: () => 0.5,
  });
  const asked = await gateway.request?.(paymentRequest());
  if (asked === undefined) throw new Error('it takes no requests');
  await server.close();
  await gateway.close();
  t.notMatch(JSON.stringify(asked), CARD, 'no card number comes out of it');
  return { ...asked, waitsMs, posts: server.seen };
}

t.test('what became of a request', async (t) => {
  const accepted: RequestOutcome = { kind: 'accepted', key: KEY };
  const spent: RequestOutcome = { kind: 'not_reached', cause: 'server_error' };
  const rows: readonly (readonly [string, readonly Behaviour[], RequestOutcome, number])[] = [
    ['accepted', [ACCEPTED], accepted, 1],
    ['accepted at the second try', [UNSTABLE, ACCEPTED], accepted, 2],
    ['accepted at the last try', [UNSTABLE, UNSTABLE, UNSTABLE, ACCEPTED], accepted, 4],
    ['the documented 500, tries spent', [UNSTABLE], spent, MAX_TRIES],
    [
      'refused',
      [reply(400, fail('주문 ID는 6자리 이상 문자열이어야 합니다.'))],
      { kind: 'refused', reason: '주문 ID는 6자리 이상 문자열이어야 합니다.' },
      1,
    ],
    [
      'refused without a word',
      [reply(400, fail(null))],
      { kind: 'refused', reason: 'Bad Request' },
      1,
    ],
    [
      'refused with the card number in the words',
      [reply(400, fail(`필드 'cardNo'의 값 '${CARD}'`))],
      { kind: 'refused', reason: "필드 'cardNo'의 값 '****'" },
      1,
    ],
    ['refused after a 500', [UNSTABLE, reply(400, fail('x'))], { kind: 'refused', reason: 'x' }, 2],
    ['400 without an envelope', [reply(400, 'no')], doubt('bad_request'), 1],
    [
      '400 that says SUCCESS',
      [reply(400, success({ transactionKey: KEY }))],
      doubt('bad_request'),
      1,
    ],
    ['another 500', [reply(500, fail('일시적인 오류가 발생했습니다.'))], doubt('server_error'), 1],
    ['500 without a message', [reply(500, fail(null))], doubt('server_error'), 1],
    ['500 without an envelope', [reply(500, '')], doubt('server_error'), 1],
    [
      'the words with another status',
      [reply(503, fail('현재 서버가 불안정합니다.'))],
      doubt('server_error'),
      1,
    ],
    ['the words in a page', [reply(500, '현재 서버가 불안정합니다.')], doubt('server_error'), 1],
    ['502 of a proxy', [reply(502, '<h1>Bad Gateway</h1>')], doubt('server_error'), 1],
    ['503 with Retry-After', [reply(503, '', { 'retry-after': '1' })], doubt('rate_limited'), 1],
    ['429', [reply(429, '')], doubt('rate_limited'), 1],
    ['401', [reply(401, fail('x'))], doubt('misconfigured'), 1],
    ['404', [reply(404, fail('x'))], doubt('unreadable'), 1],
    ['a redirect', [reply(307, '', { location: '/other' })], doubt('redirected'), 1],
    ['200 without a key', [reply(200, success({ status: 'PENDING' }))], doubt('unreadable'), 1],
    [
      '200 with an empty key',
      [reply(200, success({ transactionKey: '' }))],
      doubt('unreadable'),
      1,
    ],
    [
      '200 with a key that is null',
      [reply(200, success({ transactionKey: null }))],
      doubt('unreadable'),
      1,
    ],
    ['200 that says FAIL', [reply(200, fail('현재 서버가 불안정합니다.'))], doubt('unreadable'), 1],
    [
      '200 in HTML',
      [reply(200, '<html>', { 'content-type': 'text/html' })],
      doubt('unreadable'),
      1,
    ],
    ['a reset after it was sent', [rawThenReset('')], doubt('connection'), 1],
    ['an empty reply', [rawThenClose('')], doubt('connection'), 1],
    ['garbage', [rawThenClose('garbage\r\n\r\n')], doubt('unreadable'), 1],
    ['doubt after a 500', [UNSTABLE, rawThenReset('')], doubt('connection'), 2],
  ];
  for (const [title, replies, outcome, tries] of rows) {
    const sent = await send(t, replies);
    t.strictSame(sent.outcome, outcome, title);
    t.equal(sent.posts.length, tries, `${title}: tries`);
    t.equal(sent.exchanges.length, tries, `${title}: exchanges`);
    const { result } = sent.exchanges.at(-1) ?? {};
    t.equal(
      result,
      'cause' in outcome ? outcome.cause : 'answered',
      `${title}: what the circuit hears of it`,
    );
  }
});

function doubt(cause: SilenceCause): RequestOutcome {
  return { kind: 'nobody_knows', cause };
}

t.test('a request that times out is never sent again', async (t) => {
  for (const silence of [hang, raw('HTTP/1.1 200 OK\r\n')]) {
    const sent = await send(t, [silence], true);
    t.strictSame(sent.outcome, doubt('timeout'));
    t.equal(sent.posts.length, 1);
  }
});

t.test('a request that never left, for want of a connection, is repeated', async (t) => {
  // A TLS greeting that is never answered: the connection is never there, so nothing is ever sent.
  const server = await startMisbehaving(() => hang);
  const gateway = connectPgSimulator(
    settingsFor(server.url.replace('http:', 'https:'), { lookupTimeoutMs: SHORT_MS }),
    { backoffMs: 0 },
  );
  const asked = await gateway.request?.(paymentRequest());
  t.strictSame(asked?.outcome, { kind: 'not_reached', cause: 'timeout' });
  t.equal(asked?.exchanges.length, MAX_TRIES);
  t.strictSame(server.seen, []);
  await server.close();
  await gateway.close();
});

t.test('the waits between tries double, with full jitter', async (t) => {
  const { waitsMs, posts } = await send(t, [UNSTABLE]);
  t.strictSame(waitsMs, [100, 200, 400], 'half of 200, 400 and 800: the dice showed one half');
  t.equal(
    new Set(posts.map(({ connection }) => connection)).size,
    MAX_TRIES,
    'none on a used connection',
  );
});

t.test('what is sent', async (t) => {
  const { posts } = await send(t, [ACCEPTED]);
  t.equal(posts[0]?.line, 'POST /api/v1/payments HTTP/1.1');
  t.strictSame(JSON.parse(posts[0]?.body ?? ''), {
    orderId: 'ORDER000001',
    cardType: 'SAMSUNG',
    cardNo: CARD,
    amount: 5000,
    callbackUrl: 'http://localhost:8080/callbacks/pg',
  });
});
