import { toIso } from '../clock.ts';
import { ORDER_STATES, type OrderState } from '../core/order.ts';
import type { PaymentState } from '../core/payment.ts';
import { REASONS, type Reason } from '../core/reason.ts';
import type { Instant } from '../core/time.ts';
import type { SettledBy } from '../store/port.ts';
import type { OpenGroups, ReportSource, ReportView, Span, Sum } from '../store/report-port.ts';
import { type Day, dayAfter, sliceAt, spanOfDays } from './days.ts';
import { type CurrencyLedgers, Ledgers, Total } from './ledgers.ts';
import { percentile } from './percentiles.ts';
import type { CurrencyReport, OpenReport, Report, StockReport } from './report.ts';
import { tieOut } from './tie-out.ts';

/** Which days are reported, and when. */
interface ReportRequest {
  readonly from: Day;
  readonly to: Day;
  readonly timezone: string;
  readonly now: Instant;
}

/**
 * Makes a report from one snapshot of the store: everything in it is of the same moment. What is kept in memory goes with the
 * number of groups, not of orders. Works until it is done: for a thread or a process of its own.
 */
export function makeReport(source: ReportSource, request: ReportRequest): Report {
  const { from, to, timezone, now } = request;
  const span = spanOfDays(from, to, timezone);
  return source.snapshot((view) => {
    const ledgers = new Ledgers();
    for (let day = from; day <= to; day = dayAfter(day)) {
      addDay(ledgers, view, spanOfDays(day, day, timezone), timezone);
    }
    const open = view.open(span);
    const ties = tieOut(ledgers, open);
    const currencies = [...ledgers.currencies].toSorted(([one], [other]) => (one < other ? -1 : 1));
    return {
      from,
      to,
      timezone,
      begins: toIso(span.from),
      ends: toIso(span.until),
      madeAt: toIso(now),
      complete: now >= span.until,
      orders: currencies.reduce((sum, [, { orders }]) => sum + orders.of([]).count, 0),
      currencies: currencies.map(([currency, one]) => currencyOf(currency, one)),
      timeToSettle: timeToSettle(ledgers),
      open: openOf(open),
      stock: stockOf(ledgers, view),
      deadDeliveries: open.deadDeliveries.map(({ channel, count, inSpan }) => ({
        channel,
        count,
        inReport: inSpan,
      })),
      tiesOut: ties.every(({ equal }) => equal),
      differences: ties.filter(({ equal }) => !equal),
      ties,
    };
  });
}

/** Slice by slice; those without an order are not even asked for. */
function addDay(ledgers: Ledgers, view: ReportView, day: Span, timezone: string): void {
  let at = view.nextOrder(day.from);
  while (at !== null && at < day.until) {
    const slice = sliceAt(at, day, timezone);
    for (const group of view.orders(slice)) ledgers.of(group.currency).addOrders(group, slice.hour);
    for (const group of view.payments(slice)) ledgers.of(group.currency).addPayments(group);
    for (const group of view.journal(slice)) ledgers.addJournal(group);
    for (const group of view.stock(slice)) ledgers.addStock(group);
    at = view.nextOrder(slice.until);
  }
}

function currencyOf(currency: string, ledgers: CurrencyLedgers): CurrencyReport {
  const { orders } = ledgers;
  return {
    currency,
    total: orders.of([]),
    states: byOrderState((state) => orders.of(['state', state])),
    reasons: reasonsOf(ledgers),
    gateways: gatewaysOf(ledgers),
    hours: Array.from({ length: HOURS }, (_, hour) => ({
      hour,
      states: byOrderState((state) => orders.of(['hour', hour, state])),
    })),
    settled: byOrigin((by) => {
      const completed = ledgers.settledBy(by, 'completed');
      const failed = ledgers.settledBy(by, 'failed');
      const total = {
        count: completed.count + failed.count,
        amount: completed.amount + failed.amount,
      };
      return { completed, failed, total };
    }),
  };
}

const HOURS = 24;

/** In the order of the states, then of the table of decisions. */
function reasonsOf({ orders }: CurrencyLedgers): CurrencyReport['reasons'] {
  const reasons: readonly (Reason | null)[] = [null, ...REASONS];
  return ORDER_STATES.flatMap((state) =>
    reasons.flatMap((reason) => {
      const sum = orders.of(['reason', state, reason]);
      return sum.count === 0 ? [] : [{ state, reason, ...sum }];
    }),
  );
}

function gatewaysOf({ payments, refundDue }: CurrencyLedgers): CurrencyReport['gateways'] {
  return [...refundDue]
    .toSorted(([one], [other]) => ((one ?? '') < (other ?? '') ? -1 : 1))
    .map(([gateway, due]) => ({
      gateway,
      total: payments.of(['gateway', gateway]),
      states: byPaymentState((state) => payments.of(['gateway', gateway, state])),
      refundDue: due.amount,
    }));
}

function timeToSettle({ lengths, longestMs }: Ledgers): Report['timeToSettle'] {
  return {
    orders: [...lengths.values()].reduce((sum, count) => sum + count, 0),
    medianMs: percentile(lengths, 0.5),
    p95Ms: percentile(lengths, 0.95),
    maxMs: longestMs,
  };
}

function openOf({ held, refundsOwed }: OpenGroups): OpenReport {
  for (const group of [...held, ...refundsOwed]) new Total().add(group);
  return {
    held: held.map(({ oldestAt, ...group }) => ({ ...group, oldestAt: toIso(oldestAt) })),
    refundsOwed,
  };
}

function stockOf({ stock }: Ledgers, view: ReportView): StockReport {
  const taken = [...stock].filter(([, one]) => one.taken > 0);
  const most = taken
    .toSorted(([a, one], [b, other]) => other.taken - one.taken || (a < b ? -1 : 1))
    .slice(0, MAX_PRODUCTS);
  const names = view.productNames(most.map(([id]) => id));
  return {
    products: taken.length,
    pieces: taken.reduce((sum, [, one]) => sum + one.taken, 0),
    most: most.map(([id, one]) => ({ id, name: names.get(id) ?? id, pieces: one.taken })),
  };
}

/** Products that are named; more fit on no page, and all of them are in the database. */
const MAX_PRODUCTS = 20;

function byOrderState(of: (state: OrderState) => Sum): Record<OrderState, Sum> {
  return {
    pending: of('pending'),
    completed: of('completed'),
    failed: of('failed'),
    held: of('held'),
  };
}

function byPaymentState(of: (state: PaymentState) => Sum): Record<PaymentState, Sum> {
  return {
    pending: of('pending'),
    succeeded: of('succeeded'),
    failed: of('failed'),
    refund_due: of('refund_due'),
    refunded: of('refunded'),
  };
}

function byOrigin<T>(of: (by: SettledBy) => T): Record<SettledBy, T> {
  return {
    sweep: of('sweep'),
    callback: of('callback'),
    request: of('request'),
    person: of('person'),
  };
}
