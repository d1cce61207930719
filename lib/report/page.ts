import { ORDER_STATES, type OrderState } from '../core/order.ts';
import { PAYMENT_STATES, type PaymentState } from '../core/payment.ts';
import { SETTLED_BY } from '../store/port.ts';
import { textsOf } from '../texts.ts';
import { type StackedBars, stackedBars } from './charts.ts';
import { escaped } from './markup.ts';
import type { CurrencyReport, Report } from './report.ts';
import { factsOf, type ReportStyle, type Section, sectionsOf } from './sections.ts';

/**
 * The report as one page that needs nothing else: its style and charts are in it, and it has no script and no link. Good to
 * print.
 */
export function pageOf(report: Report, style: ReportStyle): string {
  const texts = textsOf(style.locale).report;
  const title = `${texts.title} ${texts.days(report.from, report.to)}`;
  return `<!doctype html>
<html lang="${style.locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escaped(title)}</h1>
<dl class="${report.tiesOut ? 'facts' : 'facts differs'}">
${factsOf(report, style)
  .map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`)
  .join('\n')}
</dl>
${report.currencies
  .flatMap((one) => chartsOf(one, style))
  .map(
    (chart) =>
      `<figure><figcaption>${escaped(chart.title)}</figcaption>\n${stackedBars(chart)}\n</figure>`,
  )
  .join('\n')}
${sectionsOf(report, style).map(sectionMarkup).join('\n')}
</body>
</html>
`;
}

/** The pictures of one currency, all in numbers of orders and payments. */
function chartsOf(one: CurrencyReport, { locale }: ReportStyle): readonly StackedBars[] {
  const texts = textsOf(locale);
  const format = new Intl.NumberFormat(locale);
  const number = (value: number) => format.format(value);
  const { charts, settledBy, noGateway } = texts.report;
  const states = ORDER_STATES.map((key) => ({
    key,
    name: texts.orderStates[key],
    color: ORDER_COLORS[key],
  }));
  const hours: StackedBars = {
    title: `${charts.hours} (${one.currency})`,
    direction: 'upright',
    number,
    series: states,
    bars: one.hours.map((hour) => ({
      name: String(hour.hour).padStart(2, '0'),
      parts: countsOf(hour.states),
    })),
  };
  const settled: StackedBars = {
    title: `${charts.settled} (${one.currency})`,
    direction: 'lying',
    number,
    series: states.filter(({ key }) => key === 'completed' || key === 'failed'),
    bars: SETTLED_BY.map((by) => {
      const { completed, failed } = one.settled[by];
      return { name: settledBy[by], parts: countsOf({ completed, failed }) };
    }),
  };
  const gateways: StackedBars = {
    title: `${charts.gateways} (${one.currency})`,
    direction: 'lying',
    number,
    series: PAYMENT_STATES.map((key) => ({
      key,
      name: texts.paymentStates[key],
      color: PAYMENT_COLORS[key],
    })),
    bars: one.gateways.map((each) => ({
      name: each.gateway ?? noGateway,
      parts: countsOf(each.states),
    })),
  };
  return [hours, settled, ...(one.gateways.length === 0 ? [] : [gateways])];
}

function countsOf(sums: Readonly<Record<string, { readonly count: number }>>) {
  return Object.fromEntries(Object.entries(sums).map(([key, { count }]) => [key, count]));
}

/** Told apart by who sees no red and green, and in shades of grey (Okabe and Ito's palette). */
const ORDER_COLORS: Readonly<Record<OrderState, string>> = {
  pending: '#f0e442',
  completed: '#009e73',
  failed: '#999999',
  held: '#d55e00',
};

const PAYMENT_COLORS: Readonly<Record<PaymentState, string>> = {
  pending: '#f0e442',
  succeeded: '#009e73',
  failed: '#999999',
  refund_due: '#d55e00',
  refunded: '#56b4e9',
};

function sectionMarkup({ title, head, rows, note }: Section): string {
  const cells = (tag: 'th' | 'td', texts: readonly string[]) =>
    texts
      .map((text, column) => {
        const kind = head[column]?.kind ?? 'text';
        const look = kind === 'text' ? '' : ` class="${kind}"`;
        return `<${tag}${look}>${escaped(text)}</${tag}>`;
      })
      .join('');
  const table = `<table>
<thead><tr>${cells(
    'th',
    head.map(({ text }) => text),
  )}</tr></thead>
<tbody>
${rows.map((row) => `<tr>${cells('td', row)}</tr>`).join('\n')}
</tbody>
</table>`;
  const parts = [
    `<section><h2>${escaped(title)}</h2>`,
    ...(rows.length === 0 ? [] : [table]),
    ...(note === null ? [] : [`<p>${escaped(note)}</p>`]),
    '</section>',
  ];
  return parts.join('\n');
}

/** The fonts of the machine: a page for an archive loads nothing. */
const STYLE = `
:root { color-scheme: light; }
body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1a1a1a; background: #fff;
  font: 14px/1.5 system-ui, "Noto Sans KR", "Apple SD Gothic Neo", "Malgun Gothic", sans-serif;
  word-break: keep-all; overflow-wrap: break-word; }
h1 { font-size: 1.5rem; }
h2 { font-size: 1rem; margin: 1.5rem 0 .3rem; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: 0; }
.facts dt { color: #555; }
.facts dd { margin: 0; }
.differs dd:last-child { color: #b00020; font-weight: 700; }
figure { margin: 1.5rem 0; }
figcaption { font-weight: 700; }
svg { display: block; width: 100%; height: auto; font: 11px system-ui, sans-serif; }
svg text { fill: #333; }
.grid { stroke: #ddd; }
section { overflow-x: auto; }
table { border-collapse: collapse; min-width: 55%; }
th, td { border-bottom: 1px solid #ddd; padding: .2rem 1.2rem .2rem 0; text-align: left; vertical-align: top; }
th:last-child, td:last-child { padding-right: 0; }
th { color: #555; font-weight: 600; white-space: nowrap; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.moment { white-space: nowrap; }
p { margin: .3rem 0; color: #555; }
@media print {
  @page { margin: 15mm; }
  body { margin: 0; max-width: none; padding: 0; font-size: 10pt; line-height: 1.3; }
  section { overflow: visible; }
  figure, tr, section:not(:has(tr:nth-child(8))) { break-inside: avoid; }
  h2 { break-after: avoid; }
  svg rect { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
