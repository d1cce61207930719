import { createHmac } from 'node:crypto';
import { type Clock, systemClock, toIso } from '../clock.ts';
import type { DatedEffect } from '../core/effect.ts';
import { SECOND_MS } from '../core/time.ts';
import { ForbiddenAddress, isPrivateAddress, literalAddress } from './addresses.ts';
import type { Channel, Message, WebhookSettings } from './port.ts';
import { openPosting, type Posted, post } from './post.ts';
import { replyReceipt, type Verdict } from './reply.ts';

/**
 * A webhook as Standard Webhooks describes it (standardwebhooks.com): a POST of `{type, timestamp, data}`, signed with each
 * secret. Only 2xx is delivered, and only 410 says never: any other refusal may be a receiver that is being deployed.
 */
export function openWebhook(settings: WebhookSettings, clock: Clock = systemClock): Channel {
  const { origin, pathname, search, hostname } = new URL(settings.url);
  const keys = settings.secrets.map(keyOf);
  const agent = openPosting(settings);
  const literal = literalAddress(hostname);
  const isForbidden = literal !== null && !settings.allowPrivate && isPrivateAddress(literal);
  return {
    async send(message) {
      // A connection to an address resolves nothing, so it would not be looked at on its way.
      const posted = isForbidden
        ? failure(new ForbiddenAddress(hostname))
        : await post(
            agent,
            { origin, path: pathname + search, ...signed(message, keys, clock) },
            settings.timeoutMs,
            clock,
          );
      return replyReceipt(posted, settings, clock, verdictOf);
    },
    close: () => void agent.destroy().catch(() => undefined),
  };
}

// --- what is sent

function signed(message: Message, keys: readonly Buffer[], clock: Clock) {
  const body = JSON.stringify(contentOf(message));
  const seconds = Math.floor(clock.now() / SECOND_MS);
  const text = `${message.id}.${seconds}.${body}`;
  const sign = (key: Buffer) => `v1,${createHmac('sha256', key).update(text).digest('base64')}`;
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'reconciled',
    'webhook-id': message.id,
    'webhook-timestamp': `${seconds}`,
    'webhook-signature': keys.map(sign).join(' '),
  };
  return { headers, body };
}

function keyOf(secret: string): Buffer {
  const prefix = 'whsec_';
  return secret.startsWith(prefix)
    ? Buffer.from(secret.slice(prefix.length), 'base64')
    : Buffer.from(secret, 'utf8');
}

function contentOf({ topic, effects, isTest }: Message): object {
  const [first, ...others] = effects;
  const test = isTest ? { test: true } : {};
  if (first === undefined || others.length > 0) {
    const all = effects.map((one) => ({ timestamp: toIso(one.at), ...dataOf(one) }));
    return { type: topic, timestamp: all.at(-1)?.timestamp, data: { effects: all, ...test } };
  }
  return { type: topic, timestamp: toIso(first.at), data: { ...dataOf(first), ...test } };
}

function dataOf({ topic: _topic, at: _at, since, ...fields }: DatedEffect): object {
  return { ...fields, since: since === null ? null : toIso(since) };
}

// --- what came of it

/** What a receiver's status means. Only 410 says that it will never take anything here again. */
function verdictOf(status: number): Verdict {
  return { cause: status >= 500 ? 'server_error' : 'rejected', permanent: status === 410 };
}

function failure(error: unknown): Posted {
  return { kind: 'failed', error };
}
