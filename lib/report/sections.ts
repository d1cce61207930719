import { fromIso } from '../clock.ts';
import { formatMoney } from '../core/money.ts';
import { ORDER_STATES } from '../core/order.ts';
import { SETTLED_BY } from '../store/port.ts';
import { momentFormat, spanOf } from '../texts/moment.ts';
import { type Texts, textsOf } from '../texts.ts';
import type { CurrencyReport, Report, Sum, Tie } from './report.ts';

/** How a report is written. */
export interface ReportStyle {
  readonly locale: 'ko' | 'en';
}

/** A table of the report. Texts are plain; numbers in them are written already. */
export interface Section {
  readonly title: string;
  readonly head: readonly Column[];
  readonly rows: readonly (readonly string[])[];
  /** What is said below, or in the place of an empty table. */
  readonly note: string | null;
}

/** `number`: stands at the right. */
export interface Column {
  readonly text: string;
  readonly kind: 'text' | 'number' | 'moment';
}

/** The first lines: what is reported, and whether the totals agree. */
export function factsOf(
  report: Report,
  { locale }: ReportStyle,
): readonly (readonly [string, string])[] {
  const writer = writerOf(locale);
  const texts = writer.texts.report;
  const moment = momentFormat(report.timezone);
  const at = (iso: string) => moment(fromIso(iso) ?? 0);
  const { medianMs, p95Ms, maxMs } = report.timeToSettle;
  const amounts = report.currencies.map(({ currency, total }) =>
    writer.money(total.amount, currency),
  );
  const length = (lengthMs: number) => lengthOf(lengthMs, writer.texts);
  const isSettled = medianMs !== null && p95Ms !== null && maxMs !== null;
  return [
    [texts.facts.days, texts.days(report.from, report.to)],
    [texts.facts.span, texts.days(at(report.begins), at(report.ends))],
    [texts.facts.zone, report.timezone],
    [texts.facts.made, `${at(report.madeAt)}${report.complete ? '' : ` – ${texts.incomplete}`}`],
    [texts.facts.orders, [writer.number(report.orders), ...amounts].join(' · ')],
    [
      texts.facts.settle,
      isSettled
        ? texts.settleTimes(length(medianMs), length(p95Ms), length(maxMs))
        : texts.settleNone,
    ],
    [texts.facts.ties, report.tiesOut ? texts.tiesOut : texts.tiesNot(report.differences.length)],
  ];
}

/** Every table, in the order of a page. What differs comes first. */
export function sectionsOf(report: Report, { locale }: ReportStyle): readonly Section[] {
  const writer = writerOf(locale);
  return [
    ...(report.tiesOut ? [] : [tiesSection(report.differences, writer, 'differences')]),
    ...report.currencies.flatMap((one) => currencySections(one, writer)),
    heldSection(report, writer),
    refundsSection(report, writer),
    stockSection(report, writer),
    deadSection(report, writer),
    tiesSection(report.ties, writer, 'ties'),
  ];
}

/** What people are told each day, in a sentence or two. */
export function summaryOf(report: Report, { locale }: ReportStyle): string {
  const { texts, number, money } = writerOf(locale);
  const all = (state: (typeof ORDER_STATES)[number]) =>
    number(report.currencies.reduce((sum, { states }) => sum + states[state].count, 0));
  const open = (groups: readonly Sum[]) => groups.reduce((sum, { count }) => sum + count, 0);
  const held = open(report.open.held);
  const refunds = open(report.open.refundsOwed);
  const parts = [
    report.tiesOut ? '' : texts.report.tiesNot(report.differences.length),
    texts.report.summary({
      day: texts.report.days(report.from, report.to),
      orders: number(report.orders),
      amounts: report.currencies
        .map(({ currency, total }) => money(total.amount, currency))
        .join(' + '),
      completed: all('completed'),
      failed: all('failed'),
      held: all('held'),
      pending: all('pending'),
    }),
    held + refunds === 0 ? '' : texts.report.summaryOpen(number(held), number(refunds)),
  ];
  return parts.filter((part) => part !== '').join(' ');
}

interface Writer {
  readonly texts: Texts;
  readonly number: (value: number) => string;
  readonly money: (amount: number, currency: string) => string;
}

function writerOf(locale: 'ko' | 'en'): Writer {
  const format = new Intl.NumberFormat(locale);
  return {
    texts: textsOf(locale),
    number: (value) => format.format(value),
    money: (amount, currency) => formatMoney(amount, currency, locale),
  };
}

/** Short lengths to the millisecond: `spanOf` knows whole seconds. */
function lengthOf(lengthMs: number, { units }: Texts): string {
  return lengthMs < 1_000 ? `${lengthMs}ms` : spanOf(lengthMs, units);
}

function currencySections(one: CurrencyReport, writer: Writer): readonly Section[] {
  return [
    statesSection(one, writer),
    reasonsSection(one, writer),
    settledSection(one, writer),
    gatewaysSection(one, writer),
    hoursSection(one, writer),
  ];
}

function statesSection({ currency, states, total }: CurrencyReport, writer: Writer): Section {
  const { texts, number, money } = writer;
  const { columns, sections } = texts.report;
  const row = (name: string, sum: Sum) => [name, number(sum.count), money(sum.amount, currency)];
  return {
    title: sections.states(currency),
    head: [text(columns.state), count(columns.orders), count(columns.amount)],
    rows: [
      ...ORDER_STATES.map((state) => row(texts.orderStates[state], states[state])),
      row(texts.report.total, total),
    ],
    note: null,
  };
}

function reasonsSection({ currency, reasons }: CurrencyReport, writer: Writer): Section {
  const { texts, number, money } = writer;
  const { columns, sections } = texts.report;
  return {
    title: sections.reasons(currency),
    head: [
      text(columns.state),
      text(columns.reason),
      count(columns.orders),
      count(columns.amount),
      text(columns.meaning),
    ],
    rows: reasons.map(({ state, reason, ...sum }) => [
      texts.orderStates[state],
      reason ?? texts.report.noReason,
      number(sum.count),
      money(sum.amount, currency),
      reason === null ? '' : texts.reasons[reason],
    ]),
    note: null,
  };
}

function settledSection({ currency, settled }: CurrencyReport, writer: Writer): Section {
  const { texts, number, money } = writer;
  const { columns, sections, settledBy } = texts.report;
  return {
    title: sections.settled(currency),
    head: [
      text(columns.by),
      count(columns.completed),
      count(columns.failed),
      count(columns.orders),
      count(columns.amount),
    ],
    rows: SETTLED_BY.map((by) => {
      const { completed, failed, total } = settled[by];
      return [
        settledBy[by],
        number(completed.count),
        number(failed.count),
        number(total.count),
        money(total.amount, currency),
      ];
    }),
    note: null,
  };
}

function gatewaysSection({ currency, gateways }: CurrencyReport, writer: Writer): Section {
  const { texts, number, money } = writer;
  const { columns, sections } = texts.report;
  const states = ['succeeded', 'failed', 'pending', 'refund_due', 'refunded'] as const;
  return {
    title: sections.gateways(currency),
    head: [
      text(columns.gateway),
      count(columns.payments),
      count(columns.amount),
      ...states.map((state) => count(texts.paymentStates[state])),
      count(columns.refunds),
    ],
    rows: gateways.map((one) => [
      one.gateway ?? texts.report.noGateway,
      number(one.total.count),
      money(one.total.amount, currency),
      ...states.map((state) => number(one.states[state].count)),
      money(one.refundDue, currency),
    ]),
    note: gateways.length === 0 ? texts.report.none : null,
  };
}

/** Hours without an order are left out. */
function hoursSection({ currency, hours }: CurrencyReport, writer: Writer): Section {
  const { texts, number, money } = writer;
  const { columns, sections } = texts.report;
  return {
    title: sections.hours(currency),
    head: [
      text(columns.hour),
      ...ORDER_STATES.map((state) => count(texts.orderStates[state])),
      count(columns.orders),
      count(columns.amount),
    ],
    rows: hours.flatMap(({ hour, states }) => {
      const sums = ORDER_STATES.map((state) => states[state]);
      const orders = sums.reduce((sum, one) => sum + one.count, 0);
      const amount = sums.reduce((sum, one) => sum + one.amount, 0);
      if (orders === 0) return [];
      const name = String(hour).padStart(2, '0');
      return [
        [name, ...sums.map((one) => number(one.count)), number(orders), money(amount, currency)],
      ];
    }),
    note: null,
  };
}

function heldSection({ open, timezone }: Report, { texts, number, money }: Writer): Section {
  const { columns, sections } = texts.report;
  const moment = momentFormat(timezone);
  return {
    title: sections.held,
    head: [
      text(columns.reason),
      count(columns.orders),
      count(columns.amount),
      { text: columns.oldest, kind: 'moment' },
      text(columns.meaning),
    ],
    rows: open.held.map((one) => [
      one.reason ?? texts.report.noReason,
      number(one.count),
      money(one.amount, one.currency),
      moment(fromIso(one.oldestAt) ?? 0),
      one.reason === null ? '' : texts.reasons[one.reason],
    ]),
    note: open.held.length === 0 ? texts.report.none : null,
  };
}

function refundsSection({ open }: Report, { texts, number, money }: Writer): Section {
  const { columns, sections } = texts.report;
  return {
    title: sections.refunds,
    head: [text(columns.gateway), count(columns.payments), count(columns.refundDue)],
    rows: open.refundsOwed.map((one) => [
      one.gateway ?? texts.report.noGateway,
      number(one.count),
      money(one.amount, one.currency),
    ]),
    note: open.refundsOwed.length === 0 ? texts.report.none : null,
  };
}

function stockSection({ stock }: Report, { texts, number }: Writer): Section {
  const { columns, sections, total, none, more } = texts.report;
  const others = stock.products - stock.most.length;
  return {
    title: sections.stock,
    head: [text(columns.product), text(columns.name), count(columns.pieces)],
    rows:
      stock.products === 0
        ? []
        : [
            ...stock.most.map(({ id, name, pieces }) => [id, name, number(pieces)]),
            [total, others > 0 ? more(others) : '', number(stock.pieces)],
          ],
    note: stock.products === 0 ? none : null,
  };
}

function deadSection({ deadDeliveries }: Report, { texts, number }: Writer): Section {
  const { columns, sections, none } = texts.report;
  return {
    title: sections.dead,
    head: [text(columns.channel), count(columns.messages), count(columns.inReport)],
    rows: deadDeliveries.map((one) => [one.channel, number(one.count), number(one.inReport)]),
    note: deadDeliveries.length === 0 ? none : null,
  };
}

function tiesSection(
  ties: readonly Tie[],
  { texts, number, money }: Writer,
  kind: 'ties' | 'differences',
): Section {
  const { columns, sections, ledgers, yes, no, advice } = texts.report;
  const said = ({ currency, sides }: Tie) =>
    sides.map(({ of, count: many, amount }) => {
      const sum = amount === null || currency === null ? '' : ` (${money(amount, currency)})`;
      return `${ledgers[of]} ${number(many)}${sum}`;
    });
  return {
    title: sections[kind],
    head: [text(columns.what), text(columns.currency), text(columns.sides), text(columns.equal)],
    rows: ties.map((tie) => [
      texts.report.ties[tie.what],
      tie.currency ?? '',
      said(tie).join(tie.equal ? ' = ' : ' ≠ '),
      tie.equal ? yes : no,
    ]),
    note: kind === 'differences' ? advice : null,
  };
}

function text(name: string): Column {
  return { text: name, kind: 'text' };
}

function count(name: string): Column {
  return { text: name, kind: 'number' };
}
