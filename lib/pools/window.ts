import type { GatewayConfig } from '../config.ts';
import type { Question, SilenceCause } from '../core/gateway.ts';
import type { DurationMs } from '../core/time.ts';
import type { Exchange, GatewaySettings, PaymentRequest } from '../gateways/port.ts';
import { chunkSize, isFast, leastRoom, RecentLatency, readAhead } from './chunks.ts';
import type { Permit } from './circuit.ts';
import { GatewayLimits, type LimitChange } from './limits.ts';

/**
 * The window of one gateway: what is in flight there and what waits for a slot, first in, first out. Time and the number
 * of threads are arguments.
 */
export class GatewayWindow {
  readonly name: string;
  readonly settings: GatewaySettings;
  readonly maxInFlight: number;
  readonly #limits: GatewayLimits;
  readonly #latency = new RecentLatency();
  readonly #mayChunk: boolean;
  /** At most this many orders are held at once, so that a slow rate does not keep leases for long. */
  readonly #mostHeld: number;
  #waiting: Job[] = [];
  /** Orders that a thread has or that wait here. */
  #held = 0;

  constructor({ settings, maxInFlight, ratePerSecond, breaker }: GatewayConfig) {
    this.name = settings.name;
    this.settings = settings;
    this.maxInFlight = maxInFlight;
    this.#limits = new GatewayLimits({ maxInFlight, ratePerSecond, breaker });
    // Inside a chunk nobody counts requests a second.
    this.#mayChunk = ratePerSecond === null;
    this.#mostHeld =
      ratePerSecond === null
        ? Number.POSITIVE_INFINITY
        : Math.max(1, Math.ceil(ratePerSecond * HELD_SECONDS));
  }

  get inFlight(): number {
    return this.#limits.inFlight;
  }

  /** True: its orders travel in chunks at present, which are laid out once a turn of the event loop. */
  get isChunked(): boolean {
    return isFast(this.#median());
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  turn(nowMs: number): readonly LimitChange[] {
    return this.#limits.turn(nowMs);
  }

  /** How much longer it must not be asked; `null`: it may be. */
  refusedForMs(nowMs: number): DurationMs | null {
    return this.#limits.refusedForMs(nowMs);
  }

  answeredSince(sinceMs: number): boolean {
    return this.#limits.answeredAtMs >= sinceMs;
  }

  /** How many more orders may come without the queue growing beyond its read-ahead; below 0: it has. */
  room(nowMs: number, threads: number): number {
    if (this.refusedForMs(nowMs) !== null) return 0;
    if (this.#limits.circuit === 'half_open') {
      return this.#limits.freeSlots() - this.#waiting.length;
    }
    const medianMs = this.#median();
    const ahead = readAhead(this.maxInFlight, threads, medianMs);
    const room = Math.min(this.maxInFlight + ahead, this.#mostHeld) - this.#held;
    return room < leastRoom(ahead, medianMs) ? Math.min(room, 0) : room;
  }

  /** False: the queue is full, the job was not taken. */
  add(job: Job): boolean {
    if (this.#waiting.length >= LONGEST_QUEUE) return false;
    this.#waiting.push(job);
    this.#held += 1;
    return true;
  }

  /** Everything that waits, taken out of the queue: it will not be asked. */
  drain(): readonly Job[] {
    const drained = this.#waiting;
    this.#waiting = [];
    this.#held -= drained.length;
    return drained;
  }

  /** The next that may leave; a number: how long until one may, by time alone; `null`: something has to come back first. */
  next(nowMs: number, threads: number): Chunk | DurationMs | null {
    const first = this.#waiting[0];
    if (first === undefined) return null;
    const size = this.#sizeOfNext(first, threads);
    if (size > 1 && this.#isSplit(size, threads)) return null;
    const admission = this.#limits.admit(nowMs);
    if (admission.kind === 'full') return null;
    if (admission.kind === 'wait') return admission.waitMs;
    const jobs = this.#waiting.splice(0, size);
    let lanes = 1;
    while (lanes < Math.min(jobs.length, this.#share(threads))) {
      if (this.#limits.admit(nowMs).kind !== 'admitted') break;
      lanes += 1;
    }
    return new Chunk(this, jobs, lanes, admission.permit);
  }

  /** What became of one order that was let through. */
  heard(
    permit: Permit,
    orderId: string,
    exchanges: readonly Exchange[],
    nowMs: number,
  ): readonly LimitChange[] {
    this.#held -= 1;
    for (const exchange of exchanges) this.#latency.add(exchange.durationMs);
    return this.#limits.heard(permit, orderId, exchanges, nowMs);
  }

  release(): void {
    this.#limits.release();
  }

  /** Orders that a thread gave back unasked, first in the queue again; the gateway is not fast any more. */
  takeBack(jobs: readonly Job[]): void {
    this.#waiting.unshift(...jobs);
    this.#latency.forget();
  }

  #sizeOfNext(first: Job, threads: number): number {
    if (first.kind === 'request' || !this.#mayChunk || this.#limits.circuit !== 'closed') return 1;
    const size = chunkSize(this.#waiting.length, threads, this.#median(), {
      share: this.#share(threads),
      free: this.#limits.freeSlots(),
    });
    const stop = this.#waiting.findIndex((job, at) => at >= size || job.kind === 'request');
    return stop === -1 ? this.#waiting.length : stop;
  }

  /**
   * The slots of a chunk come free one after the other. A chunk that left on the first of them would keep that one lane to its
   * end, however many orders it holds: it waits for the others, and they take no longer than one exchange.
   */
  #isSplit(size: number, threads: number): boolean {
    const free = this.#limits.freeSlots();
    return this.inFlight > 0 && free < Math.min(size, this.#share(threads));
  }

  /** What a thread gets of the window; what is over goes to whoever comes next. */
  #share(threads: number): number {
    return Math.max(1, Math.floor(this.maxInFlight / threads));
  }

  #median(): DurationMs | null {
    return this.#mayChunk ? this.#latency.median() : null;
  }
}

/** What waits for a slot of one gateway. */
export type Job = AskJob | RequestJob;

/** The questions of one order to one gateway. */
export interface AskJob {
  readonly kind: 'ask';
  readonly orderId: string;
  readonly questions: readonly Question[];
}

/** A payment request; it travels alone. */
export interface RequestJob {
  readonly kind: 'request';
  readonly orderId: string;
  readonly request: PaymentRequest;
}

/** Orders that go to a thread together, with the slots that they hold: never more than orders are left. */
export class Chunk {
  readonly window: GatewayWindow;
  readonly jobs: readonly Job[];
  readonly lanes: number;
  readonly permit: Permit;
  readonly #open: Map<number, Job>;
  #slots: number;

  constructor(window: GatewayWindow, jobs: readonly Job[], lanes: number, permit: Permit) {
    this.window = window;
    this.jobs = jobs;
    this.lanes = lanes;
    this.permit = permit;
    this.#open = new Map(jobs.entries());
    this.#slots = lanes;
  }

  /** Takes out the job at that place; `undefined`: it was settled already. */
  settle(at: number): Job | undefined {
    const job = this.#open.get(at);
    this.#open.delete(at);
    for (; this.#slots > this.#open.size; this.#slots -= 1) this.window.release();
    return job;
  }

  /** The places that nothing was heard of yet. */
  open(): readonly number[] {
    return [...this.#open.keys()];
  }
}

/** The causes of an order that was not asked about at all. */
export type NotAsked = Extract<SilenceCause, 'circuit_open' | 'stopping' | 'internal'>;

/** More than any flow claims ahead; beyond it something is wrong and memory must not grow. */
const LONGEST_QUEUE = 2_000;

/** At a limited rate so many seconds' worth of orders are held, not a whole window's. */
const HELD_SECONDS = 2;
