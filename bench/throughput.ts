import { join } from 'node:path';
import { addToLedger, completedInLedger } from './peers/ledger.ts';
import { messageOf, startProgram, temporaryFolder, type Under } from './stage/children.ts';
import { dataDirOf, startDaemon } from './stage/daemon.ts';
import { slowDisk, USUAL_SYNC_MS } from './stage/disk.ts';
import { type Gateway, startInstantGateway } from './stage/gateway.ts';
import { median, show, showRatio, showSpread } from './stage/numbers.ts';
import { type BenchOrder, completedIn, makeOrders, prepareDatabase } from './stage/orders.ts';
import { processorMs } from './stage/processor.ts';
import {
  type Measurement,
  type MeasureOptions,
  type Question,
  runAlone,
  say,
  type Target,
} from './stage/question.ts';
import { sendOrders } from './stage/shop.ts';

/** How fast is a backlog worked off when the gateway answers at once? */
export const throughput: Question = {
  name: 'throughput',
  asks: '1,000 due orders, a gateway without delay, everything warm',
  measure,
};

/**
 * Backlogs that both settle before any is counted: a daemon runs for months, and V8 compiles the last of its code well after the
 * first of them, in each thread anew: ours until about the fortieth (seen by hand, with `--trace-opt`).
 */
const WARM_UP_ROUNDS = 40;

/** An odd number, so that the median is a round. More than elsewhere: the disk changes its pace within a minute. */
const ROUNDS = 15;

/** What settles a backlog, ready and warm. */
interface Contender {
  /** Makes these orders known to it; not measured. */
  take(orders: readonly BenchOrder[]): Promise<void>;
  /** From "go" to "all are committed". */
  settle(): Promise<Settled>;
  completed(): Promise<number>;
  stop(): Promise<void>;
}

interface Settled {
  readonly tookMs: number;
  /** Of all its threads. */
  readonly cpuMs: number;
}

async function measure({ rounds, quick }: MeasureOptions): Promise<Measurement> {
  const extent = {
    count: quick ? 100 : 1_000,
    warmUp: quick ? 1 : WARM_UP_ROUNDS,
    counted: rounds ?? (quick ? 2 : ROUNDS),
  };
  const slow = slowDisk(USUAL_SYNC_MS);
  const here = await compare(extent, null);
  const there = slow === null ? null : await compare(extent, slow);
  return report(extent.count, here, there);
}

interface Extent {
  /** Orders of one backlog. */
  readonly count: number;
  readonly warmUp: number;
  readonly counted: number;
}

/** What both took for the same backlogs, round by round. */
interface Compared {
  readonly ours: readonly Settled[];
  readonly peer: readonly Settled[];
}

async function compare({ count, warmUp, counted }: Extent, under: Under): Promise<Compared> {
  const gateway = await startInstantGateway();
  const ours = await startOurs(gateway, under);
  const peer = await startPeer(gateway, under);
  const oursDone: Settled[] = [];
  const peerDone: Settled[] = [];
  const last = warmUp - 1 + counted;
  for (let round = 0; round <= last; round += 1) {
    const orders = makeOrders(1 + round * count, count);
    await gateway.preload(orders);
    await ours.take(orders);
    await peer.take(orders);
    const turns = [
      async () => oursDone.push(await ours.settle()),
      async () => peerDone.push(await peer.settle()),
    ];
    for (const turn of round % 2 === 0 ? turns : turns.toReversed()) await turn();
    say(
      `throughput ${round}: ours ${show(oursDone.at(-1)?.tookMs ?? 0, 0)}, p-limit ${show(peerDone.at(-1)?.tookMs ?? 0, 0)} ms`,
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
  return { ours: oursDone.slice(warmUp), peer: peerDone.slice(warmUp) };
}

function report(count: number, here: Compared, there: Compared | null): Measurement {
  const ratioOf = ({ ours, peer }: Compared) =>
    median(ours.map(({ tookMs }, round) => (peer[round]?.tookMs ?? Number.NaN) / tookMs));
  const row = (name: string, done: readonly Settled[], share: string) => {
    const tookMs = done.map((one) => one.tookMs);
    const perSecond = show((count / median(tookMs)) * 1_000, 0);
    return [name, showSpread(tookMs), perSecond, showSpread(done.map(({ cpuMs }) => cpuMs)), share];
  };
  const rows = (compared: Compared, where: string) => [
    row(`ours${where}`, compared.ours, showRatio(ratioOf(compared))),
    row(`p-limit + fetch + a commit each${where}`, compared.peer, '1'),
  ];
  const target = (compared: Compared, where: string): Target => ({
    what: `ours / p-limit${where}`,
    kind: 'at least',
    bound: 2.5,
    reached: ratioOf(compared),
    unit: '×',
  });
  const slower = `, a sync ${USUAL_SYNC_MS} ms slower`;
  return {
    table: {
      columns: [`${show(count, 0)} orders`, 'ms', 'orders a second', 'processor ms', 'ratio'],
      rows: [...rows(here, ''), ...(there === null ? [] : rows(there, slower))],
    },
    targets: [target(here, ''), ...(there === null ? [] : [target(there, slower)])],
    notes: [
      `Both processes are up and have settled ${WARM_UP_ROUNDS} backlogs of the same size before; both have ten requests in flight at most; the gateway is [stage/instant-gateway.ts](stage/instant-gateway.ts), in a process of its own. Ours is told by \`POST /v1/sweeps?wait=true\` and timed to its reply, the peer by a message and timed to its answer.`,
      'Ours writes a journal row, an outbox row and a line of log for each order, the peer none of them. Processor time is that of the whole process, all threads together.',
      `A sync ${USUAL_SYNC_MS} ms slower: the same with each fsync of both delayed by that much (strace; where there is none these rows are missing). The disk of this machine answers sooner than disks do that wait until the data are there, and the peer waits for it a thousand times.`,
    ],
    raw: { here, there },
  };
}

async function startOurs(gateway: Gateway, under: Under): Promise<Contender> {
  const { path: folder, remove } = temporaryFolder('throughput');
  await prepareDatabase(dataDirOf(folder), [], 'now');
  const daemon = startDaemon({ folder, gatewayUrl: gateway.url, under });
  const url = await daemon.url();
  return {
    take: (orders) => sendOrders(url, orders),
    settle: async () => {
      const cpuMs = processorMs(daemon.pid);
      const startedMs = performance.now();
      const response = await fetch(`${url}/v1/sweeps?wait=true`, { method: 'POST' });
      const text = await response.text();
      const tookMs = performance.now() - startedMs;
      if (!response.ok) throw new Error(`the sweep: ${response.status} ${text}`);
      return { tookMs, cpuMs: processorMs(daemon.pid) - cpuMs };
    },
    completed: async () => {
      const completed = await completedIn(dataDirOf(folder));
      remove();
      return completed;
    },
    stop: () => daemon.stop(),
  };
}

async function startPeer(gateway: Gateway, under: Under): Promise<Contender> {
  const { path: folder, remove } = temporaryFolder('p-limit');
  const path = join(folder, 'p-limit.db');
  const child = startProgram('bench/peers/p-limit.ts', [path, gateway.url], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    under,
  });
  await messageOf(child);
  return {
    take: async (orders) => addToLedger(path, orders),
    settle: async () => {
      const pid = child.process.pid ?? 0;
      const cpuMs = processorMs(pid);
      const startedMs = performance.now();
      child.process.send('settle');
      await messageOf(child);
      const tookMs = performance.now() - startedMs;
      return { tookMs, cpuMs: processorMs(pid) - cpuMs };
    },
    completed: async () => completedInLedger(path),
    stop: async () => {
      await child.stop();
      remove();
    },
  };
}

if (import.meta.main) await runAlone(throughput);
