/** "Did you mean …?", or what there is. */
export function suggestion(written: string, known: readonly string[]): string {
  const near = closest(written, known);
  return near === null ? `There are ${known.join(', ')}.` : `Did you mean ${near}?`;
}

/** The word of `known` that was probably meant; `null` when none comes near. */
export function closest(written: string, known: readonly string[]): string | null {
  const near = known
    // No distance is shorter than the difference in length, and what is written may have a megabyte.
    .filter((word) => Math.abs(written.length - word.length) <= slip(word))
    .map((word) => ({ word, distance: editDistance(written.toLowerCase(), word.toLowerCase()) }))
    .sort((one, other) => one.distance - other.distance)[0];
  return near !== undefined && near.distance <= slip(near.word) ? near.word : null;
}

/** A third of the letters wrong is still a slip of the hand; more is another word. */
function slip(word: string): number {
  return Math.max(2, word.length / 3);
}

/** Letters to add, drop or change to get from one word to the other. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1];
    for (const [column, other] of [...to].entries()) {
      const changed = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(changed, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
