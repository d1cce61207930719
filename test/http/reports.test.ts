import t from 'tap';
import { reportSchema } from '../../lib/http/report-view.ts';
import { anOrder, openServing, type Serving } from './serving.ts';

const DAY = '2025-08-16';

async function servingOrders(orders: number): Promise<Serving> {
  const serving = await openServing();
  for (let number = 1; number <= orders; number += 1) {
    const id = `ORDER${String(number).padStart(6, '0')}`;
    await serving.call('POST', '/v1/orders', { body: anOrder({ id, payments: [] }) });
  }
  return serving;
}

t.test('a day by JSON, by CSV and as a page', async (t) => {
  const serving = await servingOrders(3);
  t.teardown(serving.close);
  const get = (accept?: string) =>
    serving.call('GET', `/v1/reports/${DAY}`, {
      headers: accept === undefined ? {} : { accept },
    });
  for (const accept of [undefined, '*/*', 'application/json', 'image/png']) {
    const { status, headers, body } = await get(accept);
    t.equal(status, 200);
    t.match(headers['content-type'], 'application/json', `${accept}`);
    t.equal(headers.vary, 'accept');
    t.match(body, {
      from: DAY,
      timezone: 'Asia/Seoul',
      complete: false,
      orders: 3,
      tiesOut: true,
      currencies: [{ currency: 'KRW', states: { pending: { count: 3, amount: 15_000 } } }],
    });
  }
  const { body } = await get();
  t.same(reportSchema.parse(body), body, 'all of it is in the OpenAPI document, and nothing else');
  const csv = await get('text/csv');
  t.match(csv.headers, {
    'content-type': 'text/csv; charset=utf-8; header=present',
    'content-disposition': `attachment; filename="orders-${DAY}.csv"`,
    'x-content-type-options': 'nosniff',
  });
  t.match(csv.body, /^id,memberId,[^\n]+\r\n(ORDER00000\d,[^\n]+\r\n){3}$/);
  const page = await get('text/html,application/xhtml+xml,*/*;q=0.8');
  t.match(page.headers['content-type'], 'text/html');
  t.match(page.body, /^<!doctype html>/);
});

t.test('days that are none, or have not begun', async (t) => {
  const serving = await servingOrders(0);
  t.teardown(serving.close);
  for (const [day, status, code] of [
    ['2025-02-29', 400, 'malformed'],
    ['yesterday', 400, 'malformed'],
    ['..%2F..%2Fetc%2Fpasswd', 400, 'malformed'],
    ['2025-08-17', 404, 'not_found'],
  ] as const) {
    const reply = await serving.call('GET', `/v1/reports/${day}`);
    t.match(reply, { status, body: { code } }, day);
  }
  t.match(await serving.call('GET', '/v1/reports/1999-12-31'), {
    status: 200,
    body: { orders: 0 },
  });
});

t.test('amounts that nobody can add up exactly are said to be the mistake', async (t) => {
  const serving = await servingOrders(0);
  t.teardown(serving.close);
  for (const id of ['ORDER000001', 'ORDER000002']) {
    const body = anOrder({ id, amount: Number.MAX_SAFE_INTEGER, payments: [] });
    t.match(await serving.call('POST', '/v1/orders', { body }), { status: 201 });
  }
  t.match(await serving.call('GET', `/v1/reports/${DAY}`), {
    status: 422,
    body: { code: 'invalid', detail: /too large to add up/, hint: /--format csv/ },
  });
});

t.test(
  'a long list comes whole, and one that nobody takes to its end gives its place back',
  async (t) => {
    const serving = await servingOrders(1_201);
    t.teardown(serving.close);
    const headers = { accept: 'text/csv' };
    for (let time = 0; time < 6; time += 1) {
      const response = await fetch(`http://127.0.0.1:${serving.port}/v1/reports/${DAY}`, {
        headers,
      });
      t.equal(response.status, 200);
      await response.body?.cancel();
    }
    const { body } = await serving.call('GET', `/v1/reports/${DAY}`, { headers });
    t.equal(String(body).trimEnd().split('\r\n').length, 1 + 1_201);
  },
);

t.test('a list of which only the head is asked for gives its place back', async (t) => {
  const serving = await servingOrders(1);
  t.teardown(serving.close);
  const headers = { accept: 'text/csv' };
  for (let time = 0; time < 6; time += 1) {
    const { status, body } = await serving.call('HEAD', `/v1/reports/${DAY}`, { headers });
    t.match({ status, body }, { status: 200, body: '' });
  }
});

t.test('only so many are made at once', async (t) => {
  const serving = await servingOrders(1);
  t.teardown(serving.close);
  const replies = await Promise.all(
    Array.from({ length: 12 }, () => serving.call('GET', `/v1/reports/${DAY}`)),
  );
  const refused = replies.filter(({ status }) => status === 503);
  t.ok(refused.length > 0 && refused.length <= 8);
  t.match(refused[0], { headers: { 'retry-after': '5' }, body: { code: 'reports_full' } });
  t.ok(replies.filter(({ status }) => status === 200).length >= 4);
  t.match(await serving.call('GET', `/v1/reports/${DAY}`), { status: 200 });
});
