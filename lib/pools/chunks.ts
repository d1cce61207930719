import type { DurationMs } from '../core/time.ts';

/** Faster than this a hop to a thread costs as much as the exchange itself. */
const FAST_MS: DurationMs = 5;

/** More in one message saves nothing more, and would hold orders back from the other threads. */
export const LARGEST_CHUNK = 50;

/** Each thread gets its share in about so many chunks, so that the last ones end together. */
const CHUNKS_PER_THREAD = 4;

/**
 * How many orders a thread should have at hand beyond those that it asks about, so that none of its lanes waits for the main thread:
 * one for each lane, because a gateway that takes equally long for each frees all of them at one moment. More only when the
 * gateway is so fast that a hop costs as much as a call.
 */
export function atHand(
  waiting: number,
  threads: number,
  medianMs: DurationMs | null,
  lanes: number,
): number {
  if (!isFast(medianMs)) return lanes;
  const even = Math.ceil(waiting / (CHUNKS_PER_THREAD * threads));
  return Math.max(lanes, Math.min(LARGEST_CHUNK, even));
}

/**
 * How many orders should be at hand beyond those in flight, so that no slot idles while more are claimed: a whole window, because
 * a gateway that takes equally long for each frees all of its slots at one moment.
 */
export function readAhead(
  maxInFlight: number,
  threads: number,
  medianMs: DurationMs | null,
): number {
  return isFast(medianMs)
    ? Math.max(maxInFlight, LARGEST_CHUNK * CHUNKS_PER_THREAD * threads)
    : maxInFlight;
}

/**
 * Less room than this is none: a gateway that answers at once would have orders claimed one by one, and a claim costs as much
 * as several of them. Half of what is read ahead is still at hand then.
 */
export function leastRoom(ahead: number, medianMs: DurationMs | null): number {
  return isFast(medianMs) ? Math.ceil(ahead / 2) : 1;
}

/** True for a gateway that answers so fast that a hop to a thread costs as much as the exchange itself. */
export function isFast(medianMs: DurationMs | null): boolean {
  return medianMs !== null && medianMs < FAST_MS;
}

/** The median of the last exchanges with one gateway, as the threads measured them. */
export class RecentLatency {
  readonly #latest: number[] = [];
  #next = 0;
  #median: DurationMs | null = null;
  #stale = false;

  add(durationMs: DurationMs): void {
    this.#latest[this.#next] = durationMs;
    this.#next = (this.#next + 1) % REMEMBERED;
    this.#stale = true;
  }

  /** `null` until there are enough to say. */
  median(): DurationMs | null {
    if (this.#stale) {
      const sorted = this.#latest.toSorted((one, other) => one - other);
      const middle = sorted[Math.floor(sorted.length / 2)];
      this.#median = sorted.length < ENOUGH || middle === undefined ? null : middle;
      this.#stale = false;
    }
    return this.#median;
  }
}

const REMEMBERED = 31;
const ENOUGH = 10;
