import { createTask } from 'node-cron';
import { type Clock, systemClock, toDate } from '../clock.ts';
import { type DurationMs, HOUR_MS, type Instant, MINUTE_MS } from '../core/time.ts';
import type { Stoppable } from './port.ts';

/** What comes when. */
interface ScheduleGround {
  readonly clock: Clock;
  /** How long it is until the next tick, by the clock on the wall as it stands at this moment. */
  readonly untilNextMs: () => DurationMs;
  /** What a tick does. Never rejects. */
  readonly tick: () => Promise<unknown>;
}

/** The clock is looked at this often: it may have been set, or have stood still with the machine. */
const LONGEST_SLEEP_MS: DurationMs = MINUTE_MS;

/**
 * Ticks by the clock on the wall, and within a minute when that is set: put back it would put everything off by as much, and of all
 * that it jumps over when it is put forward one tick is enough. A tick while the last one still works is left out. After `stop` none comes.
 */
export function startSchedule({ clock, untilNextMs, tick }: ScheduleGround): Stoppable {
  const plan = () => {
    // Never none: however it is reckoned, it must not tick without end.
    const waitMs = Math.max(untilNextMs(), 1);
    // Looked at after that is reckoned: a moment before the tick it would be planned once more.
    const madeAt = clock.now();
    return { madeAt, at: madeAt + waitMs };
  };
  let planned = plan();
  let works = false;
  let cancel = () => {};
  const sleep = () => {
    const waitMs = Math.max(planned.at - clock.now(), 0);
    cancel = clock.after(Math.min(waitMs, LONGEST_SLEEP_MS), wake);
  };
  const wake = () => {
    const now = clock.now();
    // Put back: what was planned lies as far ahead as that, and nobody knows what would have been before it.
    const isTime = now >= planned.at || now < planned.madeAt;
    if (isTime) planned = plan();
    sleep();
    if (!isTime || works) return;
    works = true;
    void tick().finally(() => {
      works = false;
    });
  };
  sleep();
  return {
    stop: async () => cancel(),
  };
}

/** How long it is until a schedule ticks next, by the machine's own clock. `cron`: five fields, or six with seconds, read in this zone. */
export function cronWaits(cron: string, timezone: string): () => DurationMs {
  // Not started: it would go through every tick that a clock which is set forward jumps over, and hold the loop meanwhile.
  const task = createTask(cron, () => {}, { timezone });
  return () => {
    const now = systemClock.now();
    const [run] = task.getNextRuns(1);
    if (run === undefined) return Number.POSITIVE_INFINITY;
    const next = run.getTime();
    const repeated = minutesBefore(next, now).find((moment) => task.match(toDate(moment)));
    return (repeated ?? next) - systemClock.now();
  };
}

/**
 * Whole minutes before a tick (at its second, as six fields may want) and after now, as far as the clock on the wall is put back in
 * autumn. node-cron takes none of the hour that comes twice when it comes again: every minute would have a pause of an hour. It says
 * of each whether it is one of the schedule.
 */
function minutesBefore(next: Instant, now: Instant): readonly Instant[] {
  const count = Math.ceil((next - now) / MINUTE_MS) - 1;
  const first = next - count * MINUTE_MS;
  return Array.from(
    { length: Math.min(count, HOUR_MS / MINUTE_MS) },
    (_, index) => first + index * MINUTE_MS,
  );
}
