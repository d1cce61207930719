/** A moment in UTC, in milliseconds since 1970. Only `clock.ts` reads the present one. */
export type Instant = number;

/** A length of time in whole milliseconds. Names of such values end in `Ms`. */
export type DurationMs = number;

export const SECOND_MS: DurationMs = 1_000;
export const MINUTE_MS: DurationMs = 60 * SECOND_MS;
export const HOUR_MS: DurationMs = 60 * MINUTE_MS;
export const DAY_MS: DurationMs = 24 * HOUR_MS;
