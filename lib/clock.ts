import type { DurationMs, Instant } from './core/time.ts';

/** The only source of time: flows and the store are given one, so that a simulation can turn it. */
export interface Clock {
  now(): Instant;
  /** Never goes back, whatever happens to the wall clock; its origin means nothing. */
  monotonicMs(): number;
  /** Calls back once after the wait; the result cancels it. */
  after(waitMs: DurationMs, call: () => void): () => void;
}

/** A timer longer than this overflows in Node and would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (waitMs, call) => {
    const timer = setTimeout(call, Math.min(Math.max(waitMs, 0), LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  },
};

/** ISO 8601 in UTC, as everything outside reads it. */
export function toIso(instant: Instant): string {
  return new Date(instant).toISOString();
}

/** As packages take a moment that is given. */
export function toDate(instant: Instant): Date {
  return new Date(instant);
}

/** The instant of an ISO 8601 text with a zone; `null` when it is none. */
export function fromIso(text: string): Instant | null {
  const form = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;
  if (!form.test(text)) return null;
  const instant = Date.parse(text);
  const day = text.slice(0, 10);
  // The 30th of February would be the 2nd of March.
  const isDay = !Number.isNaN(instant) && toIso(Date.parse(day)).startsWith(day);
  return isDay ? instant : null;
}
