import type { Clock } from '../clock.ts';
import { type DurationMs, HOUR_MS } from '../core/time.ts';
import { messageOf, ReconciledError } from '../errors.ts';
import type { Tell } from '../observe/events.ts';
import type { Reporting } from '../report/port.ts';
import type { ReportSettings, TaskResult } from '../report/tasks.ts';
import { privateCompileCache } from './compile-cache.ts';
import { type ThreadCode, ThreadPool, threadSettings, whenStuck } from './threads.ts';

/** What the pool is made from. */
export interface ReportingOptions extends ReportSettings, ThreadCode {
  readonly clock: Clock;
  readonly tell: Tell;
}

/** The thread and what its owner needs of it. */
export interface ReportingPool extends Reporting {
  /**
   * Ends the thread in the middle of its work, but not of a statement: it only reads, and half a draft is seen by nobody. Never
   * rejects.
   */
  close(): Promise<void>;
}

/**
 * One thread for reports, with a connection of its own that reads. It starts with the first task and ends when it had none for a
 * while.
 */
export function createReporting(options: ReportingOptions): ReportingPool {
  const { clock, tell, workerUrl, compileCacheDir = privateCompileCache() } = options;
  const { database, folder, timezone, locale } = options;
  const settings: ReportSettings = { database, folder, timezone, locale };
  const failed = (error: unknown) =>
    tell({ name: 'pool.failed', pool: 'reporting', error: messageOf(error) });
  const pool = new ThreadPool({
    ...threadSettings(compileCacheDir),
    idleTimeout: IDLE_TIMEOUT_MS,
    minThreads: 0,
    maxThreads: 1,
    maxQueue: MAX_QUEUE,
    filename: workerUrl ?? new URL('../../workers/report.ts', import.meta.url).href,
    name: 'report',
  });
  pool.on('error', failed);

  const run = async <T>(name: string, task: object): Promise<T> => {
    const result = await ended<T>(name, task);
    if (result.kind === 'done') return result.value;
    throw new ReconciledError(result.code, result.message, { hint: result.hint });
  };
  const ended = async <T>(name: string, task: object): Promise<TaskResult<T>> => {
    const cancel = whenStuck(clock, STUCK_AFTER_MS, () => pool.endThreads('it was stuck'));
    try {
      return await pool.run({ ...settings, ...task }, { name });
    } catch (cause) {
      throw new ReconciledError(
        'store_failed',
        `The report could not be made: ${messageOf(cause)}.`,
        {
          hint: 'Try again; the log tells more.',
          retryable: true,
          cause,
        },
      );
    } finally {
      cancel();
    }
  };
  return {
    report: (day, now) => run('report', { day, now }),
    page: (day, now) => run('page', { day, now }),
    orders: (day, after, slot) => run('orders', { day, after, slot }),
    missing: (now) => run('missing', { now }),
    draft: (day, now) => run('draft', { day, now }),
    publish: (day) => run('publish', { day, now: 0 }),
    close: () => pool.destroy().catch(failed),
  };
}

/**
 * Long enough for the pages of one CSV, and no longer: a thread takes 30 MB, and at most starts and hours it only looks whether a day
 * is missing.
 */
const IDLE_TIMEOUT_MS: DurationMs = 2_000;

/** No report takes so long, not behind others either: its thread stands still, and would keep all others from theirs for ever. */
const STUCK_AFTER_MS: DurationMs = HOUR_MS;

/** Whoever asks has a bound of his own; this one only keeps a mistake from filling the memory. */
const MAX_QUEUE = 100;
