import {
  DAY_MS,
  type DurationMs,
  HOUR_MS,
  type Instant,
  MINUTE_MS,
  SECOND_MS,
} from '../core/time.ts';
import type { Texts } from '../texts.ts';

/** Writes instants as a clock on the wall of that zone shows them: `2026-11-24 15:04:05`. */
export function momentFormat(timezone: string): (at: Instant) => string {
  // The Swedish way of writing dates is the ISO one.
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: timezone,
    dateStyle: 'short',
    timeStyle: 'medium',
  });
  return (at) => format.format(at);
}

/** A length of time in its two largest units, in the words of a language: `3d 4h`, `1m 5s`, `0s`. */
export function spanOf(lengthMs: DurationMs, units: Texts['units']): string {
  let rest = Math.max(0, Math.round(lengthMs / SECOND_MS)) * SECOND_MS;
  const parts: string[] = [];
  for (const [unit, sizeMs] of UNITS) {
    const count = Math.floor(rest / sizeMs);
    rest -= count * sizeMs;
    if (count > 0) parts.push(`${count}${units[unit]}`);
  }
  return parts.length === 0 ? `0${units.second}` : parts.slice(0, 2).join(' ');
}

const UNITS = [
  ['day', DAY_MS],
  ['hour', HOUR_MS],
  ['minute', MINUTE_MS],
  ['second', SECOND_MS],
] as const;
