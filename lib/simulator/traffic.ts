import type { Clock } from '../clock.ts';

/** Lookups whose durations are kept: enough for a benchmark, and no leak in a simulator that runs for weeks. */
const MAX_DURATIONS = 1_000_000;

/** What the simulator saw. A request is in flight from its arrival until it is answered or the client hangs up. */
export interface Stats {
  readonly inFlight: number;
  readonly maxInFlight: number;
  /** GETs by key. */
  readonly lookups: number;
  /** GETs by order id. */
  readonly lists: number;
  /** POSTs. */
  readonly requests: number;
  readonly callbacks: { readonly sent: number; readonly failed: number; readonly lost: number };
  /** How long each GET took, in milliseconds, by order id, in the order of their ends. */
  readonly durationsMs: Readonly<Record<string, readonly number[]>>;
}

/** Counts requests. */
export class Traffic {
  readonly counts = { lookups: 0, lists: 0, requests: 0 };
  readonly callbacks = { sent: 0, failed: 0, lost: 0 };
  readonly #clock: Clock;
  readonly #durationsMs = new Map<string, number[]>();
  #durations = 0;
  #inFlight = 0;
  #maxInFlight = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  enter(): Visit {
    this.#inFlight += 1;
    this.#maxInFlight = Math.max(this.#maxInFlight, this.#inFlight);
    const arrivedMs = this.#clock.monotonicMs();
    let left = false;
    const visit: Visit = {
      orderId: null,
      leave: () => {
        if (left) return;
        left = true;
        this.#inFlight -= 1;
        if (visit.orderId !== null)
          this.#keep(visit.orderId, this.#clock.monotonicMs() - arrivedMs);
      },
    };
    return visit;
  }

  stats(): Stats {
    return {
      inFlight: this.#inFlight,
      maxInFlight: this.#maxInFlight,
      ...this.counts,
      callbacks: { ...this.callbacks },
      durationsMs: Object.fromEntries(this.#durationsMs),
    };
  }

  /** Forgets everything but the requests that are in flight. */
  reset(): void {
    Object.assign(this.counts, { lookups: 0, lists: 0, requests: 0 });
    Object.assign(this.callbacks, { sent: 0, failed: 0, lost: 0 });
    this.#durationsMs.clear();
    this.#durations = 0;
    this.#maxInFlight = this.#inFlight;
  }

  #keep(orderId: string, durationMs: number): void {
    if (this.#durations === MAX_DURATIONS) return;
    this.#durations += 1;
    const durations = this.#durationsMs.get(orderId);
    if (durations === undefined) this.#durationsMs.set(orderId, [durationMs]);
    else durations.push(durationMs);
  }
}

/** One request in flight. */
export interface Visit {
  /** The order that a GET turned out to be about. */
  orderId: string | null;
  /** It was answered, or the client hung up. */
  leave(): void;
}
