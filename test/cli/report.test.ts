import { join } from 'node:path';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { systemClock } from '../../lib/clock.ts';
import { dayAfter, dayOf } from '../../lib/report/days.ts';
import { run } from './run.ts';
import { openShop, orderLine, PRODUCTS, type Shop } from './shop.ts';

/** Four orders of long ago, settled by a sweep. */
async function settledShop(test: Test): Promise<Shop> {
  const shop = await openShop(test);
  const { cwd } = shop;
  const orders = [1, 2, 3, 4].map((number) => orderLine(number)).join('\n');
  await run(['import', '--products', '-'], { cwd, input: PRODUCTS });
  await run(['import', '-'], { cwd, input: orders });
  await run(['sweep'], { cwd });
  return shop;
}

const DAY = '2026-08-16';

t.test('a day as a table, as JSON, as a list and as a page', async (t) => {
  const { cwd } = await settledShop(t);
  const report = (...args: string[]) => run(['report', '--date', DAY, ...args], { cwd });
  const table = await report('--locale', 'en');
  t.equal(table.code, 0);
  t.match(table.stdout, /^days +2026-08-16\n/);
  t.match(table.stdout, /\ncompleted +1 +₩5,000\n/);
  t.match(table.stdout, 'Orders, journal, payments and stock say the same.');
  t.match((await report()).stdout, '주문, 저널, 결제, 재고의 합계가 모두 일치합니다.');
  const json = await report('--format', 'json');
  t.match(JSON.parse(json.stdout), { from: DAY, orders: 4, tiesOut: true, complete: true });
  t.match(JSON.parse((await report('--json')).stdout), { from: DAY, orders: 4 });
  const csv = await report('--format', 'csv');
  t.equal(csv.stdout.trimEnd().split('\r\n').length, 5);
  const page = await report('--format', 'html');
  t.match(page.stdout, /^<!doctype html>[\s\S]+<\/html>\n$/);
  const other = await report('--timezone', 'America/New_York', '--format', 'json');
  t.match(JSON.parse(other.stdout), { orders: 0, begins: '2026-08-16T04:00:00.000Z' });
  const range = ['report', '--from', '2025-09-01', '--to', '2026-09-01', '--format', 'json'];
  t.match(
    JSON.parse((await run(range, { cwd })).stdout),
    { orders: 4, to: '2026-09-01' },
    '366 days',
  );
  const yesterday = dayAfter(dayOf(systemClock.now(), 'Asia/Seoul'), -1);
  const parsed = async (...args: string[]) =>
    JSON.parse((await run(['report', '--json', ...args], { cwd })).stdout);
  t.match(await parsed(), { from: yesterday, to: yesterday, complete: true });
  t.match(await parsed('--from', yesterday), { from: yesterday, to: yesterday });
  const today = await run(['report', '--date', 'today', '--format', 'json'], { cwd });
  t.match(JSON.parse(today.stdout), { orders: 0, complete: false });
});

t.test('totals that do not tie out end with 1 and are shown first', async (t) => {
  const { cwd } = await settledShop(t);
  const hand = new Database(join(cwd, 'data', 'reconciled.db'));
  hand.exec("UPDATE payments SET state = 'succeeded' WHERE order_id = 'ORDER000002'");
  hand.close();
  const args = ['report', '--date', DAY, '--locale', 'en'];
  const table = await run(args, { cwd });
  t.equal(table.code, 1);
  t.match(table.stderr, 'DIFFERENCES: 1 of the totals do not agree.');
  t.match(
    table.stdout,
    /What does not agree\n.*\ncompleted, against succeeded payments +KRW +orders 1 \(₩5,000\) ≠ payments 2 \(₩10,000\) +NO\n/,
  );
  const json = await run([...args, '--format', 'json'], { cwd });
  t.equal(json.code, 1);
  t.match(JSON.parse(json.stdout), { tiesOut: false, differences: [{ what: 'paid' }] });
  t.equal((await run([...args, '--format', 'html'], { cwd })).code, 1);
});

t.test('amounts that nobody can add up exactly are said to be the mistake', async (t) => {
  const { cwd } = await openShop(t);
  await run(['import', '--products', '-'], { cwd, input: PRODUCTS });
  const huge = { amount: Number.MAX_SAFE_INTEGER, payments: [] };
  const input = [1, 2].map((number) => orderLine(number, huge)).join('\n');
  await run(['import', '-'], { cwd, input });
  const { code, stderr } = await run(['report', '--date', DAY], { cwd });
  t.equal(code, 1);
  t.match(stderr, /too large to add up[\s\S]+hint: .*--format csv/);
});

/** What was typed, and what is said about it. */
const SLIPS: readonly (readonly [readonly string[], RegExp])[] = [
  [['--date', '2026-02-29'], /--date: there is no day 2026-02-29/],
  [['--date', 'tomorrow'], /today, or yesterday/],
  [['--date', DAY, '--from', DAY], /exclude each other/],
  [['--to', DAY], /--to needs --from/],
  [['--from', '2026-08-17', '--to', DAY], /is after/],
  [['--from', '2025-08-15', '--to', DAY], /more than 366 days/],
  [['--format', 'xml'], /Did you mean html/],
];

t.test('slips of the hand', async (t) => {
  const { cwd } = await openShop(t);
  for (const [args, said] of SLIPS) {
    const { code, stderr } = await run(['report', ...args], { cwd });
    t.equal(code, 2, args.join(' '));
    t.match(stderr, said);
  }
});

t.test('without a database it says what to do', async (t) => {
  const { cwd } = await openShop(t);
  const { code, stderr } = await run(['report'], { cwd });
  t.equal(code, 1);
  t.match(stderr, /There is no database/);
});
