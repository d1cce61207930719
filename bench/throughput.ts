import { once } from 'node:events';
import { join } from 'node:path';
import { addToLedger, completedInLedger } from './peers/ledger.ts';
import { type Child, startProgram, temporaryFolder } from './stage/children.ts';
import { dataDirOf, startDaemon } from './stage/daemon.ts';
import { type Gateway, startGateway } from './stage/gateway.ts';
import { median, show, showRatio, showSpread } from './stage/numbers.ts';
import { type BenchOrder, completedIn, makeOrders, prepareDatabase } from './stage/orders.ts';
import {
  type Measurement,
  type MeasureOptions,
  type Question,
  runAlone,
  say,
} from './stage/question.ts';
import { sendOrders } from './stage/shop.ts';

/** How fast is a backlog worked off when the gateway answers at once? */
export const throughput: Question = {
  name: 'throughput',
  asks: '1,000 due orders, a gateway without delay, everything warm',
  measure,
};

/** What settles a backlog, ready and warm. */
interface Contender {
  /** Makes these orders known to it; not measured. */
  take(orders: readonly BenchOrder[]): Promise<void>;
  /** From "go" to "all are committed". */
  settle(): Promise<number>;
  completed(): Promise<number>;
  stop(): Promise<void>;
}

async function measure({ rounds, quick }: MeasureOptions): Promise<Measurement> {
  const count = quick ? 100 : 1_000;
  const gateway = await startGateway('none', 1);
  const ours = await startOurs(gateway);
  const peer = await startPeer(gateway);
  const oursMs: number[] = [];
  const peerMs: number[] = [];
  // The first round is the warm-up of both, and of the gateway; it is not counted.
  const last = rounds ?? (quick ? 2 : 9);
  for (let round = 0; round <= last; round += 1) {
    const orders = makeOrders(1 + round * count, count);
    await gateway.preload(orders);
    await ours.take(orders);
    await peer.take(orders);
    const turns = [
      async () => oursMs.push(await ours.settle()),
      async () => peerMs.push(await peer.settle()),
    ];
    for (const turn of round % 2 === 0 ? turns : turns.toReversed()) await turn();
    say(
      `throughput ${round}: ours ${show(oursMs.at(-1) ?? 0, 0)}, p-limit ${show(peerMs.at(-1) ?? 0, 0)} ms`,
    );
  }
  const all = count * (last + 1);
  await ours.stop();
  for (const [who, completed] of [
    ['ours', await ours.completed()],
    ['p-limit', await peer.completed()],
  ]) {
    if (completed !== all) throw new Error(`${who} completed ${completed} of ${all} orders`);
  }
  await peer.stop();
  await gateway.stop();
  return report(count, oursMs.slice(1), peerMs.slice(1));
}

function report(count: number, oursMs: readonly number[], peerMs: readonly number[]): Measurement {
  const ratio = median(oursMs.map((ms, round) => (peerMs[round] ?? Number.NaN) / ms));
  const perSecond = (ms: readonly number[]) => show((count / median(ms)) * 1_000, 0);
  return {
    table: {
      columns: [`${count} orders`, 'ms', 'orders a second', 'ratio'],
      rows: [
        ['ours', showSpread(oursMs), perSecond(oursMs), showRatio(ratio)],
        ['p-limit + fetch + a commit each', showSpread(peerMs), perSecond(peerMs), '1'],
      ],
    },
    targets: [{ what: 'ours / p-limit', kind: 'at least', bound: 2.5, reached: ratio, unit: '×' }],
    notes: [
      'Both processes are up and have settled one backlog of the same size before; both have ten requests in flight at most. Ours is told by `POST /v1/sweeps?wait=true` and timed to its reply, the peer by a message and timed to its answer.',
      'Ours writes a journal row, an outbox row and a line of log for each order, the peer none of them.',
    ],
    raw: { oursMs, peerMs },
  };
}

async function startOurs(gateway: Gateway): Promise<Contender> {
  const { path: folder, remove } = temporaryFolder('throughput');
  await prepareDatabase(dataDirOf(folder), [], 'now');
  const daemon = startDaemon({ folder, gatewayUrl: gateway.url });
  const url = await daemon.url();
  return {
    take: (orders) => sendOrders(url, orders),
    settle: async () => {
      const startedMs = performance.now();
      const response = await fetch(`${url}/v1/sweeps?wait=true`, { method: 'POST' });
      const text = await response.text();
      const tookMs = performance.now() - startedMs;
      if (!response.ok) throw new Error(`the sweep: ${response.status} ${text}`);
      return tookMs;
    },
    completed: async () => {
      const completed = await completedIn(dataDirOf(folder));
      remove();
      return completed;
    },
    stop: () => daemon.stop(),
  };
}

async function startPeer(gateway: Gateway): Promise<Contender> {
  const { path: folder, remove } = temporaryFolder('p-limit');
  const path = join(folder, 'p-limit.db');
  const child = startProgram('bench/peers/p-limit.ts', [path, gateway.url], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  await told(child);
  return {
    take: async (orders) => addToLedger(path, orders),
    settle: async () => {
      const startedMs = performance.now();
      child.process.send('settle');
      await told(child);
      return performance.now() - startedMs;
    },
    completed: async () => completedInLedger(path),
    stop: async () => {
      await child.stop();
      remove();
    },
  };
}

/** Its next message. */
async function told({ process: child }: Child): Promise<void> {
  const { promise: gone, reject } = Promise.withResolvers<never>();
  const ended = (code: number | null) => reject(new Error(`the peer ended with ${code}`));
  child.once('exit', ended);
  await Promise.race([once(child, 'message'), gone]);
  child.off('exit', ended);
}

if (import.meta.main) await runAlone(throughput);
