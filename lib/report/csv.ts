import type { ListPage, OrderPlace, ReportSource, Span } from '../store/report-port.ts';

/** Orders read at a time: a page takes some milliseconds and some sixty kilobytes. */
export const CSV_PAGE = 500;

/** The list of the orders of a span, page by page. */
export function* csvPages(source: ReportSource, span: Span): Generator<string> {
  let after: OrderPlace | null = null;
  do {
    const page: ListPage = source.list(span, after, CSV_PAGE);
    yield page.text;
    after = page.next;
  } while (after !== null);
}

/** A page as it is sent, in UTF-8, and where the next one begins; `null`: that was all. */
export interface CsvPiece {
  readonly bytes: Uint8Array;
  readonly next: OrderPlace | null;
}

/** Memory that two threads share: one writes pages into it, the other sends them. */
export type Slot = SharedArrayBuffer;

/**
 * A page for another thread. It lies in the slot when one is given and the page has room there, else in memory of its own:
 * whoever gives a slot must have sent what was in it before.
 */
export function csvPiece(
  source: ReportSource,
  span: Span,
  after: OrderPlace | null,
  slot: Slot | null,
): CsvPiece {
  const { text, next } = source.list(span, after, CSV_PAGE);
  if (slot !== null) {
    const { read, written } = encoder.encodeInto(text, new Uint8Array(slot));
    if (read === text.length) return { bytes: new Uint8Array(slot, 0, written), next };
  }
  return { bytes: encoder.encode(text), next };
}

const encoder = new TextEncoder();
