import type { Instant } from '../core/time.ts';
import type { ErrorCode } from '../errors.ts';
import type { OrderPlace } from '../store/report-port.ts';
import type { Slot } from './csv.ts';
import type { Day } from './days.ts';

/** What holds for every task: it travels with each, so that a thread needs nothing before. */
export interface ReportSettings {
  /** The database. */
  readonly database: string;
  /** Where written reports are. */
  readonly folder: string;
  readonly timezone: string;
  readonly locale: 'ko' | 'en';
}

/** A task about one day. */
export interface DayTask extends ReportSettings {
  readonly day: Day;
  readonly now: Instant;
}

/** A piece of the list of orders. */
export interface OrdersTask extends ReportSettings {
  readonly day: Day;
  readonly after: OrderPlace | null;
  readonly slot: Slot | null;
}

/** Which days have to be made up for. */
export interface MissingTask extends ReportSettings {
  readonly now: Instant;
}

/** A result as it crosses threads: an error would lose its code on the way. */
export type TaskResult<T> =
  | { readonly kind: 'done'; readonly value: T }
  | {
      readonly kind: 'failed';
      readonly code: ErrorCode;
      readonly message: string;
      readonly hint: string;
    };
