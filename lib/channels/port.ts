import type { Receipt } from '../core/delivery.ts';
import type { DatedEffect, EffectTopic } from '../core/effect.ts';
import type { DurationMs } from '../core/time.ts';

/**
 * One message for one channel: plain data, made on the main thread, rendered and sent in a thread. More than one effect is
 * a digest of one topic.
 */
export interface Message {
  /** The same for every attempt at the same effects; receivers tell a repeat by it. At most 200 characters of printable ASCII. */
  readonly id: string;
  readonly topic: EffectTopic;
  /** Oldest first, at least one, at most `MAX_PARCEL` of the store's port. */
  readonly effects: readonly DatedEffect[];
  /** Nothing happened: a person tries the channel. It says so. */
  readonly isTest: boolean;
}

/** How messages for people are written. */
export interface Style {
  readonly locale: 'ko' | 'en';
  /** Of the times in messages. */
  readonly timezone: string;
  /** Where an order is looked at, with `{id}` in the place of its id; `null`: nothing is linked to. */
  readonly orderUrl: string | null;
}

/** What a channel must know to send. It travels to a thread with each message, secrets included, and is never logged. */
export type ChannelSettings = WebhookSettings | SlackSettings | EmailSettings;

/** The daemon's own log: it is not sent anywhere. */
export interface LogSettings {
  readonly kind: 'log';
  readonly name: string;
}

/** A webhook as Standard Webhooks describes it. */
export interface WebhookSettings {
  readonly kind: 'webhook';
  readonly name: string;
  readonly url: string;
  /** `whsec_…` (base64) or any other text; each signs, the newest first, so that a receiver may change over in its own time. */
  readonly secrets: readonly string[];
  /** True: addresses of the inside network are allowed. */
  readonly allowPrivate: boolean;
  /** The whole request, connect to last byte. */
  readonly timeoutMs: DurationMs;
}

/** An incoming webhook of Slack. */
export interface SlackSettings {
  readonly kind: 'slack';
  readonly name: string;
  /** A secret: who has it can post. */
  readonly url: string;
  readonly timeoutMs: DurationMs;
}

/** A mail server that takes our messages. */
export interface EmailSettings {
  readonly kind: 'email';
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** `tls`: from the first byte; `starttls`: must be upgraded before anything is said; `none`: in the clear. */
  readonly security: 'tls' | 'starttls' | 'none';
  /** False: a certificate that nobody vouches for is taken (a mail server of one's own in one's own network). */
  readonly verifyCertificate: boolean;
  readonly user: string | null;
  readonly password: string | null;
  readonly from: string;
  /** Who gets topics that `topicTo` does not name. */
  readonly to: readonly string[];
  readonly topicTo: Readonly<Partial<Record<EffectTopic, readonly string[]>>>;
  /** Connections at one moment. */
  readonly connections: number;
  readonly timeoutMs: DurationMs;
}

/** What `kind` in a file can say. */
export type ChannelKind = (ChannelSettings | LogSettings)['kind'];

/** An open channel in a thread. */
export interface Channel {
  /** Sends once. Never rejects: whatever goes wrong is a receipt. */
  send(message: Message): Promise<Receipt>;
  /** Waits for nothing. */
  close(): void;
}
