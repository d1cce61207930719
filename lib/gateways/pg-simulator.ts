import { systemClock } from '../clock.ts';
import type { Answer, Inquiry, SilenceCause, Transaction } from '../core/gateway.ts';
import { type DurationMs, MINUTE_MS } from '../core/time.ts';
import { type HttpPeer, openHttp } from './http.ts';
import { readPgSimulatorCallback } from './pg-simulator-callback.ts';
import { readListing, readLookup } from './pg-simulator-reading.ts';
import {
  type Backoff,
  measured,
  PAYMENTS_PATH,
  sendRequest,
  userHeader,
} from './pg-simulator-request.ts';
import {
  type Asked,
  type Exchange,
  type Gateway,
  type GatewayKind,
  type GatewaySettings,
  MOST_REQUESTS,
} from './port.ts';

/**
 * The pg-simulator: finds payments by key and by order id, takes payment requests, cannot refund.
 *
 * An inquiry fetches each known key. Unless one of them is captured for the order, or when everything is asked for, it
 * also lists by order id and fetches what was not known, so that amounts are compared and a double capture is seen.
 * `complete` means: the listing was heard whole, and every transaction that it names is in `transactions`, as one of this order.
 */
export const pgSimulator: GatewayKind = {
  kind: 'pg-simulator',
  capabilities: {
    canList: true,
    canRefund: false,
    // It settles within five seconds of the request; the rest is for a request that is still on its way.
    paymentWindowMs: 10 * MINUTE_MS,
  },
  callbackOrigin: 'http://localhost:8080',
  connect: (settings) => connectPgSimulator(settings),
  readCallback: readPgSimulatorCallback,
};

/**
 * Keys fetched of those that we name, and again of those that the gateway lists: what a forged callback named must not
 * use up the room for the rest. An order has at most 50 payments; a listing that names more is not taken for complete.
 */
const MAX_FETCHES = (MOST_REQUESTS - 1) / 2;

/** After so many silent keys the rest of them is not asked for: the gateway has other worries. */
const MAX_SILENCES = 3;

/**
 * Connects to a pg-simulator; nothing is sent before the first question. Throws when `baseUrl` is no URL. A test gives a clock and chances of
 * its own.
 */
export function connectPgSimulator(
  settings: GatewaySettings,
  { clock = systemClock, random = Math.random, backoffMs = 200 }: Partial<Backoff> = {},
): Gateway {
  const { baseUrl, connections, connectTimeoutMs } = settings;
  const lookups = openHttp({ baseUrl, connections, connectTimeoutMs, keepAlive: true }, clock);
  // Each request has a connection of its own: a reset of a stale one would leave the payment in doubt for nothing.
  const requests = openHttp({ baseUrl, connections, connectTimeoutMs, keepAlive: false }, clock);
  return {
    inquire: (inquiry) => inquire(lookups, settings, inquiry),
    request: (request) => sendRequest(requests, settings, request, { clock, random, backoffMs }),
    async close() {
      await Promise.all([lookups.close(), requests.close()]);
    },
  };
}

/** After one of these nothing more is asked: the gateway said no, or we are going. */
const TURNS_AWAY: ReadonlySet<SilenceCause | 'answered'> = new Set([
  'rate_limited',
  'misconfigured',
  'stopping',
]);

async function inquire(
  peer: HttpPeer,
  settings: GatewaySettings,
  inquiry: Inquiry,
): Promise<Asked<Answer>> {
  const hearing = new Hearing(peer, settings, inquiry);
  for (const key of new Set(inquiry.keys)) await hearing.fetch(key);
  if (inquiry.listAll || !hearing.captured()) await hearing.list();
  return { outcome: hearing.answer(), exchanges: hearing.exchanges };
}

/** What one inquiry has heard so far. One request at a time: an order takes one place among those in flight. */
class Hearing {
  readonly exchanges: Exchange[] = [];
  readonly #peer: HttpPeer;
  readonly #settings: GatewaySettings;
  readonly #inquiry: Inquiry;
  readonly #found = new Map<string, Transaction>();
  readonly #absent = new Set<string>();
  readonly #silent = new Set<string>();
  #fetches = 0;
  #silences = 0;
  /** It said that it will not answer now; asking on would make it worse. */
  #turnedAway = false;
  /** The first cause. */
  #silence: SilenceCause | null = null;
  /** The longest pause that was asked for. */
  #retryAfterMs: DurationMs | null = null;
  #listed = false;
  #complete = false;

  constructor(peer: HttpPeer, settings: GatewaySettings, inquiry: Inquiry) {
    this.#peer = peer;
    this.#settings = settings;
    this.#inquiry = inquiry;
  }

  captured(): boolean {
    return [...this.#found.values()].some(
      ({ status, orderId }) => status === 'succeeded' && orderId === this.#inquiry.orderId,
    );
  }

  async fetch(key: string): Promise<void> {
    const spent = this.#fetches === MAX_FETCHES || this.#silences === MAX_SILENCES;
    if (spent || this.#turnedAway) return this.#hush(key);
    this.#fetches += 1;
    const path = `/${encodeURIComponent(key.toWellFormed())}`;
    const reading = await this.#ask('lookup', path, (status, body) =>
      readLookup(status, body, key, this.#settings.currency),
    );
    if (reading === null) return this.#hush(key);
    if (reading === 'absent') this.#absent.add(key);
    else this.#found.set(key, reading);
  }

  async list(): Promise<void> {
    if (this.#turnedAway) return;
    const { orderId } = this.#inquiry;
    const path = `?orderId=${encodeURIComponent(orderId)}`;
    const listing = await this.#ask('list', path, (status, body) =>
      readListing(status, body, orderId),
    );
    if (listing === null) return;
    this.#listed = true;
    this.#fetches = 0;
    this.#silences = 0;
    for (const key of listing.keys) {
      const asked = this.#found.has(key) || this.#absent.has(key) || this.#silent.has(key);
      if (!asked) await this.fetch(key);
      // Listed and yet unknown: the gateway contradicts itself, and that is no evidence.
      if (this.#absent.has(key)) this.#hush(key);
    }
    this.#complete = listing.whole && this.#accountsFor(new Set(listing.keys));
    if (!this.#complete) this.#silence ??= 'unreadable';
  }

  answer(): Answer {
    const retry = this.#retryAfterMs === null ? {} : { retryAfterMs: this.#retryAfterMs };
    if (!this.#listed && this.#found.size === 0 && this.#absent.size === 0) {
      return { kind: 'silent', cause: this.#silence ?? 'internal', ...retry };
    }
    return {
      kind: 'statement',
      transactions: [...this.#found.values()],
      absentKeys: [...this.#absent],
      silentKeys: [...this.#silent],
      complete: this.#complete,
      ...(this.#silence === null ? {} : { silence: this.#silence }),
      ...retry,
    };
  }

  /** One request, measured; `null`: we learned nothing from it. */
  async #ask<Reading>(
    kind: 'lookup' | 'list',
    path: string,
    read: (status: number, body: unknown) => Reading | null,
  ): Promise<Reading | null> {
    const reply = await this.#peer.exchange({
      method: 'GET',
      path: PAYMENTS_PATH + path,
      headers: userHeader(this.#settings, this.#inquiry.userId),
      deadlineMs: this.#settings.lookupTimeoutMs,
    });
    const reading = reply.kind === 'json' ? read(reply.status, reply.body) : null;
    const exchange = measured(kind, reply, reading === null ? 'unreadable' : 'answered');
    this.exchanges.push(exchange);
    if (exchange.result !== 'answered') {
      this.#silences += 1;
      this.#silence ??= exchange.result;
      this.#turnedAway ||= TURNS_AWAY.has(exchange.result);
      this.#retryAfterMs = longer(this.#retryAfterMs, exchange.retryAfterMs);
    }
    return reading;
  }

  #hush(key: string): void {
    this.#absent.delete(key);
    this.#silent.add(key);
    this.#silence ??= 'unreadable';
  }

  /**
   * Every listed transaction was fetched and says that it is the order's, and none that does is missing from the list. One that
   * is listed for the order and names another contradicts itself, and that is no evidence that the order has none.
   */
  #accountsFor(listed: ReadonlySet<string>): boolean {
    const ours = [...this.#found.values()].filter(
      ({ orderId }) => orderId === this.#inquiry.orderId,
    );
    return ours.length === listed.size && ours.every(({ key }) => listed.has(key));
  }
}

function longer(one: DurationMs | null, other: DurationMs | null): DurationMs | null {
  if (one === null || other === null) return one ?? other;
  return Math.max(one, other);
}
