/** Data goes to standard output … */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** The same for many lines; resolves when the reader has taken them, so that they never pile up in memory. */
export function printLines(lines: readonly string[]): Promise<void> {
  return printText(lines.map((line) => `${line}\n`).join(''));
}

/** A text as it is. */
export function printText(text: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  process.stdout.write(text, () => resolve());
  return promise;
}

/** … and words about it to standard error. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
