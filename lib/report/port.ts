import type { Instant } from '../core/time.ts';
import type { OrderPlace } from '../store/report-port.ts';
import type { CsvPiece, Slot } from './csv.ts';
import type { Day } from './days.ts';

/**
 * The thread that makes reports, as the daemon sees it: it reads the database by a connection of its own, so that nobody waits
 * for a report. Every call rejects with the store's `ReconciledError`.
 */
export interface Reporting {
  /** The report of a day as JSON: as it was written when the day had ended, else as it is now. */
  report(day: Day, now: Instant): Promise<string>;
  /** The same as a page. */
  page(day: Day, now: Instant): Promise<string>;
  /** A piece of the list of the day's orders, in the slot if it has room there. */
  orders(day: Day, after: OrderPlace | null, slot: Slot | null): Promise<CsvPiece>;
  /** Days that ended and have no written report, oldest first: yesterday, and of the `MADE_UP_DAYS` those with orders. */
  missing(now: Instant): Promise<readonly Day[]>;
  /** Makes a day's report and writes it under names that nobody reads. */
  draft(day: Day, now: Instant): Promise<Drafted>;
  /** Gives the draft its names: whoever looks sees all of it or nothing. */
  publish(day: Day): Promise<void>;
}

/** What the daemon tells of a report. */
export interface Drafted {
  readonly day: Day;
  readonly begins: Instant;
  readonly orders: number;
  readonly tiesOut: boolean;
  readonly differences: number;
  /** For people, in the configured language. */
  readonly summary: string;
}

/**
 * So many days back a missed report is made up for: a long outage makes no flood, and all orders of the day are there, because
 * `keep_orders` is thirty days at least.
 */
export const MADE_UP_DAYS = 28;
