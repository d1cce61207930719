import type { DurationMs } from '../core/time.ts';
import { NUDGE_UNRESOLVED_MS } from '../store/port.ts';
import type { LookGround } from './look.ts';

/** Orders that callbacks asked to look at, outside of sweeps. */
interface Nudges {
  /** True: one may be looked at now. False: none, or later, and then `due` is called at that moment. */
  ready(): boolean;
  /** None could be had, or the store failed: do not try again for a moment, and then call `due`. */
  pause(): void;
  stop(): void;
}

/**
 * Watches for the moment at which the next nudged order may be looked at. The store says when; the timer is only here, so
 * that none of the looks that were put off is lost.
 */
export function createNudges(
  { docket, clock, asking }: Pick<LookGround, 'docket' | 'clock' | 'asking'>,
  due: () => void,
): Nudges {
  let pausedUntilMs = Number.NEGATIVE_INFINITY;
  let stopped = false;
  let cancel = () => {};
  const after = (waitMs: DurationMs) => {
    cancel();
    if (!stopped) cancel = clock.after(waitMs, due);
  };
  return {
    ready: () => {
      const nextAt = docket.nextNudge([...asking.blocked(), ...asking.busy()]);
      if (nextAt === null) return false;
      const waitMs = Math.max(nextAt - clock.now(), pausedUntilMs - clock.monotonicMs());
      if (waitMs <= 0) return true;
      // A clock that was set back would put it off for as long; no order waits longer than this for a second try.
      after(Math.min(waitMs, LONGEST_SLEEP_MS));
      return false;
    },
    pause: () => {
      pausedUntilMs = clock.monotonicMs() + NUDGE_UNRESOLVED_MS;
      after(NUDGE_UNRESOLVED_MS);
    },
    stop: () => {
      stopped = true;
      cancel();
    },
  };
}

/** The timer asks the store again at least this often while something waits. */
const LONGEST_SLEEP_MS: DurationMs = 60_000;
