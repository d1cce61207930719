import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS } from '../core/time.ts';
import type { Span } from '../store/report-port.ts';

/** A calendar day, `2026-11-24`. It means something only together with a time zone. */
export type Day = string;

/** A stretch of a day that lies within one hour of the wall clock. */
interface Slice extends Span {
  /** 0–23, as the clock on the wall of the zone shows it. */
  readonly hour: number;
}

/** True for a day of the calendar, written as ISO 8601 has it, that has one after it: days are compared as they are written. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  return isoDay(midnightUtc(text)) === text && dayAfter(text) > text;
}

/** The day after (or, with a negative number, before) so many days. */
export function dayAfter(day: Day, days = 1): Day {
  return isoDay(midnightUtc(day) + days * DAY_MS);
}

/** The day that a clock on the wall of the zone shows. */
export function dayOf(at: Instant, timezone: string): Day {
  return formatOf(timezone).format(at).slice(0, 10);
}

/** From the first instant of `from` to the end of `to`, whatever length the zone gives its days. */
export function spanOfDays(from: Day, to: Day, timezone: string): Span {
  return { from: startOf(from, timezone), until: startOf(dayAfter(to), timezone) };
}

/**
 * The first instant of a day. It is 00:00 nearly always, and 01:00 where summer time begins at midnight; found by what the zone
 * says of instants around it, so that no rule about offsets has to be known.
 */
function startOf(day: Day, timezone: string): Instant {
  const middle = midnightUtc(day);
  let before = middle - WIDEST_OFFSET_MS;
  let from = middle + WIDEST_OFFSET_MS;
  while (from - before > 1) {
    const between = Math.floor((before + from) / 2);
    if (dayOf(between, timezone) < day) before = between;
    else from = between;
  }
  return from;
}

/**
 * The part of a day that an instant lies in, or would lie in. Parts are so short that each is within one hour of the wall clock
 * (zones change by quarters of an hour), and that what is sorted of one stays in memory.
 */
export function sliceAt(at: Instant, day: Span, timezone: string): Slice {
  const from = day.from + Math.floor((at - day.from) / SLICE_MS) * SLICE_MS;
  return { from, until: Math.min(from + SLICE_MS, day.until), hour: hourOf(from, timezone) };
}

/** A quarter of an hour: no zone in use changes in finer steps. */
const SLICE_MS = 15 * MINUTE_MS;

/** Zones lie between −12 and +14 hours; two more for a change of summer time. */
const WIDEST_OFFSET_MS = 16 * HOUR_MS;

function hourOf(at: Instant, timezone: string): number {
  return Number(formatOf(timezone).format(at).slice(11, 13));
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** The Swedish way of writing dates is the ISO one: `2026-11-24 15:04`. */
function formatOf(timezone: string): Intl.DateTimeFormat {
  const known = formats.get(timezone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: timezone,
    dateStyle: 'short',
    timeStyle: 'short',
  });
  formats.set(timezone, format);
  return format;
}

function midnightUtc(day: Day): Instant {
  const [year = 0, month = 0, date = 0] = day.split('-').map(Number);
  return Date.UTC(year, month - 1, date);
}

function isoDay(at: Instant): Day {
  return dayOf(at, 'UTC');
}
