import type { Clock } from '../clock.ts';
import type { SilenceCause } from '../core/gateway.ts';
import { type DurationMs, SECOND_MS } from '../core/time.ts';
import type { HttpPeer, HttpReply } from './http.ts';
import { readAcceptedKey, readRefusal, saysNothingRecorded } from './pg-simulator-reading.ts';
import type { Asked, Exchange, GatewaySettings, PaymentRequest, RequestOutcome } from './port.ts';

/** Where the gateway keeps payments. */
export const PAYMENTS_PATH = '/api/v1/payments';

/** Tries of one payment request, the first included: at 40 % failures one order in forty is still not reached. */
export const MAX_TRIES = 4;

/** No wait between two tries is longer: somebody waits at the till. */
const MAX_BACKOFF_MS: DurationMs = 5 * SECOND_MS;

/** How the tries of one request are spread. */
export interface Backoff {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** The longest wait before the second try; doubles with each further one. */
  readonly backoffMs: DurationMs;
}

/**
 * Sends a payment request. It is repeated only where nothing can have been recorded: no byte was sent, or the gateway
 * said its documented 500. Every accepted request is another charge, so any doubt ends the tries with `nobody_knows`.
 */
export async function sendRequest(
  peer: HttpPeer,
  settings: GatewaySettings,
  request: PaymentRequest,
  backoff: Backoff,
): Promise<Asked<RequestOutcome>> {
  const exchanges: Exchange[] = [];
  for (let tries = 1; ; tries += 1) {
    const reply = await peer.exchange({
      method: 'POST',
      path: PAYMENTS_PATH,
      headers: {
        'content-type': 'application/json',
        ...userHeader(settings, request.userId),
      },
      body: JSON.stringify({
        orderId: request.orderId,
        cardType: request.cardType,
        cardNo: request.cardNo,
        amount: request.amount,
        callbackUrl: settings.callbackUrl,
      }),
      deadlineMs: settings.lookupTimeoutMs,
    });
    const outcome = readOutcome(reply);
    const understood = outcome.kind === 'accepted' || outcome.kind === 'refused';
    exchanges.push(measured('request', reply, understood ? 'answered' : 'unreadable'));
    if (outcome.kind !== 'not_reached' || tries === MAX_TRIES) return { outcome, exchanges };
    await pause(backoff, tries);
  }
}

/** The user that reads and requests are scoped to. Header values are bytes: other scripts than Latin go as UTF-8. */
export function userHeader(settings: GatewaySettings, memberId: string): Record<string, string> {
  const user = settings.userId === 'member' ? memberId : settings.userId;
  return { 'x-user-id': Buffer.from(user, 'utf8').toString('latin1') };
}

/** An exchange as metrics, limits and the circuit see it; `result` is what the JSON of the reply turned out to be. */
export function measured(
  kind: Exchange['kind'],
  reply: HttpReply,
  result: 'answered' | SilenceCause,
): Exchange {
  const { status, durationMs } = reply;
  if (reply.kind === 'json') return { kind, durationMs, result, status, retryAfterMs: null };
  // A refusal in the gateway's own words is an answer, although its status is that of an error.
  const heard = result === 'answered' ? result : reply.cause;
  return { kind, durationMs, result: heard, status, retryAfterMs: reply.retryAfterMs };
}

function readOutcome(reply: HttpReply): RequestOutcome {
  if (reply.kind === 'json') {
    const key = readAcceptedKey(reply.status, reply.body);
    return key === null ? { kind: 'nobody_knows', cause: 'unreadable' } : { kind: 'accepted', key };
  }
  const { cause, status, body, sent } = reply;
  const reason = readRefusal(status, body);
  if (reason !== null) return { kind: 'refused', reason };
  const nothingRecorded = !sent || saysNothingRecorded(status, body);
  return { kind: nothingRecorded ? 'not_reached' : 'nobody_knows', cause };
}

/** Exponential with full jitter, so that many requests that failed together do not come back together. */
function pause({ clock, random, backoffMs }: Backoff, tries: number): Promise<void> {
  const longestMs = Math.min(backoffMs * 2 ** (tries - 1), MAX_BACKOFF_MS);
  return new Promise((resolve) => {
    clock.after(random() * longestMs, resolve);
  });
}
