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
      return partsOf(settings.url);
    case 'email':
      return settings.password === null ? [] : [settings.password];
  }
}

/** Where it goes is no secret; who may go there is often written into the path or the query. */
function partsOf(url: string): readonly string[] {
  if (!URL.canParse(url)) return [url];
  const { pathname, search } = new URL(url);
  return [url, pathname + search, pathname, search];
}
