import type { OrderState } from '../core/order.ts';
import type { DurationMs } from '../core/time.ts';
import { ReconciledError } from '../errors.ts';
import type { SettledBy } from '../store/port.ts';
import type {
  JournalGroup,
  OrderGroup,
  PaymentGroup,
  StockGroup,
  Sum,
} from '../store/report-port.ts';

/**
 * A sum that grows. A wrong total is worse than none.
 * @throws ReconciledError `invalid` when it leaves what a plain number holds exactly.
 */
export class Total implements Sum {
  count = 0;
  amount = 0;

  add({ count, amount }: Sum): void {
    this.count += count;
    this.amount += amount;
    if (Number.isSafeInteger(this.amount)) return;
    throw new ReconciledError('invalid', 'The amounts of these orders are too large to add up.', {
      hint: 'One of them is a mistake: reconciled report --format csv lists every order of the days with its amount, reconciled orders all orders.',
    });
  }

  /** As plain data. */
  get sum(): Sum {
    return { count: this.count, amount: this.amount };
  }
}

/** Totals by a key of some parts. */
class Totals {
  readonly #totals = new Map<string, Total>();

  add(parts: readonly unknown[], sum: Sum): void {
    const key = JSON.stringify(parts);
    const total = this.#totals.get(key) ?? new Total();
    this.#totals.set(key, total);
    total.add(sum);
  }

  of(parts: readonly unknown[]): Sum {
    return (this.#totals.get(JSON.stringify(parts)) ?? new Total()).sum;
  }
}

/** What the three ledgers say of one currency, added up slice by slice. */
export class CurrencyLedgers {
  /** By nothing, `state`, `state, reason`, `hour, state`, as the orders' own rows say. */
  readonly orders = new Totals();
  /** By nothing, `state`, as the journal says; amounts are those of the creation. */
  readonly journal = new Totals();
  /** By `gateway`, `gateway, state`, `state`. */
  readonly payments = new Totals();
  /** By `settledBy, state`. */
  readonly settled = new Totals();
  readonly refundDue = new Map<string | null, Total>();
  readonly paying = new Total();
  readonly due = new Total();
  versions = 0;
  rows = 0;
  agreeing = 0;
  created = 0;

  addOrders(group: OrderGroup, hour: number): void {
    const { state, reason } = group;
    this.orders.add([], group);
    this.orders.add(['state', state], group);
    this.orders.add(['reason', state, reason], group);
    this.orders.add(['hour', hour, state], group);
    this.versions += group.versions;
    if (state === 'completed') this.due.add({ count: group.dueCount, amount: group.amount });
  }

  addPayments(group: PaymentGroup): void {
    const { gateway, state } = group;
    this.payments.add(['gateway', gateway], group);
    this.payments.add(['gateway', gateway, state], group);
    this.payments.add(['state', state], group);
    const due = this.refundDue.get(gateway) ?? new Total();
    this.refundDue.set(gateway, due);
    due.add({ count: group.count, amount: group.refundDue });
    if (group.pays === 1) this.paying.add(group);
  }

  addJournal(group: JournalGroup): void {
    this.journal.add([], group);
    this.journal.add(['state', group.state], group);
    if (group.settledBy !== null) this.settled.add([group.settledBy, group.state], group);
    this.rows += group.rows;
    this.agreeing += group.agreeing;
    this.created += group.created;
  }

  settledBy(by: SettledBy, state: OrderState): Sum {
    return this.settled.of([by, state]);
  }
}

/** Everything that is added up while the slices are read. Its size goes with groups and products, never with orders. */
export class Ledgers {
  readonly currencies = new Map<string, CurrencyLedgers>();
  readonly lengths = new Map<DurationMs, number>();
  longestMs: DurationMs | null = null;
  readonly stock = new Map<string, { due: number; taken: number }>();

  of(currency: string): CurrencyLedgers {
    const known = this.currencies.get(currency) ?? new CurrencyLedgers();
    this.currencies.set(currency, known);
    return known;
  }

  addJournal(group: JournalGroup): void {
    this.of(group.currency).addJournal(group);
    const { tookMs, longestMs, count } = group;
    if (tookMs === null || longestMs === null) return;
    this.lengths.set(tookMs, (this.lengths.get(tookMs) ?? 0) + count);
    this.longestMs = Math.max(this.longestMs ?? 0, longestMs);
  }

  addStock({ productId, due, taken }: StockGroup): void {
    const known = this.stock.get(productId) ?? { due: 0, taken: 0 };
    this.stock.set(productId, { due: known.due + due, taken: known.taken + taken });
  }
}
