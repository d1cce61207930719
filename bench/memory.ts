import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { BINARY_FLAGS } from '../build/binary-flags.ts';
import { temporaryFolder } from './stage/children.ts';
import { type Daemon, dataDirOf, startDaemon } from './stage/daemon.ts';
import { startGateway } from './stage/gateway.ts';
import { median, showSpread } from './stage/numbers.ts';
import { makeOrders, prepareDatabase } from './stage/orders.ts';
import {
  type Measurement,
  type MeasureOptions,
  type Question,
  runAlone,
  say,
} from './stage/question.ts';
import { sendOrders } from './stage/shop.ts';

/** How much memory does it take? */
export const memory: Question = {
  name: 'memory',
  asks: 'resident memory of the daemon at rest, and with ten lookups in flight',
  measure,
};

/** Between two looks at the process. */
const SAMPLE_EVERY_MS = 200;

interface Round {
  readonly restMb: number;
  readonly busyMb: number;
  readonly restAfterMb: number;
}

async function measure({ rounds, quick }: MeasureOptions): Promise<Measurement> {
  const count = quick ? 30 : 200;
  const restMs = quick ? 1_000 : 5_000;
  const gateway = await startGateway('uniform:100-500', 1);
  const done: Round[] = [];
  for (let round = 1; round <= (rounds ?? (quick ? 1 : 3)); round += 1) {
    const orders = makeOrders(1 + round * count, count);
    await gateway.preload(orders);
    done.push(await measureRound(gateway.url, orders, restMs));
    say(`memory ${round}: ${JSON.stringify(done.at(-1))}`);
  }
  await gateway.stop();
  const column = (read: (round: Round) => number) => showSpread(done.map(read));
  const most = (read: (round: Round) => number) => median(done.map(read));
  return {
    table: {
      columns: ['resident memory', 'MB'],
      rows: [
        ['at rest, after the start', column(({ restMb }) => restMb)],
        [`while ${count} orders are settled, ten in flight`, column(({ busyMb }) => busyMb)],
        ['at rest, after that', column(({ restAfterMb }) => restAfterMb)],
      ],
    },
    targets: [
      {
        what: 'at rest, after the start',
        kind: 'at most',
        bound: 180,
        reached: most(({ restMb }) => restMb),
        unit: 'MB',
      },
      {
        what: 'at rest, after a sweep',
        kind: 'at most',
        bound: 180,
        reached: most(({ restAfterMb }) => restAfterMb),
        unit: 'MB',
      },
      {
        what: 'with ten in flight',
        kind: 'at most',
        bound: 220,
        reached: most(({ busyMb }) => busyMb),
        unit: 'MB',
      },
    ],
    notes: [
      `VmRSS of /proc/PID/status (1 MB: 1,000,000 bytes), the largest of samples taken every ${SAMPLE_EVERY_MS} ms: ${restMs / 1_000} s at rest, then for as long as the sweep takes, then ${restMs / 1_000} s at rest again. All threads are in it, and the daemon has the flags of Node that the one binary has. Median of fresh daemons (smallest–largest); the target at rest holds before a sweep and after it.`,
    ],
    raw: done,
  };
}

async function measureRound(
  gatewayUrl: string,
  orders: ReturnType<typeof makeOrders>,
  restMs: number,
): Promise<Round> {
  const { path: folder, remove } = temporaryFolder('memory');
  await prepareDatabase(dataDirOf(folder), [], 'now');
  const daemon = startDaemon({ folder, gatewayUrl, nodeFlags: BINARY_FLAGS });
  const url = await daemon.url();
  await wait(500);
  const restMb = await largestDuring(daemon, wait(restMs));
  await sendOrders(url, orders);
  const sweep = fetch(`${url}/v1/sweeps?wait=true`, { method: 'POST' });
  const busyMb = await largestDuring(daemon, sweep);
  const { looked }: { looked?: number } = JSON.parse(await (await sweep).text());
  if (looked !== orders.length) throw new Error(`${looked} of ${orders.length} were looked at`);
  const restAfterMb = await largestDuring(daemon, wait(restMs));
  await daemon.stop();
  remove();
  return { restMb, busyMb, restAfterMb };
}

/** The largest sample until that is over. */
async function largestDuring(daemon: Daemon, over: Promise<unknown>): Promise<number> {
  let isOver = false;
  const ended = over.finally(() => {
    isOver = true;
  });
  let largestMb = residentMb(daemon.pid);
  while (!isOver) {
    await Promise.race([ended, wait(SAMPLE_EVERY_MS)]);
    largestMb = Math.max(largestMb, residentMb(daemon.pid));
  }
  return largestMb;
}

function residentMb(pid: number): number {
  const [, kibibytes] =
    /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return (Number(kibibytes) * 1_024) / 1e6;
}

if (import.meta.main) await runAlone(memory);
