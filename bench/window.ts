import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { addToLedger, completedInLedger } from './peers/ledger.ts';
import { freshBinary, useOnce } from './stage/binary.ts';
import { lineOf, start, startProgram, temporaryFolder } from './stage/children.ts';
import { dataDirOf, startDaemon } from './stage/daemon.ts';
import { type Gateway, type GatewayStats, startGateway, warmUp } from './stage/gateway.ts';
import { idealWindowMs } from './stage/ideal.ts';
import { median, show, showRatio, showSpread } from './stage/numbers.ts';
import { type BenchOrder, completedIn, makeOrders, prepareDatabase } from './stage/orders.ts';
import {
  type Measurement,
  type MeasureOptions,
  type Question,
  runAlone,
  say,
  type Target,
} from './stage/question.ts';

/** How long until everything that is stuck is settled, from a process that does not run yet? */
export const window: Question = {
  name: 'window',
  asks: '100 due orders, ten in flight, from a cold start of the process',
  measure,
};

/** What the preparation leaves behind, in memory and on the way to the disk, is over after this: it is in nobody's time. */
const SETTLED_MS = 1_000;

/** Requests that the gateway bears at once. */
const SLOTS = 10;

interface Setting {
  readonly name: string;
  /** As the simulator reads it. */
  readonly delay: string;
  readonly mostOfIdeal: number;
  /** `null`: a barrier costs nothing there. */
  readonly mostOfBarrier: number | null;
}

const SETTINGS: readonly Setting[] = [
  { name: 'constant 500 ms', delay: 'constant:500', mostOfIdeal: 1.05, mostOfBarrier: null },
  { name: 'uniform 100–500 ms', delay: 'uniform:100-500', mostOfIdeal: 1.05, mostOfBarrier: 0.7 },
  {
    name: 'lognormal 120 ms, p99 3 s',
    delay: 'lognormal:120:3000',
    mostOfIdeal: 1.05,
    mostOfBarrier: 0.4,
  },
];

interface Round {
  readonly seed: number;
  readonly idealMs: number;
  readonly oursMs: number;
  /** From the spawn to the first commit, less the lookup that it waited for: what the start costs. */
  readonly startMs: number;
  readonly bareStartMs: number;
  readonly barrierMs: number;
  readonly maxInFlight: number;
  readonly maxInFlightBarrier: number;
}

async function measure({ rounds, quick }: MeasureOptions): Promise<Measurement> {
  const count = quick ? 20 : 100;
  const orders = makeOrders(1, count);
  await discardFirstStarts(orders.slice(0, 10));
  const all = new Map<Setting, Round[]>(SETTINGS.map((setting) => [setting, []]));
  for (let round = 1; round <= (rounds ?? (quick ? 1 : 5)); round += 1) {
    for (const [setting, done] of all) {
      const one = await measureRound(setting, orders, round);
      say(
        `window ${round} ${setting.name}: ideal ${show(one.idealMs, 0)}, ours ${show(one.oursMs, 0)}, barrier ${show(one.barrierMs, 0)} ms`,
      );
      done.push(one);
    }
  }
  return {
    table: {
      columns: [
        `${count} lookups at`,
        'ideal ms',
        'ours ms',
        'barrier ms',
        'start ms',
        'bare start ms',
        'ours / ideal',
        'ours / barrier',
        'in flight at most',
      ],
      rows: [...all].map(([{ name }, done]) => [
        name,
        showSpread(done.map(({ idealMs }) => idealMs)),
        showSpread(done.map(({ oursMs }) => oursMs)),
        showSpread(done.map(({ barrierMs }) => barrierMs)),
        showSpread(done.map(({ startMs }) => startMs)),
        showSpread(done.map(({ bareStartMs }) => bareStartMs)),
        showRatio(median(done.map(ofIdeal))),
        showRatio(median(done.map(ofBarrier))),
        show(Math.max(...done.map(({ maxInFlight }) => maxInFlight)), 0),
      ]),
    },
    targets: [...all].flatMap(([setting, done]) => targetsOf(setting, done)),
    notes: [
      'Milliseconds from the spawn of the process to its last commit: median of the rounds (smallest–largest). Ratios are medians of the ratios of each round, because each round draws other latencies.',
      'Ideal: the very lookups that the gateway measured while ours ran, on ten slots without any cost, in the order of their claims. Start: from the spawn to the first commit, less the lookup that it waited for.',
      'Bare start: a Node of the same version from its spawn to the first word of its one worker thread, with no program in either. No start of ours can take less.',
    ],
    raw: Object.fromEntries([...all].map(([{ name }, done]) => [name, done])),
  };
}

const ofIdeal = ({ oursMs, idealMs }: Round) => oursMs / idealMs;

const ofBarrier = ({ oursMs, barrierMs }: Round) => oursMs / barrierMs;

function targetsOf(setting: Setting, rounds: readonly Round[]): Target[] {
  const { name, mostOfIdeal, mostOfBarrier } = setting;
  const atMost = (what: string, bound: number, reached: number, unit = '×'): Target => ({
    what: `${name}: ${what}`,
    kind: 'at most',
    bound,
    reached,
    unit,
  });
  const inFlight = Math.max(...rounds.map(({ maxInFlight }) => maxInFlight));
  return [
    atMost('ours / ideal', mostOfIdeal, median(rounds.map(ofIdeal))),
    ...(mostOfBarrier === null
      ? []
      : [atMost('ours / barrier', mostOfBarrier, median(rounds.map(ofBarrier)))]),
    atMost('in flight at the gateway', SLOTS, inFlight, 'requests'),
  ];
}

/** The first start on a machine compiles, reads files from the disk and writes some; every later one finds them. */
async function discardFirstStarts(orders: readonly BenchOrder[]): Promise<void> {
  const gateway = await startGateway('constant:1', 1);
  await runOurs(gateway, orders);
  await runBarrier(gateway, orders);
  await gateway.stop();
}

async function measureRound(
  { delay }: Setting,
  orders: readonly BenchOrder[],
  seed: number,
): Promise<Round> {
  const gateway = await startGateway(delay, seed);
  await warmUp(gateway, makeOrders(9_000_001, 200));
  // Who goes first changes, so that neither has the warmer machine in every round.
  const first = seed % 2 === 0 ? await runBarrier(gateway, orders) : null;
  const ours = await runOurs(gateway, orders);
  const barrier = first ?? (await runBarrier(gateway, orders));
  await gateway.stop();
  const bareStartMs = await startBare();
  const lookups = orders.map(({ id }) => sum(ours.stats.durationsMs[id] ?? []));
  return {
    seed,
    idealMs: idealWindowMs(lookups, SLOTS),
    oursMs: ours.tookMs,
    startMs: ours.firstCommitMs - Math.min(...lookups.slice(0, SLOTS)),
    bareStartMs,
    barrierMs: barrier.tookMs,
    maxInFlight: ours.stats.maxInFlight,
    maxInFlightBarrier: barrier.stats.maxInFlight,
  };
}

interface Run {
  readonly tookMs: number;
  readonly firstCommitMs: number;
  readonly stats: GatewayStats;
}

async function runOurs(gateway: Gateway, orders: readonly BenchOrder[]): Promise<Run> {
  const { path: folder, remove } = temporaryFolder('window');
  await prepareDatabase(dataDirOf(folder), orders, 'now');
  const binary = await freshBinary();
  useOnce(binary, dataDirOf(folder));
  await gateway.preload(orders);
  await wait(SETTLED_MS);
  const daemon = startDaemon({ folder, gatewayUrl: gateway.url, binary });
  await daemon.line('sweep.ended');
  const commits = daemon.log().filter(({ msg }) => msg === 'order.decided');
  const times = commits.map(({ time }) => Date.parse(time) - daemon.child.spawnedAt);
  await daemon.stop();
  const completed = await completedIn(dataDirOf(folder));
  checkCompleted('ours', completed, orders);
  const stats = await gateway.stats();
  remove();
  return { tookMs: Math.max(...times), firstCommitMs: Math.min(...times), stats };
}

async function runBarrier(gateway: Gateway, orders: readonly BenchOrder[]): Promise<Run> {
  const { path: folder, remove } = temporaryFolder('barrier');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'barrier.db');
  addToLedger(path, orders);
  await gateway.preload(orders);
  await wait(SETTLED_MS);
  const child = startProgram('bench/peers/barrier.ts', [path, gateway.url], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const endedAt = await lineOf(child, (line) => {
    const { endedAt }: { endedAt?: number } = JSON.parse(line);
    return endedAt;
  });
  await child.stop();
  checkCompleted('barrier', completedInLedger(path), orders);
  const stats = await gateway.stats();
  remove();
  const tookMs = endedAt - child.spawnedAt;
  return { tookMs, firstCommitMs: tookMs, stats };
}

/** What Node itself takes for a process and a thread, on this machine, at this hour. */
async function startBare(): Promise<number> {
  const child = start(process.execPath, ['-e', BARE], ['ignore', 'pipe', 'inherit']);
  await lineOf(child, (line) => line);
  const tookMs = Date.now() - child.spawnedAt;
  await child.stop();
  return tookMs;
}

const BARE = `
  const { Worker } = require('node:worker_threads');
  const thread = new Worker('require("node:worker_threads").parentPort.postMessage("up")', { eval: true });
  thread.once('message', (word) => console.log(word));`;

function checkCompleted(who: string, completed: number, orders: readonly BenchOrder[]): void {
  if (completed === orders.length) return;
  throw new Error(`${who} completed ${completed} of ${orders.length} orders`);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

if (import.meta.main) await runAlone(window);
