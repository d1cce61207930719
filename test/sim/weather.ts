import type { Question } from '../../lib/core/gateway.ts';
import {
  type DurationMs,
  HOUR_MS,
  type Instant,
  MINUTE_MS,
  SECOND_MS,
} from '../../lib/core/time.ts';
import type { PaymentRequest, RequestOutcome } from '../../lib/gateways/port.ts';
import type { Silence, Weather } from '../support/model-asking.ts';
import type { ModelGateway } from '../support/model-gateway.ts';
import type { TurnedClock } from '../support/turned-clock.ts';
import type { Random } from './random.ts';

/** What the weather is around. */
export interface Surroundings {
  readonly clock: TurnedClock;
  readonly gateways: readonly ModelGateway[];
  /** Makes a key that nobody else has. */
  readonly newKey: () => string;
  readonly currencyOf: (orderId: string) => string;
}

/** Everything that goes wrong around the daemon while the weather is bad; nothing does once it has cleared. */
export class BadWeather implements Weather {
  readonly #random: Random;
  readonly #around: Surroundings;
  readonly #outages: readonly Outage[];
  /** The circuit is open, and the gateway is as well as ever. */
  readonly #openings: readonly Outage[];
  /** Requests that reached a gateway or may have, by order. */
  readonly sent = new Map<string, number>();
  /** Orders of which a gateway refused a request at once. */
  readonly refused = new Set<string>();
  /** How bad it is: 0 is fair, 1 a very bad day. */
  badness = 1;

  constructor(random: Random, around: Surroundings) {
    this.#random = random;
    this.#around = around;
    const names = around.gateways.map(({ name }) => name);
    const start = around.clock.trueNow();
    this.#outages = names.flatMap((name) => drawOutages(random, name, start, 30 * MINUTE_MS));
    this.#openings = names.flatMap((name) => drawOutages(random, name, start, 2 * MINUTE_MS));
  }

  latencyMs(): number {
    const usual = this.#random.between(50, 500);
    return this.#random.chance(0.03 * this.badness) ? usual + 3 * SECOND_MS : usual;
  }

  silence(question: Question): Silence | null {
    const out = this.#outageOf(question.gateway) !== null;
    if (!out && !this.#random.chance(0.1 * this.badness)) return null;
    const cause = this.#random.pick([
      'timeout',
      'connection',
      'server_error',
      'rate_limited',
      'unreadable',
    ] as const);
    const reached = !out && this.#random.chance(0.5);
    const wait = { retryAfterMs: this.#random.between(1, 120) * SECOND_MS };
    return { cause, reached, ...(cause === 'rate_limited' ? wait : {}) };
  }

  hears(): boolean {
    return !this.#random.chance(0.05 * this.badness);
  }

  /** The circuit opens a while after the gateway went, and closes a while after it came back. */
  blocked(): readonly string[] {
    const names = this.#around.gateways.map(({ name }) => name);
    return names.filter(
      (name) =>
        this.#outageOf(name, MINUTE_MS) !== null || this.#nowOf(this.#openings, name, 0) !== null,
    );
  }

  request(request: PaymentRequest): RequestOutcome {
    const lot = this.#random.next();
    this.sent.set(request.orderId, (this.sent.get(request.orderId) ?? 0) + 1);
    const gateway = this.#around.gateways.find(({ name }) => name === request.gateway);
    if (lot < 0.2) {
      this.refused.add(request.orderId);
      return { kind: 'refused', reason: '한도초과입니다.' };
    }
    if (lot < 0.4) return { kind: 'not_reached', cause: 'server_error' };
    const key = this.#around.newKey();
    const recorded = lot < 0.9;
    if (recorded && gateway !== undefined) this.#record(gateway, key, request);
    return lot < 0.7 ? { kind: 'accepted', key } : { kind: 'nobody_knows', cause: 'timeout' };
  }

  /** A write of the store never gets to the engine. */
  losesWrite(): boolean {
    return this.#random.chance(0.01 * this.badness);
  }

  /** A COMMIT is on the disk, and the disk says that it is not. */
  syncFails(): boolean {
    return this.#random.chance(0.01 * this.badness);
  }

  /** How long a write lies around before the engine has it. */
  delayMs(): number {
    return this.#random.chance(0.2 * this.badness) ? this.#random.between(1, 2_000) : 0;
  }

  #record(gateway: ModelGateway, key: string, { orderId, amount }: PaymentRequest): void {
    const now = this.#around.clock.trueNow();
    const end = this.#random.chance(0.7) ? ('succeeded' as const) : ('failed' as const);
    gateway.put({
      key,
      orderId,
      currency: this.#around.currencyOf(orderId),
      amount,
      steps: [
        { at: now, status: 'pending' },
        { at: now + this.#random.between(1, 5) * SECOND_MS, status: end },
      ],
    });
  }

  #outageOf(gateway: string, lagMs = 0): Outage | null {
    return this.#nowOf(this.#outages, gateway, lagMs);
  }

  #nowOf(outages: readonly Outage[], gateway: string, lagMs: DurationMs): Outage | null {
    if (this.badness === 0) return null;
    const at = this.#around.clock.trueNow() - lagMs;
    return (
      outages.find((one) => one.gateway === gateway && one.from <= at && at < one.until) ?? null
    );
  }
}

interface Outage {
  readonly gateway: string;
  readonly from: Instant;
  readonly until: Instant;
}

function drawOutages(
  random: Random,
  gateway: string,
  start: Instant,
  longestMs: DurationMs,
): readonly Outage[] {
  return Array.from({ length: random.between(0, 3) }, () => {
    const from = start + random.between(0, 3 * HOUR_MS);
    return { gateway, from, until: from + random.between(MINUTE_MS, longestMs) };
  });
}
