import { type DurationMs, type Instant, SECOND_MS } from './core/time.ts';

/**
 * Retry-After as a length of time, at most `mostMs`: seconds, or a date (measured against the reply's own Date, so that no
 * clock has to agree with another). `null`: there is none that can be read.
 */
export function readRetryAfter(
  headers: { readonly retryAfter: string | undefined; readonly date: string | undefined },
  now: Instant,
  mostMs: DurationMs,
): DurationMs | null {
  const text = headers.retryAfter?.trim() ?? '';
  if (/^\d+$/.test(text)) return Math.min(Number(text) * SECOND_MS, mostMs);
  const until = readHttpDate(text);
  if (until === null) return null;
  const from = readHttpDate(headers.date ?? '') ?? now;
  return Math.min(Math.max(until - from, 0), mostMs);
}

function readHttpDate(text: string): Instant | null {
  if (!/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text)) return null;
  const instant = Date.parse(text);
  return Number.isNaN(instant) ? null : instant;
}
