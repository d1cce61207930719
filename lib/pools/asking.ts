import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import type { Clock } from '../clock.ts';
import type { GatewayConfig } from '../config.ts';
import { type DurationMs, SECOND_MS } from '../core/time.ts';
import { messageOf } from '../errors.ts';
import {
  type Asked,
  type GatewaySettings,
  MOST_REQUESTS,
  type RequestOutcome,
} from '../gateways/port.ts';
import type { Tell } from '../observe/events.ts';
import {
  layThreads,
  startAskingThreads,
  type ThreadLayout,
  threadsForOne,
  type WarmThreads,
} from './asking-threads.ts';
import type { AskTask, Chunk, Feeding, Reply, RequestTask } from './messages.ts';
import type { Asking } from './port.ts';
import type { AskingEnd, AskingThread, Threads } from './thread-port.ts';
import { type ThreadCode, type ThreadPool, whenStuck } from './threads.ts';
import { Windows } from './windows.ts';

/** What the pool is made from. */
export interface AskingOptions extends ThreadCode {
  readonly gateways: readonly GatewayConfig[];
  /** Threads at most; that many are up when the windows are too wide for fewer. */
  readonly threads: number;
  readonly clock: Clock;
  readonly tell: Tell;
  /** Threads that were started before the gateways were known; used when they are what the gateways need. */
  readonly warm?: WarmThreads;
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

/** Starts the threads at once; the first question waits for one of them, not for all. */
export function createAsking(options: AskingOptions): AskingPool {
  const { gateways, clock, tell, closeWithinMs = CLOSE_WITHIN_MS } = options;
  const threads = new PiscinaThreads(options);
  const windows = new Windows(gateways, threads, clock, tell);
  return {
    ask: (questions) => windows.ask(questions),
    request: (request) => windows.request(request),
    freeSlots: () => windows.freeSlots(),
    busy: () => windows.busy(),
    blocked: () => windows.blocked(),
    answering: () => windows.answering(),
    whenFree: () => windows.whenFree(),
    utilization: () => windows.utilization(),
    ready: () => threads.ready(),
    async close() {
      await windows.stop(closeWithinMs);
      await threads.close();
    },
  };
}

/** Every request ends by its own deadline, mostly of 3 s; who waits longer has a gateway that hangs. */
const CLOSE_WITHIN_MS: DurationMs = 5_000;

/** A thread is ready within a second; on a machine that swaps it may take longer. */
const READY_WITHIN_MS: DurationMs = 60 * SECOND_MS;

const STUCK = 'a thread is stuck';

/** The threads, as a Piscina pool that is never given more than it can hold. */
class PiscinaThreads implements Threads {
  readonly #pool: ThreadPool;
  /** For orders that may end their thread. */
  #alonePool: ThreadPool | null = null;
  readonly #options: AskingOptions;
  readonly #clock: Clock;
  readonly #stuckAfterMs: DurationMs;
  readonly #ready: PromiseWithResolvers<void>;
  #closed = false;
  /** Something went wrong in a thread, and none has said since that it can ask. */
  #failing = false;

  constructor(options: AskingOptions) {
    const { gateways, tell } = options;
    const deadlines = gateways.map(({ settings }) => settings.lookupTimeoutMs);
    // A thread that says nothing for longer than its longest question may take is stuck. A last resort: every request ends by itself.
    this.#stuckAfterMs = MOST_REQUESTS * Math.max(1_000, ...deadlines);
    this.#clock = options.clock;
    this.#options = options;
    const started =
      options.warm?.take(layoutOf(options)) ?? startAskingThreads(layoutOf(options), options);
    this.#pool = started.pool;
    this.#ready = started.ready;
    this.#pool.on('error', (error: unknown) => {
      this.#failing = true;
      if (!this.#closed) tell({ name: 'pool.failed', pool: 'asking', error: messageOf(error) });
    });
    // Each thread says so once. In a shop where nothing is due nobody would hear of it otherwise.
    this.#pool.on('message', () => {
      if (this.#failing) tell({ name: 'pool.recovered', pool: 'asking' });
      this.#failing = false;
    });
  }

  ask(
    gateway: GatewaySettings,
    first: Chunk,
    told: (reply: Reply) => void,
    isAlone: boolean,
  ): AskingThread {
    const { port1: ours, port2: port } = new MessageChannel();
    const task: AskTask = { gateway, first, port };
    const pool = isAlone ? this.#poolForOne() : this.#pool;
    const run: Promise<number> = pool.run(task, { name: 'ask', transferList: [port] });
    const ending = this.#ending(run, pool);
    const hear = (replies: readonly Reply[]) => {
      ending.goesOn();
      for (const reply of replies) told(reply);
    };
    ours.on('message', hear);
    const ended = ending.ended.then((end): AskingEnd => {
      // The end of a task can overtake its answers, but by then they have all arrived.
      for (let rest = receiveMessageOnPort(ours); rest; rest = receiveMessageOnPort(ours)) {
        hear(rest.message);
      }
      ours.close();
      return end.kind === 'trouble' ? end : { kind: 'done', came: end.result };
    });
    const feed = (feeding: Feeding) => ours.postMessage(feeding);
    return { give: feed, recall: () => feed('give_back'), ended };
  }

  async request(task: RequestTask): Promise<Asked<RequestOutcome> | string> {
    const ended = await this.#ending(
      this.#pool.run<Asked<RequestOutcome>>(task, { name: 'request' }),
      this.#pool,
    ).ended;
    return ended.kind === 'trouble' ? ended.text : ended.result;
  }

  count(): number {
    return Math.max(this.#pool.minThreads, this.#pool.threads.length);
  }

  async ready(): Promise<void> {
    // Threads that have nothing to do keep no process alive: without the timer one that waits for them alone would just end.
    const late = new Error(`no thread was ready within ${READY_WITHIN_MS / SECOND_MS} s`);
    const cancel = this.#clock.after(READY_WITHIN_MS, () => this.#ready.reject(late));
    try {
      await this.#ready.promise;
    } finally {
      cancel();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#ready.reject(new Error('the asking pool was closed'));
    await Promise.all([this.#pool.destroy(), this.#alonePool?.destroy()]);
  }

  /** A gateway has one such order under way at most. */
  #poolForOne(): ThreadPool {
    const { gateways } = this.#options;
    this.#alonePool ??= startAskingThreads(threadsForOne(gateways.length), this.#options).pool;
    return this.#alonePool;
  }

  /** The end of a task, whichever way it comes: one that nothing is heard of for too long is stuck. */
  #ending<T>(
    run: Promise<T>,
    pool: ThreadPool,
  ): { readonly ended: Promise<Ended<T>>; goesOn(): void } {
    const { promise: given, resolve } = Promise.withResolvers<Ended<T>>();
    const end = (text: string) => resolve({ kind: 'trouble', text });
    const stuck = () => {
      end(STUCK);
      // It would keep its place for ever, and one that stands still those of all others.
      pool.endThreads(STUCK);
    };
    const watch = () => whenStuck(this.#clock, this.#stuckAfterMs, stuck);
    let cancel = watch();
    run.then(
      (result) => resolve({ kind: 'done', result }),
      (error: unknown) => end(messageOf(error)),
    );
    let isOver = false;
    const ended = given.then((one) => {
      isOver = true;
      if (one.kind === 'trouble' && pool === this.#pool) this.#failing = true;
      cancel();
      return one;
    });
    const goesOn = () => {
      if (isOver) return;
      cancel();
      cancel = watch();
    };
    return { ended, goesOn };
  }
}

type Ended<T> =
  | { readonly kind: 'done'; readonly result: T }
  | { readonly kind: 'trouble'; readonly text: string };

function layoutOf({ gateways, threads }: AskingOptions): ThreadLayout {
  const inFlight = gateways.reduce((all, { maxInFlight }) => all + maxInFlight, 0);
  return layThreads(inFlight, threads);
}
