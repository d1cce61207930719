import type { z } from 'zod';
import type { ChannelSettings, LogSettings } from '../channels/port.ts';
import type { ChannelConfig } from '../config.ts';
import { TOPICS_FOR_PEOPLE } from '../core/effect.ts';
import { type channelSchema, MAIL_PORTS } from './channels.ts';
import { asTable, type Table } from './file.ts';
import { isTarget } from './rules.ts';
import { readSecret, type SecretForm, type SecretPlaces } from './secrets.ts';

/** The secrets of all channels, by label (`channel[0].url`), and a sentence for each that could not be read. */
interface ChannelSecrets {
  readonly values: ReadonlyMap<string, string>;
  readonly mistakes: readonly string[];
}

/** Fetches them before the tables are checked, so that one report names what is wrong with both. */
export function readChannelSecrets(table: Table, places: SecretPlaces): ChannelSecrets {
  const read = channelSources(table).map(({ label, source, form }) => ({
    label,
    ...readSecret(label, source, places, form),
  }));
  return {
    values: new Map(read.flatMap(({ label, value }) => (value === null ? [] : [[label, value]]))),
    mistakes: read.flatMap(({ mistake }) => mistake ?? []),
  };
}

/** The variables that hold secrets of channels. */
export function channelVariables(table: Table): readonly unknown[] {
  return channelSources(table).map(({ source }) => asTable(source).env);
}

/** The channels as the daemon needs them. Secrets that are not among `secrets` are empty: a command that needs none runs. */
export function buildChannels(
  read: readonly z.output<ReturnType<typeof channelSchema>>[],
  secrets: ChannelSecrets['values'],
): readonly ChannelConfig[] {
  if (read.length === 0) return [THE_LOG];
  return read.map((channel, index) => ({
    settings: buildSettings(channel, (label) => secrets.get(`channel[${index}].${label}`) ?? null),
    topics: channel.topics,
    digestMs: channel.kind === 'webhook' ? 0 : channel.digest,
    maxInFlight: channel.max_in_flight,
  }));
}

/** Without any channel in the file, people find in the daemon's log what they have to act on. */
const THE_LOG: ChannelConfig = {
  settings: { kind: 'log', name: 'log' },
  topics: TOPICS_FOR_PEOPLE,
  digestMs: 0,
  maxInFlight: 1,
};

function buildSettings(
  channel: z.output<ReturnType<typeof channelSchema>>,
  secretAt: (label: string) => string | null,
): ChannelSettings | LogSettings {
  const { name } = channel;
  switch (channel.kind) {
    case 'log':
      return { kind: channel.kind, name };
    case 'webhook':
      return {
        kind: channel.kind,
        name,
        url: channel.url,
        secrets: channel.secrets.flatMap((_, place) => secretAt(`secrets[${place}]`) ?? []),
        allowPrivate: channel.allow_private,
        timeoutMs: channel.timeout,
      };
    case 'slack':
      return { kind: channel.kind, name, url: secretAt('url') ?? '', timeoutMs: channel.timeout };
    case 'email':
      return {
        kind: channel.kind,
        name,
        host: channel.host,
        port: channel.port ?? MAIL_PORTS[channel.security],
        security: channel.security,
        verifyCertificate: channel.verify_certificate,
        user: channel.user === '' ? null : channel.user,
        password: channel.password === undefined ? null : (secretAt('password') ?? ''),
        from: channel.from,
        to: channel.to ?? [],
        topicTo: channel.topic_to,
        connections: channel.max_in_flight,
        timeoutMs: channel.timeout,
      };
  }
}

interface SecretSource {
  readonly label: string;
  readonly source: unknown;
  readonly form: SecretForm;
}

/** Every place in the tables of channels where a secret is named, whatever else is wrong with them. */
function channelSources(table: Table): readonly SecretSource[] {
  const channels: readonly unknown[] = Array.isArray(table.channel) ? table.channel : [];
  return channels.map(asTable).flatMap(({ kind, url, secrets, password }, index) => {
    const at = (label: string) => `channel[${index}].${label}`;
    if (kind === 'slack') return [{ label: at('url'), source: url, form: WEB_ADDRESS }];
    if (kind === 'email') return [{ label: at('password'), source: password, form: PASSWORD }];
    if (kind !== 'webhook' || !Array.isArray(secrets)) return [];
    return secrets.map((source: unknown, place) => ({
      label: at(`secrets[${place}]`),
      source,
      form: SIGNING_SECRET,
    }));
  });
}

const WEB_ADDRESS: SecretForm = {
  holds: (secret) => secret.length <= 4096 && isTarget(secret),
  say: 'holds no http:// or https:// address. Put there what Slack shows as the webhook URL.',
};

const PASSWORD: SecretForm = {
  holds: (secret) => /^\P{Cc}{1,4096}$/u.test(secret),
  say: 'holds no password. Put 1 to 4096 characters on one line there.',
};

/** Standard Webhooks: `whsec_` and base64; any other text is taken as it is. */
const SIGNING_SECRET: SecretForm = {
  holds: (secret) =>
    /^[\x21-\x7e]{1,4096}$/.test(secret) &&
    (!secret.startsWith('whsec_') ||
      /^whsec_(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(secret)) &&
    secret !== 'whsec_',
  say: 'holds no signing secret. Put "whsec_" and base64 there, or other visible ASCII characters without spaces.',
};
