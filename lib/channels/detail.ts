import { boundedText } from '../core/text.ts';
import type { ChannelSettings } from './port.ts';

/**
 * What may stand in the detail of a receipt: one line, bounded, and nothing that the settings keep secret. Receivers repeat what
 * they were asked ("Cannot POST /hooks/…"), and libraries put addresses into their errors.
 */
export function detailText(settings: ChannelSettings, text: string): string {
  const masked = secretsOf(settings).reduce(
    (left, secret) => left.replaceAll(secret, '****'),
    text,
  );
  return boundedText(masked);
}

/** Longest first, so that what is left of a longer one does not show what was around a shorter one. */
function secretsOf(settings: ChannelSettings): readonly string[] {
  const secrets = settingsInSecret(settings).filter((secret) => secret.length > 1);
  return secrets.toSorted((one, other) => other.length - one.length);
}

function settingsInSecret(settings: ChannelSettings): readonly string[] {
  switch (settings.kind) {
    case 'webhook':
      return [...settings.secrets, ...partsOf(settings.url)];
    case 'slack':
      return partsOf(settings.url).filter((part) => part.length >= LEAST_SECRET);
    case 'email':
      return settings.password === null ? [] : passwordForms(settings.user, settings.password);
  }
}

/** As it is, and as it is said to a mail server (AUTH LOGIN and AUTH PLAIN): one that repeats what it heard repeats those. */
function passwordForms(user: string | null, password: string): readonly string[] {
  const said = [password, `\0${user ?? ''}\0${password}`];
  return [password, ...said.map((text) => Buffer.from(text).toString('base64'))];
}

/** Where it goes is no secret; who may go there is often written into the path or the query: all of it, or one piece. */
function partsOf(url: string): readonly string[] {
  if (!URL.canParse(url)) return [url];
  const { pathname, search, searchParams } = new URL(url);
  const raw = search
    .slice(1)
    .split('&')
    .map((pair) => pair.slice(pair.indexOf('=') + 1));
  const segments = pathname.split('/').filter((one) => one.length >= LEAST_SECRET);
  const values = [...raw, ...searchParams.values()].filter((one) => one.length >= LEAST_VALUE);
  return [url, pathname + search, pathname, search, ...segments, ...values];
}

/** A shorter piece of a path may be any word, and to strike it out would strike out words. */
const LEAST_SECRET = 8;

/** The value of a parameter is a secret more often than a word. */
const LEAST_VALUE = 4;
