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

/** In columns of a terminal: Korean letters and pictures are as wide as two others, however many characters they are made of. */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length + (text.match(SYLLABLES)?.length ?? 0);
  return [...letters.segment(text)].reduce(
    (width, { segment }) => width + (WIDE.test(segment) ? 2 : 1),
    0,
  );
}

/** Cuts a text into what is seen as one letter. */
const letters = new Intl.Segmenter();

/** Nearly every text: each character is a letter. A list may have a million rows, and cutting is slow. */
const PLAIN = /^[ -~₩가-힣]*$/;

const SYLLABLES = /[가-힣]/g;

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|^\p{RGI_Emoji}$/v;
