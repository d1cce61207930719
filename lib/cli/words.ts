import type { Event } from '../observe/events.ts';

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

/** Says before an upgrade of the database begins what takes so long: nobody would wait for what says nothing. */
export function sayUpgrade(event: Event, tell: (line: string) => void = say): void {
  if (event.name !== 'store.upgrading') return;
  const { from, to } = event;
  tell(
    `The database is brought from layout ${from} to ${to}, after it was copied as it is into backups/ beside it. A large one takes minutes.`,
  );
}
