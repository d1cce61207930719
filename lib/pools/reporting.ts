import { Piscina } from 'piscina';
import type { DurationMs } from '../core/time.ts';
import { messageOf, ReconciledError } from '../errors.ts';
import type { Tell } from '../observe/events.ts';
import type { Reporting } from '../report/port.ts';
import type { ReportSettings, TaskResult } from '../report/tasks.ts';
import { privateCompileCache } from './compile-cache.ts';
import { type ThreadCode, threadSettings } from './threads.ts';

/** What the pool is made from. */
export interface ReportingOptions extends ReportSettings, ThreadCode {
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
  const { tell, workerUrl, compileCacheDir = privateCompileCache() } = options;
  const { database, folder, timezone, locale } = options;
  const settings: ReportSettings = { database, folder, timezone, locale };
  const failed = (error: unknown) =>
    tell({ name: 'pool.failed', pool: 'reporting', error: messageOf(error) });
  const pool = new Piscina({
    ...threadSettings(compileCacheDir),
    idleTimeout: IDLE_TIMEOUT_MS,
    minThreads: 0,
    maxThreads: 1,
    maxQueue: MAX_QUEUE,
    filename: workerUrl ?? new URL('../../workers/report.ts', import.meta.url).href,
    name: 'report',
  });
  /** Of what is asked for until a thread cannot start: in the pool's queue it would wait for the next one for ever. */
  let waiting = new AbortController();
  pool.on('error', (error: unknown) => {
    failed(error);
    waiting.abort(error);
    waiting = new AbortController();
  });

  const run = async <T>(name: string, task: object): Promise<T> => {
    const result = await ended<T>(name, task);
    if (result.kind === 'done') return result.value;
    throw new ReconciledError(result.code, result.message, { hint: result.hint });
  };
  const ended = async <T>(name: string, task: object): Promise<TaskResult<T>> => {
    const { signal } = waiting;
    try {
      return await pool.run({ ...settings, ...task }, { name, signal });
    } catch (error) {
      // What is taken out of the queue says only that it was.
      const cause: unknown = signal.aborted ? signal.reason : error;
      throw new ReconciledError(
        'store_failed',
        `The report could not be made: ${messageOf(cause)}.`,
        {
          hint: 'Try again; the log tells more.',
          retryable: true,
          cause,
        },
      );
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

/** Whoever asks has a bound of his own; this one only keeps a mistake from filling the memory. */
const MAX_QUEUE = 100;
