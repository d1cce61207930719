import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { createScenario, type Scenario, type StuckOrder } from '../../lib/cli/demo/scenario.ts';
import { sendToGateway } from '../../lib/cli/demo/shop.ts';
import { systemClock } from '../../lib/clock.ts';
import { uniform } from '../../lib/simulator/random.ts';
import { openSqliteStore } from '../../lib/store/sqlite/index.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { audit } from './audit.ts';
import { startCountingProxy } from './counting-proxy.ts';
import { addressIn, configuration, type Running, reconciled } from './process.ts';

/**
 * A real daemon is killed with -9 in the middle of its work again and again: at the n-th request to the gateway, at the n-th
 * decision, at the n-th order that it acknowledged. There is no recovery code; the next start claims what is due.
 */

const SEED = 20_261_124;
const ORDERS = 120;

/** When a life ends. */
type Moment = 'request' | 'decision' | 'acknowledgement';

/** The first lives end while orders come in, the others while they are settled. */
const MOMENTS: readonly Moment[] = [
  'acknowledgement',
  'request',
  'acknowledgement',
  'decision',
  'request',
  'decision',
  'request',
  'decision',
];

t.test('nothing is lost or done twice when the daemon is killed again and again', async (t) => {
  const scratch = scratchDir('kill');
  t.teardown(scratch.remove);
  const gateway = reconciled([
    'simulate-gateway',
    ...['--port', '0', '--seed', String(SEED), '--lookup-delay', 'uniform:5-60', '--admin'],
  ]);
  t.teardown(() => gateway.child.kill('SIGKILL'));
  const gatewayUrl = await addressIn(gateway, /http:/);
  const proxy = await startCountingProxy(gatewayUrl);
  t.teardown(proxy.close);
  const configFile = join(scratch.path, 'reconciled.toml');
  writeFileSync(configFile, configuration(proxy.url));
  const scenario = createScenario({ orders: ORDERS, seed: SEED, now: systemClock.now() });
  await sendToGateway(gatewayUrl, scenario);

  const shop: Shop = { scenario, acknowledged: new Set(), missing: [] };
  /** Final states that the log told of: it tells after the commit. */
  const told = new Map<string, string>();
  for (const [life, moment] of MOMENTS.entries()) {
    const daemon = start(configFile, told);
    t.teardown(() => daemon.child.kill('SIGKILL'));
    const kill = () => daemon.child.kill('SIGKILL');
    const count = 2 + Math.floor(uniform(SEED, `life ${life}`) * 13);
    // The sweep of the start asks before the daemon listens: it may be gone by then.
    if (moment === 'request') proxy.after(count, kill);
    if (moment === 'decision') afterDecisions(daemon, count, kill);
    const acknowledge = moment === 'acknowledgement' ? countdown(count, kill) : () => {};
    await t.rejects(
      useDaemon(daemon, shop, acknowledge),
      `life ${life} ends at ${moment} ${count}`,
    );
    // Whatever else went wrong would leave it alive.
    t.ok(daemon.child.killed, `life ${life} was cut off`);
    kill();
    await daemon.ended;
  }

  const last = start(configFile, told);
  t.teardown(() => last.child.kill('SIGKILL'));
  await useDaemon(last, shop, () => {});
  last.child.kill('SIGTERM');
  t.match(await last.ended, { code: 0, signal: null }, 'the last life ends in peace');
  t.same(shop.missing, [], 'whatever was acknowledged was there after every start');

  const store = openSqliteStore({
    path: join(scratch.path, 'reconciled.db'),
    readOnly: true,
    clock: systemClock,
    tell: () => {},
  });
  t.teardown(() => store.upkeep.close());
  t.same(await audit(store.reader, scenario), [], 'the database and the truth agree');
  t.not((await audit(store.reader, withALie(scenario))).length, 0, 'the audit would see a lie');
  t.same(await store.upkeep.check(), [], 'the file is sound');
  const states = [...told.keys()].map(async (id) => (await store.reader.order(id))?.order.state);
  t.ok(told.size > ORDERS / 2, 'the log told of most orders');
  t.same(await Promise.all(states), [...told.values()], 'what the log told of stayed so');
});

/** The same, but nothing was captured for an order that was paid. */
function withALie(scenario: Scenario): Scenario {
  const [paid] = scenario.orders.filter(({ truth }) => truth === 'captured');
  const orders = scenario.orders.map((one) => (one === paid ? { ...one, atGateway: [] } : one));
  return { ...scenario, orders };
}

/** What the shop knows from life to life. */
interface Shop {
  readonly scenario: Scenario;
  readonly acknowledged: Set<string>;
  /** Acknowledged, and not there after a start. */
  readonly missing: string[];
}

/** Starts a life, and keeps what its log says about orders that became final. */
function start(configFile: string, told: Map<string, string>): Running {
  const daemon = reconciled(['serve', '--config', configFile]);
  daemon.hear((line) => {
    const event = decisionIn(line);
    if (event?.to === 'completed' || event?.to === 'failed') told.set(event.orderId, event.to);
  });
  return daemon;
}

function afterDecisions(daemon: Running, count: number, call: () => void): void {
  const one = countdown(count, call);
  daemon.hear((line) => {
    if (decisionIn(line) !== null) one();
  });
}

function decisionIn(line: string): { readonly orderId: string; readonly to: string } | null {
  if (!line.startsWith('{')) return null;
  const event = JSON.parse(line);
  return event.msg === 'order.decided' && event.outcome === 'applied' ? event : null;
}

function countdown(count: number, call: () => void): () => void {
  let left = count;
  return () => {
    left -= 1;
    if (left === 0) call();
  };
}

/**
 * What a shop does after each start: looks for the orders that were acknowledged, sends the rest, has them settled. Rejects
 * when the daemon dies meanwhile.
 */
async function useDaemon(
  daemon: Running,
  { scenario: { products, orders }, acknowledged, missing }: Shop,
  acknowledge: () => void,
): Promise<void> {
  const url = await addressIn(daemon, /listens on/);
  for (const id of acknowledged) {
    const reply = await fetch(`${url}/v1/orders/${id}`);
    if (reply.status !== 200) missing.push(`${id}: ${reply.status}`);
    await reply.text();
  }
  if (acknowledged.size === 0) {
    for (const { id, name, onHand } of products) {
      await put(`${url}/v1/products/${id}`, { name, onHand, lowStockAt: null });
    }
  }
  const sendOne = async ({ request }: StuckOrder) => {
    await send('POST', `${url}/v1/orders`, request);
    acknowledged.add(request.id);
    acknowledge();
  };
  const rest = orders.filter(({ request }) => !acknowledged.has(request.id));
  // A few at a time, so that a life cut off in the middle leaves some of each kind: stored, acknowledged, never sent.
  for (let at = 0; at < rest.length; at += 6) {
    await Promise.all(rest.slice(at, at + 6).map(sendOne));
  }
  await send('POST', `${url}/v1/sweeps?wait=true`, undefined);
}

const put = (url: string, body: unknown) => send('PUT', url, body);

async function send(method: string, url: string, body: unknown): Promise<void> {
  const reply = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await reply.text();
  if (!reply.ok) throw new Error(`${method} ${url}: ${reply.status} ${text}`);
}
