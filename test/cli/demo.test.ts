import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { createScenario } from '../../lib/cli/demo/scenario.ts';
import { sendToDaemon } from '../../lib/cli/demo/shop.ts';
import { ReconciledError } from '../../lib/errors.ts';
import { addressIn, reconciled } from '../daemon/process.ts';
import { openServing } from '../http/serving.ts';
import { scratchDir } from '../support/scratch-dir.ts';

/** Each truth once or a little more: fast, and everything happens. */
const FEW = ['--orders', '20'];

t.test('the demo shows what was decided, and proves it', async (t) => {
  const scratch = scratchDir('demo');
  t.teardown(scratch.remove);
  // A daemon that is configured on this machine is none of its business.
  const env = { TMPDIR: scratch.path, RECONCILED_LISTEN: 'nowhere' };
  const { code, stdout, stderr } = await reconciled(['demo', ...FEW], env).ended;
  t.equal(code, 0, stderr);
  t.match(stdout, /^What really happened +Orders +Decided +Reason +To give back +Right$/m);
  for (const row of [
    /^captured +\d+ +completed +captured +(\d+)\/\1$/m,
    /^declined: over the limit +\d+ +failed +declined +(\d+)\/\1$/m,
    /^still being processed +\d+ +pending +still_open +(\d+)\/\1$/m,
    /^reply lost, but captured +\d+ +completed +captured +(\d+)\/\1$/m,
    /^request never arrived +\d+ +failed +not_at_gateway +(\d+)\/\1$/m,
    /^captured, but another amount +\d+ +held +mismatched +(\d+)\/\1$/m,
    /^captured twice +\d+ +completed +captured +₩[\d,]+ +(\d+)\/\1$/m,
    /^captured, few pieces left +\d+ +completed +captured +(\d+)\/\1$/m,
    /^captured, few pieces left +\d+ +failed +out_of_stock +₩[\d,]+ +(\d+)\/\1$/m,
    /^never paid at all +\d+ +failed +never_requested +(\d+)\/\1$/m,
  ]) {
    t.match(stdout, row);
  }
  t.match(stdout, /^20 orders settled with \d+ lookups, at most \d+ in flight, in [\d.]+ s\.$/m);
  t.match(stdout, /^One by one it would have taken [\d.]+ s; in chunks of 10 .* [\d.]+ s\.$/m);
  t.match(stdout, /computed from the same lookups/);
  t.match(stdout, /^ {2}Order ORDER\d{6} is completed/m, 'one order is explained');
  t.match(stdout, /^ {4}log: money has to go back, at /m, 'and who was told of it');
  t.equal(stdout.match(/^ {2}ok /gm)?.length, 8, 'every check says ok');
  t.match(stdout, /^ +\d+ × {2}Order ORDER\d{6}/m, 'what people were told');
  t.match(stdout, /No payment is left in doubt\.\n$/);
  t.match(stderr, /Asking about 20 orders/, 'words about it go to standard error');
  const left = readdirSync(scratch.path).filter((name) => name.startsWith('reconciled-demo'));
  t.same(left, [], 'its folder is gone');
});

t.test('the same seed gives the same bad day, as JSON for machines', async (t) => {
  const scratch = scratchDir('demo');
  t.teardown(scratch.remove);
  const folder = join(scratch.path, 'kept');
  const args = ['demo', ...FEW, '--json', '--seed', '7'];
  const [one, other] = await Promise.all([
    reconciled([...args, '--data-dir', folder]).ended,
    reconciled([...args, '--keep'], { TMPDIR: scratch.path }).ended,
  ]);
  t.equal(one.code, 0, one.stderr);
  const report = JSON.parse(one.stdout);
  t.match(report, {
    ok: true,
    orders: 20,
    seed: 7,
    tookMs: Number,
    maxInFlight: Number,
    computed: { oneByOneMs: Number, chunkByChunkMs: Number, chunk: 10, lookups: Number },
    explained: { orderId: /^ORDER\d{6}$/ },
  });
  t.ok(report.maxInFlight > 1 && report.maxInFlight <= 10, 'a window of ten');
  t.ok(report.tookMs < report.computed.oneByOneMs, 'a window is faster than one by one');
  t.same(
    report.checks.map(({ name, ok }: { name: string; ok: boolean }) => `${name} ${ok}`),
    ['truth', 'once', 'stock', 'money', 'window', 'told', 'file', 'replay'].map(
      (name) => `${name} true`,
    ),
  );
  t.same(JSON.parse(other.stdout).results, report.results);

  const kept = /--config (\S+)\n$/.exec(other.stderr)?.[1] ?? '';
  t.ok(kept.startsWith(scratch.path) && existsSync(kept), 'where it is kept is said');

  const config = join(folder, 'reconciled.toml');
  const orders = await reconciled(['orders', '--config', config, '--json']).ended;
  t.equal(orders.code, 0, 'the kept database is read like any other');
  t.match(orders.stdout, /ORDER000020/);
  const again = await reconciled(['demo', '--data-dir', folder]).ended;
  t.equal(again.code, 1);
  t.match(
    again.stderr,
    /There is a database in .*kept already\.\nhint: /,
    'and is not played over',
  );
});

t.test('a configuration that is there already is not written over', async (t) => {
  const scratch = scratchDir('demo');
  t.teardown(scratch.remove);
  const file = join(scratch.path, 'reconciled.toml');
  // A shop keeps its database in a folder of its own, beside the configuration.
  writeFileSync(file, 'data_dir = "data"\n');
  const { code, stderr } = await reconciled(['demo', ...FEW, '--data-dir', scratch.path]).ended;
  t.equal(code, 1);
  t.match(stderr, /^error: There is a configuration in .* already\.\nhint: Name another folder/);
  t.equal(readFileSync(file, 'utf8'), 'data_dir = "data"\n');
});

t.test('a folder that takes no file is named, and is no bug of ours', async (t) => {
  const scratch = scratchDir('demo');
  t.teardown(scratch.remove);
  const file = join(scratch.path, 'reconciled.toml');
  // As on a full disk: the folder is there, and the file cannot be.
  symlinkSync(join(scratch.path, 'gone', 'reconciled.toml'), file);
  const { code, stderr } = await reconciled(['demo', ...FEW, '--data-dir', scratch.path]).ended;
  t.equal(code, 2);
  t.ok(stderr.includes(`error: ${file} cannot be written (ENOENT`), stderr);
  t.match(stderr, /^hint: Name a folder .* --data-dir\.$/m);
});

t.test('a disk that gets full while the orders are sent is said to be full', async (t) => {
  const full = new ReconciledError('store_full', 'There is no room.', { hint: 'Free space.' });
  const serving = await openServing({
    through: (store) => ({
      ...store,
      intake: { ...store.intake, createOrders: () => Promise.reject(full) },
    }),
  });
  t.teardown(serving.close);
  const scenario = createScenario({ orders: 20, seed: 1, now: serving.world.clock.now() });
  await t.rejects(sendToDaemon(`http://127.0.0.1:${serving.port}`, scenario), {
    code: 'store_full',
    message: 'There is no room.',
    hint: 'Free space.',
  });
});

t.test('without a place for a temporary folder it says what to do', async (t) => {
  const scratch = scratchDir('demo');
  t.teardown(scratch.remove);
  // What is no folder nobody can make one of.
  const file = join(scratch.path, 'file');
  writeFileSync(file, '');
  const { code, stderr } = await reconciled(['demo', ...FEW], { TMPDIR: file }).ended;
  t.equal(code, 2);
  t.match(stderr, /^error: No temporary folder can be made in .*file\.\nhint: .*--data-dir/);
});

t.test('it stays up on request, in the language of the terminal, until Ctrl-C', async (t) => {
  const scratch = scratchDir('demo');
  t.teardown(scratch.remove);
  const env = { TMPDIR: scratch.path, LANG: 'ko_KR.UTF-8' };
  const demo = reconciled(['demo', ...FEW, '--stay'], env);
  t.teardown(() => demo.child.kill('SIGKILL'));
  const url = await addressIn(demo, /\/metrics/);
  await demo.line(/Ctrl-C/);
  t.match(await (await fetch(`${url}/metrics`)).text(), /reconciled_orders\{state="held"\} [1-9]/);
  t.equal((await fetch(`${url}/openapi.json`)).status, 200);
  demo.child.kill('SIGINT');
  const { code, stdout } = await demo.ended;
  t.equal(code, 0);
  t.match(stdout, /결과를 알 수 없는 결제가 남지 않았습니다/);
});

t.test(
  'a check that fails ends it with 1, also when it stays; its JSON stands alone',
  async (t) => {
    const scratch = scratchDir('demo');
    t.teardown(scratch.remove);
    const demo = reconciled(['demo', ...FEW, '--stay', '--json'], { TMPDIR: scratch.path });
    t.teardown(() => demo.child.kill('SIGKILL'));
    // Somebody is charged for an order that the shop has never had.
    const gateway = await addressIn(demo, /a process of its own/);
    demo.child.kill('SIGSTOP');
    const charged = await fetch(`${gateway}/__simulator/payments`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify([
        {
          transactionKey: '20260101:TR:ffffff',
          orderId: 'ORDER999999',
          userId: 'nobody',
          amount: 1,
          status: 'SUCCESS',
          reason: null,
        },
      ]),
    });
    t.equal(charged.status, 200);
    demo.child.kill('SIGCONT');
    await demo.line(/Ctrl-C/);
    demo.child.kill('SIGINT');
    const { code, stdout, stderr } = await demo.ended;
    t.equal(code, 1);
    const { ok, checks } = JSON.parse(stdout);
    t.equal(ok, false);
    t.strictSame(
      checks.flatMap((check: { name: string; ok: boolean }) => (check.ok ? [] : check.name)),
      ['money'],
    );
    t.match(stderr, /\/metrics /, 'where the daemon is stands beside it');
  },
);

t.test('Ctrl-C in the middle ends it and leaves nothing behind', async (t) => {
  const scratch = scratchDir('demo');
  t.teardown(scratch.remove);
  const demo = reconciled(['demo', ...FEW], { TMPDIR: scratch.path });
  t.teardown(() => demo.child.kill('SIGKILL'));
  await demo.line(/Asking about/);
  demo.child.kill('SIGINT');
  const { code, stderr } = await demo.ended;
  t.equal(code, 1);
  t.match(stderr, /Stopped before the end\./);
  t.notOk(readdirSync(scratch.path).some((name) => name.startsWith('reconciled-demo')));
});

t.test('too few orders cannot show everything', async (t) => {
  const { code, stderr } = await reconciled(['demo', '--orders', '3']).ended;
  t.equal(code, 2);
  t.match(stderr, /^error: .*Write a whole number from 14 to 1000\./);
});
