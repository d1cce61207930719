import { availableParallelism } from 'node:os';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { Clock } from '../clock.ts';
import type { GatewayConfig } from '../config.ts';
import type { Answer, Heard, Question } from '../core/gateway.ts';
import type { DurationMs } from '../core/time.ts';
import type { Asked, Exchange, PaymentRequest, RequestOutcome } from '../gateways/port.ts';
import type { Tell } from '../observe/events.ts';
import { privateCompileCache } from './compile-cache.ts';
import type { LimitChange } from './limits.ts';
import type { AskTask, Reply, RequestTask, ThreadSettings } from './messages.ts';
import type { Asking } from './port.ts';
import { Chunk, GatewayWindow, type Job, type NotAsked } from './window.ts';

export interface AskingOptions {
  readonly gateways: readonly GatewayConfig[];
  /** Threads at most; that many are up only when the window is too wide for fewer. */
  readonly threads: number;
  readonly clock: Clock;
  readonly tell: Tell;
  /** What the threads run; a test gives its own. */
  readonly workerUrl?: string;
  /** Where compiled code is kept between starts; `null`: nowhere. A private folder of the user's by default. */
  readonly compileCacheDir?: string | null;
  /** How long `close` waits for what is in flight. */
  readonly closeWithinMs?: DurationMs;
}

/** The asking pool and what its owner needs of it. */
export interface AskingPool extends Asking {
  /** Takes nothing more, waits for what is in flight within the bound, answers the rest `stopping`. Never rejects. */
  close(): Promise<void>;
  /** The share of all windows that is in flight, 0–1. */
  utilization(): number;
  /** Resolves when a thread can ask; rejects when the threads cannot start. */
  ready(): Promise<void>;
}

/** Starts the threads at once; the first question need not wait for all of them. */
export function createAsking(options: AskingOptions): AskingPool {
  return new ThreadedAsking(options);
}

/** A gateway answers at present when it has answered something in this time. */
const ANSWERING_MS: DurationMs = 5 * 60_000;

/** More in flight than this in one thread and another thread is worth its memory. */
const MOST_IN_FLIGHT_PER_THREAD = 50;

/** Above the minute of the cron, so that threads beyond the first ones live from sweep to sweep. */
const IDLE_TIMEOUT_MS: DurationMs = 90_000;

const CLOSE_WITHIN_MS: DurationMs = 5_000;

/**
 * A thread that has said nothing for so many times the deadline of a request has lost the order: an inquiry makes at most
 * about fifty requests, each with that deadline. A last resort; every request ends by its own deadline.
 */
const LOST_AFTER_DEADLINES = 60;

class ThreadedAsking implements AskingPool {
  readonly #options: AskingOptions;
  readonly #clock: Clock;
  readonly #windows: ReadonlyMap<string, GatewayWindow>;
  readonly #pool: Piscina;
  readonly #firstThreads: number;
  readonly #ready = Promise.withResolvers<void>();
  /** What becomes of a job, by what it is: each is taken out once. */
  readonly #promises = new Map<Job, JobPromise>();
  /** Ends a task whose thread will not. */
  readonly #tasks = new Set<(trouble: string) => void>();
  #freed = Promise.withResolvers<void>();
  #awaited = false;
  #flushing = false;
  #stopping = false;
  #cancelAlarm: () => void = () => {};

  constructor(options: AskingOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#windows = new Map(
      options.gateways.map((gateway) => [gateway.settings.name, new GatewayWindow(gateway)]),
    );
    const layout = layThreads(
      options.gateways.reduce((sum, { maxInFlight }) => sum + maxInFlight, 0),
      options.threads,
    );
    this.#firstThreads = layout.minThreads;
    this.#pool = startPool(options, layout);
    this.#pool.on('message', () => this.#ready.resolve());
    // Without this a thread that throws while it starts would end the process.
    this.#pool.on('error', (error: unknown) => this.#poolFailed(messageOf(error)));
    this.#pool.on('workerDestroy', () => setImmediate(() => this.#endOrphans()));
    this.#ready.promise.catch(() => {});
  }

  async ask(questions: readonly Question[]): Promise<readonly Heard[]> {
    const byGateway = Map.groupBy(questions, ({ gateway }) => gateway);
    const heard = await Promise.all(
      [...byGateway].map(([gateway, group]) => this.#askGateway(gateway, group)),
    );
    const answers = new Map(heard.flat().map((one) => [one.question, one]));
    return questions.flatMap((question) => answers.get(question) ?? []);
  }

  async request(request: PaymentRequest): Promise<RequestOutcome> {
    const window = this.#windows.get(request.gateway);
    if (window === undefined) return { kind: 'not_reached', cause: 'internal' };
    const { promise, resolve } = Promise.withResolvers<RequestOutcome>();
    const job: Job = { kind: 'request', orderId: request.orderId, request };
    this.#enqueue(window, job, { kind: 'request', resolve });
    return promise;
  }

  freeSlots(): number {
    if (this.#stopping) return 0;
    const nowMs = this.#turn();
    return this.#eachWindow((window) => window.room(nowMs, this.#threads())).reduce(sum, 0);
  }

  blocked(): readonly string[] {
    const nowMs = this.#turn();
    const rooms = this.#eachWindow((window) => window.room(nowMs, this.#threads()));
    // A full gateway is left out while another has room: else its orders would be claimed into the other's slots.
    const someRoom = rooms.some((room) => room > 0);
    return [...this.#windows.values()]
      .filter((window, at) => window.refusedForMs(nowMs) !== null || (someRoom && rooms[at] === 0))
      .map(({ name }) => name);
  }

  answering(): readonly string[] {
    const sinceMs = this.#clock.monotonicMs() - ANSWERING_MS;
    return [...this.#windows.values()]
      .filter((window) => window.answeredSince(sinceMs))
      .map(({ name }) => name);
  }

  whenFree(): Promise<void> {
    const { promise } = this.#freed;
    this.#awaited = true;
    this.#flushSoon();
    return promise;
  }

  utilization(): number {
    const most = this.#eachWindow(({ maxInFlight }) => maxInFlight).reduce(sum, 0);
    return most === 0 ? 0 : this.#inFlight() / most;
  }

  ready(): Promise<void> {
    return this.#ready.promise;
  }

  async close(): Promise<void> {
    this.#stopping = true;
    for (const window of this.#windows.values()) this.#turnAway(window.drain(), 'stopping');
    if (this.#tasks.size > 0) {
      const { promise: over, resolve } = Promise.withResolvers<void>();
      const cancel = this.#clock.after(this.#options.closeWithinMs ?? CLOSE_WITHIN_MS, resolve);
      const drained = (async () => {
        while (this.#tasks.size > 0) await this.whenFree();
      })();
      await Promise.race([over, drained]);
      cancel();
    }
    for (const end of [...this.#tasks]) end('stopping');
    this.#cancelAlarm();
    this.#ready.reject(new Error('the asking pool was closed'));
    await this.#pool.destroy();
  }

  // --- one gateway's part of an order

  async #askGateway(gateway: string, questions: readonly Question[]): Promise<readonly Heard[]> {
    const window = this.#windows.get(gateway);
    const orderId = questions[0]?.orderId ?? '';
    const { promise, resolve } = Promise.withResolvers<readonly Answer[]>();
    const job: Job = { kind: 'ask', orderId, questions };
    if (window === undefined) resolve(questions.map(() => silent('internal')));
    else this.#enqueue(window, job, { kind: 'ask', resolve });
    const answers = await promise;
    return questions.map((question, at) => ({
      question,
      answer: answers[at] ?? silent('internal'),
    }));
  }

  #enqueue(window: GatewayWindow, job: Job, promise: JobPromise): void {
    this.#promises.set(job, promise);
    const refusedForMs = window.refusedForMs(this.#turn());
    if (this.#stopping) this.#turnAway([job], 'stopping');
    else if (refusedForMs !== null) this.#turnAway([job], 'circuit_open', refusedForMs);
    else if (!window.add(job)) this.#turnAway([job], 'internal');
    this.#flushSoon();
  }

  /** These were not asked about. */
  #turnAway(jobs: readonly Job[], cause: NotAsked, retryAfterMs?: DurationMs): void {
    for (const job of jobs) {
      this.#settle(job, {
        answers: () => silent(cause, retryAfterMs),
        outcome: () => ({ kind: 'not_reached', cause }),
      });
    }
  }

  /** What was sent about this one is lost. */
  #lose(job: Job): void {
    const cause = this.#stopping ? 'stopping' : 'internal';
    this.#settle(job, {
      answers: () => silent(cause),
      outcome: () => ({ kind: 'nobody_knows', cause }),
    });
  }

  #settle(job: Job, result: JobResult): void {
    const promise = this.#promises.get(job);
    this.#promises.delete(job);
    if (promise?.kind === 'request') promise.resolve(result.outcome());
    if (promise?.kind === 'ask' && job.kind === 'ask') {
      promise.resolve(job.questions.map((_, at) => result.answers(at)));
    }
  }

  // --- from the queues to the threads

  /** Once a turn of the event loop, so that what was asked for in one turn travels together. */
  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    const nowMs = this.#turn();
    let wakeMs = Number.POSITIVE_INFINITY;
    for (const window of this.#windows.values()) {
      const refusedForMs = window.refusedForMs(nowMs);
      if (refusedForMs !== null) {
        this.#turnAway(window.drain(), 'circuit_open', refusedForMs);
        wakeMs = Math.min(wakeMs, refusedForMs);
      }
      let next = window.next(nowMs, this.#threads());
      for (; next instanceof Chunk; next = window.next(nowMs, this.#threads())) this.#send(next);
      if (next !== null) wakeMs = Math.min(wakeMs, next);
    }
    this.#setAlarm(wakeMs);
  }

  /** Wakes whoever waits when time alone may free a slot. */
  #setAlarm(wakeMs: DurationMs): void {
    this.#cancelAlarm();
    const idle = this.#tasks.size === 0;
    // Nothing is under way that could free a slot, so they are as free as they will be.
    if (wakeMs === Number.POSITIVE_INFINITY && idle) this.#tellFree();
    const waited = this.#awaited || this.#eachWindow(({ waiting }) => waiting).some(Boolean);
    if (wakeMs === Number.POSITIVE_INFINITY || !waited || this.#stopping) return;
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

  #send(chunk: Chunk): void {
    const [first] = chunk.jobs;
    if (first?.kind === 'request') this.#sendRequest(chunk, { request: first.request });
    else this.#sendQuestions(chunk);
  }

  #sendQuestions(chunk: Chunk): void {
    const { port1, port2 } = new MessageChannel();
    const read = (reply: Reply) => {
      if (reply.kind === 'heard') this.#heard(chunk, reply.at, reply.exchanges, answersOf(reply));
      else this.#takeBack(chunk, reply.at);
    };
    port1.on('message', read);
    const task: AskTask = {
      gateway: chunk.window.name,
      orders: chunk.jobs.map((job) => (job.kind === 'ask' ? job.questions : [])),
      lanes: chunk.lanes,
      port: port2,
    };
    const end = this.#watch(chunk, () => {
      // The end of a task can overtake its answers, but they have all arrived by then.
      for (let rest = receiveMessageOnPort(port1); rest; rest = receiveMessageOnPort(port1)) {
        read(rest.message);
      }
      port1.close();
    });
    this.#pool.run(task, { name: 'ask', transferList: [port2] }).then(
      () => end('a task ended without all of its answers'),
      (error: unknown) => end(messageOf(error)),
    );
  }

  #sendRequest(chunk: Chunk, task: RequestTask): void {
    const end = this.#watch(chunk, () => {});
    this.#pool.run(task, { name: 'request' }).then(
      ({ outcome, exchanges }: Asked<RequestOutcome>) => {
        this.#heard(chunk, 0, exchanges, {
          answers: () => silent('internal'),
          outcome: () => outcome,
        });
        end('');
      },
      (error: unknown) => end(messageOf(error)),
    );
  }

  /** Remembers a task until its end, which comes once; whatever it has not answered by then is lost. */
  #watch(chunk: Chunk, drain: () => void): (trouble: string) => void {
    const end = (trouble: string) => {
      if (!this.#tasks.delete(end)) return;
      cancel();
      drain();
      const lost = chunk.open();
      for (const at of lost) this.#heard(chunk, at, [], null);
      if (lost.length > 0 && !this.#stopping) this.#poolFailed(trouble);
      this.#tellFree();
      this.#flushSoon();
    };
    this.#tasks.add(end);
    const cancel = this.#clock.after(this.#lostAfterMs(chunk.window.name), () =>
      end('a thread said nothing any more'),
    );
    return end;
  }

  // --- from the threads back

  /** One order came back; without a result it is lost. */
  #heard(chunk: Chunk, at: number, exchanges: readonly Exchange[], result: JobResult | null): void {
    const job = chunk.settle(at);
    if (job === undefined) return;
    const { window, permit } = chunk;
    for (const exchange of exchanges) {
      this.#options.tell({ name: 'gateway.exchanged', gateway: window.name, exchange });
    }
    const nowMs = this.#clock.monotonicMs();
    this.#tellChanges(window.name, window.heard(permit, job.orderId, exchanges, nowMs));
    if (result === null) this.#lose(job);
    else this.#settle(job, result);
    this.#tellFree();
    this.#flushSoon();
  }

  #takeBack(chunk: Chunk, places: readonly number[]): void {
    chunk.window.takeBack(places.flatMap((at) => chunk.settle(at) ?? []));
    if (this.#stopping) this.#turnAway(chunk.window.drain(), 'stopping');
    this.#flushSoon();
  }

  #turn(): number {
    const nowMs = this.#clock.monotonicMs();
    for (const window of this.#windows.values()) {
      this.#tellChanges(window.name, window.turn(nowMs));
    }
    return nowMs;
  }

  #tellChanges(gateway: string, changes: readonly LimitChange[]): void {
    for (const change of changes) {
      if (change.kind === 'circuit') {
        const { state, cause } = change;
        this.#options.tell({ name: 'gateway.circuit', gateway, state, cause });
      } else {
        this.#options.tell({ name: 'gateway.misconfigured', gateway, status: change.status });
      }
    }
  }

  #poolFailed(error: string): void {
    if (this.#stopping) return;
    this.#options.tell({ name: 'pool.failed', pool: 'asking', error });
    this.#ready.reject(new Error(error));
  }

  /** Tasks in the pool's queue would wait for ever once every thread has failed to start. */
  #endOrphans(): void {
    if (this.#pool.threads.length > 0) return;
    for (const end of [...this.#tasks]) end('no thread is left');
  }

  // --- figures

  #threads(): number {
    return Math.max(this.#firstThreads, this.#pool.threads.length);
  }

  #inFlight(): number {
    return this.#eachWindow(({ inFlight }) => inFlight).reduce(sum, 0);
  }

  #lostAfterMs(gateway: string): DurationMs {
    const settings = this.#options.gateways.find((one) => one.settings.name === gateway)?.settings;
    return LOST_AFTER_DEADLINES * (settings?.lookupTimeoutMs ?? 1_000);
  }

  #eachWindow<T>(read: (window: GatewayWindow) => T): T[] {
    return [...this.#windows.values()].map(read);
  }
}

type JobPromise =
  | { readonly kind: 'ask'; readonly resolve: (answers: readonly Answer[]) => void }
  | { readonly kind: 'request'; readonly resolve: (outcome: RequestOutcome) => void };

/** What is true of a job of either kind. */
interface JobResult {
  answers(at: number): Answer;
  outcome(): RequestOutcome;
}

interface ThreadLayout {
  readonly minThreads: number;
  readonly maxThreads: number;
  readonly concurrentTasksPerWorker: number;
}

/** As few threads as the machine has cores: two with five in flight each are as fast as ten with one, and start warm. */
export function layThreads(
  inFlight: number,
  threads: number,
  cores = availableParallelism(),
): ThreadLayout {
  const minThreads = Math.max(1, Math.min(cores, threads));
  const evenly = Math.ceil(inFlight / minThreads);
  // Never less than the whole window: what the pool had to queue would start threads that nobody needs.
  const perThread = Math.max(
    1,
    Math.min(evenly, MOST_IN_FLIGHT_PER_THREAD),
    Math.ceil(inFlight / Math.max(1, threads)),
  );
  const maxThreads = Math.max(minThreads, Math.ceil(inFlight / perThread));
  return { minThreads, maxThreads, concurrentTasksPerWorker: perThread };
}

function startPool(options: AskingOptions, layout: ThreadLayout): Piscina {
  const settings: ThreadSettings = { gateways: options.gateways.map((one) => one.settings) };
  const cache =
    options.compileCacheDir === undefined ? privateCompileCache() : options.compileCacheDir;
  return new Piscina({
    ...layout,
    filename: options.workerUrl ?? new URL('../../workers/ask.ts', import.meta.url).href,
    name: 'ask',
    // A thread that sleeps in Atomics.wait misses that a server closed its connection, and loses the next request.
    atomics: 'disabled',
    stricterFIFO: true,
    idleTimeout: IDLE_TIMEOUT_MS,
    recordTiming: false,
    workerData: settings,
    // Threads compile their own code; without the cache each start costs them 75 ms.
    env: cache === null ? process.env : { ...process.env, NODE_COMPILE_CACHE: cache },
  });
}

function answersOf(reply: Extract<Reply, { kind: 'heard' }>): JobResult {
  return {
    answers: (at) => reply.answers[at] ?? silent('internal'),
    outcome: () => ({ kind: 'nobody_knows', cause: 'internal' }),
  };
}

function silent(cause: NotAsked, retryAfterMs?: DurationMs): Answer {
  return { kind: 'silent', cause, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function sum(one: number, other: number): number {
  return one + other;
}
