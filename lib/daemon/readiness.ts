import { createTask } from 'node-cron';
import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import type { DurationMs } from '../core/time.ts';
import type { Readiness } from '../http/app.ts';
import type { Event } from '../observe/events.ts';
import type { Reader } from '../store/port.ts';
import { spanOf } from '../texts/moment.ts';
import { textsOf } from '../texts.ts';

/** What tells whether the daemon does its work. */
export interface Watch {
  /** Hears every event: orders that are settled and sweeps that end are signs of life. */
  heard(event: Event): void;
  readiness(): Promise<Readiness>;
}

/** So many pauses of the schedule may pass without any sign of life. One is usual, two happen when a sweep takes long. */
const PAUSES = 3;

/** Schedules can have short and long pauses (`0,1 3 * * *`); the longest of so many is taken. */
const RUNS = 100;

/** Starts to watch; `reader` answers as soon as the store is open. */
export function startWatch(
  sweep: Config['sweep'],
  timezone: string,
  reader: Reader,
  clock: Clock,
): Watch {
  // Reckoned when it is first asked for: it takes longer than a start may.
  let patienceMs: DurationMs | null = null;
  let lastSignMs = clock.monotonicMs();
  let poolFails = false;
  let writesFail = false;
  const schedule = () => {
    const silentMs = clock.monotonicMs() - lastSignMs;
    patienceMs ??= PAUSES * longestPauseMs(sweep.cron, timezone);
    const ok = silentMs <= patienceMs;
    const text = ok
      ? 'Sweeps end as the schedule says.'
      : `No sweep has ended and no order was settled for ${spanOf(silentMs, textsOf('en').units)}.`;
    return { name: 'schedule', ok, text };
  };
  return {
    heard: (event) => {
      const { name } = event;
      if (name === 'sweep.ended' || name === 'order.decided') lastSignMs = clock.monotonicMs();
      // Messages that cannot be sent wait; they keep no payment in doubt.
      if (name === 'pool.failed' && event.pool === 'asking') poolFails = true;
      if (name === 'gateway.exchanged' || name === 'pool.recovered') poolFails = false;
      // A full or read-only disk answers whoever reads. Each sweep writes: what is over is known at the next one.
      if (name === 'store.failed') writesFail = true;
      if (name === 'store.committed') writesFail = false;
    },
    readiness: async () => {
      const pool = poolFails ? 'The threads that ask have failed.' : 'The threads can ask.';
      const checks = [
        await storeCheck(reader, writesFail),
        { name: 'pool', ok: !poolFails, text: pool },
        schedule(),
      ];
      return { ready: checks.every(({ ok }) => ok), checks };
    },
  };
}

async function storeCheck(
  reader: Reader,
  writesFail: boolean,
): Promise<Readiness['checks'][number]> {
  const name = 'store';
  try {
    await reader.counts();
    if (writesFail) return { name, ok: false, text: 'The database cannot be written.' };
    return { name, ok: true, text: 'The database answers.' };
  } catch {
    // Why stands in the log; this page needs no token.
    return { name, ok: false, text: 'The database does not answer.' };
  }
}

/** The longest pause between two ticks of a schedule. */
function longestPauseMs(cron: string, timezone: string): DurationMs {
  const runs = createTask(cron, () => {}, { timezone }).getNextRuns(RUNS);
  const times = runs.map((run) => run.getTime());
  const pauses = times.slice(1).map((time, index) => time - (times[index] ?? time));
  return Math.max(0, ...pauses);
}
