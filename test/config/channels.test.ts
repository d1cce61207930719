import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'smol-toml';
import t from 'tap';
import { CHANNEL_EXAMPLES } from '../../docs/channel-examples.ts';
import { channelSchemas } from '../../lib/config/channels.ts';
import { configTable } from '../../lib/config/show.ts';
import { loadConfig, type Sources } from '../../lib/config.ts';
import { EFFECT_TOPICS, TOPICS_FOR_PEOPLE } from '../../lib/core/effect.ts';
import { ReconciledError } from '../../lib/errors.ts';

/** What the tables of channels mean, and every mistake in them. */

const folder = mkdtempSync(join(tmpdir(), 'reconciled-channels-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));

const SLACK_URL = 'https://hooks.slack.example/services/T0/B0/hunter2';

const ENV: Sources['env'] = {
  SHOP_WEBHOOK_SECRET: `whsec_${Buffer.from('hunter2 of the shop').toString('base64')}`,
  SLACK_WEBHOOK_URL: SLACK_URL,
  SMTP_PASSWORD: 'hunter2 with 빈칸',
};

function load(content: string, sources: Omit<Sources, 'file' | 'env'> & { env?: Sources['env'] }) {
  const file = join(folder, 'reconciled.toml');
  writeFileSync(file, content);
  return loadConfig({ env: ENV, ...sources, file });
}

/** The channels of a file of that content. */
function channelsOf(content: string) {
  return load(content, {}).channels;
}

function troubleWith(content: string, env: Sources['env'] = ENV): ReconciledError {
  try {
    load(content, { env });
  } catch (error) {
    if (error instanceof ReconciledError) return error;
    throw error;
  }
  throw new Error(`nothing was wrong with ${content}`);
}

const LOG = '[[channel]]\nname = "ops"\nkind = "log"\n';
const WEBHOOK = `[[channel]]
name = "shop"
kind = "webhook"
url = "https://shop.example/hooks?from=reconciled"
secrets = [{ env = "SHOP_WEBHOOK_SECRET" }]
`;
const SLACK = '[[channel]]\nname = "ops"\nkind = "slack"\nurl = { env = "SLACK_WEBHOOK_URL" }\n';
const EMAIL = `[[channel]]
name = "mail"
kind = "email"
host = "smtp.shop.example"
from = "Shop <no-reply@shop.example>"
to = ["ops@shop.example"]
`;

const KINDS = ['log', 'webhook', 'slack', 'email'];

t.test('without a channel people find in the log what they have to act on', async (t) => {
  t.strictSame(channelsOf(''), [
    {
      settings: { kind: 'log', name: 'log' },
      topics: TOPICS_FOR_PEOPLE,
      digestMs: 0,
      maxInFlight: 1,
    },
  ]);
});

t.test('what is not written has a default by kind', async (t) => {
  t.strictSame(channelsOf(LOG + WEBHOOK + SLACK.replace('ops', 'chat') + EMAIL), [
    {
      settings: { kind: 'log', name: 'ops' },
      topics: TOPICS_FOR_PEOPLE,
      digestMs: 0,
      maxInFlight: 1,
    },
    {
      settings: {
        kind: 'webhook',
        name: 'shop',
        url: 'https://shop.example/hooks?from=reconciled',
        secrets: [ENV.SHOP_WEBHOOK_SECRET],
        allowPrivate: false,
        timeoutMs: 15_000,
      },
      topics: EFFECT_TOPICS,
      digestMs: 0,
      maxInFlight: 20,
    },
    {
      settings: { kind: 'slack', name: 'chat', url: SLACK_URL, timeoutMs: 15_000 },
      topics: TOPICS_FOR_PEOPLE,
      digestMs: 300_000,
      maxInFlight: 1,
    },
    {
      settings: {
        kind: 'email',
        name: 'mail',
        host: 'smtp.shop.example',
        port: 587,
        security: 'starttls',
        verifyCertificate: true,
        user: null,
        password: null,
        from: 'Shop <no-reply@shop.example>',
        to: ['ops@shop.example'],
        topicTo: {},
        connections: 2,
        timeoutMs: 30_000,
      },
      topics: TOPICS_FOR_PEOPLE,
      digestMs: 300_000,
      maxInFlight: 2,
    },
  ]);
});

t.test('every setting arrives where it belongs', async (t) => {
  writeFileSync(join(folder, 'older'), 'any other text would hold a space: not this one\n');
  writeFileSync(join(folder, 'old'), 'the-secret-before\n');
  const rows: readonly (readonly [content: string, channel: unknown])[] = [
    [
      `${LOG}topics = ["gateway.down", "gateway.up"]\ndigest = "90s"\nmax_in_flight = 3`,
      { topics: ['gateway.down', 'gateway.up'], digestMs: 90_000, maxInFlight: 3 },
    ],
    [
      `${WEBHOOK.replace('}]', '}, { file = "old" }]')}allow_private = true\ntimeout = "2s"`,
      {
        settings: {
          secrets: [ENV.SHOP_WEBHOOK_SECRET, 'the-secret-before'],
          allowPrivate: true,
          timeoutMs: 2000,
        },
      },
    ],
    [
      `${WEBHOOK.replace('https://shop.example', 'http://[::1]:9000')}allow_private = true`,
      { settings: { url: 'http://[::1]:9000/hooks?from=reconciled' } },
    ],
    [`${SLACK}digest = "0s"\ntimeout = "3s"`, { digestMs: 0, settings: { timeoutMs: 3000 } }],
    [`${EMAIL}security = "tls"`, { settings: { security: 'tls', port: 465 } }],
    [`${EMAIL}security = "none"`, { settings: { security: 'none', port: 25 } }],
    [
      `${EMAIL}port = 2525\nverify_certificate = false`,
      {
        settings: { port: 2525, verifyCertificate: false },
      },
    ],
    [
      `${EMAIL}user = "reconciled"\npassword = { env = "SMTP_PASSWORD" }\nmax_in_flight = 4`,
      {
        maxInFlight: 4,
        settings: { user: 'reconciled', password: ENV.SMTP_PASSWORD, connections: 4 },
      },
    ],
    [
      `${EMAIL}topics = ["refund.due", "order.held"]\ntopic_to = { "refund.due" = ["재무 <finance@shop.example>", "b@shop.example"] }`,
      {
        settings: {
          to: ['ops@shop.example'],
          topicTo: { 'refund.due': ['재무 <finance@shop.example>', 'b@shop.example'] },
        },
      },
    ],
    [
      `${EMAIL.replace(/to = .*\n/, '')}topics = ["refund.due"]\ntopic_to = { "refund.due" = ["a@shop.example"] }`,
      { settings: { to: [], topicTo: { 'refund.due': ['a@shop.example'] } } },
    ],
  ];
  for (const [content, channel] of rows) t.match(channelsOf(content), [channel], content);
});

t.test('each mistake is named with its place and with what to write', async (t) => {
  const rows: readonly (readonly [content: string, said: string])[] = [
    ['[channel]\nname = "ops"', 'channel: each channel is a table of its own. Write [[channel]]'],
    ['channel = ["hunter2"]', 'channel[0]: what is written is not a table.'],
    [
      LOG.replace('"log"', '"slak"'),
      'channel[0].kind: "slak" is no kind of channel. Did you mean slack?',
    ],
    [
      `${LOG.replace('"log"', '"pager"')}number = 5`,
      'channel[0].kind: "pager" is no kind of channel. There are log, webhook, slack, email.',
    ],
    [
      '[[channel]]\nname = "ops"',
      'channel[0].kind: missing. There are log, webhook, slack, email.',
    ],
    [LOG.replace('"ops"', '"all"'), 'channel[0].name: "all" is not up to 32 small letters'],
    [LOG.replace('"ops"', '"Ops"'), 'channel[0].name: "Ops" is not up to 32 small letters'],
    [LOG.replace(/name.*\n/, ''), 'channel[0].name: missing. Write up to 32 small letters'],
    [LOG + LOG, 'channel: two have the same name. Give each its own.'],
    [
      Array.from({ length: 21 }, (_, index) => LOG.replace('ops', `ops${index}`)).join(''),
      'channel: there are more than 20 channels.',
    ],
    [`${LOG}timeout = "3s"`, 'channel[0].timeout: there is no such setting. There are name, kind,'],
    [
      `${LOG}topics = ["order.hold"]`,
      'channel[0].topics[0]: "order.hold" is no topic. Did you mean order.held?',
    ],
    [
      `${LOG}topics = ["order.held", "payment"]`,
      'channel[0].topics[1]: "payment" is no topic. There are order.completed,',
    ],
    [`${LOG}topics = []`, 'channel[0].topics: [] is not a list of 1 to 13 topics.'],
    [`${LOG}topics = "order.held"`, 'channel[0].topics: "order.held" is not a list'],
    [
      `${LOG}topics = ["order.held", "order.held"]`,
      'channel[0].topics: has a topic twice. Write each once.',
    ],
    [`${LOG}digest = "25h"`, 'channel[0].digest: "25h" is not a length of time from 0s to 24h'],
    [`${LOG}max_in_flight = 0`, 'channel[0].max_in_flight: 0 is not a whole number from 1 to 100.'],
    [
      `${WEBHOOK}digest = "5m"`,
      'channel[0].digest: a webhook gets everything by itself, because machines read it. Remove it.',
    ],
    [
      WEBHOOK.replace('secrets', 'secret'),
      'channel[0].secrets: missing. Write a list of 1 to 3 secrets, such as [{ env = "SHOP_WEBHOOK_SECRET" }].',
    ],
    [WEBHOOK.replace(/\[\{.*\]/, '"hunter2"'), 'channel[0].secrets: what is written is not a list'],
    [WEBHOOK.replace(/\[\{.*\]/, '[]'), 'channel[0].secrets: what is written is not a list of 1'],
    [
      WEBHOOK.replace(/\{.*\}/, '"hunter2"'),
      'channel[0].secrets[0]: a secret does not stand in this file. Write { env = "SHOP_WEBHOOK_SECRET" }',
    ],
    [
      WEBHOOK.replace('SHOP_WEBHOOK_SECRET', 'NOT_SET'),
      'channel[0].secrets[0]: the variable NOT_SET is not set. Set it.',
    ],
    [
      WEBHOOK.replace('https', 'ftp'),
      'channel[0].url: what is written is not an https:// or http:// address',
    ],
    [WEBHOOK.replace('//', '//me:hunter2@'), 'channel[0].url: what is written is not'],
    [WEBHOOK.replace('=reconciled', '=reconciled#top'), 'channel[0].url: what is written is not'],
    [
      WEBHOOK.replace('shop.example', '127.0.0.1:9000'),
      'channel[0].url: is on this machine. Write allow_private = true if that is meant.',
    ],
    [WEBHOOK.replace('shop.example', '[::1]'), 'channel[0].url: is on this machine.'],
    [
      `${WEBHOOK}timeout = "3m"`,
      'channel[0].timeout: "3m" is not a length of time from 100ms to 2m',
    ],
    [
      SLACK.replace(/\{.*\}/, `"${SLACK_URL}"`),
      'channel[0].url: a secret does not stand in this file. Write { env = "SLACK_WEBHOOK_URL" }',
    ],
    [
      SLACK.replace(/url.*\n/, ''),
      'channel[0].url: missing. Write { env = "SLACK_WEBHOOK_URL" }, or { file = "…" }',
    ],
    [
      SLACK.replace('SLACK_WEBHOOK_URL', 'SMTP_PASSWORD'),
      'channel[0].url: the variable SMTP_PASSWORD holds no http:// or https:// address. Put there what Slack shows',
    ],
    [
      EMAIL.replace(/host.*\n/, ''),
      'channel[0].host: missing. Write the name or address of a host',
    ],
    [
      EMAIL.replace('smtp.shop.example', 'smtp.shop.example:25'),
      'channel[0].host: what is written is not the name or address of a host, without port.',
    ],
    [
      EMAIL.replace('smtp.shop', 'me:hunter2@smtp.shop'),
      'channel[0].host: what is written is not the name',
    ],
    [`${EMAIL}port = 0`, 'channel[0].port: 0 is not a whole number from 1 to 65535.'],
    [
      `${EMAIL}security = "ssl"`,
      'channel[0].security: "ssl" is not one of starttls, tls, none. Write, for example, "starttls".',
    ],
    [
      `${EMAIL}user = "reconciled"`,
      'channel[0].user: needs a password. Write password = { env = "SMTP_PASSWORD" }',
    ],
    [`${EMAIL}password = { env = "SMTP_PASSWORD" }`, 'channel[0].password: needs a user.'],
    [
      `${EMAIL}user = "reconciled"\npassword = "hunter2"`,
      'channel[0].password: a secret does not stand in this file.',
    ],
    [
      `${EMAIL}user = "reconciled"\npassword = { env = "SMTP_PASSWORD" }\nsecurity = "none"`,
      'channel[0].security: would send the password in the clear. Write "starttls" or "tls".',
    ],
    [
      EMAIL.replace('Shop <no-reply@shop.example>', 'the shop'),
      'channel[0].from: "the shop" is not an address such as ops@shop.example or Shop <ops@shop.example>.',
    ],
    [
      EMAIL.replace('"ops@shop.example"', ''),
      'channel[0].to: [] is not a list of 1 to 20 addresses',
    ],
    [
      EMAIL.replace('"ops@shop.example"', '"a@shop.example, b@shop.example"'),
      'channel[0].to[0]: "a@shop.example, b@shop.example" is not an address',
    ],
    [
      EMAIL.replace('"ops@shop.example"', '"a@shop.example\\r\\nBcc: b@shop.example"'),
      'channel[0].to[0]: ',
    ],
    [
      EMAIL.replace(/to = .*\n/, ''),
      'channel[0].to: missing. Write a list of addresses, or name every topic in topic_to.',
    ],
    [
      `${EMAIL}topic_to = { "order.hold" = ["a@shop.example"] }`,
      'channel[0].topic_to."order.hold": there is no such topic. Did you mean order.held? A topic stands in quotes.',
    ],
    [`${EMAIL}topic_to = { order.held = ["a@shop.example"] }`, 'channel[0].topic_to.order: '],
    [
      `${EMAIL}topic_to = { "order.held" = ["nobody"] }`,
      'channel[0].topic_to."order.held"[0]: "nobody" is not an address',
    ],
    [
      `${EMAIL}topic_to = { "order.failed" = ["a@shop.example"] }`,
      'channel[0].topic_to: names a topic that is not among topics.',
    ],
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
    // `secret` for `secrets` is two: one is missing, one is not known.
    const count = content.includes('\nsecret ') ? 2 : 1;
    t.equal(lines.length, count, `${content} is one mistake`, { lines });
    const told = JSON.stringify([trouble.message, trouble.hint, trouble.stack]);
    t.notMatch(told, 'hunter2', `${content}: no secret is repeated`);
  }
});

t.test('whatever is written in a place is a mistake or right, and never a crash', async (t) => {
  const values = ['5', '""', '[[]]', '{}', '{ env = 5 }', '1979-05-27'];
  const tables = { log: LOG, webhook: WEBHOOK, slack: SLACK, email: EMAIL };
  for (const [kind, { shape }] of Object.entries(channelSchemas())) {
    const table = Object.entries(tables).find(([known]) => known === kind)?.[1] ?? '';
    for (const setting of Object.keys(shape)) {
      const rest = table.replace(new RegExp(`^${setting} = .*\\n`, 'm'), '');
      for (const value of values) {
        try {
          channelsOf(`${rest}${setting} = ${value}`);
        } catch (error) {
          const isTold = error instanceof ReconciledError && error.code === 'configuration';
          if (!isTold) t.fail(`${rest}${setting} = ${value}`, { error });
        }
      }
    }
  }
  for (const value of values) {
    for (const content of [`channel = ${value}`, `channel = [${value}]`]) {
      t.equal(troubleWith(content).code, 'configuration', content);
    }
  }
});

t.test('a secret of a wrong form is named and never repeated', async (t) => {
  const signed = 'channel[0].secrets[0]: the variable SHOP_WEBHOOK_SECRET holds no signing secret.';
  const slack = 'channel[0].url: the variable SLACK_WEBHOOK_URL';
  const rows: readonly (readonly [content: string, env: Sources['env'], said: string])[] = [
    [WEBHOOK, { SHOP_WEBHOOK_SECRET: 'whsec_' }, signed],
    [WEBHOOK, { SHOP_WEBHOOK_SECRET: 'whsec_hunter2!' }, signed],
    [WEBHOOK, { SHOP_WEBHOOK_SECRET: 'whsec_hunter2' }, signed],
    [WEBHOOK, { SHOP_WEBHOOK_SECRET: 'hunter2 and a space' }, signed],
    [SLACK, { SLACK_WEBHOOK_URL: 'hooks.slack.example/hunter2' }, `${slack} holds no http://`],
    [SLACK, { SLACK_WEBHOOK_URL: '' }, `${slack} is empty.`],
    [SLACK, {}, `${slack} is not set.`],
  ];
  for (const [content, env, said] of rows) {
    const trouble = troubleWith(content, env);
    t.match(trouble.message, said, JSON.stringify(env));
    t.notMatch(JSON.stringify([trouble.message, trouble.hint, trouble.stack]), 'hunter2');
  }
});

t.test('mistakes of channels stand in the one report', async (t) => {
  const trouble = troubleWith(
    `wobble = 1\n[notify]\nthreads = 0\n${LOG}topics = ["x"]\ndigest = 5\n${WEBHOOK}allow_privat = true\n${SLACK.replace('ops', 'chat').replace('SLACK_WEBHOOK_URL', 'NOT_SET')}`,
  );
  const places = trouble.message
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(': ')[0]);
  t.strictSame(places, [
    'notify.threads',
    'channel[0].topics[0]',
    'channel[0].digest',
    'channel[1].allow_privat',
    'wobble',
    'channel[2].url',
  ]);
  t.match(
    trouble.message,
    'channel[1].allow_privat: there is no such setting. Did you mean allow_',
  );
});

t.test('a command that needs no secret of a channel runs without', async (t) => {
  const content =
    WEBHOOK + SLACK + EMAIL.replace('to =', 'user = "me"\npassword = { env = "P" }\nto =');
  for (const secrets of ['token', 'ignore'] as const) {
    t.match(load(content, { env: {}, secrets }).channels, [
      { settings: { name: 'shop', secrets: [] } },
      { settings: { name: 'ops', url: '' } },
      { settings: { name: 'mail', password: '' } },
    ]);
  }
  const open = `[http]\nlisten = "0.0.0.0:8090"\n${SLACK}`;
  t.throws(() => load(open, { env: {}, secrets: 'token' }), /^One mistake[\s\S]*without a token/);
});

t.test('a variable that a channel names is known', async (t) => {
  const content = SLACK.replace('SLACK_WEBHOOK_URL', 'RECONCILED_SLACK_URL');
  const env = { RECONCILED_SLACK_URL: SLACK_URL };
  t.match(load(content, { env }).channels, [{ settings: { url: SLACK_URL } }]);
  t.match(troubleWith(SLACK, { ...ENV, ...env }).message, 'RECONCILED_SLACK_URL: there is no such');
});

t.test('what is shown can be read again, and has no secret in it', async (t) => {
  const password = 'user = "me"\npassword = { env = "SMTP_PASSWORD" }\n';
  const topicTo = 'topic_to = { "refund.due" = ["finance@shop.example"] }\n';
  const config = load(
    LOG + WEBHOOK + SLACK.replace('ops', 'chat') + EMAIL + password + topicTo,
    {},
  );
  const shown = stringify(configTable(config));
  t.notMatch(shown, 'hunter2');
  t.notMatch(shown, 'from=reconciled');
  t.notMatch(shown, ENV.SHOP_WEBHOOK_SECRET);
  const again = shown
    .replace(/^api_token.*$/m, '')
    .replace('url = "(set)"', 'url = { env = "SLACK_WEBHOOK_URL" }')
    .replace('password = "(set)"', 'password = { env = "SMTP_PASSWORD" }')
    .replace('https://shop.example/(set)', 'https://shop.example/hooks?from=reconciled')
    .replace(/secrets = .*/, 'secrets = [{ env = "SHOP_WEBHOOK_SECRET" }]');
  t.strictSame(load(again, {}), config);
});

t.test('of an address it is shown where it is, and that there is more', async (t) => {
  for (const [path, shown] of [
    ['', 'https://shop.example'],
    ['/', 'https://shop.example'],
    ['/hunter2', 'https://shop.example/(set)'],
    ['?hunter2', 'https://shop.example/(set)'],
  ] as const) {
    const content = WEBHOOK.replace('/hooks?from=reconciled', path);
    t.match(configTable(load(content, {})), { channel: [{ url: shown }] }, path);
  }
});

t.test(
  'the kinds that can be configured are those that can be opened, and each has an example',
  async (t) => {
    t.strictSame(Object.keys(channelSchemas()), KINDS);
    t.strictSame(Object.keys(CHANNEL_EXAMPLES), KINDS);
    for (const [kind, example] of Object.entries(CHANNEL_EXAMPLES)) {
      t.match(channelsOf(example), [{ settings: { kind } }], example);
    }
  },
);

t.test('what the documentation shows can be written so', async (t) => {
  const page = readFileSync(new URL('../../docs/notifications.md', import.meta.url), 'utf8');
  const blocks = [...page.matchAll(/^```toml\n([\s\S]*?)^```/gm)].map(([, block = '']) => block);
  t.ok(blocks.length > 0);
  for (const block of blocks) t.match(channelsOf(block), [{ settings: { name: 'ops' } }, {}, {}]);
});
