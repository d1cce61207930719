import Table from 'cli-table3';

/**
 * Rows in aligned columns; Korean letters count double, as terminals show them. Numbers stand at the right; `kinds` says which
 * columns are numbers that were written already.
 */
export function table(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  kinds: readonly ('text' | 'number')[] = [],
): string {
  const isNumber = (column: number) =>
    kinds[column] === 'number' || rows.some((row) => typeof row[column] === 'number');
  const drawn = new Table({
    head: [...head],
    colAligns: head.map((_, column) => (isNumber(column) ? 'right' : 'left')),
    chars: NO_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
  });
  for (const row of rows) drawn.push(row.map(String));
  return drawn
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
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
