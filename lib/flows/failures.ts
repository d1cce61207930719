import type { Clock } from '../clock.ts';
import { DAY_MS, type DurationMs, HOUR_MS, type Instant } from '../core/time.ts';
import type { Exchange } from '../gateways/port.ts';
import type { Event } from '../observe/events.ts';

/**
 * Where few orders come a circuit never opens: too little is asked for a share of it to say something. There a gateway is down that has done
 * nothing but fail for so long, when asked about two orders or more.
 */
export const SILENT_MS: DurationMs = HOUR_MS;

/** The same about one order: that one may be what the gateway does not bear. */
export const SILENT_ABOUT_ONE_MS: DurationMs = DAY_MS;

/** Gateways that do nothing but fail, however seldom they are asked. In memory only: after a restart the time begins anew. */
export class Failures {
  readonly #clock: Clock;
  readonly #failing = new Map<string, Failing>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  heard({ gateway, orderId, exchange }: Extract<Event, { name: 'gateway.exchanged' }>): void {
    switch (saysOfGateway(exchange)) {
      case 'there':
        this.#failing.delete(gateway);
        return;
      case 'away': {
        const known = this.#failing.get(gateway);
        if (known === undefined) {
          const since = { at: this.#clock.now(), ms: this.#clock.monotonicMs() };
          this.#failing.set(gateway, { since, orderId, isAboutOne: true });
        } else if (orderId !== known.orderId) known.isAboutOne = false;
        return;
      }
      case 'nothing':
        return;
    }
  }

  /** True: what was heard of it last was a failure. */
  isFailing(gateway: string): boolean {
    return this.#failing.has(gateway);
  }

  /** Those that have failed for long enough to be down, and since when they fail. */
  down(): readonly { readonly gateway: string; readonly since: Instant }[] {
    const nowMs = this.#clock.monotonicMs();
    return [...this.#failing].flatMap(([gateway, { since, isAboutOne }]) => {
      const isDown = nowMs - since.ms >= (isAboutOne ? SILENT_ABOUT_ONE_MS : SILENT_MS);
      return isDown ? [{ gateway, since: since.at }] : [];
    });
  }
}

interface Failing {
  /** Since when, and the same on monotonic time. */
  readonly since: { readonly at: Instant; readonly ms: number };
  /** The first order that it was asked about. */
  readonly orderId: string;
  isAboutOne: boolean;
}

/** What becomes of a payment request says nothing: at the first users' gateway 40 % of them fail on a normal day. */
function saysOfGateway({ kind, result }: Exchange): 'there' | 'away' | 'nothing' {
  switch (result) {
    case 'answered':
    case 'bad_request':
    case 'rate_limited':
    case 'misconfigured':
      return 'there';
    case 'timeout':
    case 'connection':
    case 'server_error':
    case 'unreadable':
    case 'redirected':
      return kind === 'request' ? 'nothing' : 'away';
    case 'circuit_open':
    case 'stopping':
    case 'internal':
      return 'nothing';
  }
}
