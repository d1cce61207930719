import type { Piscina } from 'piscina';
import type { DurationMs } from '../core/time.ts';
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
