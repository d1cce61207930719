import { toIso } from '../clock.ts';
import type { OrderPlace, ReportedOrder, ReportSource, Span } from '../store/report-port.ts';

/** Orders read at a time: a page takes some milliseconds and some hundred kilobytes. */
export const CSV_PAGE = 500;

/** A piece of the list, and where the next one begins; `null`: that was all. */
export interface CsvPage {
  readonly text: string;
  readonly next: OrderPlace | null;
}

/**
 * The orders of a span as RFC 4180 has it, a page at a time: the first page begins with the names of the columns. Amounts in
 * minor units, times in ISO 8601.
 */
export function csvPage(source: ReportSource, span: Span, after: OrderPlace | null): CsvPage {
  const orders = source.orders(span, after, CSV_PAGE);
  const head = after === null ? [line(COLUMNS.map(([name]) => name))] : [];
  const lines = orders.map((order) => line(COLUMNS.map(([, cell]) => cell(order))));
  const last = orders.length < CSV_PAGE ? undefined : orders.at(-1);
  return {
    text: [...head, ...lines].join(''),
    next: last === undefined ? null : { createdAt: last.createdAt, id: last.id },
  };
}

/** A page as it is sent, in UTF-8. */
export interface CsvPiece {
  readonly bytes: Uint8Array;
  readonly next: OrderPlace | null;
}

/** The same for a thread that is not to be burdened: bytes are copied to it at once, and no text of it is left to be collected. */
export function csvPiece(source: ReportSource, span: Span, after: OrderPlace | null): CsvPiece {
  const { text, next } = csvPage(source, span, after);
  return { bytes: new TextEncoder().encode(text), next };
}

/** The pages one after the other. */
export function* csvPages(source: ReportSource, span: Span): Generator<string> {
  let after: OrderPlace | null = null;
  do {
    const page: CsvPage = csvPage(source, span, after);
    yield page.text;
    after = page.next;
  } while (after !== null);
}

type Cell = string | number | null;

const COLUMNS: readonly (readonly [string, (order: ReportedOrder) => Cell])[] = [
  ['id', ({ id }) => id],
  ['memberId', ({ memberId }) => memberId],
  ['createdAt', ({ createdAt }) => toIso(createdAt)],
  ['state', ({ state }) => state],
  ['reason', ({ reason }) => reason],
  ['reasonText', ({ reasonText }) => reasonText],
  ['currency', ({ currency }) => currency],
  ['amount', ({ amount }) => amount],
  ['settledAt', ({ settledAt }) => (settledAt === null ? null : toIso(settledAt))],
  ['settledBy', ({ settledBy }) => settledBy],
  ['payments', ({ payments }) => payments],
  ['gateway', ({ gateway }) => gateway],
  ['method', ({ method }) => method],
  ['transactionKey', ({ transactionKey }) => transactionKey],
  ['paymentState', ({ paymentState }) => paymentState],
  ['refundDue', ({ refundDue }) => refundDue],
];

function line(cells: readonly Cell[]): string {
  return `${cells.map(written).join(',')}\r\n`;
}

/** A spreadsheet takes a text that begins so for a formula, and a gateway's words could be one: an apostrophe makes it a text. */
const FORMULA = /^[=+\-@\t\r]/;

function written(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return String(cell);
  const text = FORMULA.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
