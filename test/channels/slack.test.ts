import t, { type Test } from 'tap';
import { blocksOf, escapeSlack } from '../../lib/channels/blocks.ts';
import type { SlackSettings, Style } from '../../lib/channels/port.ts';
import { openSlack } from '../../lib/channels/slack.ts';
import { wordingOf } from '../../lib/channels/wording.ts';
import { EFFECT_TOPICS, REPORT_TOPIC } from '../../lib/core/effect.ts';
import { type Answer, httpReceiver, says } from './http-peer.ts';
import { ENGLISH, KOREAN, told, toldMany } from './messages.ts';

const MESSAGE = told('order.held');

async function slack(t: Test, answer: Answer, style: Style = ENGLISH) {
  const { origin, requests } = await httpReceiver(t, answer);
  const url = `${origin}/services/T00000000/B00000000/XXXXYYYYZZZZ`;
  const settings: SlackSettings = { kind: 'slack', name: 'ops', url, timeoutMs: 20_000 };
  const channel = openSlack(settings, style);
  t.teardown(() => channel.close());
  return { channel, requests };
}

t.test('what arrives is a message in blocks, with a line for previews', async (t) => {
  const { channel, requests } = await slack(t, says(200, 'ok'));
  t.strictSame(await channel.send(MESSAGE), { kind: 'delivered', detail: '200 ok' });
  const [request] = requests;
  t.equal(request?.path, '/services/T00000000/B00000000/XXXXYYYYZZZZ');
  t.equal(request?.headers['content-type'], 'application/json');
  const content = JSON.parse(request?.body ?? '');
  t.match(content.text, /^Order ORDER000003 \(₩12,900\) is held and needs a person\. What the/);
  t.strictSame(content.blocks, blocksOf(wordingOf(MESSAGE, ENGLISH)));
  t.strictSame(content.metadata, {
    event_type: 'reconciled',
    event_payload: { key: MESSAGE.id },
  });
  t.match(content, { unfurl_links: false, unfurl_media: false });
});

const PAUSE = { kind: 'failed', cause: 'rate_limited', permanent: false };
const dated = {
  'retry-after': 'Tue, 24 Nov 2026 08:42:04 GMT',
  date: 'Tue, 24 Nov 2026 08:41:34 GMT',
};

/** What Slack answers, and what that means. */
for (const [name, answer, receipt] of [
  ['429, seconds', says(429, '', { 'retry-after': '30' }), { ...PAUSE, retryAfterMs: 30_000 }],
  ['429, a date', says(429, '', dated), { ...PAUSE, retryAfterMs: 30_000 }],
  ['429, no time', says(429, 'rate_limited'), { ...PAUSE, retryAfterMs: null }],
  ['429, for ever', says(429, '', { 'retry-after': '9'.repeat(30) }), { retryAfterMs: 3_600_000 }],
  ['503, seconds', says(503, '', { 'retry-after': '5' }), { ...PAUSE, retryAfterMs: 5_000 }],
  ['500', says(500, 'rollup_error'), { cause: 'server_error', permanent: false }],
  [
    '200 of a proxy',
    says(200, '\n<!doctype html><title>Sign in</title>'),
    {
      cause: 'configuration',
      permanent: false,
      detail: '200  <!doctype html><title>Sign in</title>',
    },
  ],
  ['502 of a proxy', says(502, '<html>Bad Gateway</html>'), { cause: 'server_error' }],
  ['400', says(400, 'invalid_payload'), { cause: 'rejected', permanent: true }],
  [
    '400, not of Slack',
    says(400, '<html><h1>400 Bad Request</h1></html>'),
    { cause: 'configuration', permanent: false },
  ],
  ['403, token', says(403, 'invalid_token'), { cause: 'configuration', permanent: false }],
  ['403', says(403, 'action_prohibited'), { cause: 'configuration', permanent: false }],
  [
    '404',
    says(404, 'no_service'),
    { cause: 'rejected', permanent: true, detail: '404 no_service' },
  ],
  ['404, not of Slack', says(404, 'Not Found'), { cause: 'configuration', permanent: false }],
  ['401, token', says(401, 'invalid_token'), { cause: 'configuration', permanent: false }],
  ['405 of a proxy', says(405, '<html>'), { cause: 'rejected', permanent: false }],
  ['410', says(410, 'channel_is_archived'), { cause: 'rejected', permanent: true }],
  ['302', says(302, '', { location: '/login' }), { cause: 'redirected', permanent: false }],
  ['a long reply', says(500, 'x'.repeat(200_000)), { detail: /^500 x{496}$/ }],
] satisfies readonly (readonly [string, Answer, object])[]) {
  t.test(`an answer: ${name}`, async (t) => {
    const { channel, requests } = await slack(t, answer);
    t.match(await channel.send(MESSAGE), receipt);
    t.equal(requests.length, 1, 'asked once, followed nowhere');
  });
}

t.test('a message says all that is worded, what to do too', async (t) => {
  for (const topic of EFFECT_TOPICS) {
    const wording = wordingOf(told(topic), ENGLISH);
    const { title, headline, facts, todo, footer } = wording;
    const blocks = blocksOf(wording);
    const sections = blocks.slice(1, -1).map(() => 'section');
    t.strictSame(
      blocks.map(({ type }) => type),
      ['header', ...sections, 'context'],
    );
    t.strictSame(
      textsIn(blocks).map(({ text }) => text),
      [
        title,
        headline,
        ...facts.flatMap(({ label, value }) => [`*${label}*`, value]),
        ...(todo === null ? [] : [`${todo.label}: ${todo.value}`]),
        footer,
      ].map(escapeSlack),
      topic,
    );
  }
});

t.test('a digest has its table', async (t) => {
  const wording = wordingOf(toldMany('order.failed', 3), ENGLISH);
  const table = textsIn(blocksOf(wording)).find(({ text }) => text.startsWith('```'))?.text;
  for (const { cells } of wording.table?.rows ?? [])
    for (const cell of cells) t.match(table, escapeSlack(cell));
});

t.test('each message keeps within what Slack takes', async (t) => {
  const long = '&'.repeat(600);
  const most = { text: long, orderId: '&'.repeat(64), paymentId: '<'.repeat(64) };
  for (const style of [ENGLISH, { ...KOREAN, orderUrl: 'https://shop.example/{id}' }]) {
    for (const topic of EFFECT_TOPICS) {
      for (const message of [told(topic), told(topic, most), toldMany(topic, 1_000, () => most)]) {
        t.strictSame(breaches(blocksOf(wordingOf(message, style))), [], topic);
      }
    }
  }
});

t.test(
  'a text of which nothing is left makes no empty field: Slack would refuse the message',
  async (t) => {
    for (const topic of EFFECT_TOPICS.filter((one) => one !== REPORT_TOPIC)) {
      const message = told(topic, { text: '\u202e\u200f' });
      t.strictSame(breaches(blocksOf(wordingOf(message, ENGLISH))), [], topic);
    }
  },
);

t.test('what is embedded means nothing to Slack', async (t) => {
  const evil = '<!channel> *bold* _it_ `code` <https://evil.example|click> & ```';
  for (const message of [
    told('stock.low', { text: evil, productId: evil }),
    toldMany('stock.low', 2, (at) => ({ text: evil, productId: `${evil}${at}` })),
    told('order.failed', { text: evil, orderId: evil }),
    toldMany('refund.due', 2, () => ({ orderId: evil, paymentId: evil })),
  ]) {
    const { channel, requests } = await slack(t, says(200, 'ok'));
    await channel.send(message);
    const { blocks, text } = JSON.parse(requests[0]?.body ?? '');
    for (const one of [{ text }, ...textsIn(blocks)]) {
      t.notMatch(one.text, /<[!@#h]/, 'no mention, no link');
      t.notMatch(one.text, /&(?!amp;|lt;|gt;)/, 'no bare &');
    }
    for (const one of textsIn(blocks).filter(({ type }) => type === 'mrkdwn')) {
      const inside = /^```\n([^`]*)\n```/.exec(one.text)?.[1];
      t.ok(
        inside !== undefined || !one.text.includes('bold'),
        'only in a table, which it cannot end',
      );
    }
  }
});

t.test('an order is linked to where that is configured, with its id encoded', async (t) => {
  const style = { ...ENGLISH, orderUrl: 'https://shop.example/?o={id}&x=a|b' };
  const texts = textsIn(blocksOf(wordingOf(told('order.held', { orderId: 'A&B|C>' }), style)));
  const link = '<https://shop.example/?o=A%26B%7CC%3E&amp;x=a%7Cb|Open the order>';
  t.ok(texts.some(({ text }) => text === link));
  t.notMatch(JSON.stringify(blocksOf(wordingOf(MESSAGE, ENGLISH))), 'http');
});

t.test('a test is marked', async (t) => {
  const [header, ...rest] = textsIn(blocksOf(wordingOf({ ...MESSAGE, isTest: true }, KOREAN)));
  t.match(header?.text, /^\[시험\] /);
  t.ok(rest.some(({ text }) => text === '시험 메시지입니다. 실제로 일어난 일이 아닙니다.'));
});

interface TextObject {
  readonly type: string;
  readonly text: string;
}

/** All texts in blocks, wherever they are. */
function textsIn(value: unknown): readonly TextObject[] {
  if (Array.isArray(value)) return value.flatMap(textsIn);
  if (typeof value !== 'object' || value === null) return [];
  if ('type' in value && 'text' in value && typeof value.text === 'string') {
    return [{ type: String(value.type), text: value.text }];
  }
  return Object.values(value).flatMap(textsIn);
}

/** Slack's limits: 50 blocks; a header of 150, ten fields of 2,000, a text of 3,000 characters; nothing empty. */
function breaches(blocks: readonly object[]): readonly string[] {
  return [
    ...(blocks.length > 50 ? ['blocks'] : []),
    ...blocks.flatMap((block) => {
      const most =
        'type' in block && block.type === 'header' ? 150 : 'fields' in block ? 2_000 : 3_000;
      const texts = textsIn(Object.values(block));
      const fields = 'fields' in block && Array.isArray(block.fields) ? block.fields.length : 1;
      return [
        ...(fields === 0 || fields > 10 ? [`${fields} fields`] : []),
        ...texts
          .filter(({ text }) => text.length > most)
          .map(({ text }) => `${text.length} > ${most}`),
        ...texts.filter(({ text }) => text === '').map(() => 'empty'),
      ];
    }),
  ];
}
