import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { systemClock } from '../../lib/clock.ts';
import { conditionEffect, lowStockEffect } from '../../lib/core/announce.ts';
import { openSqliteStore } from '../../lib/store/sqlite/index.ts';
import { addressIn, reconciled } from '../daemon/process.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { newOrder, T0 } from '../support/store-fixtures.ts';
import { run } from './run.ts';

/** What people were told, once more what was given up, and a channel that is tried. */

const GATEWAY = `[http]
listen = "127.0.0.1:0"
[[gateway]]
name = "pg"
kind = "pg-simulator"
base_url = "http://127.0.0.1:9"
methods = ["CARD"]
`;

const OPS = '[[channel]]\nname = "ops"\nkind = "log"\n';

/** What `ops` was told: delivered, dead twice, pending; and what was for a channel that is gone. */
async function openTold(t: Test, channels = OPS) {
  const scratch = scratchDir('notices');
  t.teardown(scratch.remove);
  const cwd = scratch.path;
  writeFileSync(join(cwd, 'reconciled.toml'), GATEWAY + channels);
  mkdirSync(join(cwd, 'data'));
  const { outbox, upkeep } = openSqliteStore({
    path: join(cwd, 'data', 'reconciled.db'),
    clock: systemClock,
    tell: () => undefined,
  });
  const subscribed = (channel: string) => ({
    channel,
    topic: 'gateway.down' as const,
    digestMs: 0,
  });
  const told = async (channel: string, at: number, state: 'delivered' | 'dead' | null) => {
    await outbox.subscribe([subscribed(channel)], at);
    await outbox.announce([conditionEffect('gateway.down', 'pg', at, null)], [], at);
    const [parcel] = state === null ? [] : await outbox.claim(channel, 1, at);
    if (parcel === undefined || state === null) return;
    const decision = { state, attempts: 3, nextAt: null };
    const detail = state === 'dead' ? `410 ${'gone '.repeat(20)}` : '200 ok';
    await outbox.commit([{ parcel, decision, detail, at }]);
  };
  await told('old', T0, 'dead');
  await told('ops', T0 + 1_000, 'delivered');
  await told('ops', T0 + 2_000, 'dead');
  await told('ops', T0 + 3_000, 'dead');
  await told('ops', T0 + 4_000, null);
  await upkeep.close();
  const notices = (...args: string[]) => run(['notices', ...args], { cwd });
  return { cwd, notices };
}

t.test('notices: a line for each channel that is told, the newest first', async (t) => {
  const { notices } = await openTold(t);
  const all = await notices('--locale', 'en', '--timezone', 'UTC');
  t.equal(all.stderr, '');
  const [head = '', ...rows] = all.stdout.trimEnd().split('\n');
  t.match(head, /^ *id +when +topic +about +channel +state +attempts +next try +last words$/);
  t.equal(rows.length, 5);
  t.match(
    rows[0],
    /^ *5 +2025-08-16 03:00:04 +gateway\.down +pg +ops +pending +0 +2025-08-16 03:00:04 +-$/,
  );
  t.match(rows[1], /^ *4 +2025-08-16 03:00:03 .* dead +3 +- +410 gone gone (gone )*…$/);
  t.match(rows[3], /^ *2 .* delivered +3 +- +200 ok$/);

  const korean = await notices();
  t.match(korean.stdout, /^ *번호 +시각 +주제 +대상 +채널 +상태 +시도 +다음 시도 +마지막 응답\n/);
  t.match(korean.stdout, / 2025-08-16 12:00:04 .* 대기 /, 'in the zone of the configuration');

  const ids = async (...args: string[]) => {
    const { code, stdout } = await notices('--json', ...args);
    t.equal(code, 0, args.join(' '));
    return stdout.split('\n').flatMap((line) => (line === '' ? [] : JSON.parse(line).id));
  };
  t.strictSame(await ids('--dead'), [4, 3, 1]);
  t.strictSame(await ids('--pending'), [5]);
  t.strictSame(await ids('--dead', '--channel', 'ops'), [4, 3]);
  t.strictSame(await ids('--channel', 'old'), [1], 'a channel that is not configured any more');

  const first = await notices('--json', '--limit', '2', '--locale', 'en');
  t.match(JSON.parse(first.stdout.split('\n')[1] ?? ''), {
    id: 4,
    channel: 'ops',
    topic: 'gateway.down',
    state: 'dead',
    settledAt: '2025-08-16T03:00:03.000Z',
    effect: { key: `gateway.down:pg:${T0 + 3_000}`, gateway: 'pg' },
  });
  const place = /^There are more: add --after (\S+)\n$/.exec(first.stderr)?.[1] ?? '';
  t.strictSame(await ids('--after', place), [3, 2, 1]);

  const none = await notices('--pending', '--channel', 'old', '--locale', 'en');
  t.strictSame(none, { code: 0, stdout: '', stderr: 'No notification fits.\n' });
});

t.test('notices: each is about its product, its order, its gateway, or the daemon', async (t) => {
  const { cwd, notices } = await openTold(t);
  const { intake, outbox, upkeep } = openSqliteStore({
    path: join(cwd, 'data', 'reconciled.db'),
    clock: systemClock,
    tell: () => undefined,
  });
  const order = { id: 'ORDER000001', version: 2 };
  await intake.createOrders([newOrder({ id: order.id, items: [] })], T0);
  const low = lowStockEffect({ id: 'tea', name: 'Tea', onHand: 5 }, 1, order);
  const held = {
    ...low,
    topic: 'order.held',
    key: 'held',
    productId: null,
    onHand: null,
  } as const;
  const effects = [low, held, conditionEffect('sweep.late', null, T0, null)];
  const topics = effects.map(({ topic }) => ({ channel: 'ops', topic, digestMs: 0 }));
  await outbox.subscribe(topics, T0);
  for (const [index, effect] of effects.entries())
    await outbox.announce([effect], [], T0 + (10 + index) * 1_000);
  await upkeep.close();
  const { stdout } = await notices('--locale', 'en', '--limit', '4');
  const about = stdout
    .split('\n')
    .slice(1, 5)
    .map((line) => line.split(/ {2,}/).slice(2, 4));
  t.strictSame(about, [
    ['sweep.late', '-'],
    ['order.held', 'ORDER000001'],
    ['stock.low', 'tea'],
    ['gateway.down', 'pg'],
  ]);
});

t.test('notices: a hundred of them unless more are asked for', async (t) => {
  const { cwd, notices } = await openTold(t);
  const hand = new Database(join(cwd, 'data', 'reconciled.db'));
  hand.exec(`
    WITH RECURSIVE each (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM each WHERE n < 96)
    INSERT INTO deliveries (effect, channel, state, first_due_at, settled_at)
      SELECT 1, 'channel-' || n, 'dead', 0, 0 FROM each`);
  hand.close();
  const { stdout, stderr } = await notices('--json', '--locale', 'en');
  t.equal(stdout.trimEnd().split('\n').length, 100);
  t.match(stderr, /^There are more: add --after /);
});

t.test('notices: what cannot be meant is said, with what was probably meant', async (t) => {
  const { notices } = await openTold(t);
  const rows: readonly (readonly [args: readonly string[], code: number, said: RegExp])[] = [
    [['--channel', 'opss'], 1, /^error: No channel opss is configured\.\nhint: Did you mean ops\?/],
    [['--channel', 'mail-1'], 1, /hint: There are ops; each is a \[\[channel\]\]/],
    [['--dead', '--pending'], 2, /--dead' cannot be used with option '--pending'/],
    [['--limit', '0'], 2, /^error: .*--limit/],
    [['--after', 'nowhere'], 1, /^error: after: nowhere is not a place in this list\.\n/],
    [['retry'], 2, /^error: missing required argument 'id'/],
    [['retry', 'x'], 2, /Write a whole number from 1 to/],
    [['test'], 2, /^error: missing required argument 'channel'/],
    [['test', 'osp'], 1, /^error: No channel osp is configured\.\nhint: Did you mean ops\?/],
    [['test', 'ops', '--topic', 'order.hold'], 2, /Did you mean order\.held\?/],
  ];
  for (const [args, code, said] of rows) {
    const ended = await notices(...args);
    t.equal(ended.code, code, args.join(' '));
    t.match(ended.stderr, said, args.join(' '));
    t.equal(ended.stdout, '', args.join(' '));
  }
});

t.test('notices retry, without a daemon: what was given up is due again', async (t) => {
  const { notices } = await openTold(t);
  const { code, stdout, stderr } = await notices(
    'retry',
    ...['4', '1', '2', '99', '4', '--locale', 'en'],
  );
  t.equal(code, 1);
  t.equal(stderr, 'No daemon runs on this database: the next one sends.\n');
  t.strictSame(stdout.trimEnd().split('\n'), [
    '4: it is sent again.',
    '1: its channel is not configured any more, and it stays dead.',
    '2: it is not dead, and stays as it is.',
    '99: there is no such notification.',
  ]);
  const again = await notices('retry', '3', '--json');
  t.equal(again.code, 0);
  t.equal(again.stdout, '{"id":3,"outcome":"due"}\n');
  const dead = await notices('--dead', '--json');
  t.match(dead.stdout, /^\{"id":1,[^\n]*\n$/);
});

t.test('notices retry, beside a daemon: the daemon sends it', async (t) => {
  const { cwd, notices } = await openTold(t);
  const daemon = reconciled(['serve', '--config', join(cwd, 'reconciled.toml')]);
  t.teardown(() => daemon.child.kill('SIGKILL'));
  const listen = (await addressIn(daemon, /listens on/)).replace('http://', '');
  const { code, stdout, stderr } = await notices(
    'retry',
    ...['4', '1', '2', '99', '--json', '--listen', listen],
  );
  t.equal(code, 1, stderr);
  t.strictSame(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
    [
      { id: 4, outcome: 'due' },
      { id: 1, outcome: 'no_channel' },
      { id: 2, outcome: 'not_dead' },
      { id: 99, outcome: 'not_found' },
    ],
  );
  daemon.child.kill('SIGTERM');
  t.equal((await daemon.ended).code, 0);
  const dead = await notices('--dead', '--json');
  t.strictSame(
    dead.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).id),
    [3, 1],
  );
});

t.test('notices test: a log prints, and says that it is a test', async (t) => {
  const { notices } = await openTold(t);
  const { code, stdout, stderr } = await notices(
    'test',
    ...['ops', '--topic', 'order.held', '--locale', 'en'],
  );
  t.equal(code, 0);
  t.match(stderr, /ORDER000001/);
  t.equal(stdout, 'ops took the test message: printed\n');
  const before = (await notices('--json')).stdout.split('\n').length;
  t.equal(before, 6, 'it leaves no trace in the outbox');
});

t.test('notices test: the answer of the receiver, and 1 when it did not take it', async (t) => {
  const receiver = await openReceiver(t);
  const shop = `[[channel]]
name = "shop"
kind = "webhook"
url = "${receiver.url}/hooks"
secrets = [{ env = "SHOP_SECRET" }]
allow_private = true
topics = ["stock.low", "order.held"]
`;
  const { cwd } = await openTold(t, shop);
  const env = { SHOP_SECRET: 'hunter2' };
  const trial = (...args: string[]) => run(['notices', 'test', 'shop', ...args], { cwd, env });

  const taken = await trial('--locale', 'en');
  t.equal(taken.code, 0, taken.stderr);
  t.match(taken.stdout, /^shop took the test message: .*200/);
  t.equal(receiver.headers.length, 1);
  t.match(receiver.headers[0], { 'webhook-id': /^test:shop:\d+$/ });
  const first = { type: 'stock.low', data: { productId: 'tea', test: true } };
  t.match(
    JSON.parse(receiver.bodies[0] ?? ''),
    first,
    'as if the first of its topics had happened',
  );

  await trial('--topic', 'order.held');
  const held = { key: 'order.held:ORDER000001:v2', paymentId: null };
  t.match(JSON.parse(receiver.bodies[1] ?? ''), { data: held }, 'a real one names no payment');

  receiver.answer(410);
  const refused = await trial('--json', '--topic', 'refund.due');
  t.equal(refused.code, 1);
  t.match(JSON.parse(refused.stdout), {
    channel: 'shop',
    topic: 'refund.due',
    kind: 'failed',
    permanent: true,
    detail: /410/,
  });
  t.match(JSON.parse(receiver.bodies[2] ?? ''), {
    data: {
      key: 'refund.due:ORDER000001:ORDER000001-1:duplicate_capture:v2',
      paymentId: 'ORDER000001-1',
    },
  });
  receiver.answer(500);
  const troubled = await trial();
  t.equal(troubled.code, 1);
  t.match(troubled.stdout, /^shop 채널이 시험 메시지를 받지 않았습니다\. .*500/);
  t.notMatch(taken.stdout + refused.stdout + troubled.stdout, 'hunter2');

  const without = await run(['notices', 'test', 'shop'], { cwd });
  t.equal(without.code, 78);
  t.match(without.stderr, 'channel[0].secrets[0]: the variable SHOP_SECRET is not set.');
});

/** Takes whatever is posted, and answers as the test says. */
async function openReceiver(t: Test) {
  let status = 200;
  const headers: IncomingHttpHeaders[] = [];
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    headers.push(request.headers);
    void text(request).then((body) => {
      bodies.push(body);
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    headers,
    bodies,
    answer: (next: number) => {
      status = next;
    },
  };
}
