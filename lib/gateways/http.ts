import type { Agent, Dispatcher } from 'undici';
import type { Clock } from '../clock.ts';
import type { SilenceCause } from '../core/gateway.ts';
import { isDeeplyNested } from '../core/nesting.ts';
import { type DurationMs, HOUR_MS } from '../core/time.ts';
import { readRetryAfter } from '../retry-after.ts';

/** HTTP with one gateway: a connection pool of its own, and replies read totally. */
export interface HttpPeer {
  /** One request and what came of it. Never rejects: whatever goes wrong is a silence. */
  exchange(request: HttpRequest): Promise<HttpReply>;
  /** Waits for what is in flight (each has its deadline); later requests are silences (`stopping`). */
  close(): Promise<void>;
}

/** Of one gateway. */
interface HttpOptions {
  /** Its path is put before the path of every request. Throws in `openHttp` when it is no http(s) URL. */
  readonly baseUrl: string;
  readonly connections: number;
  readonly connectTimeoutMs: DurationMs;
  /** False: every request has a connection of its own, so that none can be lost on a stale one. */
  readonly keepAlive: boolean;
}

/** One request, to be sent as it is. */
interface HttpRequest {
  readonly method: 'GET' | 'POST';
  /** Encoded, with its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** From this call to the last byte of the reply, waiting for a connection included. */
  readonly deadlineMs: DurationMs;
}

/** What a request came to: something to read, or nothing learned. */
export type HttpReply =
  /** 2xx or 404 with a JSON body. */
  | {
      readonly kind: 'json';
      readonly status: number;
      readonly body: unknown;
      readonly durationMs: number;
    }
  | {
      readonly kind: 'silent';
      readonly cause: SilenceCause;
      /** Of the reply, `null` when there was none. */
      readonly status: number | null;
      readonly retryAfterMs: DurationMs | null;
      /** The JSON of an error reply (4xx, 5xx), `undefined` when it had none. */
      readonly body: unknown;
      /** False: certainly not a byte of the request was sent. */
      readonly sent: boolean;
      readonly durationMs: number;
    };

/** A reply longer than this is cut off unread: a thousand times what a gateway has to say about one order. */
export const MAX_REPLY_BYTES = 1024 * 1024;

/** A gateway that asks for a longer pause is asked again after this one. */
const MAX_RETRY_AFTER_MS: DurationMs = HOUR_MS;

/** Opens a connection pool; connections are made when they are needed. */
export function openHttp(options: HttpOptions, clock: Clock): HttpPeer {
  const base = new URL(options.baseUrl);
  const prefix = base.pathname.replace(/\/+$/, '');
  const opened = openAgent(options);
  return {
    async exchange(request) {
      const agent = await opened;
      const startedMs = clock.monotonicMs();
      const target: Dispatcher.DispatchOptions = {
        origin: base.origin,
        path: prefix + request.path,
        method: request.method,
        headers: { accept: 'application/json', ...request.headers },
        body: request.body ?? null,
      };
      let outcome = await attempt(agent, target, request.deadlineMs, clock);
      if (outcome.kind === 'failed' && outcome.unanswered && request.method === 'GET') {
        // A connection that the peer closed while we wrote on it says nothing about the peer; undici repeats only what
        // it has not begun to write. A GET may be repeated, once, within the same deadline. It stays one exchange.
        const leftMs = request.deadlineMs - (clock.monotonicMs() - startedMs);
        if (leftMs > 0) outcome = await attempt(agent, target, leftMs, clock);
      }
      const durationMs = clock.monotonicMs() - startedMs;
      if (outcome.kind === 'reply') {
        return { ...readReply(outcome, clock.now()), durationMs };
      }
      const { cause, status, sent } = outcome;
      return {
        kind: 'silent',
        cause,
        status,
        retryAfterMs: null,
        body: undefined,
        sent,
        durationMs,
      };
    },
    close: () => opened.then((agent) => agent.close()).catch(() => undefined),
  };
}

/**
 * Loads the client, which is most of what a thread has to load. Not at the top: the main thread knows every kind of gateway and talks to none,
 * and its start must be quick. Of the library only this file: its front loads fetch, WebSocket, caches and more, which every thread would
 * pay for.
 */
export async function loadAgent(): Promise<typeof Agent> {
  return (await import('undici/lib/dispatcher/agent.js')).default;
}

async function openAgent(options: HttpOptions): Promise<Agent> {
  const Agent = await loadAgent();
  return new Agent({
    connections: options.connections,
    pipelining: options.keepAlive ? 1 : 0,
    connectTimeout: options.connectTimeoutMs,
    // Whatever NODE_TLS_REJECT_UNAUTHORIZED says to other programs: who could pass for the gateway could invent payments.
    connect: { rejectUnauthorized: true },
    // The deadline of the whole request rules; undici's own two would only be looser ones.
    headersTimeout: 0,
    bodyTimeout: 0,
    // One request per connection: what `connections` bounds, and what a reset can take with it.
    allowH2: false,
  });
}

type Outcome =
  | RawReply
  | {
      readonly kind: 'failed';
      readonly cause: SilenceCause;
      readonly status: number | null;
      readonly sent: boolean;
      /** It was sent, and the connection died before a byte of the reply. */
      readonly unanswered: boolean;
    };

interface RawReply {
  readonly kind: 'reply';
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
}

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** One try. It ends by the deadline whatever the connection does, which is why it is a handler and not `request()`. */
function attempt(
  agent: Agent,
  target: Dispatcher.DispatchOptions,
  deadlineMs: DurationMs,
  clock: Clock,
): Promise<Outcome> {
  return new Promise((resolve) => {
    let controller: Dispatcher.DispatchController | null = null;
    let status: number | null = null;
    let headers: Headers = {};
    let size = 0;
    const chunks: Buffer[] = [];
    let settled = false;

    function settle(outcome: Outcome): void {
      if (settled) return;
      settled = true;
      cancelDeadline();
      resolve(outcome);
    }
    function fail(cause: SilenceCause): void {
      const sent = controller !== null;
      settle({
        kind: 'failed',
        cause,
        status,
        sent,
        unanswered: cause === 'connection' && sent && status === null,
      });
    }
    function giveUp(cause: SilenceCause): void {
      fail(cause);
      controller?.abort(new Error(cause));
    }
    const cancelDeadline = clock.after(deadlineMs, () => giveUp('timeout'));

    const dispatched: Dispatcher.DispatchHandler = {
      onRequestStart(started) {
        // Called when a connection is there and before a byte is written: given up meanwhile, nothing is sent.
        if (settled) started.abort(new Error('given up'));
        else controller = started;
      },
      onRequestUpgrade(_controller, _status, _headers, socket) {
        fail('unreadable');
        socket.destroy();
      },
      onResponseStart(_controller, code, received) {
        status = code;
        headers = received;
      },
      onResponseData(_controller, chunk) {
        size += chunk.length;
        if (size > MAX_REPLY_BYTES) giveUp('unreadable');
        else chunks.push(chunk);
      },
      onResponseEnd() {
        if (status === null) fail('unreadable');
        else settle({ kind: 'reply', status, headers, bytes: Buffer.concat(chunks, size) });
      },
      onResponseError(_controller, error) {
        fail(causeOf(error));
      },
    };
    try {
      agent.dispatch(target, dispatched);
    } catch (error) {
      fail(causeOf(error));
    }
  });
}

/** Why a connection failed us. Unknown codes are those of TLS and of the operating system. */
function causeOf(error: unknown): SilenceCause {
  if (error instanceof Error && error.name === 'HTTPParserError') return 'unreadable';
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'UND_ERR_HEADERS_OVERFLOW':
    case 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH':
    case 'UND_ERR_RES_EXCEEDED_MAX_SIZE':
      return 'unreadable';
    case 'UND_ERR_INVALID_ARG':
    case 'UND_ERR_NOT_SUPPORTED':
      return 'bad_request';
    case 'UND_ERR_CLOSED':
    case 'UND_ERR_DESTROYED':
      return 'stopping';
    default:
      return 'connection';
  }
}

type Reading =
  | { readonly kind: 'json'; readonly status: number; readonly body: unknown }
  | {
      readonly kind: 'silent';
      readonly cause: SilenceCause;
      readonly status: number;
      readonly retryAfterMs: DurationMs | null;
      readonly body: unknown;
      readonly sent: true;
    };

/** A whole reply as JSON, or as the reason why it tells us nothing. */
function readReply(reply: RawReply, now: number): Reading {
  const { status, headers } = reply;
  const body = readJson(headers, reply.bytes);
  const asked = {
    retryAfter: headerText(headers, 'retry-after'),
    date: headerText(headers, 'date'),
  };
  const maySay = status === 429 || status === 503;
  const retryAfterMs = maySay ? readRetryAfter(asked, now, MAX_RETRY_AFTER_MS) : null;
  const cause = causeOfStatus(status, retryAfterMs);
  if (cause === null && body !== undefined) return { kind: 'json', status, body };
  return { kind: 'silent', cause: cause ?? 'unreadable', status, retryAfterMs, body, sent: true };
}

/** `null`: the body of such a reply says something about the question. */
function causeOfStatus(status: number, retryAfterMs: DurationMs | null): SilenceCause | null {
  if (status >= 200 && status < 300) return null;
  if (status >= 300 && status < 400) return 'redirected';
  if (status >= 500) return retryAfterMs === null ? 'server_error' : 'rate_limited';
  switch (status) {
    case 404:
      return null;
    case 401:
    case 403:
    case 407:
      return 'misconfigured';
    case 408:
      return 'timeout';
    case 429:
      return 'rate_limited';
    default:
      return 'bad_request';
  }
}

/** The value of a JSON body in UTF-8; `undefined`: it is none, whatever it says that it is. */
function readJson(headers: Headers, bytes: Uint8Array): unknown {
  const type = headerText(headers, 'content-type') ?? '';
  if (!/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type.trim())) return undefined;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    // The thread asks other gateways as well: what they answered meanwhile would be called too late.
    return isDeeplyNested(text) ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function headerText(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' || value === undefined ? value : value[0];
}
