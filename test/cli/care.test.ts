import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import t from 'tap';
import { run } from './run.ts';
import { openShop, orderLine, PRODUCTS } from './shop.ts';

t.test('a database is backed up, lost, restored and checked', async (t) => {
  const { cwd } = await openShop(t);
  const shop = (args: readonly string[]) => run([...args, '--locale', 'en'], { cwd });
  await run(['import', '--products', '-'], { cwd, input: PRODUCTS });
  const orders = [1, 2, 3, 4, 5].map((number) => orderLine(number)).join('\n');
  await run(['import', '-'], { cwd, input: orders });
  await run(['sweep'], { cwd });

  const backedUp = await shop(['backup', 'one.db']);
  t.equal(backedUp.code, 0, backedUp.stderr);
  t.match(
    backedUp.stdout,
    /one\.db: 5 orders, \d+\.\d MB\. It was looked through and is sound\.\n$/,
  );
  const again = await shop(['backup', 'one.db']);
  t.equal(again.code, 1);
  t.match(again.stderr, /^error: .*one\.db exists already\.\nhint: Name another file/);

  const copied = await shop(['backup', 'two.db', '--json']);
  t.match(JSON.parse(copied.stdout), { path: join(cwd, 'two.db'), orders: 5, bytes: Number });

  const sound = await shop(['check']);
  t.equal(sound.code, 0, sound.stderr);
  t.match(
    sound.stdout,
    /^The database is sound: 5 orders, 5 decisions made again, all the same\.\n$/,
  );

  const elsewhere = ['--data-dir', 'elsewhere'];
  const restored = await shop(['restore', 'one.db', ...elsewhere, '--json']);
  t.equal(restored.code, 0, restored.stderr);
  t.match(JSON.parse(restored.stdout), { orders: 5, path: /elsewhere\/reconciled\.db$/ });
  const listed = await shop(['orders', '--json', ...elsewhere]);
  t.equal(listed.stdout, (await shop(['orders', '--json'])).stdout, 'everything is there again');
  t.match((await shop(['restore', 'one.db', ...elsewhere])).stderr, /exists already\.\nhint: Move/);
  t.match(
    (await shop(['restore', 'one.db', '--data-dir', 'third'])).stdout,
    /^.*third.reconciled\.db: 5 orders are back\. Record again what people recorded since/,
  );

  const database = new Database(join(cwd, 'elsewhere', 'reconciled.db'));
  database.exec(
    'UPDATE products SET on_hand = on_hand + 1 WHERE id = (SELECT id FROM products LIMIT 1)',
  );
  database.exec(`UPDATE journal SET record = json_set(record, '$.rules', '0')
    WHERE seq = (SELECT max(seq) FROM journal WHERE json_extract(record, '$.kind') = 'decided')`);
  database.exec(`UPDATE journal SET record = json_set(record, '$.decision.order.state', 'held')
    WHERE seq = (SELECT min(seq) FROM journal WHERE json_extract(record, '$.kind') = 'decided')`);
  database.close();
  const tampered = await shop(['check', ...elsewhere]);
  t.equal(tampered.code, 1);
  t.match(
    tampered.stdout,
    /^2 troubles found:\n {2}Product .* on hand, its movements sum up to.*\n {2}Row \d+ of the journal, about ORDER00000\d, comes out differently .*: order\.state\.\n$/,
  );
  t.equal(tampered.stderr, '1 decision was made by other rules (0) and left out.\n');
  const asJson = await shop(['check', ...elsewhere, '--json']);
  t.match(JSON.parse(asJson.stdout), {
    ok: false,
    decisions: 4,
    otherRules: { 0: 1 },
    troubles: [/movements/, /differently/],
  });

  const nothing = await shop(['check', '--data-dir', 'nowhere']);
  t.equal(nothing.code, 1);
  t.notOk(existsSync(join(cwd, 'nowhere')), 'looking creates nothing');
});

t.test('what is long done is pruned, and what is not stays', async (t) => {
  const { cwd } = await openShop(t);
  const shop = (args: readonly string[]) => run([...args, '--locale', 'en'], { cwd });
  await run(['import', '--products', '-'], { cwd, input: PRODUCTS });
  await run(['import', '-'], { cwd, input: [1, 2, 3, 4].map((n) => orderLine(n)).join('\n') });
  await run(['sweep'], { cwd });
  const counted = await shop(['prune', '--older-than', '0s', '--dry-run']);
  t.match(counted.stdout, /^1 order would be removed\.\n$/, counted.stderr);
  const young = await shop(['prune', '--older-than', '1d', '--json']);
  t.strictSame(JSON.parse(young.stdout), { orders: 0, removed: true });
  const wrong = await shop(['prune', '--older-than', 'a year']);
  t.equal(wrong.code, 2);
  t.match(wrong.stderr, /a year is not a length of time\.\nhint: .*--older-than 730d/);
  const listed = async () => (await shop(['orders', '--json'])).stdout.trimEnd().split('\n').length;
  const dry = await shop(['prune', '--older-than', '0s', '--dry-run', '--json']);
  t.strictSame(JSON.parse(dry.stdout), { orders: 1, removed: false });
  t.equal(await listed(), 4, 'counting removes nothing');
  const pruned = await shop(['prune', '--older-than', '0s']);
  t.equal(pruned.stdout, '1 order was removed. Its id stays taken.\n');
  t.equal(await listed(), 3);
  const again = await run(['import', '-', '--locale', 'en'], { cwd, input: orderLine(2) });
  t.equal(again.code, 1);
  t.match(
    again.stderr,
    'order ORDER000002 was settled long ago and removed as old; its id stays taken',
  );
  t.equal((await shop(['check'])).code, 0);
});

const MAIN = fileURLToPath(new URL('../../lib/main.ts', import.meta.url));

/** A process gets Ctrl-C as soon as it listens to it: sooner than a copy has its first page. */
const INTERRUPTED = `process.on('newListener', (signal) => {
  if (signal === 'SIGINT') process.nextTick(() => process.kill(process.pid, signal));
})`;

t.test(
  'Ctrl-C ends a backup as a signal ends a program, and leaves nothing of the copy',
  async (t) => {
    const { cwd } = await openShop(t);
    await run(['import', '--products', '-'], { cwd, input: PRODUCTS });
    mkdirSync(join(cwd, 'backups'));
    // Without what the runner puts into every process: it listens to signals as well.
    const { status, signal, stdout, stderr } = spawnSync(
      'sh',
      [
        ...['-c', 'unset NODE_OPTIONS; exec "$@"', 'sh', process.execPath],
        `--import=data:text/javascript,${encodeURIComponent(INTERRUPTED)}`,
        ...[MAIN, 'backup', join('backups', 'one.db')],
      ],
      { cwd, encoding: 'utf8', timeout: 60_000, killSignal: 'SIGKILL' },
    );
    t.strictSame(
      { status, signal, stdout },
      { status: null, signal: 'SIGINT', stdout: '' },
      stderr,
    );
    t.strictSame(readdirSync(join(cwd, 'backups')), []);
  },
);
