import { type FetchFunction, IncomingWebhook } from '@slack/webhook';
import { type Clock, systemClock } from '../clock.ts';
import { type FailureCause, failedReceipt, type Receipt } from '../core/delivery.ts';
import { blocksOf, escapeSlack } from './blocks.ts';
import { detailText } from './detail.ts';
import type { Channel, Message, SlackSettings, Style } from './port.ts';
import { openPosting, type Posted, post } from './post.ts';
import { replyReceipt, type Verdict } from './reply.ts';
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
      const posted = exchange.posted ?? NO_REPLY;
      return pageReceipt(posted, settings) ?? replyReceipt(posted, settings, clock, verdictOf);
    },
    close: () => void agent.destroy().catch(() => undefined),
  };
}

/** The client came back without having asked. */
const NO_REPLY: Posted = { kind: 'timeout' };

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

/** A page that says 200 is of whoever stands before Slack (a proxy, somebody who wants a login): nobody was told anything. */
function pageReceipt(posted: Posted, settings: SlackSettings): Receipt | null {
  if (posted.kind !== 'reply' || posted.status !== 200 || !/^\s*</.test(posted.text)) return null;
  return failedReceipt('configuration', detailText(settings, `200 ${posted.text}`));
}

/** What Slack answers and what it means: docs.slack.dev/messaging/sending-messages-using-incoming-webhooks. */
function verdictOf(status: number, text: string): Verdict {
  const word = text.trim();
  return { cause: causeOf(status, word), permanent: isForEver(status, word) };
}

function causeOf(status: number, word: string): FailureCause {
  if (status >= 500) return 'server_error';
  // `invalid_token`, `action_prohibited`; what is not in Slack's words does not come from Slack.
  const isAboutUs =
    status === 401 || status === 403 || ((status === 400 || status === 404) && !isWord(word));
  return isAboutUs ? 'configuration' : 'rejected';
}

/** `no_service`, `channel_is_archived`: the webhook is gone. `invalid_payload`: it is the message. */
function isForEver(status: number, word: string): boolean {
  return status === 410 || ((status === 400 || status === 404) && isWord(word));
}

/** Slack answers with one word; a proxy or another server with something else. */
function isWord(text: string): boolean {
  return /^[a-z]+(?:_[a-z]+)+$/.test(text);
}

function internal(error: unknown, settings: SlackSettings): Receipt {
  return failedReceipt('internal', detailText(settings, String(error)));
}
