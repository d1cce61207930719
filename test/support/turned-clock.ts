import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../lib/clock.ts';
import type { DurationMs, Instant } from '../../lib/core/time.ts';

/**
 * A clock that stands until somebody turns it. Wall time can be set wrong; what is true (`trueNow`) and the monotonic clock
 * go on undisturbed, as they do in the world.
 */
export class TurnedClock implements Clock {
  readonly #origin: Instant;
  #elapsedMs = 0;
  #wallErrorMs = 0;
  /** By time, then by who came first. */
  #timers: Timer[] = [];

  constructor(origin: Instant = Date.UTC(2025, 7, 16)) {
    this.#origin = origin;
  }

  /** What the clock on the wall shows. */
  now(): Instant {
    return this.#origin + this.#elapsedMs + this.#wallErrorMs;
  }

  /** What time it really is: gateways and people live by it. */
  trueNow(): Instant {
    return this.#origin + this.#elapsedMs;
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  after(waitMs: DurationMs, call: () => void): () => void {
    const timer: Timer = { atMs: this.#elapsedMs + Math.max(0, waitMs), call };
    const place = this.#timers.findIndex((other) => other.atMs > timer.atMs);
    this.#timers.splice(place === -1 ? this.#timers.length : place, 0, timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Sets the clock on the wall wrong by this much (0: right again). */
  misset(errorMs: DurationMs): void {
    this.#wallErrorMs = errorMs;
  }

  /** When the next timer fires, in true time; `null`: none waits. */
  nextAt(): Instant | null {
    const [next] = this.#timers;
    return next === undefined ? null : this.#origin + next.atMs;
  }

  /** Goes on to the next timer and fires it. False: none waits. */
  turn(): boolean {
    const next = this.#timers.shift();
    if (next === undefined) return false;
    this.#elapsedMs = next.atMs;
    next.call();
    return true;
  }

  /** Goes on to this moment of true time without firing anything on the way. */
  goTo(instant: Instant): void {
    this.#elapsedMs = Math.max(this.#elapsedMs, instant - this.#origin);
  }
}

interface Timer {
  readonly atMs: number;
  readonly call: () => void;
}

/** Turns of the event loop: what is only promises and `setImmediate` has come to rest after them. */
export async function restUntil(idle: () => boolean): Promise<void> {
  let quietTurns = 0;
  while (quietTurns < 2) {
    await setImmediate();
    quietTurns = idle() ? quietTurns + 1 : 0;
  }
}

/** Turns the clock until the promise has settled, letting everything come to rest before each turn. */
export async function turnUntil<T>(
  clock: TurnedClock,
  idle: () => boolean,
  promise: Promise<T>,
): Promise<T> {
  let settled = false;
  const mark = () => {
    settled = true;
  };
  promise.then(mark, mark);
  for (;;) {
    await restUntil(idle);
    if (settled) return promise;
    if (!clock.turn()) throw new Error('nothing will ever settle this promise: no timer is left');
  }
}

/** Turns the clock up to this moment of true time. */
export async function turnTo(
  clock: TurnedClock,
  idle: () => boolean,
  instant: Instant,
): Promise<void> {
  for (;;) {
    await restUntil(idle);
    const next = clock.nextAt();
    if (next === null || next > instant) break;
    clock.turn();
  }
  clock.goTo(instant);
}
