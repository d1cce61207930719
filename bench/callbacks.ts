import { join } from 'node:path';
import Database from 'better-sqlite3';
import { databasePath } from '../lib/config.ts';
import type { Flood, Sent } from './load/callbacks.ts';
import { lineOf, messageOf, startProgram, temporaryFolder, type Under } from './stage/children.ts';
import { dataDirOf, startDaemon } from './stage/daemon.ts';
import { slowDisk, USUAL_SYNC_MS } from './stage/disk.ts';
import { type Gateway, startGateway } from './stage/gateway.ts';
import { median, show, showRatio, showSpread } from './stage/numbers.ts';
import { makeOrders, prepareDatabase } from './stage/orders.ts';
import { processorMs } from './stage/processor.ts';
import {
  type Measurement,
  type MeasureOptions,
  type Question,
  runAlone,
  say,
  type Target,
} from './stage/question.ts';

/** How many callbacks are kept in a second, when many come at once? */
export const callbacks: Question = {
  name: 'callbacks',
  asks: 'callbacks over 100 connections, each answered after its durable commit',
  measure,
};

const CONNECTIONS = 100;

const COUNT = 20_000;

/** As many before any is counted: V8 compiles the last of what takes a callback well after the first thousands. */
const WARM_UP = 20_000;

/** An odd number, so that the median is a round. */
const ROUNDS = 7;

/** What the load saw. */
interface Load {
  readonly perSecond: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  /** Microseconds of the processor for each callback, all threads of the server together. */
  readonly processorUs: number;
}

/** What both took, round by round. */
interface Compared {
  readonly ours: readonly Load[];
  readonly bare: readonly Load[];
}

interface Extent {
  readonly warmUp: number;
  readonly count: number;
  readonly rounds: number;
}

async function measure({ rounds, quick }: MeasureOptions): Promise<Measurement> {
  const extent = {
    count: quick ? 1_000 : COUNT,
    warmUp: quick ? 200 : WARM_UP,
    rounds: rounds ?? (quick ? 1 : ROUNDS),
  };
  const gateway = await startGateway('uniform:100-500', 1);
  await gateway.preload(makeOrders(1, extent.warmUp + extent.count));
  const slow = slowDisk(USUAL_SYNC_MS);
  const here = await compare(gateway, extent, null);
  const there = slow === null ? null : await compare(gateway, extent, slow);
  await gateway.stop();
  return report(extent, here, there);
}

async function compare(gateway: Gateway, extent: Extent, under: Under): Promise<Compared> {
  const ours: Load[] = [];
  const bare: Load[] = [];
  for (let round = 1; round <= extent.rounds; round += 1) {
    const turns = [
      async () => ours.push(await loadOurs(gateway, extent, under)),
      async () => bare.push(await loadBare(extent, under)),
    ];
    for (const turn of round % 2 === 1 ? turns : turns.toReversed()) await turn();
    say(
      `callbacks ${round}: ours ${show(ours.at(-1)?.perSecond ?? 0, 0)}/s, bare ${show(bare.at(-1)?.perSecond ?? 0, 0)}/s`,
    );
  }
  return { ours, bare };
}

function report({ warmUp, count }: Extent, here: Compared, there: Compared | null): Measurement {
  const ratioOf = ({ ours, bare }: Compared) =>
    median(ours.map(({ perSecond }, round) => perSecond / (bare[round]?.perSecond ?? Number.NaN)));
  const row = (name: string, loads: readonly Load[], share: string) => [
    name,
    showSpread(loads.map(({ perSecond }) => perSecond)),
    show(median(loads.map(({ medianMs }) => medianMs)), 1),
    show(median(loads.map(({ p99Ms }) => p99Ms)), 1),
    showSpread(loads.map(({ processorUs }) => processorUs)),
    share,
  ];
  const rows = (compared: Compared, where: string) => [
    row(`ours${where}`, compared.ours, showRatio(ratioOf(compared))),
    row(`bare node:http${where}`, compared.bare, '1'),
  ];
  const target = (compared: Compared, where: string): Target => ({
    what: `ours / bare${where}`,
    kind: 'at least',
    bound: 0.9,
    reached: ratioOf(compared),
    unit: '×',
  });
  const slower = `, a sync ${USUAL_SYNC_MS} ms slower`;
  return {
    table: {
      columns: [
        `${show(count, 0)} callbacks`,
        'a second',
        'median ms',
        'p99 ms',
        'processor µs each',
        'ratio',
      ],
      rows: [...rows(here, ''), ...(there === null ? [] : rows(there, slower))],
    },
    targets: [target(here, ''), ...(there === null ? [] : [target(there, slower)])],
    notes: [
      `Each round: a fresh process, ${show(warmUp, 0)} callbacks to warm up, then ${show(count, 0)}, each of another order, over ${CONNECTIONS} connections that are kept alive, from a process of its own. Every callback was found in the database afterwards. Median of the rounds (smallest–largest). Processor time is that of the whole server, all threads together.`,
      'Ours keeps each callback, and meanwhile matches as many with their orders as it has room for looks and asks the gateway about these, ten at a time, at 100–500 ms. The peer parses the JSON and inserts one row; its rows share a commit in the same way, and it waits for the sync while ours goes on.',
      `A sync ${USUAL_SYNC_MS} ms slower: the same with each fsync of both delayed by that much (strace; where there is none these rows are missing). The disk of this machine answers sooner than disks do that wait until the data are there.`,
    ],
    raw: { here, there },
  };
}

async function loadOurs(gateway: Gateway, { warmUp, count }: Extent, under: Under): Promise<Load> {
  const { path: folder, remove } = temporaryFolder('callbacks');
  const dataDir = dataDirOf(folder);
  await prepareDatabase(dataDir, makeOrders(1, warmUp + count), 'in an hour');
  const daemon = startDaemon({ folder, gatewayUrl: gateway.url, under });
  const url = await daemon.url();
  const load = await sendCallbacks(`${url}/callbacks/pg`, daemon.pid, warmUp, count);
  await daemon.stop();
  checkKept('ours', databasePath({ dataDir }), warmUp + count);
  remove();
  return load;
}

async function loadBare({ warmUp, count }: Extent, under: Under): Promise<Load> {
  const { path: folder, remove } = temporaryFolder('bare');
  const path = join(folder, 'bare.db');
  const child = startProgram('bench/peers/callback-server.ts', [path], {
    stdio: ['ignore', 'pipe', 'pipe'],
    under,
  });
  const url = await lineOf(child, (line) => {
    const { url }: { url?: string } = JSON.parse(line);
    return url;
  });
  const load = await sendCallbacks(`${url}/`, child.process.pid ?? 0, warmUp, count);
  await child.stop();
  checkKept('bare', path, warmUp + count);
  remove();
  return load;
}

async function sendCallbacks(
  url: string,
  server: number,
  warmUp: number,
  count: number,
): Promise<Load> {
  const { origin, pathname } = new URL(url);
  const args = [origin, pathname, String(CONNECTIONS)];
  const child = startProgram('bench/load/callbacks.ts', args, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const send = (flood: Flood) => {
    child.process.send(flood);
    return messageOf<Sent>(child);
  };
  await send({ first: 1, count: warmUp });
  const before = processorMs(server);
  const { tookMs, medianMs, p99Ms } = await send({ first: 1 + warmUp, count });
  const processorUs = ((processorMs(server) - before) * 1_000) / count;
  await child.stop();
  return { perSecond: (count / tookMs) * 1_000, medianMs, p99Ms, processorUs };
}

/** Both call the table of what was kept the same. */
function checkKept(who: string, path: string, sent: number): void {
  const database = new Database(path, { readonly: true });
  const kept = database.prepare<[], number>('SELECT count(*) FROM notices').pluck().get();
  database.close();
  if (kept !== sent) throw new Error(`${who} kept ${kept} of ${sent} callbacks`);
}

if (import.meta.main) await runAlone(callbacks);
