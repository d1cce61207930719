import type { Clock } from '../../lib/clock.ts';

/** A clock that stands still until it is turned. */
export interface TurnedClock extends Clock {
  /** Turns it ahead and fires, in order, what falls due. */
  turn(ms: number): void;
}

export function turnedClock(): TurnedClock {
  let nowMs = 1_000_000;
  let timers: { readonly atMs: number; readonly call: () => void }[] = [];
  return {
    now: () => nowMs,
    monotonicMs: () => nowMs,
    after(waitMs, call) {
      const timer = { atMs: nowMs + waitMs, call };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    turn(ms) {
      nowMs += ms;
      const due = timers.filter(({ atMs }) => atMs <= nowMs);
      timers = timers.filter(({ atMs }) => atMs > nowMs);
      for (const { call } of due.toSorted((one, other) => one.atMs - other.atMs)) call();
    },
  };
}
