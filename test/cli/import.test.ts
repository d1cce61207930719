import { closeSync, existsSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t from 'tap';
import { systemClock } from '../../lib/clock.ts';
import { openSqliteStore } from '../../lib/store/sqlite/index.ts';
import { addressIn, reconciled } from '../daemon/process.ts';
import { run } from './run.ts';
import { keyOf, openShop, orderIdOf, orderLine, PRODUCTS } from './shop.ts';

/** Orders come from a file: all good ones are stored, all bad ones are told, and the same file may come again. */

const BAD_LINES: readonly (readonly [line: string, said: string])[] = [
  // What is quoted of a line could be a card number.
  ['{"card":"4111-1111-1111-1111",x', 'not JSON (at character 31)'],
  ['5', 'not a JSON object'],
  [orderLine(20, { amout: 1 }), 'amout: there is no such field. Did you mean amount?'],
  [orderLine(21, { id: 'A' }), 'id: not 6 to 64 letters, digits, "_" or "-"'],
  [orderLine(22, { items: [{ productId: 'coffee', quantity: 1, unitPrice: 5000 }] }), 'coffee'],
  [
    orderLine(23, { payments: [{ method: 'CASH', amount: 5000, transactionKey: null }] }),
    'payments[0].method: no configured gateway serves this method',
  ],
  [
    orderLine(24, { payments: [{ method: 'CARD', amount: 1, transactionKey: null }] }),
    "payments[0].amount: not the order's amount",
  ],
  [orderLine(25, { createdAt: '2099-01-01T00:00:00Z' }), 'createdAt: lies in the future'],
  [
    orderLine(1, { amount: 6000, payments: [] }),
    'stored already, with other content: amount, payments',
  ],
  [`${'['.repeat(10_000)}${']'.repeat(10_000)}`, 'nested more than 64 deep'],
  [`{"more":[${Array(50_000).fill('1e20').join(',')}]}`, 'more: there is no such field'],
  [
    orderLine(26, {
      payments: [
        {
          method: 'CARD',
          amount: 5000,
          transactionKey: keyOf(1),
        },
      ],
    }),
    'belongs to a payment of order ORDER000001',
  ],
];

/** The same for products. */
const BAD_PRODUCTS: readonly (readonly [line: string, said: string])[] = [
  ['{"name":"Tea","onHand":1}', 'id: missing'],
  ['{"id":"milk","onHand":1}', 'name: missing'],
  ['{"id":"milk","name":"Milk","onHand":-1}', 'onHand: '],
  ['["milk"]', 'not a JSON object'],
];
const badProducts = BAD_PRODUCTS.map(([line]) => line).join('\n');

t.test('a file with good and bad lines, twice', async (t) => {
  const { cwd } = await openShop(t);
  writeFileSync(join(cwd, 'products.ndjson'), PRODUCTS + badProducts);
  const products = await run(['import', '--products', 'products.ndjson', '--json'], { cwd });
  t.equal(products.code, 1, products.stderr);
  t.strictSame(JSON.parse(products.stdout), { read: 5, created: 1, updated: 0, same: 0, bad: 4 });
  const problems = products.stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  BAD_PRODUCTS.forEach(([line, said], index) => {
    t.match(problems[index], { line: 2 + index, problem: said }, line);
  });

  const good = [1, 2, 3].map((number) => orderLine(number));
  const lines = [...good, '', ...BAD_LINES.map(([line]) => line), orderLine(4)];
  writeFileSync(join(cwd, 'orders.ndjson'), `${lines.join('\n')}\n`);
  for (const [created, same] of [
    [4, 0],
    [0, 4],
  ]) {
    const { code, stdout, stderr } = await run(['import', 'orders.ndjson', '--json'], { cwd });
    t.equal(code, 1, 'some lines were bad');
    t.strictSame(JSON.parse(stdout), { read: 16, created, updated: 0, same, bad: 12 });
    const told = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    t.equal(told.length, BAD_LINES.length, 'each bad line is told');
    BAD_LINES.forEach(([line, said], index) => {
      t.equal(told[index].line, 5 + index, line);
      t.match(told[index].problem, said, line);
    });
  }
  const words = await run(['import', 'orders.ndjson', '--locale', 'en'], { cwd });
  t.equal(words.stdout, '16 lines read, 12 of them bad. there already: 4\n');
  t.match(words.stderr, /^line 5: not JSON/);
});

// Opening it is allowed and reading it is not, to root too; only Linux has it.
const UNREADABLE = '/proc/self/mem';

t.test('a file that cannot be read is no bug', { skip: !existsSync(UNREADABLE) }, async (t) => {
  const { cwd } = await openShop(t);
  const { code, stderr } = await run(['import', UNREADABLE], { cwd });
  t.equal(code, 2);
  t.match(stderr, /^error: \/proc\/self\/mem cannot be read \(EIO: .*\)\.\nhint: /);
});

t.test('a folder is no file, as standard input neither', async (t) => {
  const { cwd } = await openShop(t);
  const folder = openSync(cwd, 'r');
  t.teardown(() => closeSync(folder));
  for (const [name, stdin] of [
    [cwd, undefined],
    ['-', folder],
  ] as const) {
    const { code, stdout, stderr } = await run(['import', name], { cwd, stdin });
    t.equal(code, 2);
    t.equal(stdout, '');
    t.match(stderr, /^error: .+ is no file that can be read\.\nhint: /);
  }
});

t.test('standard input, and nothing to complain about', async (t) => {
  const { cwd } = await openShop(t);
  await run(['import', '--products', '-'], { cwd, input: PRODUCTS });
  const input = Array.from({ length: 1200 }, (_, index) => orderLine(index + 1)).join('\n');
  const { code, stdout, stderr } = await run(['import', '-', '--json'], { cwd, input });
  t.equal(code, 0);
  t.equal(stderr, '');
  t.match(JSON.parse(stdout), { read: 1200, created: 1200, bad: 0 }, 'more than one batch');
});

t.test('beside a running daemon the orders go through it', async (t) => {
  const { cwd } = await openShop(t);
  const daemon = reconciled(['serve', '--config', join(cwd, 'reconciled.toml')]);
  t.teardown(() => daemon.child.kill('SIGKILL'));
  const url = await addressIn(daemon, /listens on/);
  const env = { RECONCILED_LISTEN: url.replace('http://', '') };
  for (const [more, [created, updated, same]] of [
    [{}, [1, 0, 0]],
    [{}, [0, 0, 1]],
    [{ name: 'Black tea' }, [0, 1, 0]],
    [{ name: 'Black tea', lowStockAt: undefined }, [0, 1, 0]],
    [{ name: 'Black tea', lowStockAt: undefined }, [0, 0, 1]],
  ] as const) {
    const input = `${JSON.stringify({ ...JSON.parse(PRODUCTS), ...more })}\n${badProducts}`;
    const products = await run(['import', '--products', '-', '--json'], { cwd, env, input });
    t.strictSame(JSON.parse(products.stdout), { read: 5, created, updated, same, bad: 4 });
    t.match(products.stderr, /"line":2,"problem":"id: missing/);
  }
  const input = [orderLine(1), ...BAD_LINES.map(([line]) => line), orderLine(4)].join('\n');
  for (const kind of ['created', 'same'] as const) {
    const { code, stdout, stderr } = await run(['import', '-', '--json'], { cwd, env, input });
    t.equal(code, 1);
    t.match(JSON.parse(stdout), { read: 14, [kind]: 2, bad: 12 });
    const told = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    // The daemon says it in its own words: only the place is the same.
    t.strictSame(
      told.map(({ line }) => line),
      BAD_LINES.map((_, index) => index + 2),
    );
    t.match(told[8].problem, BAD_LINES[8]?.[1], 'what is stored already is told as such');
  }
  const read = await fetch(`${url}/v1/orders/${orderIdOf(4)}`);
  t.match(await read.json(), { id: orderIdOf(4), state: 'pending' });

  const lost = await run(['sweep', '--listen', '127.0.0.1:9', '--locale', 'en'], { cwd });
  t.equal(lost.code, 1);
  t.match(
    lost.stderr,
    /^error: This database is in use, but no daemon answers at http:\/\/127\.0\.0\.1:9\.\nhint: /,
  );
  const swept = await run(['sweep', '--json'], { cwd, env });
  t.equal(swept.code, 0);
  t.match(JSON.parse(swept.stdout), { looked: Number, reasons: {}, startedAt: String });
});

t.test('an import beside another command is not told of a daemon', async (t) => {
  const { cwd } = await openShop(t);
  mkdirSync(join(cwd, 'data'));
  const other = openSqliteStore({
    path: join(cwd, 'data', 'reconciled.db'),
    clock: systemClock,
    tell: () => undefined,
  });
  t.teardown(() => other.upkeep.close());
  const args = ['import', '-', '--products', '--listen', '127.0.0.1:9', '--locale', 'en'];
  const { code, stderr } = await run(args, { cwd, input: PRODUCTS });
  t.equal(code, 1);
  t.match(stderr, /^error: This database is in use, .*\nhint: .*another command.*wait/);
});

t.test('a shell that holds the database is no daemon', async (t) => {
  const { cwd } = await openShop(t);
  await run(['import', '-', '--products'], { cwd, input: PRODUCTS });
  const shell = new Database(join(cwd, 'data', 'reconciled.db'));
  t.teardown(() => shell.close());
  shell.exec('BEGIN IMMEDIATE');
  const { code, stderr } = await run(['import', '-', '--locale', 'en'], {
    cwd,
    input: orderLine(1),
  });
  t.equal(code, 1);
  t.match(stderr, /^error: Another program holds the database .*\nhint: .*sqlite3 shell/);
});
