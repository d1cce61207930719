import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Config } from '../config.ts';
import { ReconciledError } from '../errors.ts';
import { stepAside } from '../priority.ts';
import type { Day } from '../report/days.ts';
import type { Report } from '../report/report.ts';
import type { ReportSource } from '../store/report-port.ts';
import { EXIT } from './exit.ts';
import { addSettings, readSettings, type SettingsOptions } from './settings.ts';
import { oneOf } from './values.ts';
import { print, printText, say } from './words.ts';

const FORMATS = ['table', 'json', 'csv', 'html'] as const;

interface ReportOptions extends SettingsOptions {
  readonly date?: string;
  readonly from?: string;
  readonly to?: string;
  readonly format: (typeof FORMATS)[number];
}

/** Days of one report at most: what a year is asked for, and a slip of the hand is not. */
const MAX_DAYS = 366;

/** `report`: what became of the orders of a day. */
export function define(command: Command): void {
  command
    .option('--date <day>', 'the day: 2026-11-23, today, yesterday (default: yesterday)', day)
    .option('--from <day>', 'the first of several days', day)
    .option('--to <day>', 'the last of them (default: yesterday)', day)
    .option(
      '--format <format>',
      `how it is written: ${FORMATS.join(', ')}`,
      oneOf(FORMATS),
      'table',
    )
    .addOption(new Option('--json', 'the same as --format json').implies({ format: 'json' }));
  addSettings(command, ['dataDir', 'timezone', 'locale']).addHelpText(
    'after',
    `
Reads the database, whether a daemon runs or not. An order is of the day on which it was created, in the configured time
zone. csv lists every order of the days, the other formats count them. Ends with 1 when the totals do not tie out.

Examples:
  reconciled report
  reconciled report --date 2026-11-23 --format html > report.html
  reconciled report --from 2026-11-01 --to 2026-11-30 --format csv > november.csv
  reconciled report --json | jq .differences`,
  );
  command.action(async (options: ReportOptions) => {
    stepAside();
    const config = await readSettings(options, 'ignore');
    const days = await daysOf(options, config.timezone);
    const { databasePath } = await import('../config.ts');
    const { openReportSource } = await import('../store/sqlite/report.ts');
    const source = openReportSource(databasePath(config));
    try {
      if (options.format === 'csv') await printOrders(source, days, config);
      else await printReport(source, days, config, options.format);
    } finally {
      source.close();
    }
  });
}

interface Days {
  readonly from: Day;
  readonly to: Day;
}

function day(written: string): string {
  if (written === 'today' || written === 'yesterday') return written;
  // Whether there is such a day is looked at later: this runs before anything is loaded.
  if (/^\d{4}-\d{2}-\d{2}$/.test(written)) return written;
  throw new InvalidArgumentError('Write a day such as 2026-11-23, or today, or yesterday.');
}

async function daysOf({ date, from, to }: ReportOptions, timezone: string): Promise<Days> {
  const { dayAfter, dayOf, isDay } = await import('../report/days.ts');
  const { systemClock } = await import('../clock.ts');
  const today = dayOf(systemClock.now(), timezone);
  const read = (flag: string, written: string): Day => {
    if (written === 'today') return today;
    if (written === 'yesterday') return dayAfter(today, -1);
    if (isDay(written)) return written;
    throw usage(
      `${flag}: there is no day ${written}.`,
      'Write a day of the calendar, such as 2026-11-23.',
    );
  };
  if (date !== undefined && (from !== undefined || to !== undefined))
    throw usage(
      '--date and --from or --to exclude each other.',
      'Give one day, or the first and the last.',
    );
  if (date !== undefined || from === undefined) {
    if (to !== undefined)
      throw usage('--to needs --from.', 'Give the first day too: --from DAY --to DAY');
    const one = read('--date', date ?? 'yesterday');
    return { from: one, to: one };
  }
  const days = { from: read('--from', from), to: read('--to', to ?? 'yesterday') };
  if (days.from > days.to)
    throw usage(`--from ${days.from} is after --to ${days.to}.`, 'Give the first day first.');
  if (dayAfter(days.from, MAX_DAYS - 1) < days.to)
    throw usage(`--from … --to: more than ${MAX_DAYS} days.`, 'Ask for a year at most.');
  return days;
}

function usage(message: string, hint: string): ReconciledError {
  return new ReconciledError('usage', message, { hint });
}

async function printOrders(source: ReportSource, days: Days, config: Config): Promise<void> {
  const { csvPages } = await import('../report/csv.ts');
  const { spanOfDays } = await import('../report/days.ts');
  const span = spanOfDays(days.from, days.to, config.timezone);
  for (const page of csvPages(source, span)) await printText(page);
}

async function printReport(
  source: ReportSource,
  days: Days,
  { locale, timezone }: Config,
  format: 'table' | 'json' | 'html',
): Promise<void> {
  const { systemClock } = await import('../clock.ts');
  const { makeReport } = await import('../report/make.ts');
  const report = makeReport(source, { ...days, timezone, now: systemClock.now() });
  if (!report.tiesOut) process.exitCode = EXIT.trouble;
  if (format === 'json') return print(JSON.stringify(report, null, 2));
  if (format === 'html')
    return printText((await import('../report/page.ts')).pageOf(report, { locale }));
  return printTables(report, locale);
}

async function printTables(report: Report, locale: 'ko' | 'en'): Promise<void> {
  const { factsOf, sectionsOf } = await import('../report/sections.ts');
  const { table } = await import('./table.ts');
  const { textsOf } = await import('../texts.ts');
  print(table(['', ''], factsOf(report, { locale })).trim());
  for (const { title, head, rows, note } of sectionsOf(report, { locale })) {
    print(`\n${title}`);
    const kinds = head.map(({ kind }) => (kind === 'number' ? kind : 'text'));
    if (rows.length > 0)
      print(
        table(
          head.map(({ text }) => text),
          rows,
          kinds,
        ),
      );
    if (note !== null) print(note);
  }
  if (!report.tiesOut) say(textsOf(locale).report.tiesNot(report.differences.length));
}
