import { ArrayTaskQueue, Piscina } from 'piscina';
import type { Clock } from '../clock.ts';
import { type DurationMs, SECOND_MS } from '../core/time.ts';
import { NODE_FLAGS } from '../version.ts';

/** A thread that is not up from the start ends when it had nothing to do for so long; that of the reports sooner. */
const IDLE_TIMEOUT_MS: DurationMs = 90_000;

/** What threads run, and where their compiled code is. */
export interface ThreadCode {
  /** What the threads run; a test gives its own. */
  readonly workerUrl?: string;
  /** Where compiled code is kept between starts; `null`: nowhere. A private folder of the user's by default. */
  readonly compileCacheDir?: string | null;
}

type RunOptions = Parameters<Piscina['run']>[1];

/**
 * A Piscina pool in which every task ends. Piscina itself keeps a task that waits for a thread which cannot be started, or has ended, and
 * gives it to the next one, long after whoever wanted it has tried again.
 */
export class ThreadPool extends Piscina {
  readonly #queue: ArrayTaskQueue;
  /** Ends each task that is in a thread, or waits for one. */
  readonly #ends = new Set<(error: unknown) => void>();

  constructor(options: ConstructorParameters<typeof Piscina>[0]) {
    const queue = new ArrayTaskQueue();
    super({ ...options, taskQueue: queue });
    this.#queue = queue;
    let trouble: unknown = null;
    // Also: without a listener a thread that throws while it starts would end the process.
    this.on('error', (error: unknown) => {
      trouble = error;
    });
    this.on('workerDestroy', () =>
      setImmediate(() => {
        const cause = trouble ?? new Error('the thread has ended');
        trouble = null;
        // Where there is another one, it takes what waits.
        if (this.threads.length > 0) return;
        this.#queue.tasks = [];
        for (const end of this.#ends) end(cause);
      }),
    );
  }

  override async run<R>(task: unknown, options?: RunOptions): Promise<R> {
    const { promise, resolve, reject } = Promise.withResolvers<R>();
    const waiting = [...this.#queue.tasks];
    this.#ends.add(reject);
    try {
      super.run(task, options).then(resolve, reject);
    } catch (error) {
      // The system has no thread left.
      this.#queue.tasks = waiting;
      reject(error);
    }
    try {
      return await promise;
    } finally {
      this.#ends.delete(reject);
    }
  }

  /**
   * Nobody can say which thread has a task that is stuck, so all of them end, and what they have rejects. An abort signal would know the
   * thread, but Piscina gives a thread with an abortable task nothing else to do, and of what waits for it the newest first.
   */
  endThreads(why: string): void {
    // Not `terminate`: until a thread is gone it would be given what is asked for next.
    for (const thread of this.threads) thread.emit('error', new Error(why));
  }
}

/** Threads go on at the same moment as the process, and what they had is over by their own clocks. */
const GRACE_MS: DurationMs = 5 * SECOND_MS;

/**
 * Calls when a thread that says nothing for so long is stuck; the result cancels it. A process that was stopped (`docker pause`) finds the
 * time over before it hears what its threads have to say: they have a moment more.
 */
export function whenStuck(clock: Clock, afterMs: DurationMs, call: () => void): () => void {
  let cancel = clock.after(afterMs, () => {
    cancel = clock.after(GRACE_MS, call);
  });
  return () => cancel();
}

/** What holds for the threads of every pool. `compileCacheDir`: where compiled code is kept; `null`: nowhere. */
export function threadSettings(compileCacheDir: string | null) {
  return {
    // A thread that sleeps in Atomics.wait misses that a server closed its connection, and loses the next request.
    atomics: 'disabled' as const,
    stricterFIFO: true,
    idleTimeout: IDLE_TIMEOUT_MS,
    recordTiming: false,
    // What the process was started with (loaders, an inspector) is not for the threads, and would double their start.
    execArgv: [...NODE_FLAGS],
    // Each thread compiles its own code; the cache saves a third of its start.
    env:
      compileCacheDir === null
        ? process.env
        : { ...process.env, NODE_COMPILE_CACHE: compileCacheDir },
  } satisfies ConstructorParameters<typeof Piscina>[0];
}
