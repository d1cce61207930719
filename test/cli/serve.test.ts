import { existsSync, mkdirSync, watch, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { systemClock, toIso } from '../../lib/clock.ts';
import { addressIn, reconciled } from '../daemon/process.ts';
import { scratchDir } from '../support/scratch-dir.ts';

t.test('serve says where it listens, answers, and ends with 0 on a signal', async (t) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const { file, scratch } = place(t, await silentGateway(t));
    const daemon = serve(t, file);
    const url = await addressIn(
      daemon,
      /^reconciled listens on http:\S+, and on http:\S+ for callbacks$/,
    );
    const health = await fetch(`${url}/healthz`);
    t.match(await health.json(), { status: 'ok' });
    t.equal((await fetch(`${url}/readyz`)).status, 200, 'it is ready');
    t.match(await (await fetch(`${url}/metrics`)).text(), 'reconciled_orders{state="pending"} 0');
    daemon.child.kill(signal);
    const { code, stdout, stderr } = await daemon.ended;
    t.equal(code, 0, `${signal} ends it with 0`);
    t.equal(stdout, '', 'nothing goes to standard output');
    for (const name of ['daemon.started', 'daemon.stopping', 'daemon.stopped']) {
      t.match(stderr, `"msg":"${name}"`);
    }
    t.ok(existsSync(join(scratch, 'data', 'reconciled.db')), 'it made its folder and database');
  }
});

t.test('what is due is asked about at the start, without waiting for the schedule', async (t) => {
  const asked = Promise.withResolvers<string>();
  const { file } = place(t, await gateway(t, (path) => asked.resolve(path)));
  const first = serve(t, file);
  const url = await addressIn(first, /listens on/);
  await storeOrder(url, 'ORDER000001');
  first.child.kill('SIGKILL');
  await first.ended;
  serve(t, file);
  t.equal(await asked.promise, '/api/v1/payments?orderId=ORDER000001');
});

t.test(
  'a signal while a gateway is silent: it gives up within its bound, a second one at once',
  async (t) => {
    const asked = Promise.withResolvers<string>();
    const { file } = place(
      t,
      await gateway(t, (path) => asked.resolve(path)),
      'lookup_timeout = "60s"',
    );
    const daemon = serve(t, file);
    const url = await addressIn(daemon, /listens on/);
    await storeOrder(url, 'ORDER000001');
    await (await fetch(`${url}/v1/sweeps`, { method: 'POST' })).text();
    await asked.promise;
    daemon.child.kill('SIGTERM');
    await daemon.line(/daemon\.stopping/);
    daemon.child.kill('SIGTERM');
    t.equal((await daemon.ended).code, 1);
  },
);

t.test('a bug ends it with 70, and the log says which', async (t) => {
  const { file } = place(t, await silentGateway(t));
  const bug = `process.on('SIGUSR2',()=>{throw%20new%20Error('of%20ours')})`;
  const env = { NODE_OPTIONS: `--import=data:text/javascript,${bug}` };
  const daemon = reconciled(['serve', '--config', file], env);
  t.teardown(() => daemon.child.kill('SIGKILL'));
  await addressIn(daemon, /listens on/);
  daemon.child.kill('SIGUSR2');
  const { code, stderr } = await daemon.ended;
  t.equal(code, 70);
  t.match(stderr, /"error":"Error: of ours.*"msg":"daemon\.crashed"/);
});

t.test('a signal while it starts ends it with 0', async (t) => {
  const { file, scratch } = place(t, await silentGateway(t));
  mkdirSync(join(scratch, 'data'));
  const daemon = reconciled(['serve', '--config', file]);
  // The database is made after the signals are listened for and long before it listens.
  const watcher = watch(join(scratch, 'data'), () => {
    watcher.close();
    daemon.child.kill('SIGTERM');
  });
  t.teardown(() => watcher.close());
  t.equal((await daemon.ended).code, 0);
});

t.test('what keeps it from starting is said with what to do about it', async (t) => {
  const url = await silentGateway(t);
  const { file: running } = place(t, url);
  const daemon = serve(t, running);
  const taken = (await addressIn(daemon, /listens on/)).replace('http://', '');

  const cases: readonly {
    readonly of: string;
    readonly args: readonly string[];
    readonly code: number;
    readonly says: RegExp;
  }[] = [
    {
      of: 'the port is taken',
      args: ['--config', place(t, url).file, '--listen', taken],
      code: 1,
      says: /^error: Another program listens on 127\.0\.0\.1:\d+\.\nhint: .*http\.listen/m,
    },
    {
      of: 'another daemon runs on the same database',
      args: ['--config', running],
      code: 1,
      says: /^error: .*\nhint: /m,
    },
    {
      of: 'no gateway is configured',
      args: ['--config', place(t, null).file],
      code: 78,
      says: /^error: No gateway is configured.*\nhint: [\s\S]*\[\[gateway\]\]/m,
    },
    {
      of: 'a setting is off',
      args: ['--config', running, '--listen', 'nowhere'],
      code: 78,
      says: /^error: .*\n\s+--listen/m,
    },
    { of: 'a flag is unknown', args: ['--port', '1'], code: 2, says: /^error: .*--port/m },
  ];
  for (const { of, args, code, says } of cases) {
    const ended = await reconciled(['serve', ...args]).ended;
    t.equal(ended.code, code, of);
    t.match(ended.stderr, says, of);
    t.equal(ended.stdout, '', of);
  }
});

function serve(t: Test, file: string) {
  const daemon = reconciled(['serve', '--config', file]);
  t.teardown(() => daemon.child.kill('SIGKILL'));
  return daemon;
}

/** A folder with a configuration that names the gateway; `null`: none. */
function place(t: Test, gatewayUrl: string | null, more = '') {
  const scratch = scratchDir('serve');
  t.teardown(scratch.remove);
  const file = join(scratch.path, 'reconciled.toml');
  const gatewayTable = `
[[gateway]]
name = "pg"
kind = "pg-simulator"
base_url = "${gatewayUrl}"
methods = ["CARD"]
${more}
`;
  const settings = `[http]
listen = "127.0.0.1:0"
callback_listen = "127.0.0.1:0"
[sweep]
cron = "0 0 1 1 *"
`;
  writeFileSync(file, settings + (gatewayUrl === null ? '' : gatewayTable));
  return { file, scratch: scratch.path };
}

/** A gateway that takes questions and never answers. */
async function gateway(t: Test, asked: (path: string) => void): Promise<string> {
  const server = createServer((request) => asked(request.url ?? ''));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}

function silentGateway(t: Test): Promise<string> {
  return gateway(t, () => {});
}

/** An order that is stale already, and that nobody ever paid for. */
async function storeOrder(url: string, id: string): Promise<void> {
  const createdAt = toIso(systemClock.now() - 11 * 60_000);
  const product = { name: 'Mug', onHand: 1, lowStockAt: null };
  const items = [{ productId: 'P-1', quantity: 1, unitPrice: 100 }];
  const order = { id, memberId: '1', currency: 'KRW', amount: 100, items, payments: [], createdAt };
  for (const [method, path, body] of [
    ['PUT', '/v1/products/P-1', product],
    ['POST', '/v1/orders', order],
  ] as const) {
    const reply = await fetch(url + path, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!reply.ok) throw new Error(await reply.text());
    await reply.text();
  }
}
