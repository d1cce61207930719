import type { ReportSource } from '../store/report-port.ts';
import { type Day, dayAfter, dayOf, spanOfDays } from './days.ts';
import { isWritten, type WrittenReports } from './files.ts';
import { MADE_UP_DAYS } from './port.ts';

/**
 * The days that ended and have no written report, oldest first: those with orders, and yesterday also without any once there
 * were orders before. A new installation has nothing to tell, but a shop whose orders stop coming has.
 */
export function missingDays(source: ReportSource, reports: WrittenReports): readonly Day[] {
  const { timezone, now } = reports;
  const today = dayOf(now, timezone);
  const yesterday = dayAfter(today, -1);
  const days = Array.from({ length: MADE_UP_DAYS }, (_, back) => dayAfter(today, -1 - back));
  const unwritten = days.filter((day) => !isWritten(reports, day));
  const hasOrders = (day: Day) => {
    const span = spanOfDays(day, day, timezone);
    const from = day === yesterday ? Number.MIN_SAFE_INTEGER : span.from;
    const first = source.snapshot((view) => view.nextOrder(from));
    return first !== null && first < span.until;
  };
  return unwritten.filter(hasOrders).reverse();
}
