import { parseArgs } from 'node:util';
import { showRatio } from './numbers.ts';

/** One question of the benchmark: what it asks, and how it is measured. */
export interface Question {
  readonly name: string;
  /** In one line. */
  readonly asks: string;
  measure(options: MeasureOptions): Promise<Measurement>;
}

export interface MeasureOptions {
  /** How often everything is measured; `null`: as often as the question thinks right. */
  readonly rounds: number | null;
  /** Small sizes: to see whether it runs. Its numbers mean nothing. */
  readonly quick: boolean;
}

/** What was measured. */
export interface Measurement {
  readonly table: Table;
  readonly targets: readonly Target[];
  /** What one has to know to read the numbers. */
  readonly notes: readonly string[];
  /** Every round, for whoever wants to reckon for himself. */
  readonly raw: unknown;
}

/** The first column is text, the others are numbers. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What has to be reached, and what was. */
export interface Target {
  readonly what: string;
  readonly kind: 'at most' | 'at least' | 'less than';
  readonly bound: number;
  readonly reached: number;
  /** After the number: "×", "ms", "MB". */
  readonly unit: string;
}

/** A measurement with its question, as it is printed as JSON. */
export interface Report extends Measurement {
  readonly name: string;
  readonly asks: string;
}

export function isReached({ kind, bound, reached }: Target): boolean {
  switch (kind) {
    case 'at most':
      return reached <= bound;
    case 'less than':
      return reached < bound;
    case 'at least':
      return reached >= bound;
  }
}

/** Runs one question as a program of its own: `--rounds N`, `--quick`, `--json`. */
export async function runAlone(question: Question): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const rounds = readRounds(values.rounds);
  const measurement = await question.measure({ rounds, quick: values.quick });
  const { name, asks } = question;
  const report: Report = { name, asks, ...measurement };
  process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : `${reportText(report)}\n`);
}

/** A number of rounds as it was typed; `null`: none was. */
export function readRounds(text: string | undefined): number | null {
  if (text === undefined) return null;
  const rounds = Number(text);
  if (Number.isInteger(rounds) && rounds >= 1 && rounds <= 100) return rounds;
  throw new Error(`--rounds ${text}: write a whole number from 1 to 100.`);
}

/** The report as Markdown that reads as well in a terminal. */
export function reportText({ name, asks, table, targets, notes }: Report): string {
  const verdicts: Table = {
    columns: ['target', 'wanted', 'reached', ''],
    rows: targets.map((target) => {
      const wanted = `${target.kind} ${withUnit(target.bound, target.unit)}`;
      const verdict = isReached(target) ? 'reached' : '**missed**';
      return [target.what, wanted, withUnit(target.reached, target.unit), verdict];
    }),
  };
  const parts = [
    `### ${name}: ${asks}`,
    tableText(table),
    tableText(verdicts),
    notes.map((note) => `- ${note}`).join('\n'),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

function withUnit(value: number, unit: string): string {
  return unit === '×' ? showRatio(value) : `${Number(value.toPrecision(3))} ${unit}`;
}

/** A table as Markdown that reads as well in a terminal. */
export function tableText({ columns, rows }: Table): string {
  const widths = columns.map((column, index) =>
    Math.max(3, column.length, ...rows.map((row) => row[index]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${widths
      .map((width, index) => {
        const cell = cells[index] ?? '';
        return index === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join(' | ')} |`;
  const rule = `|${widths
    .map((width, index) => (index === 0 ? `${'-'.repeat(width + 2)}` : `${'-'.repeat(width + 1)}:`))
    .join('|')}|`;
  return [line(columns), rule, ...rows.map(line)].join('\n');
}

/** Tells how far it is, on standard error: the output may be read by a program. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
