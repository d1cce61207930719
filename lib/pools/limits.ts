import type { GatewayConfig } from '../config.ts';
import type { DurationMs } from '../core/time.ts';
import type { Exchange } from '../gateways/port.ts';
import type { CircuitState } from '../observe/events.ts';
import { Circuit, type CircuitCause, type Permit } from './circuit.ts';

/**
 * All that bounds how one gateway is asked: so many orders at once, so many requests a second, the pauses that it asks for
 * and its circuit. Time is an argument (a monotonic clock, in milliseconds); changes of state come back as values.
 */
export class GatewayLimits {
  readonly #settings: LimitSettings;
  readonly #circuit: Circuit;
  readonly #bucket: TokenBucket | null;
  #inFlight = 0;
  #pausedUntilMs = Number.NEGATIVE_INFINITY;
  #answeredAtMs = Number.NEGATIVE_INFINITY;
  #misconfigured = false;
  /** Orders that were called a bad request since one that was answered throughout. */
  readonly #badRequests = new Set<string>();

  constructor(settings: LimitSettings) {
    this.#settings = settings;
    this.#circuit = new Circuit(settings.breaker);
    const { ratePerSecond } = settings;
    this.#bucket = ratePerSecond === null ? null : new TokenBucket(ratePerSecond);
  }

  /** Orders that are being asked about. */
  get inFlight(): number {
    return this.#inFlight;
  }

  get circuit(): CircuitState {
    return this.#circuit.state;
  }

  /** When it last answered something, `-Infinity` when never. */
  get answeredAtMs(): number {
    return this.#answeredAtMs;
  }

  /** What time alone changes: an open circuit becomes half open. To be called before the others. */
  turn(nowMs: number): readonly LimitChange[] {
    return this.#circuit.turn(nowMs) ? [this.#circuitChange('time')] : [];
  }

  /** Whether it must not be asked now and not soon either: then how much longer. `null`: it may be asked, or soon. */
  refusedForMs(nowMs: number): DurationMs | null {
    if (this.#circuit.state === 'open') return Math.ceil(this.#circuit.openForMs(nowMs));
    const pauseMs = this.#pausedUntilMs - nowMs;
    return pauseMs > SHORT_PAUSE_MS ? Math.ceil(pauseMs) : null;
  }

  /** Orders that could be asked about at once, leaving the rate and pauses aside. */
  freeSlots(): number {
    return Math.max(
      0,
      Math.min(this.#settings.maxInFlight - this.#inFlight, this.#circuit.permits()),
    );
  }

  /** Takes a slot, to be given back with `release`, and with it one request. */
  admit(nowMs: number): Admission {
    if (this.refusedForMs(nowMs) !== null || this.freeSlots() === 0) return { kind: 'full' };
    const waitMs = Math.max(this.#pausedUntilMs - nowMs, this.#bucket?.waitMs(nowMs) ?? 0);
    if (waitMs > 0) return { kind: 'wait', waitMs: Math.ceil(waitMs) };
    const permit = this.#circuit.permit();
    if (permit === null) return { kind: 'full' };
    this.#bucket?.charge(1, nowMs);
    this.#inFlight += 1;
    return { kind: 'admitted', permit };
  }

  /** Leave for an order that is to begin as soon as another one is done, in its slot; `null`: first it must be seen how that goes. */
  ahead(nowMs: number): Permit | null {
    const isPlain = this.#bucket === null && this.#circuit.state === 'closed';
    return isPlain && this.#pausedUntilMs <= nowMs ? this.#circuit.permit() : null;
  }

  /** The slot is free again. */
  release(): void {
    this.#inFlight -= 1;
  }

  /**
   * What the requests about one order came to; none when they were lost on the way. Once for every admitted order, so
   * that a trial that brought nothing can be made again. Requests beyond the first are charged here, as a debt.
   */
  heard(
    permit: Permit,
    orderId: string,
    exchanges: readonly Exchange[],
    nowMs: number,
  ): readonly LimitChange[] {
    const changes: LimitChange[] = [];
    if (exchanges.length > 1) this.#bucket?.charge(exchanges.length - 1, nowMs);
    for (const exchange of exchanges) this.#pause(exchange, nowMs);
    const blamed = this.#blame(orderId, exchanges, nowMs);
    if (blamed !== null && !this.#misconfigured) {
      this.#misconfigured = true;
      changes.push({ kind: 'misconfigured', status: blamed.status });
    }
    const evidence = blamed === null ? evidenceOf(exchanges, this.#settings.breaker.slowMs) : [];
    const cause = this.#circuit.record(permit, evidence, nowMs);
    if (cause !== null) changes.push(this.#circuitChange(cause));
    if (blamed !== null && this.#circuit.trip(nowMs)) {
      changes.push(this.#circuitChange('misconfigured'));
    }
    return changes;
  }

  #pause(exchange: Exchange, nowMs: number): void {
    // "Again after 0 seconds" beside a refusal is no leave to go on.
    const unsaid = exchange.result === 'rate_limited' ? UNSAID_PAUSE_MS : 0;
    const asked = exchange.retryAfterMs || unsaid;
    if (asked <= 0) return;
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, nowMs + Math.min(asked, LONGEST_PAUSE_MS));
  }

  /** A refused key or a wrong path is the configuration's fault; a bad request only when it is not about one order. */
  #blame(orderId: string, exchanges: readonly Exchange[], nowMs: number): Exchange | null {
    const answered = exchanges.some(({ result }) => result === 'answered');
    if (answered) this.#answeredAtMs = nowMs;
    const refused = exchanges.find(({ result }) => result === 'misconfigured');
    if (refused !== undefined) return refused;
    // A request that we pass on for the shop may be bad in itself (a card number of the wrong form).
    const bad = exchanges.find(
      ({ kind, result }) => kind !== 'request' && result === 'bad_request',
    );
    if (bad !== undefined) {
      this.#badRequests.add(orderId);
      if (this.#badRequests.size < BAD_REQUESTS_IN_A_ROW) return null;
      this.#badRequests.clear();
      return bad;
    }
    if (answered) {
      this.#badRequests.clear();
      // The next refusal is news again.
      this.#misconfigured = false;
    }
    return null;
  }

  #circuitChange(cause: CircuitCause): LimitChange {
    return { kind: 'circuit', state: this.#circuit.state, cause };
  }
}

/** What of a gateway's configuration bounds how it is asked. */
export type LimitSettings = Pick<GatewayConfig, 'maxInFlight' | 'ratePerSecond' | 'breaker'>;

/** `full`: something has to come back first; `wait`: so long, by the rate or a short pause. */
type Admission =
  | { readonly kind: 'admitted'; readonly permit: Permit }
  | { readonly kind: 'full' }
  | { readonly kind: 'wait'; readonly waitMs: DurationMs };

/** What people should hear of. `misconfigured` comes once until the gateway answers again. */
export type LimitChange =
  | { readonly kind: 'circuit'; readonly state: CircuitState; readonly cause: CircuitCause }
  | { readonly kind: 'misconfigured'; readonly status: number | null };

/** A pause up to this long is waited for in the queue; a longer one turns orders away, so that no lease waits it out. */
const SHORT_PAUSE_MS: DurationMs = 5_000;

/** A gateway that asks for more is asked again after this: a wrong header must not silence it for days. */
export const LONGEST_PAUSE_MS: DurationMs = 15 * 60_000;

/** After a 429 that does not say how long. */
const UNSAID_PAUSE_MS: DurationMs = 1_000;

/** One order can be bad in itself, even two; three different ones in a row are not. */
const BAD_REQUESTS_IN_A_ROW = 3;

/** What each exchange says about the gateway's health: true for good, false for bad; some say nothing. */
function evidenceOf(exchanges: readonly Exchange[], slowMs: DurationMs): readonly boolean[] {
  return exchanges.flatMap((exchange) => {
    const health = healthOf(exchange);
    if (health === null) return [];
    return [health && exchange.durationMs <= slowMs];
  });
}

function healthOf({ kind, result }: Exchange): boolean | null {
  switch (result) {
    case 'answered':
      return true;
    case 'server_error':
      // 40 % of the payment requests end so at the first users' gateway on a normal day.
      return kind === 'request' ? null : false;
    case 'timeout':
    case 'connection':
    case 'unreadable':
    case 'redirected':
      return false;
    case 'bad_request':
      // It is there and it reads what we send.
      return kind === 'request' ? null : true;
    case 'rate_limited':
    case 'misconfigured':
    case 'circuit_open':
    case 'stopping':
    case 'internal':
      return null;
  }
}

/**
 * Requests a second. It holds a twentieth of a second's worth, so that a timer that is late costs no throughput and any
 * one second sees at most 5 % more than the rate; it can be in debt.
 */
class TokenBucket {
  readonly #perMs: number;
  readonly #capacity: number;
  #tokens: number;
  #filledAtMs = Number.NEGATIVE_INFINITY;

  constructor(ratePerSecond: number) {
    this.#perMs = ratePerSecond / 1_000;
    this.#capacity = Math.max(1, ratePerSecond / 20);
    this.#tokens = this.#capacity;
  }

  /** How long until one request may leave; 0: now. */
  waitMs(nowMs: number): DurationMs {
    this.#fill(nowMs);
    // A hair less than one is one: refilling adds up fractions.
    return this.#tokens >= 1 - 1e-9 ? 0 : (1 - this.#tokens) / this.#perMs;
  }

  charge(requests: number, nowMs: number): void {
    this.#fill(nowMs);
    this.#tokens -= requests;
  }

  #fill(nowMs: number): void {
    const grown = this.#tokens + (nowMs - this.#filledAtMs) * this.#perMs;
    this.#tokens = Math.min(this.#capacity, grown);
    this.#filledAtMs = nowMs;
  }
}
