import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import t, { type Test } from 'tap';
import { systemClock } from '../../lib/clock.ts';
import { MINUTE_MS } from '../../lib/core/time.ts';
import { openSqliteStore } from '../../lib/store/sqlite/index.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { addressIn, configuration, type Running, reconciled } from './process.ts';

/**
 * A real daemon tells a real receiver over its webhook, and is killed with -9 while it does, again and again. Every order that
 * completed is told; a message comes a second time only when it was under way in a crash, and then under the same id.
 */

const SECRET = `whsec_${Buffer.from('whatever the two have agreed').toString('base64')}`;
const ORDERS = 60;
const MAX_IN_FLIGHT = 5;

/** Messages that a life has sent when it is killed. */
const KILLED_AT = [7, 1, 15];

t.test('every order that completed is told, whatever is killed meanwhile', async (t) => {
  const scratch = scratchDir('notices');
  t.teardown(scratch.remove);
  const gateway = reconciled([
    'simulate-gateway',
    '--port',
    '0',
    '--lookup-delay',
    'none',
    '--admin',
  ]);
  t.teardown(() => gateway.child.kill('SIGKILL'));
  const gatewayUrl = await addressIn(gateway, /http:/);
  const receiver = await startReceiver();
  t.teardown(receiver.close);
  const configFile = join(scratch.path, 'reconciled.toml');
  writeFileSync(configFile, configuration(gatewayUrl, shopChannel(receiver.url)));
  const ids = Array.from({ length: ORDERS }, (_, index) => `ORDER${1000 + index}`);
  await preload(gatewayUrl, ids);

  const first = reconciled(['serve', '--config', configFile], { SHOP_SECRET: SECRET });
  t.teardown(() => first.child.kill('SIGKILL'));
  receiver.after(KILLED_AT[0] ?? 1, () => first.child.kill('SIGKILL'));
  const url = await addressIn(first, /listens on/);
  await Promise.all(ids.map((id) => postOrder(url, id)));
  // It may be killed before this is answered: what it settled is settled.
  await fetch(`${url}/v1/sweeps?wait=true`, { method: 'POST' }).catch(() => undefined);
  t.equal((await first.ended).signal, 'SIGKILL');
  for (const count of KILLED_AT.slice(1)) {
    const life = reconciled(['serve', '--config', configFile], { SHOP_SECRET: SECRET });
    t.teardown(() => life.child.kill('SIGKILL'));
    receiver.after(count, () => life.child.kill('SIGKILL'));
    t.equal((await life.ended).signal, 'SIGKILL');
  }

  const last = reconciled(['serve', '--config', configFile], { SHOP_SECRET: SECRET });
  t.teardown(() => last.child.kill('SIGKILL'));
  const lastUrl = await addressIn(last, /listens on/);
  await fetch(`${lastUrl}/v1/sweeps?wait=true`, { method: 'POST' });
  await receiver.heard(new Set(ids.map((id) => `order.completed:${id}:v2`)));
  await stop(t, last);

  const counts = new Map<string, number>();
  for (const { id } of receiver.arrivals) counts.set(id, (counts.get(id) ?? 0) + 1);
  t.equal(counts.size, ORDERS, 'nothing else was told');
  const repeats = receiver.arrivals.length - counts.size;
  t.ok(repeats <= KILLED_AT.length * MAX_IN_FLIGHT, `${repeats} came again, all from a crash`);
  t.ok(
    receiver.arrivals.every(({ id, body }) => body.data.key === id && body.data.version === 2),
    'the id is the key of the effect, and the version of the order is there',
  );
  const store = openSqliteStore({
    path: join(scratch.path, 'reconciled.db'),
    readOnly: true,
    clock: systemClock,
    tell: () => {},
  });
  t.teardown(() => store.upkeep.close());
  t.strictSame((await store.reader.counts()).deliveries, { pending: {}, dead: {} });
  t.strictSame(await store.upkeep.check(), []);
});

async function stop(t: Test, daemon: Running): Promise<void> {
  daemon.child.kill('SIGTERM');
  t.match(await daemon.ended, { code: 0, signal: null }, 'it ends in peace');
}

interface Arrival {
  readonly id: string;
  readonly body: { readonly data: { readonly key: string; readonly version: number } };
}

/** Takes everything that is signed, and remembers it. */
async function startReceiver() {
  const arrivals: Arrival[] = [];
  let hear = () => {};
  const server = createServer(async (request, response) => {
    const raw = await text(request);
    const headers = Object.fromEntries(
      ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => [
        name,
        String(request.headers[name]),
      ]),
    );
    // Throws, and so leaves the request unanswered, when the signature is not right.
    new Webhook(SECRET).verify(raw, headers);
    arrivals.push({ id: headers['webhook-id'] ?? '', body: JSON.parse(raw) });
    hear();
    response.end('taken');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  return {
    url: `http://127.0.0.1:${port}/hooks`,
    arrivals,
    /** Calls when so many more messages have come. */
    after: (count: number, call: () => void) => {
      const enough = arrivals.length + count;
      hear = () => arrivals.length >= enough && call();
    },
    /** Resolves when each of these ids has come. */
    heard: (ids: ReadonlySet<string>) =>
      new Promise<void>((resolve) => {
        hear = () => {
          const come = new Set(arrivals.map(({ id }) => id));
          if ([...ids].every((id) => come.has(id))) resolve();
        };
        hear();
      }),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function preload(gatewayUrl: string, ids: readonly string[]): Promise<void> {
  const lines = ids.map((orderId) =>
    JSON.stringify({
      transactionKey: `20251124:TR:${orderId}`,
      orderId,
      userId: 'member-1',
      amount: 5_000,
      status: 'SUCCESS',
    }),
  );
  const reply = await fetch(`${gatewayUrl}/__simulator/payments`, {
    method: 'POST',
    body: lines.join('\n'),
  });
  if (!reply.ok) throw new Error(`the gateway: ${reply.status} ${await reply.text()}`);
}

async function postOrder(url: string, id: string): Promise<void> {
  const createdAt = new Date(systemClock.now() - 20 * MINUTE_MS).toISOString();
  const payment = {
    gateway: 'pg',
    method: 'CARD',
    amount: 5_000,
    transactionKey: `20251124:TR:${id}`,
  };
  const reply = await fetch(`${url}/v1/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      id,
      memberId: 'member-1',
      currency: 'KRW',
      amount: 5_000,
      items: [],
      payments: [payment],
      createdAt,
    }),
  });
  const said = await reply.text();
  if (!reply.ok) throw new Error(`${id}: ${reply.status} ${said}`);
}

function shopChannel(receiverUrl: string): string {
  return `[[channel]]
name = "shop"
kind = "webhook"
url = "${receiverUrl}"
secrets = [{ env = "SHOP_SECRET" }]
allow_private = true
topics = ["order.completed"]
max_in_flight = ${MAX_IN_FLIGHT}
`;
}
