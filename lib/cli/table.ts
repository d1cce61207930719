import Table from 'cli-table3';
import { withoutTurns } from '../core/text.ts';

/**
 * Rows in aligned columns; Korean letters count double, as terminals show them. Numbers stand at the right; `kinds` says which
 * columns are numbers that were written already.
 */
export function table(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  kinds: readonly ('text' | 'number')[] = [],
): string {
  const aligns = head.map((_, column) =>
    kinds[column] === 'number' || rows.some((row) => typeof row[column] === 'number')
      ? 'right'
      : 'left',
  );
  const [first = [], ...others] = piecesOf(rows);
  if (others.length === 0) return draw(head, first, aligns, []).lines.join('\n');
  const drafts = [first, ...others].map((piece) => draw(head, piece, aligns, []).widths);
  const widths = head.map((_, column) => Math.max(...drafts.map((each) => each[column] ?? 0)));
  const lines = [first, ...others].flatMap((piece, index) =>
    draw(head, piece, aligns, widths).lines.slice(index === 0 ? 0 : 1),
  );
  return lines.join('\n');
}

type Row = readonly (string | number)[];

/** Rows that are drawn together: what drawing takes grows with their square, and a long list would never be done. */
const ROWS_AT_ONCE = 200;

function piecesOf(rows: readonly Row[]): readonly (readonly Row[])[] {
  const count = Math.ceil(rows.length / ROWS_AT_ONCE);
  return Array.from({ length: count }, (_, piece) =>
    rows.slice(piece * ROWS_AT_ONCE, (piece + 1) * ROWS_AT_ONCE),
  );
}

/** The lines, the first of them the head, and how wide the columns became. Without `widths` each is as wide as what is in it. */
function draw(
  head: readonly string[],
  rows: readonly Row[],
  aligns: readonly ('left' | 'right')[],
  widths: readonly number[],
): { readonly lines: readonly string[]; readonly widths: readonly (number | null)[] } {
  const drawn = new Table({
    head: [...head],
    colAligns: [...aligns],
    colWidths: [...widths],
    chars: NO_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
  });
  for (const row of rows) drawn.push(row.map((cell) => withoutTurns(String(cell))));
  const lines = drawn
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
  return { lines, widths: drawn.options.colWidths };
}

const NO_LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '',
};
