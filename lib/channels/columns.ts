import stringWidth from 'string-width';
import type { Row, Table } from './wording.ts';

/** A table in letters of one width, a line for each row; the head is ruled off. */
export function inColumns({ head }: Table, rows: readonly Row[]): readonly string[] {
  const lines = [head, ...rows.map(({ cells }) => cells)];
  const widths = head.map((_, column) =>
    Math.max(...lines.map((line) => stringWidth(line[column] ?? ''))),
  );
  const written = lines.map((line) =>
    line
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - stringWidth(cell)))
      .join('  ')
      .trimEnd(),
  );
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return [...written.slice(0, 1), rule, ...written.slice(1)];
}
