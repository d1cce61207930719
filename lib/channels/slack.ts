import { type FetchFunction, IncomingWebhook } from '@slack/webhook';
import { type Clock, systemClock } from '../clock.ts';
import type { FailureCause, Receipt } from '../core/delivery.ts';
import { type DurationMs, HOUR_MS, SECOND_MS } from '../core/time.ts';
import { readRetryAfter } from '../retry-after.ts';
import { blocksOf, escapeSlack } from './blocks.ts';
import { detailText } from './detail.ts';
import type { Channel, Message, SlackSettings, Style } from './port.ts';
import { openPosting, type Posted, post } from './post.ts';
import { troubleOf } from './webhook.ts';
import { sentenceOf, wordingOf } from './wording.ts';

/**
 * An incoming webhook of Slack. Slack's own client makes the request and we send it: so the reply has a deadline and a bound, no
 * redirect is followed, and Retry-After is read. Slack does not tell a repeat; the key of the message is in its metadata.
 */
export function openSlack(
  settings: SlackSettings,
  style: Style,
  clock: Clock = systemClock,
): Channel {
  const agent = openPosting({ timeoutMs: settings.timeoutMs, allowPrivate: true });
  return {
    async send(message) {
      const exchange: { posted: Posted | null } = { posted: null };
      const fetch: FetchFunction = async (url, init) => {
        const { origin, pathname, search } = new URL(url);
        const { headers = {}, body } = init ?? {};
        const target = { origin, path: pathname + search, headers, body: String(body ?? '') };
        exchange.posted = await post(agent, target, settings.timeoutMs, clock);
        return responseOf(exchange.posted);
      };
      try {
        await new IncomingWebhook(settings.url, { fetch }).send(contentOf(message, style));
      } catch (error) {
        // The client says less of a reply than the reply itself, and throws for all but 2xx.
        if (exchange.posted === null) return internal(error, settings);
      }
      return receiptOf(exchange.posted, settings, clock);
    },
    close: () => void agent.destroy().catch(() => undefined),
  };
}

/** Slack asks for pauses of seconds; whoever asks for more is tried again after this. */
const MAX_RETRY_AFTER_MS: DurationMs = HOUR_MS;

// --- what is sent

function contentOf(message: Message, style: Style) {
  return {
    // Of a message with blocks only previews show it.
    text: escapeSlack(sentenceOf(message, style)),
    blocks: blocksOf(wordingOf(message, style)),
    unfurl_links: false,
    unfurl_media: false,
    metadata: { event_type: 'reconciled', event_payload: { key: message.id } },
  };
}

/** As much of a reply as the client looks at. */
function responseOf(posted: Posted): Awaited<ReturnType<FetchFunction>> {
  if (posted.kind !== 'reply') throw new Error('there is no reply');
  const { status, header, text } = posted;
  return {
    ok: status >= 200 && status < 300,
    status,
    statusText: '',
    url: '',
    headers: { get: (name) => header(name.toLowerCase()) ?? null, entries: () => [] },
    arrayBuffer: async () => new TextEncoder().encode(text).buffer,
    json: async () => JSON.parse(text),
    text: async () => text,
  };
}

// --- what came of it

function receiptOf(posted: Posted | null, settings: SlackSettings, clock: Clock): Receipt {
  if (posted === null || posted.kind === 'timeout') {
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
    return failed('redirected', `${status}: redirects are not followed`);
  }
  const isPause = status === 429 || status === 503;
  const asked = { retryAfter: header('retry-after'), date: header('date') };
  const retryAfterMs = isPause ? readRetryAfter(asked, clock.now(), MAX_RETRY_AFTER_MS) : null;
  const word = text.trim();
  return {
    kind: 'failed',
    cause: causeOf(status, word, retryAfterMs),
    permanent: isForEver(status, word),
    retryAfterMs,
    detail,
  };
}

/** What Slack answers and what it means: docs.slack.dev/messaging/sending-messages-using-incoming-webhooks. */
function causeOf(status: number, word: string, retryAfterMs: DurationMs | null): FailureCause {
  if (status === 429 || retryAfterMs !== null) return 'rate_limited';
  if (status >= 500) return 'server_error';
  // `invalid_token`, `action_prohibited`; a 404 that is not Slack's is an address that is not Slack's.
  const isAboutUs = status === 401 || status === 403 || (status === 404 && !isWord(word));
  return isAboutUs ? 'configuration' : 'rejected';
}

/** `no_service`, `channel_is_archived`: the webhook is gone. `invalid_payload`: it is the message. */
function isForEver(status: number, word: string): boolean {
  return status === 410 || status === 400 || (status === 404 && isWord(word));
}

/** Slack answers with one word; a proxy or another server with something else. */
function isWord(text: string): boolean {
  return /^[a-z]+(?:_[a-z]+)+$/.test(text);
}

function internal(error: unknown, settings: SlackSettings): Receipt {
  return failed('internal', detailText(settings, String(error)));
}

function failed(cause: FailureCause, detail: string): Receipt {
  return { kind: 'failed', cause, permanent: false, retryAfterMs: null, detail };
}
