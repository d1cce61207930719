import type { OrderState } from '../core/order.ts';
import type { PaymentState } from '../core/payment.ts';
import type { Reason } from '../core/reason.ts';
import type { DurationMs, Instant } from '../core/time.ts';
import type { SettledBy } from './port.ts';

/**
 * What a report reads, grouped by the store: as many rows as there are groups, however many orders there are. For a thread or
 * a process of its own, because each call works until it is done. Throws what the store's other readers reject with.
 */
export interface ReportSource {
  /** Everything that `look` asks for is of one moment, whatever the daemon writes meanwhile. */
  snapshot<T>(look: (view: ReportView) => T): T;
  /**
   * A page of the list of orders that were created in the span: oldest first, after the place (`null`: from the beginning), at most
   * `limit`.
   */
  list(span: Span, after: OrderPlace | null, limit: number): ListPage;
  close(): void;
}

/** From the first instant up to and without the last. */
export interface Span {
  readonly from: Instant;
  readonly until: Instant;
}

/** The groups of one snapshot. An order is of the span in which it was created. */
export interface ReportView {
  /** When the first order from this instant on was created; `null`: none was. */
  nextOrder(from: Instant): Instant | null;
  orders(span: Span): readonly OrderGroup[];
  payments(span: Span): readonly PaymentGroup[];
  journal(span: Span): readonly JournalGroup[];
  stock(span: Span): readonly StockGroup[];
  /** What waits for a person, of whatever day, and what the counters say of it. */
  open(span: Span): OpenGroups;
  productNames(ids: readonly string[]): ReadonlyMap<string, string>;
}

/** How many, and the sum of their amounts in the minor unit. */
export interface Sum {
  readonly count: number;
  readonly amount: number;
}

/** Orders as their own rows say. */
export interface OrderGroup extends Sum {
  readonly currency: string;
  readonly state: OrderState;
  readonly reason: Reason | null;
  /** The sum of their versions: so many rows their journals should have. */
  readonly versions: number;
  /** Those with something to pay. */
  readonly dueCount: number;
}

/** The payments of the orders. */
export interface PaymentGroup extends Sum {
  /** The order's. */
  readonly currency: string;
  readonly gateway: string | null;
  readonly state: PaymentState;
  /** 1: it is the one that completed its order, and of its amount. */
  readonly pays: 0 | 1;
  readonly refundDue: number;
}

/** The same orders as their journals say. */
export interface JournalGroup extends Sum {
  readonly currency: string;
  /** The state that the last change of state made; `null`: there is none. */
  readonly state: OrderState | null;
  readonly settledBy: SettledBy | null;
  /** From the order's creation to its first final state, cut to three significant digits; `null`: it never was final. */
  readonly tookMs: DurationMs | null;
  /** The longest of the group, exact. */
  readonly longestMs: DurationMs | null;
  /** Orders whose own row says the same of state, amount, currency and version. */
  readonly agreeing: number;
  /** Orders whose creation is in the journal; `amount` is the sum of what it says. */
  readonly created: number;
  readonly rows: number;
}

/** What the orders took of one product. */
export interface StockGroup {
  readonly productId: string;
  /** By the items of completed orders. */
  readonly due: number;
  /** By the movements of the stock. */
  readonly taken: number;
}

/** What is open, over all days. */
export interface OpenGroups {
  readonly held: readonly (Sum & {
    readonly currency: string;
    readonly reason: Reason | null;
    readonly oldestAt: Instant;
  })[];
  readonly refundsOwed: readonly (Sum & {
    readonly currency: string;
    readonly gateway: string | null;
  })[];
  /** Deliveries that were given up; `inSpan` of them within the span. */
  readonly deadDeliveries: readonly {
    readonly channel: string;
    readonly count: number;
    readonly inSpan: number;
  }[];
  /** What the counters of the store say. */
  readonly counters: { readonly held: number; readonly refundsOwed: number };
}

/** An order's place in the order of creation: where a list or a walk goes on. */
export interface OrderPlace {
  readonly createdAt: Instant;
  readonly id: string;
}

/** A page of a list. */
export interface ListPage {
  /** Orders as RFC 4180 has them, a line each; before the first order of a list a line with the names of the columns. */
  readonly text: string;
  /** Where the next page begins; `null`: there is none. */
  readonly next: OrderPlace | null;
}
