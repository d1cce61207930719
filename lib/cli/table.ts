import stringWidth from 'string-width';
import { withoutTurns } from '../core/text.ts';

/** Rows in aligned columns. Numbers stand at the right; `kinds` says which columns are numbers that were written already. */
export function table(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  kinds: readonly ('text' | 'number')[] = [],
): string {
  const lines = [head, ...rows].map((row) =>
    row.map((cell) => {
      const text = withoutTurns(String(cell));
      return { text, width: stringWidth(text) };
    }),
  );
  const columns = head.map((_, column) => ({
    width: lines.reduce((most, line) => Math.max(most, line[column]?.width ?? 0), 0),
    isNumber: kinds[column] === 'number' || rows.some((row) => typeof row[column] === 'number'),
  }));
  const written = lines.map((line) =>
    columns
      .map(({ width: most, isNumber }, column) => {
        const { text, width } = line[column] ?? { text: '', width: 0 };
        const room = ' '.repeat(most - width);
        return isNumber ? room + text : text + room;
      })
      .join('  ')
      .trimEnd(),
  );
  return written.join('\n');
}
