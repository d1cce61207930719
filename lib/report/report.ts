import type { OrderState } from '../core/order.ts';
import type { PaymentState } from '../core/payment.ts';
import type { Reason } from '../core/reason.ts';
import type { DurationMs } from '../core/time.ts';
import type { SettledBy } from '../store/port.ts';
import type { Sum } from '../store/report-port.ts';
import type { Day } from './days.ts';

export type { Sum } from '../store/report-port.ts';

/** The report of one day, or of several. Plain data: it is what the JSON has, times in ISO 8601, amounts in minor units. */
export interface Report {
  readonly from: Day;
  readonly to: Day;
  readonly timezone: string;
  readonly begins: string;
  readonly ends: string;
  readonly madeAt: string;
  /** False: it was made before the last day was over. */
  readonly complete: boolean;
  /** Orders that were created in these days; amounts are by currency only, never added up over currencies. */
  readonly orders: number;
  readonly currencies: readonly CurrencyReport[];
  readonly timeToSettle: TimeToSettle;
  readonly open: OpenReport;
  readonly stock: StockReport;
  /** Messages that were given up; `inReport` of them in these days. */
  readonly deadDeliveries: readonly {
    readonly channel: string;
    readonly count: number;
    readonly inReport: number;
  }[];
  /** True: orders, journal, payments, stock and counters say the same. */
  readonly tiesOut: boolean;
  readonly differences: readonly Tie[];
  /** Everything that was compared. */
  readonly ties: readonly Tie[];
}

/** What there was of one currency. */
export interface CurrencyReport {
  readonly currency: string;
  readonly total: Sum;
  readonly states: Readonly<Record<OrderState, Sum>>;
  readonly reasons: readonly (Sum & {
    readonly state: OrderState;
    readonly reason: Reason | null;
  })[];
  /** Payments, not orders: one order can have several. `null`: no configured gateway served them. */
  readonly gateways: readonly {
    readonly gateway: string | null;
    readonly total: Sum;
    readonly states: Readonly<Record<PaymentState, Sum>>;
    /** What has to go back, or went back. */
    readonly refundDue: number;
  }[];
  /** The 24 hours of the wall clock. */
  readonly hours: readonly {
    readonly hour: number;
    readonly states: Readonly<Record<OrderState, Sum>>;
  }[];
  /** Orders that are final, by what made them so. */
  readonly settled: Readonly<
    Record<SettledBy, { readonly completed: Sum; readonly failed: Sum; readonly total: Sum }>
  >;
}

/** From the creation of an order to its first final state; median and 95th percentile to three significant digits. */
interface TimeToSettle {
  readonly orders: number;
  readonly medianMs: DurationMs | null;
  readonly p95Ms: DurationMs | null;
  readonly maxMs: DurationMs | null;
}

/** What waits for a person when the report is made, of whatever day. */
export interface OpenReport {
  readonly held: readonly (Sum & {
    readonly currency: string;
    readonly reason: Reason | null;
    readonly oldestAt: string;
  })[];
  readonly refundsOwed: readonly (Sum & {
    readonly currency: string;
    readonly gateway: string | null;
  })[];
}

/** What the orders took from the stock. */
export interface StockReport {
  readonly products: number;
  readonly pieces: number;
  /** Those that most was taken of. */
  readonly most: readonly { readonly id: string; readonly name: string; readonly pieces: number }[];
}

/**
 * What was compared:
 * `created`: orders, and their creation in the journal; a state: orders in it, and those whose journal ends in it; `agreeing`:
 * orders, and those of whose state, amount, currency and version the journal says the same; `history`: versions, and rows of the journal;
 * `paid`: completed orders with something to pay, and succeeded payments; `paying`: the same, and the payments that each paid
 * for its own order in full; `stock`: pieces of completed orders, and of the movements; `open_held`, `open_refunds`: what is
 * open, and the counters.
 */
export const TIES = [
  'created',
  'pending',
  'completed',
  'failed',
  'held',
  'agreeing',
  'history',
  'paid',
  'paying',
  'stock',
  'open_held',
  'open_refunds',
] as const;

/** One comparison; all its sides have to be equal. */
export interface Tie {
  readonly what: (typeof TIES)[number];
  /** `null`: it is of no currency. */
  readonly currency: string | null;
  readonly sides: readonly Side[];
  readonly equal: boolean;
}

/** What one table says. `amount` `null`: only the number is compared. */
export interface Side {
  readonly of: 'orders' | 'journal' | 'payments' | 'items' | 'movements' | 'counters';
  readonly count: number;
  readonly amount: number | null;
}
