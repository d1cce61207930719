import type { GatewayConfig } from '../config.ts';
import type { Question, SilenceCause } from '../core/gateway.ts';
import type { DurationMs } from '../core/time.ts';
import type { Exchange, GatewaySettings, PaymentRequest } from '../gateways/port.ts';
import { atHand, isFast, LARGEST_CHUNK, leastRoom, RecentLatency, readAhead } from './chunks.ts';
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
  /** At most this many orders are held at once, so that a slow rate does not keep leases for long. */
  readonly #mostHeld: number;
  #waiting: Job[] = [];
  /** Orders that were in a thread when it ended, the latest last: one of them may have ended it, and would end the next one. */
  readonly #suspects = new Set<string>();
  /** Those of them that wait: they are asked about one by one, each alone in a thread. */
  #apart: Job[] = [];
  /** The one that is asked about. */
  #alone: Feed | null = null;
  /** Orders that a thread has or that wait here. */
  #held = 0;
  /** Tasks that more orders may be given to, one for each thread. */
  readonly #feeds = new Set<Feed>();

  constructor({ settings, maxInFlight, ratePerSecond, breaker }: GatewayConfig) {
    this.name = settings.name;
    this.settings = settings;
    this.maxInFlight = maxInFlight;
    this.#limits = new GatewayLimits({ maxInFlight, ratePerSecond, breaker });
    this.#mostHeld =
      ratePerSecond === null ? Number.POSITIVE_INFINITY : Math.ceil(ratePerSecond * HELD_SECONDS);
  }

  get inFlight(): number {
    return this.#limits.inFlight;
  }

  get waiting(): number {
    return this.#waiting.length + this.#apart.length;
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
    const medianMs = this.#latency.median();
    const ahead = readAhead(this.maxInFlight, threads, medianMs);
    const most = Math.min(this.maxInFlight + ahead, this.#mostHeld);
    // Who waits to be asked about alone is in nobody's way.
    const room = most - (this.#held - this.#apart.length);
    // Where a rate allows fewer than are read ahead, half of those few is enough.
    const least = Math.min(leastRoom(ahead, medianMs), Math.ceil(most / 2));
    return room < least ? Math.min(room, 0) : room;
  }

  /** False: the queue is full, the job was not taken. */
  add(job: Job): boolean {
    if (this.waiting >= LONGEST_QUEUE) return false;
    const isSuspect = job.kind === 'ask' && this.#suspects.has(job.orderId);
    (isSuspect ? this.#apart : this.#waiting).push(job);
    this.#held += 1;
    return true;
  }

  /** Everything that waits, taken out of the queue: it will not be asked. */
  drain(): readonly Job[] {
    const drained = [...this.#apart, ...this.#waiting];
    this.#apart = [];
    this.#waiting = [];
    this.#held -= drained.length;
    return drained;
  }

  /** Payment requests that have waited for too long, taken out of the queue: they will not be sent. */
  overdue(nowMs: number): readonly Job[] {
    const isOverdue = (job: Job) => job.kind === 'request' && job.untilMs < nowMs;
    if (!this.#waiting.some(isOverdue)) return [];
    const { gone = [], left = [] } = Object.groupBy(this.#waiting, (job) =>
      isOverdue(job) ? 'gone' : 'left',
    );
    this.#waiting = left;
    this.#held -= gone.length;
    return gone;
  }

  /**
   * Tasks whose threads are to give back what they have not begun: all of them when the gateway must not be asked now, and those
   * that were given many orders while it still answered at once.
   */
  overfed(nowMs: number): readonly Feed[] {
    const most = (lanes: number) => {
      if (this.refusedForMs(nowMs) !== null) return 0;
      return isFast(this.#latency.median()) ? LARGEST_CHUNK : 2 * lanes;
    };
    return [...this.#feeds].filter(({ spare, lanes }) => spare > most(lanes));
  }

  /**
   * What leaves now, a list of jobs for each task: first in, first out, an order on each free slot, and then some more for threads
   * that would soon have none at hand. `waitMs`: so long until the next may leave, by time alone; `null`: something has to come back first.
   */
  leave(
    nowMs: number,
    threads: number,
  ): { readonly leaving: ReadonlyMap<Feed, readonly Job[]>; readonly waitMs: DurationMs | null } {
    const leaving = new Map<Feed, Job[]>();
    const give = (feed: Feed, job: Job) => {
      const jobs = leaving.get(feed);
      if (jobs === undefined) leaving.set(feed, [job]);
      else jobs.push(job);
    };
    const waitMs = this.#fillSlots(nowMs, threads, give);
    this.#provide(nowMs, threads, give);
    return { leaving, waitMs };
  }

  /** What became of one order that was let through. */
  heard(
    permit: Permit,
    orderId: string,
    exchanges: readonly Exchange[],
    nowMs: number,
  ): readonly LimitChange[] {
    this.#held -= 1;
    this.#suspects.delete(orderId);
    for (const exchange of exchanges) this.#latency.add(exchange.durationMs);
    return this.#limits.heard(permit, orderId, exchanges, nowMs);
  }

  release(): void {
    this.#limits.release();
  }

  /** These were in a thread that ended: until they are heard of each is asked about alone, so that one that ends threads takes no other along. */
  suspect(jobs: readonly Job[]): void {
    for (const { kind, orderId } of jobs) if (kind === 'ask') this.#suspects.add(orderId);
    for (const orderId of this.#suspects) {
      if (this.#suspects.size <= MOST_SUSPECTS) return;
      this.#suspects.delete(orderId);
    }
  }

  /** Orders that a thread gave back unasked, first in the queue again. */
  takeBack(jobs: readonly Job[]): void {
    this.#waiting.unshift(...jobs);
  }

  /** The task has ended: nothing can be given to it any more. */
  close(feed: Feed): void {
    this.#feeds.delete(feed);
    if (feed === this.#alone) this.#alone = null;
  }

  #fillSlots(nowMs: number, threads: number, give: Give): DurationMs | null {
    for (;;) {
      const isAlone = this.#alone === null && this.#apart.length > 0;
      const queue = isAlone ? this.#apart : this.#waiting;
      const [job] = queue;
      if (job === undefined) return null;
      const admission = this.#limits.admit(nowMs);
      if (admission.kind === 'full') return null;
      if (admission.kind === 'wait') return admission.waitMs;
      queue.shift();
      const { permit } = admission;
      const isPlain = !isAlone && job.kind === 'ask' && this.#limits.ahead(nowMs) !== null;
      const feed = isPlain ? this.#feedFor(threads) : new Feed(this, isAlone);
      if (isAlone) this.#alone = feed;
      feed.give(job, permit);
      feed.addLane();
      give(feed, job);
    }
  }

  /** The task of the thread that asks least. */
  #feedFor(threads: number): Feed {
    // One without lanes is at its end.
    const asking = [...this.#feeds].filter(({ lanes }) => lanes > 0);
    const [least] = asking.toSorted((one, other) => one.lanes - other.lanes);
    if (least !== undefined && asking.length >= threads) return least;
    const feed = new Feed(this);
    this.#feeds.add(feed);
    return feed;
  }

  /** Nothing is given ahead of a request that waits: somebody waits for that one. */
  #provide(nowMs: number, threads: number, give: Give): void {
    for (const feed of this.#feeds) {
      const wanted = atHand(this.#waiting.length, threads, this.#latency.median(), feed.lanes);
      if (feed.lanes === 0 || feed.spare > wanted / 2) continue;
      while (feed.spare < wanted && this.#waiting[0]?.kind === 'ask') {
        const permit = this.#limits.ahead(nowMs);
        if (permit === null) return;
        const [job] = this.#waiting.splice(0, 1);
        if (job === undefined) return;
        feed.give(job, permit);
        give(feed, job);
      }
    }
  }
}

type Give = (feed: Feed, job: Job) => void;

/** What waits for a slot of one gateway. */
export type Job = AskJob | RequestJob;

/** The questions of one order to one gateway. */
interface AskJob {
  readonly kind: 'ask';
  readonly orderId: string;
  readonly questions: readonly Question[];
}

/** A payment request; it travels alone. */
interface RequestJob {
  readonly kind: 'request';
  readonly orderId: string;
  readonly request: PaymentRequest;
  /** On monotonic time: later than this it must not leave any more. */
  readonly untilMs: number;
}

/** A job that a thread has, and the leave that it has it by. */
export interface Given {
  readonly job: Job;
  readonly permit: Permit;
}

/**
 * One task of a thread: the orders that it was given so far, chunk by chunk, and the slots that it holds: one for each that it
 * asks about at once, never more than orders are open.
 */
export class Feed {
  readonly window: GatewayWindow;
  /** It wants a thread for itself. */
  readonly isAlone: boolean;
  readonly #open = new Map<number, Given>();
  #given = 0;
  #lanes = 0;

  constructor(window: GatewayWindow, isAlone = false) {
    this.window = window;
    this.isAlone = isAlone;
  }

  /** Orders that the thread asks about at once. */
  get lanes(): number {
    return this.#lanes;
  }

  /** Orders that it has at hand beyond those. */
  get spare(): number {
    return this.#open.size - this.#lanes;
  }

  /** Another one for the thread; its place is the next one. */
  give(job: Job, permit: Permit): void {
    this.#open.set(this.#given, { job, permit });
    this.#given += 1;
  }

  /** It holds one more slot. */
  addLane(): void {
    this.#lanes += 1;
  }

  /** Takes out the job at that place; `undefined`: it was settled already. */
  settle(at: number): Given | undefined {
    const given = this.#open.get(at);
    this.#open.delete(at);
    for (; this.#lanes > this.#open.size; this.#lanes -= 1) this.window.release();
    return given;
  }

  /** The places that nothing was heard of yet. */
  open(): readonly number[] {
    return [...this.#open.keys()];
  }
}

/** The causes of an order that was not asked about at all. */
export type NotAsked = Extract<SilenceCause, 'circuit_open' | 'stopping' | 'internal' | 'timeout'>;

/** More than any flow claims ahead; beyond it something is wrong and memory must not grow. */
const LONGEST_QUEUE = 2_000;

/** More than a thread has at once; to ask about them one by one takes a minute or two. */
const MOST_SUSPECTS = 250;

/** At a limited rate so many seconds' worth of orders are held, not a whole window's. */
const HELD_SECONDS = 2;
