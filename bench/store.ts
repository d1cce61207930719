import { once } from 'node:events';
import { statSync } from 'node:fs';
import { BINARY_FLAGS } from '../build/binary-flags.ts';
import { systemClock } from '../lib/clock.ts';
import { databasePath } from '../lib/config.ts';
import type { Case } from '../lib/core/decision.ts';
import { DAY_MS, HOUR_MS } from '../lib/core/time.ts';
import type { Claimed, Settlement, Store } from '../lib/store/port.ts';
import { openSqliteStore } from '../lib/store/sqlite/index.ts';
import { addSettledOrders, FIRST_STUCK } from './stage/bulk.ts';
import { pathOf, temporaryFolder } from './stage/children.ts';
import { dataDirOf, startDaemon } from './stage/daemon.ts';
import { median, percentile, show, showRatio } from './stage/numbers.ts';
import { makeOrders, newOrder, prepareDatabase } from './stage/orders.ts';
import {
  type Measurement,
  type MeasureOptions,
  type Question,
  runAlone,
  say,
} from './stage/question.ts';
import { readAway } from './stage/reading.ts';

/** Does it stay as fast when the database is full of settled orders? */
export const store: Question = {
  name: 'store',
  asks: 'a claim and a scrape among a million settled orders',
  measure,
};

/** One claim: what is free at once when the window is ten wide. */
const CLAIMED_AT_ONCE = 10;

interface Sized {
  readonly settled: number;
  readonly folder: string;
  readonly megabytes: number;
}

async function measure({ rounds, quick }: MeasureOptions): Promise<Measurement> {
  const sizes = quick ? [1_000, 20_000] : [10_000, 1_000_000];
  const claims = (rounds ?? (quick ? 2 : 10)) * 50;
  const { path: root, remove } = temporaryFolder('store');
  const filled: Sized[] = [];
  for (const settled of sizes) filled.push(await fill(root, settled));
  const claimUs = await measureClaims(filled, claims);
  const scrapeMs = await measureScrapes(filled, quick ? 50 : 300);
  remove();
  const [small = [], large = []] = claimUs;
  const ratio = median(large) / median(small);
  const scrapes = scrapeMs.at(-1) ?? [];
  return {
    table: {
      columns: [
        'settled orders',
        'file MB',
        `claim of ${CLAIMED_AT_ONCE} µs`,
        'p99',
        'scrape ms',
        'p99',
        'longest',
      ],
      rows: filled.map(({ settled, megabytes }, index) => {
        const claimed = claimUs[index] ?? [];
        const scraped = scrapeMs[index] ?? [];
        return [
          show(settled, 0),
          show(megabytes, 0),
          show(median(claimed), 0),
          show(percentile(claimed, 0.99), 0),
          show(median(scraped)),
          show(percentile(scraped, 0.99)),
          show(Math.max(...scraped)),
        ];
      }),
    },
    targets: [
      {
        what: `claim, ${show(sizes[1] ?? 0, 0)} / ${show(sizes[0] ?? 0, 0)} settled`,
        kind: 'at most',
        bound: 1.2,
        reached: ratio,
        unit: '×',
      },
      {
        what: 'main thread busy in a scrape (99 of 100)',
        kind: 'less than',
        bound: 5,
        reached: percentile(scrapes, 0.99),
        unit: 'ms',
      },
    ],
    notes: [
      `Claims: ${claims} in each of both files, in turn, through the store's port; each order is put off afterwards (not measured), so that every claim finds others, the newest of the file. Medians; ${showRatio(ratio)} is their ratio.`,
      `Scrapes: GET /metrics of a running daemon, with the flags of the one binary, after ${WARM_UP_SCRAPES} to warm up. Milliseconds in which its main thread was busy between the request's arrival and the end of the reply.`,
    ],
    raw: { claimUs, scrapeMs },
  };
}

/** A database with settled orders and, newest of all, those that are due. */
async function fill(root: string, settled: number): Promise<Sized> {
  const folder = `${root}/${settled}`;
  const dataDir = dataDirOf(folder);
  await prepareDatabase(dataDir, [], 'now');
  const startedMs = performance.now();
  addSettledOrders(dataDir, settled);
  const opened = open(dataDir);
  const now = systemClock.now();
  const due = makeOrders(FIRST_STUCK, 1_000);
  await opened.intake.createOrders(
    due.map((order, index) => newOrder(order, now - HOUR_MS + index)),
    now,
  );
  await opened.upkeep.close();
  const megabytes = statSync(databasePath({ dataDir })).size / 1e6;
  const tookS = (performance.now() - startedMs) / 1_000;
  say(
    `store: ${show(settled, 0)} settled orders, ${show(megabytes, 0)} MB, in ${show(tookS, 0)} s`,
  );
  return { settled, folder, megabytes };
}

function open(dataDir: string): Store {
  return openSqliteStore({
    path: databasePath({ dataDir }),
    clock: systemClock,
    tell: () => {},
  });
}

/** Microseconds of each claim, by file. */
async function measureClaims(files: readonly Sized[], claims: number): Promise<number[][]> {
  const stores = files.map(({ folder }) => open(dataDirOf(folder)));
  const took = files.map((): number[] => []);
  for (let round = 0; round < claims + WARM_UP_CLAIMS; round += 1) {
    for (const [index, { docket }] of stores.entries()) {
      const now = systemClock.now();
      const startedMs = performance.now();
      const claimed = await docket.claim({
        limit: CLAIMED_AT_ONCE,
        now,
        dueBy: now,
        longestWaitMs: DAY_MS,
        exceptGateways: [],
        nudgedOnly: false,
      });
      const tookMs = performance.now() - startedMs;
      if (round >= WARM_UP_CLAIMS) took[index]?.push(tookMs * 1_000);
      if (claimed.length !== CLAIMED_AT_ONCE) throw new Error(`${claimed.length} were claimed`);
      await docket.commit(claimed.map((one) => putOff(one, now)));
    }
  }
  for (const { upkeep } of stores) await upkeep.close();
  return took;
}

const WARM_UP_CLAIMS = 20;

/** A look that changed nothing: the order goes to the end of the queue, and is due again. */
function putOff({ lease, case: theCase }: Claimed, now: number): Settlement {
  const hearing = { case: theCase, heard: [], policy: NO_POLICY, now };
  const { order }: Case = theCase;
  const decision: Settlement['decision'] = {
    orderId: order.id,
    basis: order.version,
    reason: 'still_open',
    changed: false,
    order: { ...order, looks: order.looks + 1, lookAt: now },
    payments: [],
    added: [],
    take: [],
    effects: [],
    judgements: [],
  };
  return {
    lease,
    decision,
    record: { kind: 'decided', trigger: 'sweep', hearing, decision, rules: 'bench' },
  };
}

/** Nothing is decided here. */
const NO_POLICY = { staleAfterMs: 0, holdAfterMs: DAY_MS, ladderMs: [DAY_MS], gateways: [] };

/** Milliseconds that each scrape kept the main thread busy, by file. */
async function measureScrapes(files: readonly Sized[], scrapes: number): Promise<number[][]> {
  const took: number[][] = [];
  for (const { folder } of files) {
    const daemon = startDaemon({
      folder,
      // Nobody is there: what is due stays due, and its circuit opens.
      gatewayUrl: 'http://127.0.0.1:9',
      nodeFlags: [...BINARY_FLAGS, '--import', pathOf('bench/stage/busy-probe.ts')],
      channel: true,
    });
    const url = `${await daemon.url()}/metrics`;
    await daemon.line('sweep.ended');
    await checkScrape(url);
    await scrapeAll(url, WARM_UP_SCRAPES - 1);
    await busyMs(daemon.child.process);
    await scrapeAll(url, scrapes);
    took.push(await busyMs(daemon.child.process));
    await daemon.stop();
  }
  return took;
}

const WARM_UP_SCRAPES = 20;

/** That what is scraped are the metrics. */
async function checkScrape(url: string): Promise<void> {
  const response = await fetch(url);
  const text = await response.text();
  if (!text.includes('reconciled_orders')) throw new Error(`${response.status} ${text}`);
}

async function scrapeAll(url: string, scrapes: number): Promise<void> {
  for (let scrape = 0; scrape < scrapes; scrape += 1) await readAway(url, 'text/plain');
}

async function busyMs(
  child: ReturnType<typeof startDaemon>['child']['process'],
): Promise<number[]> {
  const answer = once(child, 'message');
  child.send('tell');
  const [numbers] = await answer;
  return numbers;
}

if (import.meta.main) await runAlone(store);
