import type { Clock } from '../clock.ts';
import { reportEffect } from '../core/announce.ts';
import { messageOf } from '../errors.ts';
import type { Tell } from '../observe/events.ts';
import type { Day } from '../report/days.ts';
import type { Reporting } from '../report/port.ts';
import type { Outbox } from '../store/outbox-port.ts';
import type { Stoppable } from './port.ts';
import { cronWaits, startSchedule } from './schedule.ts';

/** What the daily report stands on. */
export interface ReportsGround {
  readonly reporting: Pick<Reporting, 'missing' | 'draft' | 'publish'>;
  readonly outbox: Pick<Outbox, 'announce'>;
  readonly clock: Clock;
  readonly tell: Tell;
}

/**
 * Writes the report of each day when it has ended, and tells of it. A day that was missed is made up for now, and what failed is
 * tried again in an hour. `cron`: the tick; a test turns it faster.
 */
export async function startReports(
  ground: ReportsGround,
  { timezone, cron = HOURLY }: { readonly timezone: string; readonly cron?: string },
): Promise<Stoppable> {
  let stopped = false;
  // What the end of the daemon interrupts is no failure: the next start makes it.
  const tell: Tell = (event) => {
    if (!stopped || event.name !== 'report.failed') ground.tell(event);
  };
  const make = () => (stopped ? Promise.resolve() : makeMissing({ ...ground, tell }));
  let underway = make();
  const tick = () => {
    underway = underway.then(make);
    return underway;
  };
  const schedule = startSchedule({
    clock: ground.clock,
    untilNextMs: cronWaits(cron, timezone),
    tick,
  });
  return {
    stop: async () => {
      stopped = true;
      await schedule.stop();
    },
  };
}

/** The first hour of a day begins at 00:00, also where the clock is put forward at midnight; the others are second chances. */
const HOURLY = '0 * * * *';

/** Makes what is missing, oldest first. Never rejects: what fails is told. */
export async function makeMissing(ground: ReportsGround): Promise<void> {
  const { reporting, clock } = ground;
  let days: readonly Day[] = [];
  try {
    days = await reporting.missing(clock.now());
  } catch (error) {
    tellFailure(ground.tell, null, error);
  }
  for (const day of days) {
    try {
      await makeOne(ground, day);
    } catch (error) {
      // A day that cannot be made does not keep the others from theirs.
      tellFailure(ground.tell, day, error);
    }
  }
}

function tellFailure(tell: Tell, day: Day | null, error: unknown): void {
  tell({
    name: 'report.failed',
    day,
    error: messageOf(error),
  });
}

/**
 * It is told of before it can be seen: if the daemon ends in between, the next start makes it again, and the outbox knows that
 * this day was told.
 */
async function makeOne({ reporting, outbox, clock, tell }: ReportsGround, day: Day): Promise<void> {
  const startedMs = clock.monotonicMs();
  const drafted = await reporting.draft(day, clock.now());
  await outbox.announce([reportEffect(day, drafted.begins, drafted.summary)], [], clock.now());
  await reporting.publish(day);
  tell({
    name: 'report.made',
    day,
    orders: drafted.orders,
    tiesOut: drafted.tiesOut,
    differences: drafted.differences,
    durationMs: clock.monotonicMs() - startedMs,
  });
}
