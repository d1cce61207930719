/** Data goes to standard output … */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** … and words about it to standard error. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
