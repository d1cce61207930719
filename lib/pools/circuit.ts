import type { BreakerSettings } from '../config.ts';
import type { CircuitState } from '../observe/events.ts';

/**
 * A circuit breaker on a clock that is handed in: a sliding window of time, the share of failed or slow exchanges, a
 * minimum of them, a while of being open and then a counted number of trials.
 *
 * opossum, cockatiel and mollitia were looked at: each owns its timers and wraps promises, none has a share of slow calls
 * together with a counted half-open state on an injected clock, and here the calls are made in other threads than the one
 * that keeps the state. So these lines are ours.
 */
export class Circuit {
  readonly #settings: BreakerSettings;
  readonly #window: SlidingWindow;
  #state: CircuitState = 'closed';
  /** Rises with every change of state: evidence of an earlier episode says nothing about this one. */
  #epoch = 0;
  #opensUntilMs = 0;
  #trialsOut = 0;
  #goodTrials = 0;
  #badTrials = 0;

  constructor(settings: BreakerSettings) {
    this.#settings = settings;
    this.#window = new SlidingWindow(settings.windowMs);
  }

  get state(): CircuitState {
    return this.#state;
  }

  /** How long it stays open from now on; 0 unless it is open. */
  openForMs(nowMs: number): number {
    return this.#state === 'open' ? Math.max(0, this.#opensUntilMs - nowMs) : 0;
  }

  /** How many may pass: all, none, or the trials that are left. */
  permits(): number {
    if (this.#state === 'closed') return Number.POSITIVE_INFINITY;
    if (this.#state === 'open') return 0;
    return this.#settings.halfOpen - this.#trialsOut - this.#goodTrials - this.#badTrials;
  }

  /** Lets one pass; `null`: none may. Each permit is handed back once, to `record`. */
  permit(): Permit | null {
    if (this.permits() <= 0) return null;
    const trial = this.#state === 'half_open';
    if (trial) this.#trialsOut += 1;
    return { epoch: this.#epoch, trial };
  }

  /** From open to half open, when its time has come; true: it did. */
  turn(nowMs: number): boolean {
    if (this.#state !== 'open' || nowMs < this.#opensUntilMs) return false;
    this.#become('half_open');
    return true;
  }

  /**
   * What one who passed has found: true for a good exchange, false for a failed or slow one; nothing gives a trial
   * back. A trial counts as one, and as bad when anything of it was. The result names the change of state, if any.
   */
  record(permit: Permit, evidence: readonly boolean[], nowMs: number): CircuitCause | null {
    if (permit.epoch !== this.#epoch) return null;
    return permit.trial ? this.#recordTrial(evidence, nowMs) : this.#recordCalls(evidence, nowMs);
  }

  /** Opens at once, whatever was counted; true: it was not open before. */
  trip(nowMs: number): boolean {
    if (this.#state === 'open') return false;
    this.#become('open');
    this.#opensUntilMs = nowMs + this.#settings.openMs;
    return true;
  }

  #recordCalls(evidence: readonly boolean[], nowMs: number): CircuitCause | null {
    for (const good of evidence) this.#window.add(nowMs, !good);
    const { total, bad } = this.#window.counts(nowMs);
    if (total < this.#settings.minimum || bad / total < this.#settings.failures) return null;
    this.trip(nowMs);
    return 'failures';
  }

  #recordTrial(evidence: readonly boolean[], nowMs: number): CircuitCause | null {
    this.#trialsOut -= 1;
    if (evidence.length === 0) return null;
    if (evidence.includes(false)) this.#badTrials += 1;
    else this.#goodTrials += 1;
    // Decided as soon as the trials that are still out cannot change the share's side any more.
    const { halfOpen, failures } = this.#settings;
    if (this.#badTrials / halfOpen >= failures) {
      this.trip(nowMs);
      return 'trials_failed';
    }
    if ((halfOpen - this.#goodTrials) / halfOpen < failures) {
      this.#become('closed');
      return 'trials_answered';
    }
    return null;
  }

  #become(state: CircuitState): void {
    this.#state = state;
    this.#epoch += 1;
    this.#trialsOut = 0;
    this.#goodTrials = 0;
    this.#badTrials = 0;
    this.#window.clear();
  }
}

/** Why a circuit changed its state. */
export type CircuitCause =
  | 'failures'
  | 'trials_failed'
  | 'trials_answered'
  | 'misconfigured'
  | 'time';

/** Leave to ask once. */
export interface Permit {
  readonly epoch: number;
  readonly trial: boolean;
}

/** The window is kept as so many slices, so that its memory does not grow with traffic; it is exact to a tenth. */
const SLICES = 10;

/** Counts over the last while. */
class SlidingWindow {
  readonly #sliceMs: number;
  #slices: { slot: number; total: number; bad: number }[] = [];

  constructor(windowMs: number) {
    this.#sliceMs = Math.max(1, windowMs / SLICES);
  }

  add(nowMs: number, bad: boolean): void {
    const slot = Math.floor(nowMs / this.#sliceMs);
    let newest = this.#slices.at(-1);
    if (newest === undefined || newest.slot < slot) {
      this.#slices = this.#slices.filter((slice) => slice.slot > slot - SLICES);
      newest = { slot, total: 0, bad: 0 };
      this.#slices.push(newest);
    }
    newest.total += 1;
    if (bad) newest.bad += 1;
  }

  counts(nowMs: number): { readonly total: number; readonly bad: number } {
    const oldest = Math.floor(nowMs / this.#sliceMs) - SLICES;
    let total = 0;
    let bad = 0;
    for (const slice of this.#slices) {
      if (slice.slot <= oldest) continue;
      total += slice.total;
      bad += slice.bad;
    }
    return { total, bad };
  }

  clear(): void {
    this.#slices = [];
  }
}
