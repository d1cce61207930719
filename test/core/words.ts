import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../lib/core/time.ts';

/** The moment at which every row is decided. */
export const NOW = Date.UTC(2026, 0, 15, 3);

/** The order of every row, and what it costs. */
export const ORDER_ID = 'ORDER000001';
export const AMOUNT = 5_000;
export const CURRENCY = 'KRW';

/** The defaults of the configuration. */
export const LADDER_MS = [1, 1, 1, 2, 5, 10, 30, 60].map((minutes) => minutes * MINUTE_MS);
export const HOLD_AFTER_MS = 3 * DAY_MS;
export const WINDOW_MS = 10 * MINUTE_MS;

/** `20m`, `3h`, `2d`, `30s` in milliseconds. */
export function duration(text: string): number {
  const [, digits, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  const unitMs = { s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS }[unit ?? ''];
  if (digits === undefined || unitMs === undefined) throw new Error(`no duration: "${text}"`);
  return Number(digits) * unitMs;
}

/** Splits at a mark that does not stand inside quotes. */
export function split(text: string, mark: ';' | ','): string[] {
  if (text.split('"').length % 2 === 0) throw unknown(text);
  const parts = mark === ';' ? /(?:"[^"]*"|[^;"])+/g : /(?:"[^"]*"|[^,"])+/g;
  return [...text.matchAll(parts)].map(([part]) => part.trim());
}

/** The groups of a pattern that has to match. */
export function match(text: string, pattern: RegExp): (string | undefined)[] {
  const found = pattern.exec(text);
  if (found === null) throw unknown(text);
  return [...found];
}

/** The word, when it is one of these. */
export function oneOf<Word extends string>(words: readonly Word[], word: string | undefined): Word {
  const found = words.find((one) => one === word);
  if (found === undefined) throw unknown(word ?? '');
  return found;
}

/** What a row says that the language has no word for. */
export function unknown(text: string): Error {
  return new Error(`the language of the tables does not know "${text}"`);
}
