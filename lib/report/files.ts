import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fromIso } from '../clock.ts';
import type { Instant } from '../core/time.ts';
import { type Day, spanOfDays } from './days.ts';
import { pageOf } from './page.ts';
import type { Report } from './report.ts';
import type { ReportStyle } from './sections.ts';

/** In this order they get their names: a day whose last one is there has all of them. */
const KINDS = ['html', 'json'] as const;

type Kind = (typeof KINDS)[number];

/** Writes both files of a day under names that nobody reads, and does not return before they are on the disk. */
export function writeDraft(folder: string, report: Report, style: ReportStyle): void {
  // 0700: it tells what the shop earns.
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const contents: Readonly<Record<Kind, string>> = {
    html: pageOf(report, style),
    json: `${JSON.stringify(report, null, 2)}\n`,
  };
  try {
    for (const kind of KINDS) writeDurably(draftOf(folder, report.to, kind), contents[kind]);
  } catch (error) {
    dropDraft(folder, report.to);
    throw error;
  }
}

/** It may have taken the last room on the disk. What cannot be removed the next draft of the day replaces. */
function dropDraft(folder: string, day: Day): void {
  for (const kind of KINDS) {
    try {
      rmSync(draftOf(folder, day, kind), { force: true });
    } catch {
      // What is wrong with the folder was told by what failed before.
    }
  }
}

/** Gives the draft of a day its names. Nobody ever sees half a file; a second time it is nothing new. */
export function publishDraft(folder: string, day: Day): void {
  for (const kind of KINDS) {
    if (existsSync(draftOf(folder, day, kind)))
      renameSync(draftOf(folder, day, kind), fileOf(folder, day, kind));
  }
  // The names are on the disk too before anybody is told that the day is done.
  const directory = openSync(folder, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/** Where written reports are, and of which zone their days are. */
export interface WrittenReports {
  readonly folder: string;
  readonly timezone: string;
  readonly now: Instant;
}

/**
 * True when the report of the day is written, whole: one that is none is made again. So is one that was made before the day was over here,
 * in a zone further east: what came after its own end would be in no report.
 */
export function isWritten({ folder, timezone, now }: WrittenReports, day: Day): boolean {
  const madeAt = fromIso(readWritten(folder, day, now)?.madeAt ?? '');
  return madeAt !== null && madeAt >= spanOfDays(day, day, timezone).until;
}

/**
 * The written report of a day; `null`: there is none, somebody broke it, or a clock that was ahead made it: the day was not over, and
 * orders of it that came later are not in it.
 */
export function readWritten(folder: string, day: Day, now: Instant): Report | null {
  try {
    const read: unknown = JSON.parse(readFileSync(fileOf(folder, day, 'json'), 'utf8'));
    return isReport(read) && (fromIso(read.madeAt) ?? 0) <= now ? read : null;
  } catch {
    return null;
  }
}

function fileOf(folder: string, day: Day, kind: Kind): string {
  return join(folder, `${day}.${kind}`);
}

function draftOf(folder: string, day: Day, kind: Kind): string {
  return join(folder, `.${day}.${kind}.draft`);
}

function writeDurably(path: string, content: string): void {
  const file = openSync(path, 'w', 0o600);
  try {
    // Not `writeSync`: on a full disk that writes a part of it and says nothing.
    writeFileSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** It was written by us; this only tells it from a file that was put in its place. */
function isReport(read: unknown): read is Report {
  return (
    typeof read === 'object' &&
    read !== null &&
    'madeAt' in read &&
    typeof read.madeAt === 'string' &&
    'currencies' in read &&
    Array.isArray(read.currencies) &&
    'ties' in read &&
    Array.isArray(read.ties)
  );
}
