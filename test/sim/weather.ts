import type { Question } from '../../lib/core/gateway.ts';
import { HOUR_MS, type Instant, MINUTE_MS, SECOND_MS } from '../../lib/core/time.ts';
import type { PaymentRequest, RequestOutcome } from '../../lib/gateways/port.ts';
import type { Silence, Weather } from '../support/model-asking.ts';
import type { ModelGateway } from '../support/model-gateway.ts';
import type { TurnedClock } from '../support/turned-clock.ts';
import type { Fate } from './faulty-store.ts';
import type { Random } from './random.ts';

/** Everything that goes wrong around the daemon while the weather is bad; nothing does once it has cleared. */
export class BadWeather implements Weather {
  readonly #random: Random;
  readonly #clock: TurnedClock;
  readonly #gateways: readonly ModelGateway[];
  readonly #outages: readonly Outage[];
  readonly #newKey: () => string;
  /** How bad it is: 0 is fair, 1 a very bad day. */
  #badness = 1;

  constructor(
    random: Random,
    clock: TurnedClock,
    gateways: readonly ModelGateway[],
    newKey: () => string,
  ) {
    this.#random = random;
    this.#clock = clock;
    this.#gateways = gateways;
    this.#newKey = newKey;
    this.#outages = gateways.flatMap(({ name }) => drawOutages(random, name, clock.trueNow()));
  }

  set badness(badness: number) {
    this.#badness = badness;
  }

  latencyMs(): number {
    const usual = this.#random.between(50, 500);
    return this.#random.chance(0.03 * this.#badness) ? usual + 3 * SECOND_MS : usual;
  }

  silence(question: Question): Silence | null {
    const out = this.#outageOf(question.gateway) !== null;
    if (!out && !this.#random.chance(0.1 * this.#badness)) return null;
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
    return !this.#random.chance(0.05 * this.#badness);
  }

  /** The circuit opens a while after the gateway went, and closes a while after it came back. */
  blocked(): readonly string[] {
    return this.#gateways
      .map(({ name }) => name)
      .filter((name) => this.#outageOf(name, MINUTE_MS) !== null);
  }

  request(request: PaymentRequest): RequestOutcome {
    const lot = this.#random.next();
    const gateway = this.#gateways.find(({ name }) => name === request.gateway);
    if (lot < 0.2) return { kind: 'refused', reason: '한도초과입니다.' };
    if (lot < 0.4) return { kind: 'not_reached', cause: 'server_error' };
    const key = this.#newKey();
    const recorded = lot < 0.9;
    if (recorded && gateway !== undefined) this.#record(gateway, key, request);
    return lot < 0.7 ? { kind: 'accepted', key } : { kind: 'nobody_knows', cause: 'timeout' };
  }

  /** What becomes of a write of the store. */
  fate(): Fate {
    return this.#random.chance(0.01 * this.#badness) ? 'lost' : 'well';
  }

  /** A COMMIT is on the disk, and the disk says that it is not. */
  syncFails(): boolean {
    return this.#random.chance(0.01 * this.#badness);
  }

  /** How long a write lies around before the engine has it. */
  delayMs(): number {
    return this.#random.chance(0.2 * this.#badness) ? this.#random.between(1, 2_000) : 0;
  }

  #record(gateway: ModelGateway, key: string, { orderId, amount }: PaymentRequest): void {
    const now = this.#clock.trueNow();
    const end = this.#random.chance(0.7) ? ('succeeded' as const) : ('failed' as const);
    gateway.put({
      key,
      orderId,
      currency: 'KRW',
      amount,
      steps: [
        { at: now, status: 'pending' },
        { at: now + this.#random.between(1, 5) * SECOND_MS, status: end },
      ],
    });
  }

  #outageOf(gateway: string, lagMs = 0): Outage | null {
    if (this.#badness === 0) return null;
    const at = this.#clock.trueNow() - lagMs;
    return (
      this.#outages.find((one) => one.gateway === gateway && one.from <= at && at < one.until) ??
      null
    );
  }
}

interface Outage {
  readonly gateway: string;
  readonly from: Instant;
  readonly until: Instant;
}

function drawOutages(random: Random, gateway: string, start: Instant): readonly Outage[] {
  return Array.from({ length: random.between(0, 3) }, () => {
    const from = start + random.between(0, 3 * HOUR_MS);
    return { gateway, from, until: from + random.between(1, 30) * MINUTE_MS };
  });
}
