import { mkdirSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { daemonClient } from '../../lib/cli/client.ts';
import { systemClock } from '../../lib/clock.ts';
import { loadConfig } from '../../lib/config.ts';
import { databaseId } from '../../lib/store/sqlite/in-place.ts';
import { openSqliteStore } from '../../lib/store/sqlite/index.ts';
import { run } from './run.ts';
import { openShop, PRODUCTS } from './shop.ts';

/** What a command is told that finds its database in use, and somebody at the address of its daemon. */

/** Answers as a daemon does that works on this database, or on another one; it goes away, or answers so to what it is sent. */
function alive(database: string | null, status = 0, body: object = {}): RequestListener {
  return (request, response) => {
    const isAsked = request.url === '/healthz';
    if (!isAsked && status === 0) return void request.socket.destroy();
    response.writeHead(isAsked ? 200 : status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(isAsked ? { status: 'ok', version: '0.1.0', database } : body));
  };
}

const told: readonly {
  readonly who: string;
  readonly answer: (path: string) => RequestListener;
  readonly error: {
    readonly code: string;
    readonly message: RegExp | string;
    readonly hint?: RegExp | string;
  };
  /** It is its own daemon. */
  readonly sent?: true;
}[] = [
  {
    who: 'a daemon of another database',
    answer: (path) => alive(databaseId(`${path}.other`)),
    error: { code: 'daemon_refused', message: /works on another database than .*reconciled\.db/ },
  },
  {
    who: 'a daemon that does not know its database',
    answer: () => alive(null),
    error: { code: 'daemon_refused', message: /works on another database/ },
  },
  {
    who: 'another program',
    answer: () => (_request, response) => void response.end('It works!'),
    error: { code: 'daemon_refused', message: /^Something else answered 200 at http/ },
  },
  {
    who: 'a daemon that hangs',
    answer: () => () => undefined,
    error: { code: 'daemon_unreachable', message: /^This database is in use, but no daemon/ },
  },
  {
    who: 'a daemon that ends before it answers',
    answer: (path) => alive(databaseId(path)),
    error: {
      code: 'daemon_unreachable',
      message: /went away before it had answered/,
      hint: /reconciled health.*what is done already is not done twice/,
    },
    sent: true,
  },
  {
    who: 'a daemon that is about to end',
    answer: (path) =>
      alive(databaseId(path), 503, {
        title: 'The daemon refused the request.',
        code: 'daemon_refused',
        detail: 'The daemon is stopping: no sweep begins any more.',
        hint: 'Start it again; the first sweep takes what is due.',
      }),
    error: {
      code: 'daemon_refused',
      message: 'The daemon is stopping: no sweep begins any more.',
      hint: 'Start it again; the first sweep takes what is due.',
    },
    sent: true,
  },
  {
    who: 'a daemon whose words are not known here',
    answer: (path) =>
      alive(databaseId(path), 409, { code: 'of_a_later_version', title: 'It cannot be.' }),
    error: {
      code: 'daemon_refused',
      message: 'It cannot be.',
      hint: 'Look at what is named and try again.',
    },
    sent: true,
  },
  {
    who: 'a daemon with another token',
    answer: (path) => alive(databaseId(path), 401, { code: 'unauthorized', detail: 'No.' }),
    error: {
      code: 'daemon_refused',
      message: /^The daemon at http.* wants its token\.$/,
      hint: 'Set RECONCILED_API_TOKEN to the token that the daemon was given.',
    },
    sent: true,
  },
];
const TOKEN = 'a-token-of-thirty-two-characters';
const env = { RECONCILED_API_TOKEN: TOKEN };

for (const { who, answer, error, sent = false } of told)
  t.test(`${who} gets nothing done`, async (t) => {
    const { cwd } = await openShop(t);
    await run(['import', '-', '--products'], { cwd, input: PRODUCTS });
    const path = join(cwd, 'data', 'reconciled.db');
    const other = openSqliteStore({ path, clock: systemClock, tell: () => undefined });
    t.teardown(() => other.upkeep.close());
    const asked: string[] = [];
    const tokens: string[] = [];
    const address = await listening(t, answer(path), asked, tokens);
    const { code, stderr } = await run(['sweep', '--json', '--listen', address], { cwd, env });
    t.equal(code, 1);
    t.match(JSON.parse(stderr.trim().split('\n').at(-1) ?? ''), { error }, stderr);
    t.equal(asked.includes('/v1/sweeps?wait=true'), sent, 'only its own daemon is sent something');
    t.strictSame(tokens, sent ? [`Bearer ${TOKEN}`] : [], 'and the token');
  });

t.test('a daemon that hangs with what it was sent is not waited for for ever', async (t) => {
  const { cwd } = await openShop(t);
  const listen = await listening(t, () => undefined, [], []);
  const config = loadConfig({
    file: join(cwd, 'reconciled.toml'),
    env: { RECONCILED_LISTEN: listen },
  });
  const client = await daemonClient(config, 1, 20);
  t.teardown(() => client.close());
  const error = {
    code: 'daemon_unreachable',
    message: /has not answered for .*: nobody knows whether it did what was sent last\.$/,
    hint: /what is done already is not done twice/,
  };
  await t.rejects(client.call('POST', '/v1/orders', {}), error);
  await t.rejects(client.offer('POST', '/v1/orders', {}), error);
});

t.test('a daemon that has just been started is waited for', async (t) => {
  const { cwd } = await openShop(t);
  const path = join(cwd, 'data', 'reconciled.db');
  mkdirSync(join(cwd, 'data'));
  const { upkeep } = openSqliteStore({ path, clock: systemClock, tell: () => undefined });
  t.teardown(() => upkeep.close());
  const asked: string[] = [];
  const answer: RequestListener = (request, response) => {
    if (asked.length < 2) return void request.socket.destroy();
    alive(databaseId(path))(request, response);
  };
  const client = await clientOf(t, cwd, await listening(t, answer, asked, []));
  await client.ready();
  t.equal(asked.length, 2);
});

/** What the daemon answers, and what the command makes of it. */
const refusals: readonly {
  readonly status: number;
  readonly body: unknown;
  readonly error: {
    readonly code: string;
    readonly message: string | RegExp;
    readonly hint: string | RegExp;
  };
}[] = [
  {
    status: 404,
    body: { code: 'not_found', title: 'Not found', detail: 'There is no such order.' },
    error: { code: 'not_found', message: 'There is no such order.', hint: /reconciled orders/ },
  },
  {
    status: 409,
    body: { code: 'conflict', title: 'It is failed.' },
    error: { code: 'conflict', message: 'It is failed.', hint: /reconciled explain ORDER/ },
  },
  {
    status: 500,
    body: 'a page of a proxy',
    error: {
      code: 'daemon_refused',
      message: /^Something else answered 500 at http/,
      hint: /--listen/,
    },
  },
];

t.test('a refusal is told in the words of the daemon, with what to do', async (t) => {
  const { cwd } = await openShop(t);
  let reply = refusals[0];
  const answer: RequestListener = (_request, response) => {
    response.statusCode = reply?.status ?? 200;
    response.end(JSON.stringify(reply?.body));
  };
  const client = await clientOf(t, cwd, await listening(t, answer, [], []));
  for (const refused of refusals) {
    reply = refused;
    await t.rejects(client.call('POST', '/v1/orders', {}), refused.error);
    await t.rejects(client.offer('POST', '/v1/orders', {}), refused.error);
  }
});

t.test('what is wrong with what was sent is one text, field by field', async (t) => {
  const { cwd } = await openShop(t);
  let status = 400;
  const body = {
    code: 'invalid',
    detail: 'Two fields are off.',
    hint: 'Look at errors.',
    errors: [
      { field: 'id', message: 'too short.', hint: 'Write six letters.' },
      { field: 'amount', message: 'missing' },
    ],
  };
  const answer: RequestListener = (_request, response) => {
    response.statusCode = status;
    response.end(JSON.stringify(body));
  };
  const client = await clientOf(t, cwd, await listening(t, answer, [], []));
  const offered = () => client.offer('POST', '/v1/orders', {});
  const fields = 'id: too short. Write six letters; amount: missing';
  for (const [code, said] of [
    [400, fields],
    [413, fields],
    [422, fields],
    [409, 'Two fields are off. Look at errors'],
  ] as const) {
    status = code;
    t.equal(await offered(), said, `${code}`);
  }
});

async function clientOf(t: Test, cwd: string, listen: string) {
  const file = join(cwd, 'reconciled.toml');
  const client = await daemonClient(loadConfig({ file, env: { RECONCILED_LISTEN: listen } }));
  t.teardown(() => client.close());
  return client;
}

async function listening(
  test: Test,
  answer: RequestListener,
  asked: string[],
  tokens: string[],
): Promise<string> {
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    if (request.headers.authorization !== undefined) tokens.push(request.headers.authorization);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  test.teardown(() => server.closeAllConnections());
  test.teardown(() => server.close());
  const address = server.address();
  return `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}
