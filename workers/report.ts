import { messageOf, ReconciledError } from '../lib/errors.ts';
import { stepAside } from '../lib/priority.ts';
import { type CsvPiece, csvPiece } from '../lib/report/csv.ts';
import { type Day, spanOfDays } from '../lib/report/days.ts';
import { publishDraft, readWritten, writeDraft } from '../lib/report/files.ts';
import { makeReport } from '../lib/report/make.ts';
import { missingDays } from '../lib/report/missing.ts';
import { pageOf } from '../lib/report/page.ts';
import type { Drafted } from '../lib/report/port.ts';
import type { Report } from '../lib/report/report.ts';
import { summaryOf } from '../lib/report/sections.ts';
import type {
  DayTask,
  MissingTask,
  OrdersTask,
  ReportSettings,
  TaskResult,
} from '../lib/report/tasks.ts';
import type { ReportSource } from '../lib/store/report-port.ts';
import { openReportSource } from '../lib/store/sqlite/report.ts';

stepAside();

/** The report of a day as JSON, as it was written or as it is now. */
export function report(task: DayTask): TaskResult<string> {
  return result(() => JSON.stringify(written(task) ?? made(task)));
}

/** The same as a page. */
export function page(task: DayTask): TaskResult<string> {
  return result(() => pageOf(written(task) ?? made(task), task));
}

/** A piece of the list of a day's orders. */
export function orders(task: OrdersTask): TaskResult<CsvPiece> {
  const { day, timezone, after, slot } = task;
  return result(() => csvPiece(opened(task), spanOfDays(day, day, timezone), after, slot));
}

/** The days whose reports have to be made up for. */
export function missing(task: MissingTask): TaskResult<readonly Day[]> {
  return result(() => missingDays(opened(task), task));
}

/** Makes and writes a report; nobody sees it yet. */
export function draft(task: DayTask): TaskResult<Drafted> {
  return result(() => {
    const report = made(task);
    writeDraft(task.folder, report, task);
    return {
      day: task.day,
      begins: spanOfDays(task.day, task.day, task.timezone).from,
      orders: report.orders,
      tiesOut: report.tiesOut,
      differences: report.differences.length,
      summary: summaryOf(report, task),
    };
  });
}

/** Lets everybody see it. */
export function publish({ folder, day }: DayTask): TaskResult<null> {
  return result(() => {
    publishDraft(folder, day);
    return null;
  });
}

function written({ folder, day, now }: DayTask): Report | null {
  return readWritten(folder, day, now);
}

function made(task: DayTask): Report {
  const { day, timezone, now } = task;
  return makeReport(opened(task), { from: day, to: day, timezone, now });
}

let source: ReportSource | null = null;

/** One connection for the thread's life; the thread ends when nothing was asked for a while. */
function opened({ database }: ReportSettings): ReportSource {
  source ??= openReportSource(database);
  return source;
}

function result<T>(work: () => T): TaskResult<T> {
  try {
    return { kind: 'done', value: work() };
  } catch (error) {
    if (error instanceof ReconciledError) {
      const { code, message, hint } = error;
      return { kind: 'failed', code, message, hint };
    }
    const message = messageOf(error);
    return { kind: 'failed', code: 'store_failed', message, hint: HINT };
  }
}

const HINT = 'Look whether data_dir can be written and its disk has room.';
