import { privateCompileCache } from './compile-cache.ts';
import { type ThreadCode, ThreadPool, threadSettings } from './threads.ts';

/** Threads that load while everything else does. Whoever makes them takes or drops them. */
export interface WarmThreads {
  /** The threads, once, when they are laid out like this; `null` and they are dropped when not. */
  take(layout: ThreadLayout): StartedPool | null;
  /** Ends threads that nobody took. */
  drop(): Promise<void>;
}

/** A pool whose threads are starting. */
interface StartedPool {
  readonly pool: ThreadPool;
  /** Resolves when a thread can ask; rejects when one cannot start. */
  readonly ready: PromiseWithResolvers<void>;
}

/** What the configuration says when it says nothing: `sweep.threads`, and one gateway's `max_in_flight`. */
const USUAL_THREADS = 10;
const USUAL_IN_FLIGHT = 10;

/** Starts the threads that the defaults need, at once: loading is most of a start, and a second core can do it. */
export function warmThreads(): WarmThreads {
  const usual = layThreads(USUAL_IN_FLIGHT, USUAL_THREADS);
  let started: StartedPool | null = startAskingThreads(usual, {});
  const drop = async () => {
    const dropped = started;
    started = null;
    await dropped?.pool.destroy();
  };
  // Whoever wants threads then starts new ones, and hears why they cannot start.
  started.ready.promise.catch(drop);
  return {
    take: (layout) => {
      const fits =
        layout.minThreads === usual.minThreads &&
        layout.maxThreads === usual.maxThreads &&
        layout.concurrentTasksPerWorker === usual.concurrentTasksPerWorker;
      const taken = fits ? started : null;
      if (fits) started = null;
      else void drop();
      return taken;
    },
    drop,
  };
}

/** Starts a pool of threads that ask gateways. */
export function startAskingThreads(
  layout: ThreadLayout,
  { workerUrl, compileCacheDir = privateCompileCache() }: ThreadCode,
): StartedPool {
  const pool = new ThreadPool({
    ...threadSettings(compileCacheDir),
    ...layout,
    filename: workerUrl ?? new URL('../../workers/ask.ts', import.meta.url).href,
    name: 'ask',
  });
  const ready = Promise.withResolvers<void>();
  ready.promise.catch(() => {});
  pool.on('message', () => ready.resolve());
  pool.on('error', (error: unknown) => ready.reject(error));
  return { pool, ready };
}

/** Threads that have one task each and are there only while there are such tasks: so many at most. */
export function threadsForOne(most: number): ThreadLayout {
  return { minThreads: 0, maxThreads: Math.max(1, most), concurrentTasksPerWorker: 1 };
}

/** How threads share what may be in flight. */
export interface ThreadLayout {
  /** Up from the start. */
  readonly minThreads: number;
  readonly maxThreads: number;
  readonly concurrentTasksPerWorker: number;
}

/** More in flight than this in one thread and another thread is worth its memory. */
const MOST_IN_FLIGHT_PER_THREAD = 25;

/**
 * As many threads as are needed, all of them up from the start: one for each `MOST_IN_FLIGHT_PER_THREAD` that may be in flight.
 * Measured on two cores with ten in flight: one thread is as fast as two, at a gateway without delay 1.1 × as fast; its first
 * question leaves 65 ms sooner, because the main thread has a core for itself meanwhile; and it takes 20 MB less.
 */
export function layThreads(inFlight: number, threads: number): ThreadLayout {
  const needed = Math.ceil(inFlight / MOST_IN_FLIGHT_PER_THREAD);
  const count = Math.max(1, Math.min(needed, threads));
  // Never less than everything that may be in flight: what the pool had to queue would wait for nothing.
  const concurrentTasksPerWorker = Math.max(1, Math.ceil(inFlight / count));
  return { minThreads: count, maxThreads: count, concurrentTasksPerWorker };
}
