import t from 'tap';
import { stackedBars } from '../../lib/report/charts.ts';
import { pageOf } from '../../lib/report/page.ts';
import type { Report } from '../../lib/report/report.ts';
import { openShop, reportOf } from './shop.ts';

/** Elements that have no end tag. */
const VOID = ['meta', 'rect', 'line'];

/** The first tag that does not fit; `null`: each one is closed, in order. */
function misplaced(page: string): string | null {
  const open: string[] = [];
  const inside = page.replace(/<style>[^<]*<\/style>/, '').replace('<!doctype html>', '');
  for (const [tag, end, name = '', rest = ''] of inside.matchAll(/<(\/?)([a-z0-9]+)([^>]*)>/g)) {
    if (VOID.includes(name)) continue;
    if (end === '' && !rest.endsWith('/')) open.push(name);
    else if (open.pop() !== name) return tag;
  }
  return open.at(-1) ?? null;
}

for (const locale of ['en', 'ko'] as const) {
  t.test(`the page in ${locale} stands alone`, async (t) => {
    const shop = await openShop();
    t.teardown(shop.close);
    const page = pageOf(reportOf(shop), { locale });
    t.match(
      page,
      new RegExp(`^<!doctype html>\n<html lang="${locale}">\n<head>\n<meta charset="utf-8">`),
    );
    t.equal(misplaced(page), null, 'every tag is closed');
    t.notMatch(
      page,
      /https?:|\/\/|<script|<link|<img|<iframe|\bon\w+=|url\(|@import/i,
      'nothing is loaded',
    );
    t.match(page, '@media print');
    t.equal(page.match(/<svg role="img" aria-label="[^"]+"/g)?.length, 3);
    t.equal(page.match(/<section>/g)?.length, 10);
    t.notMatch(page, /NaN|undefined|Infinity/);
  });
}

t.test('an empty day is a page too, and one that differs says so', async (t) => {
  const shop = await openShop();
  t.teardown(shop.close);
  const empty = pageOf(reportOf(shop, { from: '2025-08-10', to: '2025-08-10' }), { locale: 'en' });
  t.equal(misplaced(empty), null);
  t.notMatch(empty, '<svg');
  t.notMatch(empty, 'class="facts differs"');
  const report = reportOf(shop);
  const differing: Report = { ...report, tiesOut: false, differences: report.ties.slice(0, 1) };
  t.match(pageOf(differing, { locale: 'en' }), 'class="facts differs"');
});

t.test('what others named is text and no markup', async (t) => {
  const shop = await openShop();
  t.teardown(shop.close);
  const report = reportOf(shop);
  const evil = `<img src=x onerror="alert(1)">'&`;
  const most = [{ id: evil, name: evil, pieces: 1 }];
  const currencies = report.currencies.map((one) => ({
    ...one,
    gateways: one.gateways.map((gateway) => ({ ...gateway, gateway: evil })),
  }));
  const page = pageOf(
    { ...report, currencies, stock: { ...report.stock, most } },
    { locale: 'ko' },
  );
  t.notMatch(page, '<img');
  t.match(page, '&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&#39;&amp;');
  t.equal(misplaced(page), null);
});

t.test('bars are as long as what they count', async (t) => {
  const svg = stackedBars({
    title: 'T',
    direction: 'lying',
    number: String,
    series: [
      { key: 'a', name: 'A', color: '#000' },
      { key: 'b', name: 'B', color: '#fff' },
    ],
    bars: [
      { name: 'one', parts: { a: 1, b: 3 } },
      { name: 'two', parts: { a: 0, b: 4 } },
      { name: 'none', parts: { a: 0, b: 0 } },
    ],
  });
  const boxes = [
    ...svg.matchAll(
      /<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)" height="[\d.]+" fill="[^"]+"><title>([^<]+)/g,
    ),
  ];
  t.same(
    boxes.map(([, x, width, title]) => [Number(x), Number(width), title]),
    [
      [42.8, 149.3, 'one · A: 1'],
      [192.1, 447.9, 'one · B: 3'],
      [42.8, 597.2, 'two · B: 4'],
    ],
  );
});

t.test('a long name takes its room from the bars, and is cut before it takes all', async (t) => {
  const draw = (name: string) =>
    stackedBars({
      title: 'T',
      direction: 'lying',
      number: String,
      series: [{ key: 'a', name: 'A', color: '#000' }],
      bars: [{ name, parts: { a: 1 } }],
    });
  const written = (name: string) => /text-anchor="end">([^<]+)/.exec(draw(name))?.[1];
  for (const [name, seen] of [
    ['pg', 'pg'],
    ['payments-of-the-second-shop', 'payments-of-the-second-shop'],
    ['정기 확인', '정기 확인'],
    ['x'.repeat(64), `${'x'.repeat(34)}…`],
    ['가'.repeat(64), `${'가'.repeat(19)}…`],
  ] as const) {
    t.equal(written(name), seen);
    t.match(draw(name), `<title>${name} · A: 1</title>`, 'whole where one points at');
  }
});
