import stringWidth from 'string-width';
import { withoutTurns } from '../core/text.ts';

/** Rows in aligned columns. Numbers stand at the right; `kinds` says which columns are numbers that were written already. */
export function table(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  kinds: readonly ('text' | 'number')[] = [],
): string {
  const lines = [head, ...rows].map((row) => row.map((cell) => withoutTurns(String(cell))));
  const columns = head.map((_, column) => ({
    width: lines.reduce((most, line) => Math.max(most, stringWidth(line[column] ?? '')), 0),
    isNumber: kinds[column] === 'number' || rows.some((row) => typeof row[column] === 'number'),
  }));
  const written = lines.map((line) =>
    columns
      .map(({ width, isNumber }, column) => {
        const cell = line[column] ?? '';
        const room = ' '.repeat(width - stringWidth(cell));
        return isNumber ? room + cell : cell + room;
      })
      .join('  ')
      .trimEnd(),
  );
  return written.join('\n');
}
