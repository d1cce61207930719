import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { loadConfig, requireGateways, type Sources } from '../../lib/config.ts';
import { ReconciledError } from '../../lib/errors.ts';

/** Every mistake in a configuration, and the sentence that names it. */

const folder = mkdtempSync(join(tmpdir(), 'reconciled-config-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));

const GATEWAY = `[[gateway]]
name = "pg"
kind = "pg-simulator"
base_url = "http://127.0.0.1:8082"
methods = ["CARD"]
`;

/** The trouble with a file of that content. */
function troubleWith(
  content: string,
  sources: Omit<Sources, 'file' | 'env'> & { env?: Sources['env'] } = {},
): ReconciledError {
  const file = join(folder, 'reconciled.toml');
  writeFileSync(file, content);
  return troubleOf(() => loadConfig({ env: {}, ...sources, file }));
}

function troubleOf(act: () => unknown): ReconciledError {
  try {
    act();
  } catch (error) {
    if (error instanceof ReconciledError) return error;
    throw error;
  }
  throw new Error('nothing was wrong');
}

t.test('each mistake is named with its place and with what to write', async (t) => {
  const rows: readonly (readonly [content: string, said: string])[] = [
    ['data_dri = "x"', 'data_dri: there is no such setting. Did you mean data_dir?'],
    ['wobble = 1', 'wobble: there is no such setting. There are data_dir, timezone, '],
    ['data_dir = ""', 'data_dir: "" is not a path. Write, for example, "data".'],
    ['data_dir = 5', 'data_dir: 5 is not a path.'],
    [
      'timezone = "Seoul"',
      'timezone: "Seoul" is not a time zone of the IANA list. Write, for example, "Asia/Seoul".',
    ],
    ['timezone = "+09:00"', 'timezone: "+09:00" is not a time zone'],
    ['locale = "jp"', 'locale: "jp" is not one of ko, en. Write, for example, "ko".'],
    ['log_level = "loud"', 'log_level: "loud" is not one of debug, info, warn, error.'],
    ['http = 5', 'http: 5 is not a table.'],
    ['[http]\nlisten = "8090"', 'http.listen: "8090" is not an address host:port'],
    ['[http]\nlisten = "127.0.0.1:99999"', 'http.listen: "127.0.0.1:99999" is not an address'],
    [
      '[http]\ncallback_listen = "x"',
      'http.callback_listen: "x" is not an address host:port, or "" for none. Write, for example, "0.0.0.0:8091".',
    ],
    ['[http]\ncallback_listen = "127.0.0.1:8090"', 'http.callback_listen: is the same as listen.'],
    ['[http]\nlistne = "x"', 'http.listne: there is no such setting. Did you mean listen?'],
    [
      '[http]\nlisten = "0.0.0.0:8090"',
      'http.listen: without a token anyone who reaches 0.0.0.0:8090 could change orders. Set RECONCILED_API_TOKEN, or listen on 127.0.0.1.',
    ],
    ['[http]\nlisten = "127.0.0.1.example.com:80"', 'http.listen: without a token'],
    [
      '[http]\napi_token = "hunter2"',
      'http.api_token: a secret does not stand in this file. Write { env = "RECONCILED_API_TOKEN" }, or { file = "…" }',
    ],
    [
      '[http]\napi_token = { env = "SHOP_TOKEN" }',
      'http.api_token: the variable SHOP_TOKEN is not set. Set it.',
    ],
    [
      '[http]\napi_token = { file = "nowhere" }',
      'http.api_token: the file nowhere cannot be read.',
    ],
    [
      '[http]\napi_token = { env = "A", file = "b" }',
      'http.api_token: a secret does not stand in this file.',
    ],
    [
      '[http]\npayment_requests = "yes"',
      'http.payment_requests: "yes" is not true or false. Write, for example, false.',
    ],
    [
      `[http]\npayment_requests = true\n${GATEWAY}`,
      'http.payment_requests: needs a callback_url in every gateway.',
    ],
    [
      `[http]\npayment_requests = true\n${GATEWAY}callback_url = "https://shop.example/callbacks"\n`,
      'http.payment_requests: pg-simulator refuses every request whose callback_url does not begin with http://localhost:8080.',
    ],
    [
      '[sweep]\ncron = "every minute"',
      'sweep.cron: "every minute" is not a cron expression of five fields (or six, seconds first). Write, for example, "* * * * *".',
    ],
    ['[sweep]\ncron = "* * * *"', 'sweep.cron: "* * * *" is not a cron expression'],
    ['[sweep]\ncron = "61 * * * *"', 'sweep.cron: "61 * * * *" is not a cron expression'],
    [
      '[sweep]\nstale_after = "10"',
      'sweep.stale_after: "10" is not a length of time from 0s to 30d (ms, s, m, h, d). Write, for example, "10m".',
    ],
    ['[sweep]\nstale_after = 600', 'sweep.stale_after: 600 is not a length of time'],
    [
      '[sweep]\nstale_after = "31d"',
      'sweep.stale_after: "31d" is not a length of time from 0s to 30d',
    ],
    ['[sweep]\nstale_after = "72h"', 'sweep.hold_after: has to be longer than stale_after.'],
    [
      '[sweep]\nthreads = 0',
      'sweep.threads: 0 is not a whole number from 1 to 64. Write, for example, 10.',
    ],
    ['[sweep]\nthreads = 2.5', 'sweep.threads: 2.5 is not a whole number from 1 to 64.'],
    ['[sweep]\nladder = []', 'sweep.ladder: [] is not a list of 1 to 50 lengths of time'],
    [
      '[sweep]\nladder = ["1m", "soon"]',
      'sweep.ladder[1]: "soon" is not a length of time from 100ms to 7d',
    ],
    ['[sweep]\nhold_after = "1y"', 'sweep.hold_after: "1y" is not a length of time'],
    [
      '[gateway]\nname = "pg"',
      'gateway: each gateway is a table of its own. Write [[gateway]] above its settings.',
    ],
    [GATEWAY.replace('name = "pg"', ''), 'gateway[0].name: missing. Write up to 32 small letters'],
    [
      GATEWAY.replace('"pg"', '"PG 1"'),
      'gateway[0].name: "PG 1" is not up to 32 small letters, digits, - and _, a letter first.',
    ],
    [
      GATEWAY.replace('pg-simulator', 'pg-simulater'),
      'gateway[0].kind: "pg-simulater" is not one of pg-simulator.',
    ],
    [
      GATEWAY.replace('http://127', 'ftp://127'),
      'gateway[0].base_url: what is written is not an http:// or https:// address',
    ],
    [GATEWAY.replace('8082', '8082/'), 'gateway[0].base_url: what is written is not'],
    [GATEWAY.replace('127.', 'me:hunter2@127.'), 'gateway[0].base_url: what is written is not'],
    [
      GATEWAY.replace('["CARD"]', '[]'),
      'gateway[0].methods: [] is not a list of 1 to 50 payment methods. Write, for example, ["CARD"].',
    ],
    [
      GATEWAY.replace('["CARD"]', '["CARD", ""]'),
      'gateway[0].methods[1]: "" is not a word of 1 to 64 characters.',
    ],
    [
      `${GATEWAY}max_in_flight = 0`,
      'gateway[0].max_in_flight: 0 is not a whole number from 1 to 1000. Write, for example, 10.',
    ],
    [
      `${GATEWAY}max_inflight = 5`,
      'gateway[0].max_inflight: there is no such setting. Did you mean max_in_flight?',
    ],
    [
      `${GATEWAY}currency = "WON"`,
      'gateway[0].currency: "WON" is not a currency code of ISO 4217. Write, for example, "KRW".',
    ],
    [
      `${GATEWAY}lookup_timeout = "0s"`,
      'gateway[0].lookup_timeout: "0s" is not a length of time from 10ms to 2m',
    ],
    [
      `${GATEWAY}connect_timeout = "4s"`,
      'gateway[0].connect_timeout: must not be longer than lookup_timeout.',
    ],
    [`${GATEWAY}user_id = "a b"`, 'gateway[0].user_id: "a b" is not a word'],
    [
      `${GATEWAY}callback_url = "localhost"`,
      'gateway[0].callback_url: what is written is not an http:// or https:// address, or "" for none.',
    ],
    [
      `${GATEWAY}rate_limit = 25`,
      'gateway[0].rate_limit: 25 is not "none" or a number of requests a second up to 10000. Write, for example, "25/s".',
    ],
    [`${GATEWAY}rate_limit = "0/s"`, 'gateway[0].rate_limit: "0/s" is not "none"'],
    [
      `${GATEWAY}breaker = { failures = 60 }`,
      'gateway[0].breaker.failures: 60 is not a number from 0.01 to 1. Write, for example, 0.6.',
    ],
    [
      `${GATEWAY}breaker = { halfopen = 5 }`,
      'gateway[0].breaker.halfopen: there is no such setting. Did you mean half_open?',
    ],
    [
      `${GATEWAY}breaker = { minimum = 3 }`,
      'gateway[0].breaker.half_open: must not be more than minimum.',
    ],
    [
      GATEWAY + GATEWAY.replace('8082', '8083'),
      'gateway: two have the same name. Give each its own.',
    ],
    [
      GATEWAY + GATEWAY.replace('"pg"', '"bank"').replace('127.0.0.1', '127.1'),
      'gateway: two are one account: they have the same base_url and user_id, and each payment would be found twice.',
    ],
    ['notify = 5', 'notify: 5 is not a table.'],
    ['[notify]\nthread = 2', 'notify.thread: there is no such setting. Did you mean threads?'],
    ['[notify]\nthreads = 17', 'notify.threads: 17 is not a whole number from 1 to 16.'],
    [
      '[notify]\nfirst_retry = "1ms"',
      'notify.first_retry: "1ms" is not a length of time from 100ms to 1h',
    ],
    [
      '[notify]\nlongest_retry = "1s"',
      'notify.longest_retry: must not be shorter than first_retry.',
    ],
    [
      '[notify]\ngive_up_after = "10m"',
      'notify.give_up_after: must not be shorter than longest_retry.',
    ],
    [
      '[notify]\norder_url = "https://shop.example/orders"',
      'notify.order_url: what is written is not an http:// or https:// address with {id} in its path or query, or "" for no link.',
    ],
    ['[notify]\norder_url = "https://{id}.shop.example/"', 'notify.order_url: '],
    ['[notify]\norder_url = "javascript:alert({id})"', 'notify.order_url: '],
    ['[notify]\norder_url = "https://me:pw@shop.example/{id}"', 'notify.order_url: '],
  ];
  for (const [content, said] of rows) {
    const trouble = troubleWith(content);
    t.equal(trouble.code, 'configuration', content);
    const lines = trouble.message.split('\n').slice(1);
    t.ok(
      lines.some((line) => line.startsWith(`  ${said}`)),
      `${content} → ${said}`,
      { lines },
    );
    t.equal(lines.length, 1, `${content} is one mistake`, { lines });
  }
});

t.test('all mistakes stand in one report, relations beside unreadable values too', async (t) => {
  const trouble = troubleWith(
    `timezone = "Mars"\n[sweep]\nthreads = 0\nstale_after = "80h"\n${GATEWAY}connect_timeout = "5s"\nmax_in_flight = "many"\n`,
    { env: { RECONCILED_LITSEN: 'x', RECONCILED_LOCALE: 'fr' }, flags: { listen: 'here' } },
  );
  const places = trouble.message
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(': ')[0]);
  t.strictSame(places, [
    'timezone',
    'RECONCILED_LOCALE',
    '--listen',
    'sweep.threads',
    'sweep.hold_after',
    'gateway[0].max_in_flight',
    'gateway[0].connect_timeout',
    'RECONCILED_LITSEN',
  ]);
  t.match(trouble.message, /^8 mistakes in .*reconciled\.toml:/);
  t.match(
    trouble.message,
    'RECONCILED_LITSEN: there is no such variable. Did you mean RECONCILED_LISTEN?',
  );
  t.match(trouble.hint, 'reconciled config check');
});

t.test('so does an address that is open to everybody, whatever else is wrong', (t) => {
  const { message } = troubleWith('[http]\nlisten = "0.0.0.0:8090"\n[sweep]\nthreads = 0\n');
  t.match(message, /^2 mistakes/);
  t.match(message, 'http.listen: without a token');
  t.match(message, 'sweep.threads: 0 is not');
  t.end();
});

t.test('a file that is no TOML is named with its line', async (t) => {
  const trouble = troubleWith('locale = "ko"\ntimezone = Asia/Seoul\napi_token = "hunter2"\n');
  t.equal(trouble.code, 'configuration');
  t.match(trouble.message, /reconciled\.toml:2:12: this is not TOML: [^\n]+\.$/);
  t.match(trouble.hint, /^Correct line 2\. /);
  t.notMatch(`${trouble.message}${trouble.hint}${trouble.stack}${trouble.cause}`, 'hunter2');
});

t.test('a file that is too large for a configuration is some other one', async (t) => {
  const largest = '#'.repeat(1_000_000);
  writeFileSync(join(folder, 'large.toml'), largest);
  t.ok(loadConfig({ file: join(folder, 'large.toml'), env: {} }));
  t.match(troubleWith(`${largest}#`).message, /is too large/);
});

t.test('a secret of a wrong form is named by its place', async (t) => {
  const cases = [
    ['', 'is empty. Put the secret there.'],
    ['\n', 'is empty. Put the secret there.'],
    ['hunter2\n\n', 'holds something that no header can carry.'],
    ['hunter2 ', 'holds something that no header can carry.'],
    ['hunter2\x7f', 'holds something that no header can carry.'],
    ['x'.repeat(4_097), 'holds something that no header can carry.'],
  ] as const;
  for (const [content, said] of cases) {
    writeFileSync(join(folder, 'token'), content);
    const { message } = troubleWith('[http]\napi_token = { file = "token" }');
    t.match(message, `http.api_token: the file token ${said}`);
    t.notMatch(message, 'hunter2');
  }
});

t.test('waits may be as long as each other', async (t) => {
  const file = join(folder, 'waits.toml');
  const all = ['first_retry', 'longest_retry', 'give_up_after'].map((name) => `${name} = "1h"`);
  writeFileSync(file, `[notify]\n${all.join('\n')}\n`);
  t.match(loadConfig({ file, env: {} }).notify.retry, { longestWaitMs: 3_600_000 });
});

t.test('a file that was named has to be there', async (t) => {
  const file = join(folder, 'none.toml');
  for (const sources of [{ file, env: {} }, { env: { RECONCILED_CONFIG: file } }]) {
    const trouble = troubleOf(() => loadConfig(sources));
    t.equal(trouble.code, 'configuration');
    t.match(trouble.message, file);
    t.match(trouble.hint, '[[gateway]]');
  }
  const isFolder = troubleOf(() => loadConfig({ file: folder, env: {} }));
  t.match(isFolder.hint, 'EISDIR');
  t.notMatch(isFolder.hint, '[[gateway]]');
});

t.test('no message repeats a secret', async (t) => {
  const rows: readonly (readonly [content: string, env: Sources['env']])[] = [
    ['[http]\napi_token = "hunter2"', {}],
    ['[http]\napi_token = { env = "hunter2 " }', {}],
    ['[http]\napi_token = { env = "TOKEN" }', { TOKEN: 'hunter2 with spaces' }],
    ['[http]\nlisten = "x"', { RECONCILED_API_TOKEN: 'hunter2' }],
    [GATEWAY.replace('127.', 'me:hunter2@127.'), {}],
    ['[notify]\norder_url = "https://me:hunter2@shop.example/{id}"', {}],
  ];
  for (const [content, env] of rows) {
    const trouble = troubleWith(content, { env });
    t.notMatch(JSON.stringify([trouble.message, trouble.hint, trouble.stack]), 'hunter2', content);
  }
});

t.test('without a gateway the daemon says what to write', async (t) => {
  const file = join(folder, 'empty.toml');
  writeFileSync(file, '');
  const config = loadConfig({ file, env: {} });
  const trouble = troubleOf(() => requireGateways(config));
  t.equal(trouble.code, 'configuration');
  t.match(trouble.hint, file);
  const written = trouble.hint.slice(trouble.hint.indexOf('[[gateway]]'));
  writeFileSync(file, written);
  t.equal(requireGateways(loadConfig({ file, env: {} })).length, 1, 'and what it says is enough');
});
