import { validate } from 'node-cron';

/** True for an expression that the scheduler accepts. */
export function isCron(written: string): boolean {
  return written.trim().split(/\s+/).length >= 5 && validate(written);
}

/** True for a time zone that this machine knows. */
export function isTimeZone(written: string): boolean {
  // An offset such as "+09:00" is accepted by Intl but not by the scheduler.
  if (!/^[A-Za-z]/.test(written)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: written });
    return true;
  } catch {
    return false;
  }
}

/** True for a currency code in use. */
export function isCurrency(written: string): boolean {
  return Intl.supportedValuesOf('currency').includes(written);
}

/** True for an absolute http(s) address without credentials, query, fragment or a slash at its end. */
export function isWebAddress(written: string): boolean {
  if (!/^https?:\/\/[^\s]+[^/\s]$/.test(written) || !URL.canParse(written)) return false;
  const { username, password, search, hash } = new URL(written);
  return username === '' && password === '' && search === '' && hash === '';
}

/** True for 1 to 64 visible characters. */
export function isWord(written: string): boolean {
  return /^[\p{L}\p{N}\p{P}\p{S}]{1,64}$/u.test(written);
}

/** True for a host that only this machine can reach: 127.0.0.0/8, ::1, localhost. */
export function isLoopback(host: string): boolean {
  return (
    host === 'localhost' || host === '::1' || /^127(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/.test(host)
  );
}

/** The word of `known` that was probably meant; `null` when none comes near. */
export function closest(written: string, known: readonly string[]): string | null {
  const near = known
    .map((word) => ({ word, distance: editDistance(written.toLowerCase(), word.toLowerCase()) }))
    .sort((one, other) => one.distance - other.distance)[0];
  // A third of the letters wrong is still a slip of the hand; more is another word.
  return near !== undefined && near.distance <= Math.max(2, near.word.length / 3)
    ? near.word
    : null;
}

/** Letters to add, drop or change to get from one word to the other. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1];
    for (const [column, other] of [...to].entries()) {
      const changed = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(changed, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
