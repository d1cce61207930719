import type { Row, Table } from './wording.ts';

/** A table in letters of one width, a line for each row; the head is ruled off. */
export function inColumns({ head }: Table, rows: readonly Row[]): readonly string[] {
  const lines = [head, ...rows.map(({ cells }) => cells)];
  const widths = head.map((_, column) =>
    Math.max(...lines.map((line) => widthOf(line[column] ?? ''))),
  );
  const written = lines.map((line) =>
    line
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell)))
      .join('  ')
      .trimEnd(),
  );
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return [...written.slice(0, 1), rule, ...written.slice(1)];
}

/** Korean letters and pictures are as wide as two others, however many characters they are made of. */
function widthOf(text: string): number {
  return [...letters.segment(text)].reduce(
    (width, { segment }) => width + (WIDE.test(segment) ? 2 : 1),
    0,
  );
}

/** Cuts a text into what is seen as one letter. */
const letters = new Intl.Segmenter();

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|^\p{RGI_Emoji}$/v;
