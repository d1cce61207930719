import { validate } from 'node-cron';

/** True for an expression that the scheduler accepts. */
export function isCron(written: string): boolean {
  return written.trim().split(/\s+/).length >= 5 && validate(written);
}

/** The time zone when none is named. */
export const STANDARD_TIMEZONE = 'Asia/Seoul';

/** True for a time zone that this machine knows. */
export function isTimeZone(written: string): boolean {
  // An offset such as "+09:00" is accepted by Intl but not by the scheduler.
  if (!/^[A-Za-z]/.test(written)) return false;
  // The default needs no proof, and to load the zones of the world is a tenth of a start.
  if (written === STANDARD_TIMEZONE) return true;
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

/** True for an absolute http(s) address that something is sent to: a query may stand in it, credentials and a fragment not. */
export function isTarget(written: string): boolean {
  if (!/^https?:\/\/[^\s]+$/.test(written) || !URL.canParse(written)) return false;
  const { username, password, hash } = new URL(written);
  return username === '' && password === '' && hash === '';
}

/** True for an address of people's own, with `{id}` somewhere behind the host. */
export function isOrderUrl(written: string): boolean {
  if (!/^https?:\/\/[^\s{}/?#]+[/?#]\S*\{id\}\S*$/.test(written)) return false;
  const filled = written.replaceAll('{id}', 'x');
  if (!URL.canParse(filled)) return false;
  const { username, password } = new URL(filled);
  return username === '' && password === '';
}

/** True for `ops@shop.example` or `Shop <ops@shop.example>`: one address, and nothing that could make two of it. */
export function isMailAddress(written: string): boolean {
  const named = /^[^<>@,;:"\\\p{Cc}]{1,64} <([^<>]+)>$/u.exec(written);
  return /^[^\s<>@,;:"\\()[\]\p{Cc}]{1,64}@[\p{L}\p{M}\p{N}.-]{1,253}$/u.test(
    named?.[1] ?? written,
  );
}

/** True for the name or address of a host, without a port. */
export function isHost(written: string): boolean {
  return /^(?:[A-Za-z0-9.-]{1,253}|[0-9A-Fa-f:.]{2,45})$/.test(written);
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
