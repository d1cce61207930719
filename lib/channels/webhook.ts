import { createHmac } from 'node:crypto';
import { type Clock, systemClock, toIso } from '../clock.ts';
import type { FailureCause, Receipt } from '../core/delivery.ts';
import type { DatedEffect } from '../core/effect.ts';
import { type DurationMs, HOUR_MS, SECOND_MS } from '../core/time.ts';
import { readRetryAfter } from '../retry-after.ts';
import { ForbiddenAddress, isPrivateAddress, literalAddress } from './addresses.ts';
import { detailText } from './detail.ts';
import type { Channel, Message, WebhookSettings } from './port.ts';
import { openPosting, type Posted, post } from './post.ts';

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
      return receiptOf(posted, settings, clock);
    },
    close: () => void agent.destroy().catch(() => undefined),
  };
}

/** A receiver that asks for a longer pause is tried again after this one. */
const MAX_RETRY_AFTER_MS: DurationMs = HOUR_MS;

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

function receiptOf(posted: Posted, settings: WebhookSettings, clock: Clock): Receipt {
  if (posted.kind === 'timeout') {
    return failed('timeout', `no answer within ${settings.timeoutMs / SECOND_MS} s`);
  }
  if (posted.kind === 'failed') {
    const [cause, words] = troubleOf(posted.error);
    return failed(cause, detailText(settings, words));
  }
  const { status, header, text } = posted;
  const detail = detailText(settings, `${status} ${text}`);
  if (status >= 200 && status < 300) return { kind: 'delivered', detail };
  if (status >= 300 && status < 400) {
    return failed(
      'redirected',
      `${status}: redirects are not followed, url has to be the last one`,
    );
  }
  const isPause = status === 429 || status === 503;
  const asked = { retryAfter: header('retry-after'), date: header('date') };
  const retryAfterMs = isPause ? readRetryAfter(asked, clock.now(), MAX_RETRY_AFTER_MS) : null;
  const cause = causeOf(status, retryAfterMs);
  return { kind: 'failed', cause, permanent: status === 410, retryAfterMs, detail };
}

function causeOf(status: number, retryAfterMs: DurationMs | null): FailureCause {
  if (status === 429 || retryAfterMs !== null) return 'rate_limited';
  return status >= 500 ? 'server_error' : 'rejected';
}

/** Why there is no reply, and in words. Unknown codes are those of TLS and of the operating system. */
export function troubleOf(error: unknown): readonly [FailureCause, string] {
  if (error instanceof ForbiddenAddress) {
    return [
      'forbidden_address',
      `${error.message}: this machine and private networks are refused. Write allow_private = true if that is meant.`,
    ];
  }
  // Each address of a name was tried.
  if (error instanceof AggregateError && error.errors.length > 0) return troubleOf(error.errors[0]);
  const words = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return ['timeout', words];
    case 'UND_ERR_INVALID_ARG':
    case 'UND_ERR_NOT_SUPPORTED':
      return ['configuration', words];
    case 'UND_ERR_CLOSED':
    case 'UND_ERR_DESTROYED':
      return ['stopping', words];
    default:
      return ['connection', words];
  }
}

function failure(error: unknown): Posted {
  return { kind: 'failed', error };
}

function failed(cause: FailureCause, detail: string): Receipt {
  return { kind: 'failed', cause, permanent: false, retryAfterMs: null, detail };
}
