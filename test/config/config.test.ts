import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { stringify } from 'smol-toml';
import t from 'tap';
import { closest } from '../../lib/config/closest.ts';
import { formatDuration, parseDuration } from '../../lib/config/forms.ts';
import { isLoopback } from '../../lib/config/rules.ts';
import { configTable } from '../../lib/config/show.ts';
import { loadConfig, type Sources } from '../../lib/config.ts';

/** What a configuration means. */

const folder = mkdtempSync(join(tmpdir(), 'reconciled-config-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));

function load(
  content: string,
  sources: Omit<Sources, 'file' | 'env'> & { env?: Sources['env'] } = {},
) {
  const file = join(folder, 'reconciled.toml');
  writeFileSync(file, content);
  return loadConfig({ env: {}, ...sources, file });
}

/** The example of the documentation, every setting written out. */
const WHOLE = `
data_dir = "data"
timezone = "America/New_York"
locale = "en"
log_level = "warn"
keep_orders = "730d"

[http]
listen = "[::1]:8090"
callback_listen = "0.0.0.0:8091"
payment_requests = true

[sweep]
cron = "*/5 * * * *"
stale_after = "15m"
threads = 4
ladder = ["30s", "1m"]
hold_after = "1d"

[[gateway]]
name = "pg"
kind = "pg-simulator"
base_url = "https://pg.example.com/base"
methods = ["CARD", "계좌이체"]
currency = "USD"
max_in_flight = 25
lookup_timeout = "2500ms"
connect_timeout = "500ms"
payment_window = "20m"
user_id = "merchant-1"
callback_url = "http://localhost:8080/api/v1/callbacks"
rate_limit = "12.5/s"
breaker = { failures = 0.5, window = "1m", minimum = 10, open = "5s", half_open = 2, slow = "1s" }

[notify]
threads = 3
first_retry = "1s"
longest_retry = "10m"
give_up_after = "2d"
order_url = "https://shop.example/orders/{id}?tab=payments"
sweep_late_after = "20m"
callbacks_stopped_after = "3h"

[[channel]]
name = "ops"
kind = "log"
topics = ["order.held"]
digest = "1m"
max_in_flight = 2
`;

t.test('every setting arrives where it belongs', async (t) => {
  t.strictSame(load(WHOLE), {
    file: join(folder, 'reconciled.toml'),
    dataDir: join(folder, 'data'),
    timezone: 'America/New_York',
    locale: 'en',
    logLevel: 'warn',
    keepOrdersMs: 730 * 24 * 3_600_000,
    http: {
      listen: { host: '::1', port: 8090 },
      callbackListen: { host: '0.0.0.0', port: 8091 },
      apiToken: null,
      paymentRequests: true,
    },
    sweep: {
      cron: '*/5 * * * *',
      staleAfterMs: 900_000,
      threads: 4,
      ladderMs: [30_000, 60_000],
      holdAfterMs: 86_400_000,
    },
    gateways: [
      {
        settings: {
          name: 'pg',
          kind: 'pg-simulator',
          baseUrl: 'https://pg.example.com/base',
          currency: 'USD',
          userId: 'merchant-1',
          callbackUrl: 'http://localhost:8080/api/v1/callbacks',
          lookupTimeoutMs: 2500,
          connectTimeoutMs: 500,
          connections: 25,
        },
        methods: ['CARD', '계좌이체'],
        maxInFlight: 25,
        paymentWindowMs: 1_200_000,
        ratePerSecond: 12.5,
        breaker: {
          failures: 0.5,
          windowMs: 60_000,
          minimum: 10,
          openMs: 5000,
          halfOpen: 2,
          slowMs: 1000,
        },
      },
    ],
    notify: {
      threads: 3,
      retry: { firstWaitMs: 1000, longestWaitMs: 600_000, giveUpAfterMs: 172_800_000 },
      orderUrl: 'https://shop.example/orders/{id}?tab=payments',
      sweepLateAfterMs: 1_200_000,
      callbacksStoppedAfterMs: 10_800_000,
    },
    channels: [
      {
        settings: { kind: 'log', name: 'ops' },
        topics: ['order.held'],
        digestMs: 60_000,
        maxInFlight: 2,
      },
    ],
  });
});

t.test('what is not written has a default', async (t) => {
  const { gateways, ...rest } = load(
    '[[gateway]]\nname = "pg"\nkind = "pg-simulator"\nbase_url = "http://pg"\nmethods = ["CARD"]\n',
  );
  t.match(rest, {
    timezone: 'Asia/Seoul',
    locale: 'ko',
    logLevel: 'info',
    http: { listen: { host: '127.0.0.1', port: 8090 }, callbackListen: null, apiToken: null },
    sweep: { cron: '* * * * *', staleAfterMs: 600_000, threads: 10, holdAfterMs: 259_200_000 },
    notify: {
      threads: 2,
      retry: { firstWaitMs: 5000, longestWaitMs: 3_600_000, giveUpAfterMs: 86_400_000 },
      orderUrl: null,
      sweepLateAfterMs: 900_000,
      callbacksStoppedAfterMs: 21_600_000,
    },
  });
  t.strictSame(rest.sweep.ladderMs.map(formatDuration), [
    '1m',
    '1m',
    '1m',
    '2m',
    '5m',
    '10m',
    '30m',
    '1h',
  ]);
  t.match(gateways, [
    {
      maxInFlight: 10,
      paymentWindowMs: 600_000,
      ratePerSecond: null,
      settings: {
        currency: 'KRW',
        userId: 'member',
        callbackUrl: '',
        lookupTimeoutMs: 3000,
        connectTimeoutMs: 1000,
      },
      breaker: {
        failures: 0.6,
        windowMs: 30_000,
        minimum: 20,
        openMs: 10_000,
        halfOpen: 5,
        slowMs: 2000,
      },
    },
  ]);
});

t.test('two merchants of one gateway are two accounts of it', async (t) => {
  const gateway = (name: string, userId: string) =>
    `[[gateway]]\nname = "${name}"\nkind = "pg-simulator"\nbase_url = "http://pg"\nmethods = ["CARD"]\nuser_id = "${userId}"\n`;
  const { gateways } = load(gateway('pg', 'merchant-1') + gateway('pg2', 'merchant-2'));
  t.equal(gateways.length, 2);
});

t.test('no file at all is fine as long as none was named', async (t) => {
  const here = process.cwd();
  process.chdir(mkdtempSync(join(folder, 'bare-')));
  t.teardown(() => process.chdir(here));
  const config = loadConfig({ env: {} });
  t.equal(config.file, null);
  t.equal(config.dataDir, resolve('data'));
  writeFileSync('reconciled.toml', 'locale = "en"\n');
  t.match(loadConfig({ env: {} }), { file: resolve('reconciled.toml'), locale: 'en' });
  const empty = loadConfig({ env: { RECONCILED_CONFIG: '' } });
  t.equal(empty.file, resolve('reconciled.toml'), 'an empty variable names none');
  writeFileSync('other.toml', '\uFEFFlocale = "en"\n');
  const both = loadConfig({ file: 'other.toml', env: { RECONCILED_CONFIG: 'reconciled.toml' } });
  t.match(both, { file: resolve('other.toml'), locale: 'en' }, 'a flag goes before a variable');
  mkdirSync('taken');
  process.chdir('taken');
  mkdirSync('reconciled.toml');
  t.throws(() => loadConfig({ env: {} }), { code: 'configuration' }, 'what is there is read');
});

t.test(
  'flags go before variables, variables before the file, the file before defaults',
  async (t) => {
    const file =
      'locale = "en"\ntimezone = "UTC"\ndata_dir = "f"\n[http]\nlisten = "127.0.0.1:1"\n';
    const env = {
      RECONCILED_TIMEZONE: 'Asia/Tokyo',
      RECONCILED_LISTEN: '127.0.0.1:2',
      RECONCILED_DATA_DIR: 'v',
    };
    const flags = { listen: '127.0.0.1:3' };
    t.match(load(file, { env, flags }), {
      logLevel: 'info',
      locale: 'en',
      timezone: 'Asia/Tokyo',
      dataDir: resolve('v'),
      http: { listen: { port: 3 } },
    });
    t.match(load(file, { flags: { dataDir: 'g', logLevel: 'debug' } }), {
      dataDir: resolve('g'),
      logLevel: 'debug',
    });
    t.match(load(file), { dataDir: join(folder, 'f') }, 'a path in the file starts at the file');
    t.match(
      load(file, { env: { RECONCILED_LOCALE: '' } }),
      { locale: 'en' },
      'an empty variable is none',
    );
  },
);

t.test('a secret is fetched from where the file says', async (t) => {
  mkdirSync(join(folder, 'secrets'), { recursive: true });
  writeFileSync(join(folder, 'secrets', 'token'), 'from-the-file\n');
  const rows: readonly (readonly [content: string, env: Sources['env'], token: string | null])[] = [
    ['api_token = { env = "SHOP_TOKEN" }', { SHOP_TOKEN: 'of-the-shop' }, 'of-the-shop'],
    ['api_token = { env = "RECONCILED_OTHER" }', { RECONCILED_OTHER: 'ours' }, 'ours'],
    ['api_token = { file = "secrets/token" }', {}, 'from-the-file'],
    ['api_token = { file = "secrets/token" }', { RECONCILED_API_TOKEN: 'first' }, 'first'],
    ['', { RECONCILED_API_TOKEN: 'alone' }, 'alone'],
    ['', {}, null],
  ];
  for (const [content, env, token] of rows) {
    t.equal(load(`[http]\n${content}\n`, { env }).http.apiToken, token, content);
  }
  for (const [content, token] of [
    ['x\r\n', 'x'],
    ['x'.repeat(4_096), 'x'.repeat(4_096)],
  ] as const) {
    writeFileSync(join(folder, 'secrets', 'token'), content);
    const { http } = load('[http]\napi_token = { file = "secrets/token" }\n');
    t.equal(http.apiToken, token);
  }
  writeFileSync(join(folder, 'secrets', 'token'), 'x \n');
  t.throws(
    () => load('[http]\napi_token = { file = "secrets/token" }\n'),
    /the file secrets\/token holds something that no header can carry/,
    'a space at its end may be a part of it',
  );
  const open = '[http]\nlisten = "0.0.0.0:8090"\napi_token = { env = "SHOP_TOKEN" }\n';
  t.equal(
    load(open, { env: { SHOP_TOKEN: 'x' } }).http.listen.host,
    '0.0.0.0',
    'a token opens the door',
  );
  t.equal(load(open, { secrets: 'ignore' }).http.apiToken, null, 'a reader needs none');
});

t.test('what is shown can be read again, and has no secret in it', async (t) => {
  const called = 'http://localhost:8080/api/v1/callbacks';
  const whole = WHOLE.replace(called, `${called}/hunter2`);
  const config = load(whole, { env: { RECONCILED_API_TOKEN: 'hunter2' } });
  const shown = stringify(configTable(config));
  t.notMatch(shown, 'hunter2');
  t.match(shown, 'api_token = "(set)"');
  t.match(shown, 'callback_url = "http://localhost:8080/(set)"');
  const again = load(
    shown
      .replace('api_token = "(set)"', '')
      .replace('http://localhost:8080/(set)', `${called}/hunter2`),
  );
  t.strictSame(again, { ...config, http: { ...config.http, apiToken: null } });
});

t.test('so can what was never written', async (t) => {
  const gateway =
    '[[gateway]]\nname = "pg"\nkind = "pg-simulator"\nbase_url = "http://pg"\nmethods = ["CARD"]\n';
  const config = load(gateway);
  const shown = stringify(configTable(config));
  t.match(shown, 'api_token = "(none)"');
  t.strictSame(load(shown.replace('api_token = "(none)"', '')), config);
});

t.test('lengths of time are written as they are read', async (t) => {
  fc.assert(
    fc.property(
      fc.nat({ max: 999_999_999 }),
      (lengthMs) => parseDuration(formatDuration(lengthMs)) === lengthMs,
    ),
  );
  t.strictSame(
    ['1d', '72h', '10m', '3s', '500ms', '0s', '1.5s', '-1s', '1 s', 's', '1w'].map(parseDuration),
    [86_400_000, 259_200_000, 600_000, 3000, 500, 0, null, null, null, null, null],
  );
});

t.test('only this machine is loopback', async (t) => {
  for (const host of ['127.0.0.1', '127.255.255.254', '::1', 'localhost'])
    t.ok(isLoopback(host), host);
  for (const host of [
    '0.0.0.0',
    '::',
    '10.0.0.1',
    '128.0.0.1',
    '127.0.0.1.example.com',
    'localhost.example.com',
    '127.1',
    '127.0.0.256',
  ]) {
    t.notOk(isLoopback(host), host);
  }
});

t.test('a slip of the hand finds its word, another word finds none', async (t) => {
  const known = ['lookup_timeout', 'connect_timeout', 'max_in_flight'];
  t.equal(closest('lookup_timout', known), 'lookup_timeout');
  t.equal(closest('maxInFlight', known), 'max_in_flight');
  t.equal(closest('password', known), null);
});
