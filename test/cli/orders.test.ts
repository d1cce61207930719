import { join } from 'node:path';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { momentFormat } from '../../lib/texts/moment.ts';
import { run } from './run.ts';
import { openShop, orderIdOf, orderLine, PRODUCTS } from './shop.ts';

/** A morning of somebody who looks after orders, with no daemon running. */

async function openedShop(t: Test) {
  const { cwd } = await openShop(t);
  const orders = [1, 2, 3, 4, 5].map((number) => orderLine(number)).join('\n');
  await run(['import', '--products', '-'], { cwd, input: PRODUCTS });
  await run(['import', '-'], { cwd, input: orders });
  return (args: readonly string[]) => run(args, { cwd });
}

t.test('what was swept can be listed, explained, decided and replayed', async (t) => {
  const shop = await openedShop(t);
  const swept = await shop(['sweep', '--locale', 'en']);
  t.equal(swept.code, 0, swept.stderr);
  t.equal(swept.stderr, 'No daemon runs on this database: sweeping here.\n');
  t.match(swept.stdout, /^orders +reason\n/);
  t.match(swept.stdout, /^ +1 +captured +The gateway captured the payment\.$/m);
  t.match(swept.stdout, /^Looked at 5 orders in \d+\.\d s\.$/m);

  await t.test('orders: a table with columns that stand under each other', async (t) => {
    const { stdout, stderr } = await shop(['orders']);
    t.equal(stderr, '');
    const [head = '', ...rows] = stdout.trimEnd().split('\n');
    t.match(head, /^주문 +상태 +사유 +금액 +결제 +생성 +다음 확인$/);
    t.equal(rows.length, 5);
    t.equal(
      new Set([head, ...rows].map((line) => columnOf(line, 1))).size,
      1,
      'in cells, not letters',
    );
    t.match(rows[0], /^ORDER000001 +완료 +captured +₩5,000 +CARD 승인 +2026-08-16 09:00:00 +/);
    const held = await shop([
      'orders',
      '--state',
      'held',
      '--reason',
      'mismatched',
      '--locale',
      'en',
      '--timezone',
      'UTC',
    ]);
    t.match(
      held.stdout,
      /^order +state.*\nORDER000003 +held +mismatched +₩5,000 +CARD pending +2026-08-16 00:00:00 .*\n$/,
    );
    const none = await shop(['orders', '--reason', 'refunded', '--locale', 'en']);
    t.strictSame(none, { code: 0, stdout: '', stderr: 'No order fits.\n' });
  });

  await t.test('orders --json: one object a line, and the place where to go on', async (t) => {
    const first = await shop(['orders', '--json', '--limit', '3', '--locale', 'en']);
    const place = /--after (\S+)\n$/.exec(first.stderr)?.[1] ?? '';
    const second = await shop(['orders', '--json', '--after', place]);
    t.equal(second.stderr, '');
    const read = [first, second]
      .flatMap(({ stdout }) => stdout.trim().split('\n'))
      .map((line) => JSON.parse(line));
    t.strictSame(
      read.map(({ id }) => id),
      [1, 2, 3, 4, 5].map(orderIdOf),
    );
    t.match(read[1], {
      state: 'failed',
      reason: 'declined',
      nextLookAt: null,
      payments: [{ state: 'failed' }],
    });
    const lost = await shop(['orders', '--after', 'nowhere']);
    t.equal(lost.code, 1);
    t.match(lost.stderr, /^error: after: nowhere is not a place in this list\.\nhint: /);
  });

  await t.test(
    'explain: asked, heard, held true, decided, told, and what comes next',
    async (t) => {
      const json = JSON.parse((await shop(['explain', orderIdOf(2), '--json'])).stdout);
      const zone = 'America/New_York';
      const completed = await shop(['explain', orderIdOf(1), '--locale', 'en', '--timezone', zone]);
      // One commit stored both.
      t.match(completed.stdout, `  ${momentFormat(zone)(Date.parse(json.journal[0].at))}\n`);
      for (const sentence of [
        'Order ORDER000001 is completed (₩5,000).',
        'Why: The gateway captured the payment.',
        'In the words that were given: 정상 승인되었습니다.',
        'The order came in: ₩5,000, pieces: 1.',
        'Payment ORDER000001-1 was recorded: CARD at pg, key 20250816:TR:000001.',
        'Asked pg about 20250816:TR:000001.',
        'Heard: 20250816:TR:000001 is captured, ₩5,000 (“정상 승인되었습니다.”).',
        'Held true of ORDER000001-1: captured.',
        'Decided: completed. The gateway captured the payment.',
        '1 of tea left the stock.',
        'Told: the order is completed.',
        'The next look is at ',
      ]) {
        t.match(completed.stdout, sentence);
      }
      const held = await shop(['explain', orderIdOf(3)]);
      for (const sentence of [
        '주문 ORDER000003: 보류 (₩5,000)',
        '응답: 20250816:TR:000003 거래는 승인, ₩4,000',
        '판단: 결제 ORDER000003-1 — 주문과 일치하지 않음.',
        '결정: 보류.',
        '담당자를 기다립니다: reconciled resolve ORDER000003',
      ]) {
        t.match(held.stdout, sentence);
      }
      const absent = await shop(['explain', orderIdOf(5), '--locale', 'en']);
      t.match(absent.stdout, 'Heard: there is no 20250816:TR:000005.');
      t.match(
        absent.stdout,
        'Held true of ORDER000005-1: cannot be cleared up by asking. The gateway does not know the key that it gave us.',
      );
      t.match(json, {
        order: { id: orderIdOf(2), state: 'failed' },
        journal: [
          { reason: null, record: { kind: 'created' } },
          { reason: 'declined', at: /Z$/ },
        ],
        told: [{ topic: 'order.failed' }],
      });
      const unknown = await shop(['explain', 'ORDER999999']);
      t.equal(unknown.code, 1);
      t.match(
        unknown.stderr,
        /^error: There is no order ORDER999999 in this database\.\nhint: `reconciled orders`/,
      );
    },
  );

  await t.test('resolve and refunded: a person decides', async (t) => {
    const by = ['--note', 'looked at it', '--by', 'kim', '--locale', 'en'];
    const failed = await shop(['resolve', orderIdOf(3), '--state', 'failed', ...by]);
    t.equal(failed.stdout, 'Done: order ORDER000003 is failed.\n');
    const again = await shop(['resolve', orderIdOf(3), '--state', 'failed', ...by]);
    t.equal(again.code, 1);
    t.match(
      again.stderr,
      /^error: Refused: the order is failed: only a held order .*\nhint: .reconciled explain ORDER/,
    );
    const fenced = await shop([
      'resolve',
      orderIdOf(5),
      '--state',
      'failed',
      '--if-version',
      '9',
      ...by,
    ]);
    t.equal(fenced.code, 1);
    t.match(fenced.stderr, 'not 9');

    const due = await shop(['explain', orderIdOf(3), '--locale', 'en']);
    t.match(
      due.stdout,
      /It waits for a person: give ₩4,000 back, then reconciled refunded ORDER000003-1/,
    );
    t.match(due.stdout, 'kim decided: “looked at it”');
    const refund = ['refunded', `${orderIdOf(3)}-1`, '--reference', 'R-1', ...by];
    t.equal((await shop(refund)).stdout, 'Done: order ORDER000003 is failed.\n');
    t.equal((await shop(refund)).stdout, 'It was so already: order ORDER000003 is failed.\n');
    const other = await shop([
      'refunded',
      `${orderIdOf(3)}-1`,
      '--reference',
      'R-2',
      ...by,
      '--json',
    ]);
    t.equal(other.code, 1);
    t.match(JSON.parse(other.stderr), { error: { code: 'conflict', message: /R-1/ } });
    const nothing = await shop(['refunded', 'nobody', '--reference', 'R-1', ...by]);
    t.match(nothing.stderr, /^error: There is no payment nobody in this database\./);
    t.match(nothing.stderr, 'reconciled explain ORDER');
    const pasted = [
      'refunded',
      `${orderIdOf(3)}-1`,
      '--reference',
      '…',
      '--note',
      '…',
      '--by',
      '…',
    ];
    const { code, stderr } = await shop(pasted);
    t.equal(code, 2, 'a line that was pasted and not filled in');
    t.match(
      stderr,
      /^error: (--\w+: not what belongs in the place of the "…"(; |\n)){3}hint: Write/,
    );
  });

  await t.test('replay: every decision comes out again', async (t) => {
    const { code, stdout } = await shop(['replay', '--json']);
    t.equal(code, 0);
    const result = JSON.parse(stdout);
    t.match(result, { differing: 0, differences: [], otherRules: {} });
    t.ok(result.agreed >= 7, `${result.agreed} decisions, of people too`);
  });
});

t.test(
  'replay: a decision that was tampered with is found, one of other rules is left out',
  async (t) => {
    const { cwd } = await openShop(t);
    await run(['import', '--products', '-'], { cwd, input: PRODUCTS });
    await run(['import', '-'], {
      cwd,
      input: [1, 2].map((number) => orderLine(number)).join('\n'),
    });
    await run(['sweep'], { cwd });
    const database = new Database(join(cwd, 'data', 'reconciled.db'));
    database.exec(`
    UPDATE journal SET record = json_set(record, '$.decision.order.state', 'held')
      WHERE order_id = '${orderIdOf(1)}' AND json_extract(record, '$.kind') = 'decided';
    UPDATE journal SET record = json_set(record, '$.rules', '0')
      WHERE order_id = '${orderIdOf(2)}' AND json_extract(record, '$.kind') = 'decided';
  `);
    // More than are read at a time, and more than are named.
    database.exec(`
    INSERT INTO journal (order_id, version, at, reason, policy, record)
      SELECT order_id, version + n, at, reason, policy, record FROM journal,
        (WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 600) SELECT n FROM numbers)
      WHERE order_id = '${orderIdOf(1)}' AND json_extract(record, '$.kind') = 'decided';
  `);
    database.close();
    const { code, stdout, stderr } = await run(['replay', '--locale', 'en'], { cwd });
    t.equal(code, 1);
    const [head, ...named] = stdout.trimEnd().split('\n');
    t.equal(head, '601 of 601 decisions came out differently:');
    t.equal(named.length, 100);
    t.match(named[0], /^ {2}\d+ {2}ORDER000001 {2}order\.state$/);
    const whole = await run(['explain', orderIdOf(1), '--json'], { cwd });
    t.equal(JSON.parse(whole.stdout).journal.length, 602, 'explain tells all of it');
    t.equal(stderr, '1 decision was made by other rules (0) and left out.\n');
  },
);

t.test('orders: a hundred of them unless more are asked for', async (t) => {
  const { cwd } = await openShop(t);
  const lines = Array.from({ length: 101 }, (_, index) => orderLine(index + 1, { items: [] }));
  await run(['import', '-'], { cwd, input: lines.join('\n') });
  const { stdout, stderr } = await run(['orders', '--json', '--locale', 'en'], { cwd });
  t.equal(stdout.trimEnd().split('\n').length, 100);
  const place = /^There are more: add --after (\S+)\n$/.exec(stderr)?.[1] ?? '';
  const rest = await run(['orders', '--after', place, '--locale', 'en'], { cwd });
  t.match(rest.stdout, /^order .*\nORDER000101 +pending +- +₩5,000 +CARD pending /);
});

/** Where column `index` begins, in cells of a terminal: Korean letters take two. */
function columnOf(line: string, index: number): number {
  const place = [...line.matchAll(/(?:^| {2})\S/g)][index];
  const before = line.slice(0, (place?.index ?? 0) + 2);
  return [...before].reduce((cells, letter) => cells + (/[가-힣]/.test(letter) ? 2 : 1), 0);
}
