import { openSync, readSync } from 'node:fs';
import { systemClock } from '../../lib/clock.ts';
import { loadConfig } from '../../lib/config.ts';
import { HOUR_MS } from '../../lib/core/time.ts';
import { startDaemon } from '../../lib/daemon.ts';
import { createLogger, logTeller } from '../../lib/observe/log.ts';
import { percentile } from './numbers.ts';

/**
 * The daemon of `serve` with two differences: its main loop is watched from inside, and an hour has passed when its parent says
 * so, so that nobody has to wait for the removal of old orders.
 */

/** How long the loop was held, since the last time it was asked for. */
export interface Held {
  readonly longestMs: number;
  readonly p99Ms: number;
  /** The longest without the time in which the thread could have gone on and another had its core. */
  readonly withCoreMs: number;
  /** The most processor time that the main thread itself used in one go: what is in it and not in the machine. */
  readonly busyMs: number;
}

/** What a parent can say. */
export type Command = 'held' | 'hour';

/** Nanoseconds on a core, waiting for one, and turns on one. */
const schedule =
  process.platform === 'linux' ? openSync(`/proc/self/task/${process.pid}/schedstat`, 'r') : null;
const line = Buffer.alloc(100);

/** A timer of this period comes late by as long as the loop is held; shorter ones Node does not have. */
const EVERY_MS = 1;

const hourly = new Set<() => void>();
let lateMs: number[] = [];
let withCoreMs = 0;
let busyMs = 0;

process.on('message', (command: Command) => {
  if (command === 'hour') return passAnHour();
  const longestMs = lateMs.reduce((most, late) => Math.max(most, late), 0);
  const held: Held = { longestMs, p99Ms: percentile(lateMs, 0.99), withCoreMs, busyMs };
  process.send?.(held);
  lateMs = [];
  withCoreMs = 0;
  busyMs = 0;
});

function watch(): void {
  let lastMs = performance.now();
  let used = process.threadCpuUsage();
  let waitedMs = waitedForCoreMs();
  setInterval(() => {
    const nowMs = performance.now();
    const { user, system } = process.threadCpuUsage(used);
    const late = Math.max(0, nowMs - lastMs - EVERY_MS);
    const waited = waitedForCoreMs();
    lateMs.push(late);
    withCoreMs = Math.max(withCoreMs, late - (waited - waitedMs));
    busyMs = Math.max(busyMs, (user + system) / 1_000);
    lastMs = performance.now();
    used = process.threadCpuUsage();
    waitedMs = waited;
  }, EVERY_MS);
}

const NS_PER_MS = 1_000_000;

/** How long the main thread has been ready to run without a core so far, as Linux counts it; elsewhere always 0. */
function waitedForCoreMs(): number {
  if (schedule === null) return 0;
  const text = line.toString('latin1', 0, readSync(schedule, line, 0, line.length, 0));
  return Number(text.split(' ')[1]) / NS_PER_MS;
}

function passAnHour(): void {
  const due = [...hourly];
  hourly.clear();
  for (const call of due) call();
}

const file = process.argv.at(-1) ?? '';
const daemon = await startDaemon(loadConfig({ file, env: {}, flags: {}, secrets: 'require' }), {
  tell: logTeller(createLogger('info')),
  clock: {
    ...systemClock,
    after: (waitMs, call) => {
      if (waitMs < HOUR_MS) return systemClock.after(waitMs, call);
      hourly.add(call);
      return () => hourly.delete(call);
    },
  },
});
watch();
process.once('SIGTERM', () => daemon.stop('SIGTERM').then(() => process.exit(0)));
