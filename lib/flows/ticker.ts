import type { Clock } from '../clock.ts';
import type { Stoppable, Sweeping } from './port.ts';
import { cronWaits, startSchedule } from './schedule.ts';

/** When sweeps are started. */
interface TickerSettings {
  /** Five fields, or six with seconds. */
  readonly cron: string;
  /** IANA name of the zone that the fields are read in. */
  readonly timezone: string;
}

/**
 * Requests a sweep at every tick. A tick while the sweep of the last one still runs is left out: the next one takes what is
 * due. After `stop` no tick comes; the sweep that runs is ended by the sweeping's own `stop`.
 */
export function startTicker(
  { cron, timezone }: TickerSettings,
  sweeping: Sweeping,
  clock: Clock,
): Stoppable {
  return startSchedule({
    clock,
    untilNextMs: cronWaits(cron, timezone),
    // A failed sweep has told so itself.
    tick: () => sweeping.request().ended.catch(() => undefined),
  });
}
