import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { BINARY_FLAGS } from '../build/binary-flags.ts';
import { databasePath } from '../lib/config.ts';
import { syncFile } from '../lib/store/sqlite/keeping.ts';
import { addSettledOrders, FIRST_STUCK } from './stage/bulk.ts';
import { startProgram, temporaryFolder } from './stage/children.ts';
import { type Daemon, dataDirOf, startDaemon } from './stage/daemon.ts';
import { type Gateway, startGateway } from './stage/gateway.ts';
import type { Command, Held } from './stage/loop-daemon.ts';
import { median, show, showSpread } from './stage/numbers.ts';
import { completedIn, makeOrders, prepareDatabase } from './stage/orders.ts';
import {
  type Measurement,
  type MeasureOptions,
  type Question,
  runAlone,
  say,
} from './stage/question.ts';
import { readAway } from './stage/reading.ts';
import { fillDay } from './stage/report-fill.ts';
import { sendOrders } from './stage/shop.ts';

/** Does a large piece of work beside it hold up the daemon? */
export const loop: Question = {
  name: 'loop',
  asks: 'how long the main loop of a daemon is held while something large is done',
  measure,
};

/** What goes on, in the order in which it is measured. */
const SITUATIONS = {
  rest: 'at rest',
  orders: 'orders come in and are settled',
  report: 'the report of the day is made',
  list: 'the list of its orders is read (CSV)',
  backup: 'a backup is made',
  removal: 'old orders are removed',
} as const;

type Situation = keyof typeof SITUATIONS;

/** A payment may be late by this and nobody sees it. */
const LONGEST_MS = 20;

/** Longer ago than the month for which a daemon makes up reports by itself. */
const DAY = '2025-06-01';

interface Sizes {
  /** Orders of the day. */
  readonly reported: number;
  /** Old orders, more than can be removed in the time that is measured. */
  readonly old: number;
  /** How long something is watched that has no end of its own. */
  readonly watchedMs: number;
  /** Orders come in so long before anything is measured, until V8 has compiled what they run through. */
  readonly warmUpMs: number;
}

const FULL: Sizes = { reported: 1_000_000, old: 300_000, watchedMs: 10_000, warmUpMs: 10_000 };
const QUICK: Sizes = { reported: 20_000, old: 20_000, watchedMs: 1_000, warmUpMs: 500 };

type Round = Readonly<Record<Situation, Held>>;

async function measure({ rounds, quick }: MeasureOptions): Promise<Measurement> {
  const sizes = quick ? QUICK : FULL;
  const { path: root, remove } = temporaryFolder('loop');
  const gateway = await startGateway('uniform:100-500', 1);
  const shop = startShop(gateway);
  const done: Round[] = [];
  for (let round = 1; round <= (rounds ?? (quick ? 1 : 3)); round += 1) {
    const folder = (name: string) => join(root, `${name}-${round}`);
    const reported = await measureReported(folder('reported'), shop, sizes);
    done.push({ ...reported, ...(await measureRemoval(folder('old'), shop, sizes)) });
    say(`loop ${round}: ${JSON.stringify(done.at(-1))}`);
  }
  await gateway.stop();
  remove();
  const situations = Object.keys(SITUATIONS) as Situation[];
  const of = (situation: Situation, what: keyof Held) =>
    done.map((round) => round[situation][what]);
  return {
    table: {
      columns: [
        'meanwhile',
        'held for ms, longest',
        '99 of 100',
        'with a core, longest',
        'processor time, longest',
      ],
      rows: situations.map((situation) => [
        SITUATIONS[situation],
        showSpread(of(situation, 'longestMs'), 1),
        show(median(of(situation, 'p99Ms')), 1),
        showSpread(of(situation, 'withCoreMs'), 1),
        showSpread(of(situation, 'busyMs'), 1),
      ]),
    },
    targets: situations.slice(2).map((situation) => ({
      what: `longest while ${SITUATIONS[situation]}`,
      kind: 'at most',
      bound: LONGEST_MS,
      reached: median(of(situation, 'longestMs')),
      unit: 'ms',
    })),
    notes: [
      'A timer of a millisecond in the main thread of the daemon, and by how much it came late: the longest delay (median of the rounds, smallest–largest), and what 99 of 100 did not exceed. “With a core” is the longest without the time in which the thread could go on and others had the cores (of which the shop, the gateway and who reads the report take their share here): what the daemon itself and the disk hold it for. The targets are about the plain delay. “Processor time” is that of the thread in one go.',
      `But at rest, ${ORDERS_A_SECOND} orders a second come in, each settled at once by a sweep at 100–500 ms. The day has ${show(sizes.reported, 0)} orders; the backup is of the same file; \`keep_orders\` is removing the whole time. The daemon has the flags of Node that the one binary has.`,
    ],
    raw: done,
  };
}

/** One file for everything that only reads it. */
async function measureReported(
  folder: string,
  shop: Shop,
  { reported, watchedMs, warmUpMs }: Sizes,
) {
  const dataDir = dataDirOf(folder);
  mkdirSync(dataDir, { recursive: true });
  fillDay(databasePath({ dataDir }), reported, DAY);
  await prepareDatabase(dataDir, [], 'now');
  syncFile(databasePath({ dataDir }));
  const daemon = await start(folder, shop.gatewayUrl);
  const url = `${await daemon.url()}/v1/reports/${DAY}`;
  const rest = await heldDuring(daemon, wait(watchedMs));
  const open = shop.open(await daemon.url());
  await wait(warmUpMs);
  const orders = await heldDuring(daemon, wait(watchedMs));
  const report = await heldDuring(daemon, readAway(url, 'application/json'));
  const list = await heldDuring(daemon, readAway(url, 'text/csv'));
  const backup = await heldDuring(daemon, backUp(dataDir, join(folder, 'backup.db')));
  await open.close();
  await daemon.stop();
  return { rest, orders, report, list, backup };
}

/** Another one for what writes. */
async function measureRemoval(folder: string, shop: Shop, { old, watchedMs, warmUpMs }: Sizes) {
  const dataDir = dataDirOf(folder);
  await prepareDatabase(dataDir, [], 'now');
  addSettledOrders(dataDir, old);
  // Otherwise the first commits that are measured would wait for what was filled in before.
  syncFile(databasePath({ dataDir }));
  const daemon = await start(folder, shop.gatewayUrl);
  const open = shop.open(await daemon.url());
  await wait(warmUpMs);
  tell(daemon, 'hour');
  const removal = await heldDuring(daemon, wait(watchedMs));
  await open.close();
  await daemon.stop();
  const left = await completedIn(dataDir);
  say(`loop: ${show(old - left, 0)} old orders were removed`);
  if (left < 1 || left >= old) throw new Error(`${left} of ${old} orders are left`);
  return { removal };
}

async function start(folder: string, gatewayUrl: string): Promise<Daemon> {
  const daemon = startDaemon({
    folder,
    gatewayUrl,
    settings: 'timezone = "UTC"\nkeep_orders = "30d"\n',
    program: 'bench/stage/loop-daemon.ts',
    channel: true,
    // As the one binary runs.
    nodeFlags: BINARY_FLAGS,
  });
  await daemon.line('daemon.started');
  // What a start leaves behind is over then.
  await wait(2_000);
  return daemon;
}

/** How long the loop was held at most while that went on. */
async function heldDuring(daemon: Daemon, work: Promise<unknown>): Promise<Held> {
  await held(daemon);
  await work;
  return held(daemon);
}

async function held(daemon: Daemon): Promise<Held> {
  tell(daemon, 'held');
  const [told]: Held[] = await once(daemon.child.process, 'message');
  if (told === undefined) throw new Error('the daemon says nothing');
  return told;
}

function tell(daemon: Daemon, command: Command): void {
  daemon.child.process.send(command);
}

async function backUp(dataDir: string, file: string): Promise<void> {
  const { process } = startProgram('lib/main.ts', ['backup', file, '--data-dir', dataDir], {
    stdio: 'ignore',
  });
  const [code] = await once(process, 'exit');
  if (code !== 0) throw new Error(`the backup ended with ${code}`);
}

/** A shop with its customers, and the gateway where they pay. */
interface Shop {
  readonly gatewayUrl: string;
  /** Sends orders to a daemon until it is closed. */
  open(url: string): { close(): Promise<void> };
}

const ORDERS_A_SECOND = 50;

/** Customers come one by one and not all in the same millisecond. */
const TURNS_A_SECOND = 10;

function startShop(gateway: Gateway): Shop {
  let next = FIRST_STUCK;
  const count = ORDERS_A_SECOND / TURNS_A_SECOND;
  const sell = async (url: string) => {
    const orders = makeOrders(next, count);
    next += count;
    await gateway.add(orders);
    await sendOrders(url, orders);
    const swept = await fetch(`${url}/v1/sweeps`, { method: 'POST' });
    if (!swept.ok) throw new Error(`no sweep: ${swept.status}`);
    await swept.arrayBuffer();
  };
  return {
    gatewayUrl: gateway.url,
    open: (url) => {
      let isOpen = true;
      const selling = async () => {
        while (isOpen) await Promise.all([sell(url), wait(1_000 / TURNS_A_SECOND)]);
      };
      const sold = selling();
      return {
        close: () => {
          isOpen = false;
          return sold;
        },
      };
    },
  };
}

if (import.meta.main) await runAlone(loop);
