import t from 'tap';
import { inColumns } from '../../lib/channels/columns.ts';
import { letterOf } from '../../lib/channels/letter.ts';
import { MAX_ROWS, MAX_TITLE, sentenceOf, wordingOf } from '../../lib/channels/wording.ts';
import { EFFECT_TOPICS, type EffectTopic } from '../../lib/core/effect.ts';
import { AT, ENGLISH, type happened, KOREAN, told, toldMany } from './messages.ts';

const SINCE = '2026-11-24 17:40:34';

/** What is said of one, and of three: in English and in Korean. */
const HEADLINES: Readonly<Record<EffectTopic, readonly [string, string, string, string]>> = {
  'order.completed': [
    'Order ORDER000003 (₩12,900) is completed.',
    '주문 ORDER000003 (₩12,900): 완료되었습니다.',
    '3 orders are completed.',
    '주문 3건이 완료되었습니다.',
  ],
  'order.failed': [
    'Order ORDER000003 (₩12,900) has failed.',
    '주문 ORDER000003 (₩12,900): 실패했습니다.',
    '3 orders have failed.',
    '주문 3건이 실패했습니다.',
  ],
  'order.held': [
    'Order ORDER000003 (₩12,900) is held and needs a person.',
    '주문 ORDER000003 (₩12,900): 보류되어 담당자 확인이 필요합니다.',
    '3 orders are held and need a person.',
    '주문 3건이 보류되어 담당자 확인이 필요합니다.',
  ],
  'order.attention': [
    'Order ORDER000003 is final already, and ₩12,900 of it needs a person.',
    '이미 종결된 주문 ORDER000003: ₩12,900에 대해 담당자 확인이 필요합니다.',
    '3 times a final order needs a person.',
    '종결된 주문에 대해 담당자 확인이 3건 필요합니다.',
  ],
  'refund.due': [
    '₩12,900 of order ORDER000003 has to go back.',
    '주문 ORDER000003: ₩12,900 환불이 필요합니다.',
    '3 payments have to go back.',
    '환불이 필요한 결제가 3건 있습니다.',
  ],
  'refund.done': [
    '₩12,900 of order ORDER000003 went back.',
    '주문 ORDER000003: ₩12,900 환불이 끝났습니다.',
    '3 payments went back.',
    '결제 3건의 환불이 끝났습니다.',
  ],
  'stock.low': [
    'Straw hat (HAT-1) is running low: 2 left.',
    'Straw hat (HAT-1): 재고가 2개 남았습니다.',
    '3 products are running low.',
    '상품 3종의 재고가 얼마 남지 않았습니다.',
  ],
  'sweep.late': [
    `Orders are looked at late: the one that waits longest has been due since ${SINCE}.`,
    `주문 확인이 늦어지고 있습니다. 가장 오래 기다린 주문은 ${SINCE}부터 기다리고 있습니다.`,
    '3 times orders were looked at late.',
    '주문 확인 지연이 3번 있었습니다.',
  ],
  'callbacks.stopped': [
    `pg has not called back since ${SINCE}. Its orders are settled by asking, which takes longer.`,
    `pg: ${SINCE} 이후 콜백이 없습니다. 주문은 조회로 처리되어 더 늦게 확정됩니다.`,
    '3 times callbacks have stopped.',
    '콜백이 3번 끊겼습니다.',
  ],
  'gateway.down': [
    `pg has been failing since ${SINCE}. Its orders wait.`,
    `pg: ${SINCE}부터 조회가 실패하고 있습니다. 그동안 주문은 기다립니다.`,
    '3 times a gateway failed.',
    'PG 장애가 3번 있었습니다.',
  ],
  'gateway.up': [
    `pg answers again. The trouble began at ${SINCE}.`,
    `pg: 다시 응답합니다. 문제는 ${SINCE}에 시작되었습니다.`,
    '3 times a gateway answered again.',
    'PG 복구가 3번 있었습니다.',
  ],
  'gateway.misconfigured': [
    `pg has been refusing us since ${SINCE}. Its orders wait.`,
    `pg: ${SINCE}부터 접근을 거부하고 있습니다. 그동안 주문은 기다립니다.`,
    '3 times a gateway refused us.',
    'PG 접근 거부가 3번 있었습니다.',
  ],
  // The sentence was written in the configured language when the report was made.
  'report.daily': [
    '3 orders, 3 completed.',
    '3 orders, 3 completed.',
    '3 daily reports.',
    '일일 보고서 3건.',
  ],
};

for (const topic of EFFECT_TOPICS) {
  const [english, korean, manyEnglish, manyKorean] = HEADLINES[topic];
  for (const [style, one, three] of [
    [ENGLISH, english, manyEnglish],
    [KOREAN, korean, manyKorean],
  ] as const) {
    t.test(`${topic} in ${style.locale}`, async (t) => {
      const single = wordingOf(told(topic), style);
      t.equal(single.headline, one);
      t.equal(single.table, null);
      t.ok(sentenceOf(told(topic), style).startsWith(one), 'the log begins so');
      const digest = wordingOf(toldMany(topic, 3), style);
      t.equal(digest.headline, three);
      t.equal(`${digest.title}.`, three);
      t.equal(digest.table?.rows.length, 3);
      t.ok(digest.table?.rows.every(({ cells }) => cells.length === digest.table?.head.length));
      t.equal(digest.table?.more(3), '');
    });
  }
}

t.test('a mail leads to its order, the one of a digest to each of them', async (t) => {
  const style = { ...ENGLISH, orderUrl: 'https://shop.example/{id}' };
  const single = letterOf(wordingOf(told('order.held'), style), 'id');
  t.match(single.text, '\nOpen the order: https://shop.example/ORDER000003\n');
  t.match(single.html, '<a href="https://shop.example/ORDER000003">Open the order</a>');
  const digest = letterOf(wordingOf(toldMany('order.held', 2), style), 'id');
  t.match(digest.html, '<a href="https://shop.example/ORDER000002">ORDER000002</a>');
});

t.test('a mail breaks its lines between Korean words and not within them', async (t) => {
  const { html } = letterOf(wordingOf(told('order.held'), KOREAN), 'id');
  t.match(html, /<body style="[^"]*word-break:keep-all/);
});

t.test('a subject line says what it is about', async (t) => {
  for (const [topic, title] of [
    ['order.held', 'The order needs a person: ORDER000003 (₩12,900)'],
    ['stock.low', 'A product is running low: Straw hat'],
    ['gateway.down', 'Gateway down: pg'],
    ['sweep.late', 'Checks are late: reconciled'],
    ['report.daily', 'Daily report: 2026-11-23'],
  ] as const) {
    t.equal(wordingOf(told(topic), ENGLISH).title, title);
  }
  t.equal(
    wordingOf(told('order.held', { amount: null }), KOREAN).title.split(': ')[1],
    'ORDER000003',
  );
});

/** What a person is told to type or to look at. */
const resolve = (order: string) =>
  `reconciled explain ${order} tells what was found; then reconciled resolve ${order} --state completed|failed|pending --note … --by …`;
const refund = (payment: string) =>
  `give ₩12,900 back, then reconciled refunded ${payment} --reference … --note … --by …`;
const unlessItself =
  'if reconciled explain ORDER000003 says that it waits for a person (else the gateway refunds by itself)';
for (const [topic, over, todo] of [
  ['order.completed', {}, null],
  ['order.failed', {}, null],
  ['refund.done', {}, null],
  ['gateway.up', {}, null],
  ['order.held', {}, resolve('ORDER000003')],
  ['refund.due', {}, `${unlessItself}: ${refund('ORDER000003-2')}`],
  [
    'refund.due',
    { paymentId: 'pg:20261124:TR:00014e' },
    `${unlessItself}: ${refund('pg:20261124:TR:00014e')}`,
  ],
  ['order.attention', { reason: 'refund_by_hand' }, refund('ORDER000003-2')],
  ['order.attention', { reason: 'refund_refused' }, refund('ORDER000003-2')],
  [
    'order.attention',
    { reason: 'reversed_after_completion' },
    'reconciled explain ORDER000003 tells what happened',
  ],
  ['report.daily', {}, 'reconciled report --date 2026-11-23 shows all of it'],
  [
    'stock.low',
    { productId: 'a/b' },
    'restock, then record what came in: POST /v1/products/a%2Fb/stock',
  ],
] satisfies readonly (readonly [
  EffectTopic,
  Partial<ReturnType<typeof happened>>,
  string | null,
])[]) {
  t.test(`what to do about ${topic} ${JSON.stringify(over)}`, async (t) => {
    t.equal(wordingOf(told(topic, over), ENGLISH).todo?.value ?? null, todo);
  });
}

t.test('an id that is a command in a shell is quoted where it is to be typed', async (t) => {
  const { todo } = wordingOf(told('refund.due', { paymentId: "$(rm -rf ~)'; #" }), ENGLISH);
  t.match(todo?.value, `reconciled refunded '$(rm -rf ~)'\\''; #' --reference`);
});

t.test('facts: the currency has its form, the time its zone, ids stay whole', async (t) => {
  const effect = {
    amount: 1_234,
    currency: 'USD',
    orderId: '2026112417413400001',
    text: 'card 1234-5678-9814-1451 was refused',
  };
  const { facts } = wordingOf(told('order.failed', effect), {
    ...ENGLISH,
    timezone: 'America/New_York',
  });
  t.strictSame(
    facts.map(({ label, value }) => `${label}: ${value}`),
    [
      'Order: 2026112417413400001',
      'Amount: $12.34',
      'Why: The gateway declined the payment.',
      'In the words given: card **** was refused',
      'When: 2026-11-24 03:41:34',
    ],
  );
});

t.test('a digest counts by reason and sums by currency', async (t) => {
  const message = toldMany('order.failed', 500, (index) => ({
    ...(index % 5 === 0 ? { amount: 1_234, currency: 'USD' } : {}),
    reason: index % 4 === 0 ? 'out_of_stock' : 'declined',
  }));
  const { facts, table } = wordingOf(message, ENGLISH);
  t.strictSame(
    facts.map(({ label, value }) => `${label}: ${value}`),
    [
      'When: 2026-11-24 17:41:34 to 2026-11-24 17:49:53',
      'Amount: $1,234.00 + ₩5,160,000',
      '375 ×: The gateway declined the payment. (declined)',
      '125 ×: The stock did not suffice. (out_of_stock)',
    ],
  );
  t.strictSame(table?.rows[0]?.cells, [
    '2026-11-24 17:41:34',
    'ORDER000001',
    '$12.34',
    'out_of_stock',
  ]);
  t.equal(table?.rows.length, MAX_ROWS);
  t.equal(table?.more(MAX_ROWS), 'and 480 more');
  t.equal(
    sentenceOf(message, ENGLISH),
    '500 orders have failed. ORDER000001, ORDER000002, ORDER000003, ORDER000004, ORDER000005 and 495 more',
  );
});

t.test('an order that is held anew is one order, as it was held last', async (t) => {
  const orders = ['ORDER000001', 'ORDER000002', 'ORDER000001'] as const;
  const reasons = ['unclear', 'unclear', 'mismatched'] as const;
  const anew = (count: number) =>
    toldMany('order.held', count, (index) => ({
      orderId: orders[index] ?? null,
      reason: reasons[index] ?? null,
    }));
  const { headline, facts, table } = wordingOf(anew(3), ENGLISH);
  t.equal(headline, '2 orders are held and need a person.');
  t.match(facts, [
    { label: 'When' },
    { value: '₩25,800' },
    { label: '1 ×', value: /\(unclear\)$/ },
    { label: '1 ×', value: /\(mismatched\)$/ },
  ]);
  t.strictSame(
    table?.rows.map(({ cells }) => [cells[1], cells[3]]),
    [
      ['ORDER000002', 'unclear'],
      ['ORDER000001', 'mismatched'],
    ],
  );
  const both = { ...anew(3), effects: anew(3).effects.filter((_, index) => index !== 1) };
  t.match(sentenceOf(both, ENGLISH), /^Order ORDER000001 \(₩12,900\) is held .* does not match/);
});

t.test('a product that ran low again is one product, as it ran low last', (t) => {
  const products = ['HAT-1', 'TEA-1', 'HAT-1'] as const;
  const again = (count: number) =>
    toldMany('stock.low', count, (index) => ({
      productId: products[index] ?? null,
      onHand: 3 - index,
    }));
  const { headline, table } = wordingOf(again(3), ENGLISH);
  t.equal(headline, '2 products are running low.');
  t.strictSame(
    table?.rows.map(({ cells }) => [cells[2], cells[3]]),
    [
      ['TEA-1', '2'],
      ['HAT-1', '1'],
    ],
  );
  const alone = toldMany('stock.low', 2, (index) => ({ productId: 'HAT-1', onHand: 3 - index }));
  t.equal(wordingOf(alone, ENGLISH).headline, 'Straw hat (HAT-1) is running low: 2 left.');
  t.end();
});

t.test('a sum is exact, whatever it comes to', async (t) => {
  const message = toldMany('refund.due', 3, () => ({ amount: Number.MAX_SAFE_INTEGER }));
  t.match(wordingOf(message, ENGLISH).facts[1], { value: '₩27,021,597,764,222,973' });
});

t.test('a test says so, first', async (t) => {
  const message = { ...told('order.held'), isTest: true };
  t.match(sentenceOf(message, ENGLISH), /^\[TEST\] Order ORDER000003/);
  t.match(sentenceOf(message, KOREAN), /^\[시험\] 주문 ORDER000003/);
  const letter = letterOf(wordingOf(message, ENGLISH), message.id);
  t.match(letter.subject, /^\[reconciled\] \[TEST\] /);
  t.match(letter.text, /^\[TEST\] This is a test: nothing of this happened\.\n/);
  t.match(letter.html, 'This is a test: nothing of this happened.');
  t.equal(wordingOf(told('order.held'), ENGLISH).test, null);
});

t.test('nothing is linked to unless it is configured', async (t) => {
  const style = { ...ENGLISH, orderUrl: 'https://shop.example/{id}?again={id}&x=\'"' };
  const message = told('order.held', { orderId: 'A/B&C $& <D>' });
  const id = 'A%2FB%26C%20%24%26%20%3CD%3E';
  const url = `https://shop.example/${id}?again=${id}&x='"`;
  t.strictSame(wordingOf(message, style).link, { url, text: 'Open the order' });
  const { html } = letterOf(wordingOf(message, style), message.id);
  t.ok(html.includes(`href="https://shop.example/${id}?again=${id}&#38;x=&#39;&#34;"`));
  t.equal(wordingOf(told('gateway.down'), style).link, null, 'it is about no order');
  const digest = letterOf(wordingOf(toldMany('order.held', 2), style), 'digest').html;
  t.match(digest, '<a href="https://shop.example/ORDER000002?');
  for (const other of [message, toldMany('order.held', 2)]) {
    t.notMatch(letterOf(wordingOf(other, ENGLISH), other.id).html, /href|https?:/);
  }
});

const EVIL =
  'Hat\r\nBcc: a@b.example\u2028<script>alert("1")</script> & \'*bold*\' \u202egnp.exe\0';

t.test('everything embedded is on one line and escaped', async (t) => {
  const evil = { text: EVIL, orderId: EVIL, paymentId: EVIL, productId: EVIL, gateway: EVIL };
  for (const topic of EFFECT_TOPICS) {
    for (const message of [told(topic, evil), toldMany(topic, 3, () => evil)]) {
      const wording = wordingOf(message, ENGLISH);
      const { subject, html, text } = letterOf(wording, message.id);
      const cells = wording.table?.rows.flatMap((row) => row.cells) ?? [];
      const values = wording.facts.map(({ value }) => value);
      const lines = [subject, sentenceOf(message, ENGLISH), wording.headline, ...cells, ...values];
      for (const line of lines) t.notMatch(line, /[\r\n\0\u2028\u202e]/, topic);
      t.notMatch(html, /<script|[\0\u2028\u202e]/, topic);
      t.notMatch(html, /&(?!#\d+;)/, topic);
      t.notMatch(text, /^Bcc:/m, topic);
    }
  }
  const { html } = letterOf(wordingOf(told('stock.low', { text: EVIL }), ENGLISH), 'id');
  t.match(html, '&#60;script&#62;alert(&#34;1&#34;)&#60;/script&#62; &#38; &#39;*bold*&#39;');
});

t.test('everything is bounded, whole letters at the end', async (t) => {
  const long = '값'.repeat(250) + '😀'.repeat(5_000);
  const most = { text: long, orderId: long, paymentId: long, productId: long, gateway: long };
  for (const topic of EFFECT_TOPICS) {
    for (const message of [told(topic, most), toldMany(topic, 1_000, () => most)]) {
      const wording = wordingOf(message, KOREAN);
      t.ok(wording.title.length <= MAX_TITLE, topic);
      t.ok(sentenceOf(message, KOREAN).length <= 500, topic);
      const { text, html } = letterOf(wording, message.id);
      t.ok(text.isWellFormed() && html.isWellFormed(), topic);
      t.ok(
        text.length < 20_000 && html.length < 60_000,
        `${topic}: ${text.length}, ${html.length}`,
      );
    }
  }
});

t.test('a name or a text that shows nothing is left out', async (t) => {
  const unseen = { text: '\u202e\u200f' };
  t.equal(
    wordingOf(told('stock.low', unseen), ENGLISH).headline,
    'HAT-1 (HAT-1) is running low: 2 left.',
  );
  const { facts } = wordingOf(told('order.failed', unseen), ENGLISH);
  t.notOk(facts.some(({ label }) => label === 'In the words given'));
});

t.test('what is not known leaves a dash, and stops nothing', async (t) => {
  const none = {
    orderId: null,
    paymentId: null,
    productId: null,
    gateway: null,
    reason: null,
    text: null,
    amount: null,
    currency: null,
    onHand: null,
    since: null,
  };
  for (const topic of EFFECT_TOPICS) {
    t.ok(wordingOf(told(topic, none), KOREAN).headline, topic);
    t.ok(
      letterOf(
        wordingOf(
          toldMany(topic, 2, () => none),
          KOREAN,
        ),
        'id',
      ).text,
      topic,
    );
  }
  t.match(wordingOf(told('order.held', none), ENGLISH).headline, /^Order — \(—\) is held/);
});

t.test('columns are in line, whatever pictures and letters a name is made of', async (t) => {
  const names = [
    '🎩 hat',
    '👨‍👩‍👧‍👦 hat',
    '모자'.normalize('NFD'),
    'café'.normalize('NFD'),
    'é日本',
  ];
  const message = toldMany('stock.low', names.length, (index) => ({ text: names[index] ?? '' }));
  const { table } = wordingOf(message, ENGLISH);
  const lines = table === null ? [] : inColumns({ ...table, head: ['', '', '', ''] }, table.rows);
  const padding = lines.slice(2).map((line) => /(?<= ) *(?=HAT-\d)/.exec(line)?.[0].length);
  t.strictSame(padding, [1, 1, 3, 3, 2]);
});

t.test('the letter in plain text', async (t) => {
  const message = toldMany('stock.low', 2, (index) => ({
    text: index === 0 ? '밀짚모자' : 'Straw hat',
    at: AT,
  }));
  t.equal(
    letterOf(wordingOf(message, KOREAN), message.id).text,
    `상품 2종의 재고가 얼마 남지 않았습니다.

시각: 2026-11-24 17:41:34 ~ 2026-11-24 17:41:34

시각                 상품       상품 번호  남은 수량
-------------------  ---------  ---------  ---------
2026-11-24 17:41:34  밀짚모자   HAT-1      2
2026-11-24 17:41:34  Straw hat  HAT-2      2

할 일: 입고 후 들어온 수량을 기록하세요: POST /v1/products/…/stock

-- 
reconciled가 보냈습니다.
digest:4f2a
`,
  );
});
