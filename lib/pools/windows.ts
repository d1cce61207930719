import type { Clock } from '../clock.ts';
import type { GatewayConfig } from '../config.ts';
import type { Answer, Heard, Question } from '../core/gateway.ts';
import { type DurationMs, HOUR_MS, MINUTE_MS } from '../core/time.ts';
import type { Exchange, PaymentRequest, RequestOutcome } from '../gateways/port.ts';
import type { Tell } from '../observe/events.ts';
import type { LimitChange } from './limits.ts';
import type { Chunk, Reply } from './messages.ts';
import type { Asking } from './port.ts';
import type { AskingThread, Threads } from './thread-port.ts';
import { type Feed, GatewayWindow, type Job, type NotAsked } from './window.ts';

/** All gateways' windows: orders wait here until their gateway has a slot, and each is settled by its own answer. */
export class Windows implements Asking {
  readonly #clock: Clock;
  readonly #tell: Tell;
  readonly #threads: Threads;
  readonly #windows: ReadonlyMap<string, GatewayWindow>;
  /** Whoever waits for a job hears what it came to; each is taken out once. */
  readonly #waiters = new Map<Job, (result: Result) => void>();
  /** The threads at their tasks. */
  readonly #asking = new Map<Feed, AskingThread>();
  #underway = 0;
  #freed = Promise.withResolvers<void>();
  #awaited = false;
  #flushing = false;
  #flushingNext = false;
  #stopping = false;
  #cancelAlarm: () => void = () => {};

  constructor(gateways: readonly GatewayConfig[], threads: Threads, clock: Clock, tell: Tell) {
    this.#windows = new Map(gateways.map((one) => [one.settings.name, new GatewayWindow(one)]));
    this.#threads = threads;
    this.#clock = clock;
    this.#tell = tell;
  }

  async ask(questions: readonly Question[]): Promise<readonly Heard[]> {
    const byGateway = Map.groupBy(questions, ({ gateway }) => gateway);
    const heard = await Promise.all(
      [...byGateway].map(([gateway, group]) => this.#askGateway(gateway, group)),
    );
    const found = new Map(heard.flat().map((one) => [one.question, one]));
    return questions.flatMap((question) => found.get(question) ?? []);
  }

  async request(request: PaymentRequest): Promise<RequestOutcome> {
    const window = this.#windows.get(request.gateway);
    if (window === undefined) return { kind: 'not_reached', cause: 'internal' };
    const { promise, resolve } = Promise.withResolvers<RequestOutcome>();
    const untilMs = this.#clock.monotonicMs() + LONGEST_REQUEST_WAIT_MS;
    const job: Job = { kind: 'request', orderId: request.orderId, request, untilMs };
    this.#enqueue(window, job, ({ outcome }) => resolve(outcome));
    return promise;
  }

  freeSlots(): number {
    if (this.#stopping) return 0;
    const rooms = this.#rooms();
    const [least] = rooms.filter((room) => room > 0).toSorted((one, other) => one - other);
    if (least === undefined) return 0;
    // Nobody can say whose orders the next ones are. What is too much at one gateway (an order can turn to a second one) is
    // taken off the others: the queues must not grow.
    return Math.max(0, Math.min(least, rooms.reduce(sum, 0)));
  }

  busy(): readonly string[] {
    const rooms = this.#rooms();
    const nowMs = this.#clock.monotonicMs();
    return [...this.#windows.values()]
      .filter((window, at) => (rooms[at] ?? 0) <= 0 && window.refusedForMs(nowMs) === null)
      .map(({ name }) => name);
  }

  blocked(): readonly string[] {
    const nowMs = this.#turn();
    return [...this.#windows.values()]
      .filter((window) => window.refusedForMs(nowMs) !== null)
      .map(({ name }) => name);
  }

  answering(): readonly string[] {
    const sinceMs = this.#clock.monotonicMs() - ANSWERING_MS;
    return [...this.#windows.values()]
      .filter((window) => window.answeredSince(sinceMs))
      .map(({ name }) => name);
  }

  whenFree(): Promise<void> {
    this.#awaited = true;
    this.#flushSoon();
    return this.#freed.promise;
  }

  /** The share of all windows that is in flight, 0–1. */
  utilization(): number {
    const most = this.#eachWindow(({ maxInFlight }) => maxInFlight).reduce(sum, 0);
    const now = this.#eachWindow(({ inFlight }) => inFlight).reduce(sum, 0);
    return most === 0 ? 0 : now / most;
  }

  /** Takes nothing more, turns away what waits, and resolves when nothing is in flight or the time is over. */
  async stop(withinMs: DurationMs): Promise<void> {
    this.#stopping = true;
    for (const window of this.#windows.values()) this.#turnAway(window.drain(), 'stopping');
    for (const asking of this.#asking.values()) asking.recall();
    const { promise: over, resolve } = Promise.withResolvers<void>();
    const cancel = this.#clock.after(withinMs, resolve);
    const drained = async () => {
      while (this.#underway > 0) await this.whenFree();
    };
    await Promise.race([over, drained()]);
    cancel();
    this.#cancelAlarm();
  }

  // --- what comes in

  async #askGateway(gateway: string, questions: readonly Question[]): Promise<readonly Heard[]> {
    const window = this.#windows.get(gateway);
    const { promise, resolve } = Promise.withResolvers<Pick<Result, 'answer'>>();
    const job: Job = { kind: 'ask', orderId: questions[0]?.orderId ?? '', questions };
    if (window === undefined) resolve({ answer: () => silent('internal') });
    else this.#enqueue(window, job, resolve);
    const { answer } = await promise;
    return questions.map((question, at) => ({ question, answer: answer(at) }));
  }

  #enqueue(window: GatewayWindow, job: Job, waiter: (result: Result) => void): void {
    this.#waiters.set(job, waiter);
    const refusedForMs = window.refusedForMs(this.#turn());
    if (this.#stopping) this.#turnAway([job], 'stopping');
    else if (refusedForMs !== null) this.#turnAway([job], 'circuit_open', refusedForMs);
    else if (!window.add(job)) this.#turnAway([job], 'internal');
    else if (window.inFlight < window.maxInFlight) this.#flushNext();
    else this.#flushSoon();
  }

  /** These were certainly not asked about. */
  #turnAway(jobs: readonly Job[], cause: NotAsked, retryAfterMs?: DurationMs): void {
    for (const job of jobs) {
      this.#settle(job, {
        answer: () => silent(cause, retryAfterMs),
        outcome: { kind: 'not_reached', cause },
      });
    }
  }

  #settle(job: Job, result: Result): void {
    this.#waiters.get(job)?.(result);
    this.#waiters.delete(job);
  }

  // --- from the queues to the threads

  /** Once a turn of the event loop: what was asked for in one turn travels together. */
  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => this.#flush());
  }

  /** The gateway idles: when whoever claimed has asked about all that it claimed, before anything is written. */
  #flushNext(): void {
    if (this.#flushingNext) return;
    this.#flushingNext = true;
    process.nextTick(() => this.#flush());
  }

  #flush(): void {
    this.#flushing = false;
    this.#flushingNext = false;
    const nowMs = this.#turn();
    const threads = this.#threads.count();
    let wakeMs = Number.POSITIVE_INFINITY;
    for (const window of this.#windows.values()) {
      const refusedForMs = window.refusedForMs(nowMs);
      if (refusedForMs !== null) {
        this.#turnAway(window.drain(), 'circuit_open', refusedForMs);
        wakeMs = Math.min(wakeMs, refusedForMs);
      }
      this.#turnAway(window.overdue(nowMs), 'timeout');
      for (const feed of window.overfed(nowMs)) this.#asking.get(feed)?.recall();
      const { leaving, waitMs } = window.leave(nowMs, threads);
      for (const [feed, jobs] of leaving) this.#send(feed, jobs);
      if (waitMs !== null) wakeMs = Math.min(wakeMs, waitMs);
    }
    this.#setAlarm(wakeMs);
  }

  /** Wakes whoever waits when time alone may free a slot. */
  #setAlarm(wakeMs: DurationMs): void {
    this.#cancelAlarm();
    const never = wakeMs === Number.POSITIVE_INFINITY;
    // Nothing is under way that could free a slot: they are as free as they will be.
    const isFree = () => this.freeSlots() > 0 && this.busy().length === 0;
    if (this.#underway === 0 && (never || isFree())) this.#tellFree();
    if (never) return;
    const waited = this.#awaited || this.#eachWindow(({ waiting }) => waiting).some(Boolean);
    if (!waited || this.#stopping) return;
    this.#cancelAlarm = this.#clock.after(wakeMs, () => {
      this.#tellFree();
      this.#flush();
    });
  }

  #tellFree(): void {
    if (!this.#awaited) return;
    this.#awaited = false;
    this.#freed.resolve();
    this.#freed = Promise.withResolvers<void>();
  }

  #send(feed: Feed, jobs: readonly Job[]): void {
    const [first] = jobs;
    if (first?.kind === 'request') this.#sendRequest(feed, first.request);
    else this.#sendChunk(feed, jobs);
  }

  #sendChunk(feed: Feed, jobs: readonly Job[]): void {
    const orders = jobs.map((job) => (job.kind === 'ask' ? job.questions : []));
    const chunk: Chunk = { orders, lanes: feed.lanes };
    const underway = this.#asking.get(feed);
    if (underway !== undefined) {
      underway.give(chunk);
      return;
    }
    this.#underway += 1;
    const told = (reply: Reply) => {
      if (reply.kind === 'returned') this.#takeBack(feed, reply.at);
      else {
        this.#heard(feed, reply.at, reply.exchanges, {
          answer: (at) => reply.answers[at] ?? silent('internal'),
          outcome: NOBODY_KNOWS,
        });
      }
    };
    const { window, isAlone } = feed;
    const asking = this.#threads.ask(window.settings, chunk, told, isAlone);
    this.#asking.set(feed, asking);
    void asking.ended.then((end) => {
      this.#asking.delete(feed);
      feed.window.close(feed);
      // What was given at the very end never reached the thread.
      const came = end.kind === 'done' ? end.came : Number.POSITIVE_INFINITY;
      this.#takeBack(
        feed,
        feed.open().filter((at) => at >= came),
      );
      this.#ended(feed, end.kind === 'trouble' ? end.text : null);
    });
  }

  #sendRequest(feed: Feed, request: PaymentRequest): void {
    this.#underway += 1;
    void this.#threads.request({ gateway: feed.window.settings, request }).then((asked) => {
      if (typeof asked !== 'string') {
        const { outcome, exchanges } = asked;
        this.#heard(feed, 0, exchanges, { answer: () => silent('internal'), outcome });
      }
      this.#ended(feed, typeof asked === 'string' ? asked : null);
    });
  }

  // --- from the threads back

  /** The order, unless it was heard of before. */
  #heard(feed: Feed, at: number, exchanges: readonly Exchange[], result: Result): Job | undefined {
    const given = feed.settle(at);
    if (given === undefined) return undefined;
    const { window } = feed;
    const { job, permit } = given;
    for (const exchange of exchanges) {
      const { orderId } = job;
      this.#tell({ name: 'gateway.exchanged', gateway: window.name, orderId, exchange });
    }
    const nowMs = this.#clock.monotonicMs();
    this.#tellChanges(window.name, window.heard(permit, job.orderId, exchanges, nowMs));
    // First the freed slot gets its next order: the gateway must not wait for what is made of this answer.
    this.#flushSoon();
    this.#settle(job, result);
    this.#tellFree();
    return job;
  }

  #takeBack(feed: Feed, places: readonly number[]): void {
    feed.window.takeBack(places.flatMap((at) => feed.settle(at)?.job ?? []));
    if (this.#stopping) this.#turnAway(feed.window.drain(), 'stopping');
    this.#flushSoon();
  }

  /** The end of a task, after all of its replies: what has none by now is lost. */
  #ended(feed: Feed, trouble: string | null): void {
    this.#underway -= 1;
    const cause = this.#stopping ? 'stopping' : 'internal';
    const result: Result = {
      answer: () => silent(cause),
      outcome: { kind: 'nobody_knows', cause },
    };
    const lost = feed.open().flatMap((at) => this.#heard(feed, at, [], result) ?? []);
    if (!this.#stopping && (lost.length > 0 || trouble !== null)) {
      feed.window.suspect(lost);
      const error = trouble ?? 'a task ended without all of its answers';
      this.#tell({ name: 'pool.failed', pool: feed.isAlone ? 'asking_alone' : 'asking', error });
    }
    this.#tellFree();
    this.#flushSoon();
  }

  #turn(): number {
    const nowMs = this.#clock.monotonicMs();
    for (const window of this.#windows.values()) {
      this.#tellChanges(window.name, window.turn(nowMs));
    }
    return nowMs;
  }

  #rooms(): readonly number[] {
    const nowMs = this.#turn();
    const threads = this.#threads.count();
    return this.#eachWindow((window) => window.room(nowMs, threads));
  }

  #tellChanges(gateway: string, changes: readonly LimitChange[]): void {
    for (const change of changes) {
      if (change.kind === 'circuit') {
        const { state, cause } = change;
        this.#tell({ name: 'gateway.circuit', gateway, state, cause });
      } else this.#tell({ name: 'gateway.misconfigured', gateway, status: change.status });
    }
  }

  #eachWindow<T>(read: (window: GatewayWindow) => T): T[] {
    return [...this.#windows.values()].map(read);
  }
}

/**
 * A gateway answers at present when it has answered something in this time: in a quiet shop an order that it is silent about is looked at every
 * hour (the last rung of the ladder), and what it answered since the look before counts.
 */
const ANSWERING_MS: DurationMs = HOUR_MS + 5 * MINUTE_MS;

/**
 * Somebody waits at the till, but hardly longer than this. One that left when the payment window is over would charge a card for an
 * order that has failed meanwhile, because nothing of its payment was found.
 */
const LONGEST_REQUEST_WAIT_MS: DurationMs = 60_000;

const NOBODY_KNOWS: RequestOutcome = { kind: 'nobody_knows', cause: 'internal' };

/** What a job came to, for a job of either kind. */
interface Result {
  answer(at: number): Answer;
  readonly outcome: RequestOutcome;
}

function silent(cause: NotAsked, retryAfterMs?: DurationMs): Answer {
  return { kind: 'silent', cause, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

function sum(one: number, other: number): number {
  return one + other;
}
