import type { ChannelSettings, Message, Style } from '../channels/port.ts';
import type { Clock } from '../clock.ts';
import { failedReceipt, type Receipt } from '../core/delivery.ts';
import type { DurationMs } from '../core/time.ts';
import { messageOf } from '../errors.ts';
import type { Tell } from '../observe/events.ts';
import { privateCompileCache } from './compile-cache.ts';
import type { SendTask } from './messages.ts';
import type { Sending } from './port.ts';
import { type ThreadCode, ThreadPool, threadSettings, whenStuck } from './threads.ts';

/** What the pool is made from. */
export interface SendingOptions extends ThreadCode {
  /** Threads at most; each starts with a message that no other has room for. */
  readonly threads: number;
  /** Of all channels together: what the threads can hold without a queue. */
  readonly maxInFlight: number;
  readonly style: Style;
  readonly clock: Clock;
  readonly tell: Tell;
  /** How long `close` waits for what is being sent. */
  readonly closeWithinMs?: DurationMs;
}

/** The sending pool and what its owner needs of it. */
interface SendingPool extends Sending {
  /** Takes nothing more, waits for what is being sent within the bound, answers the rest `stopping`. Never rejects. */
  close(): Promise<void>;
  /** The share of what may be in flight that is, 0–1. */
  utilization(): number;
}

/** A pool of its own, never shared with asking. No thread runs before the first message. */
export function createSending(options: SendingOptions): SendingPool {
  return new SendingThreads(options);
}

/** What is sent a second time is the same message, so nobody waits for a mail server's minute. */
const CLOSE_WITHIN_MS: DurationMs = 5_000;

/**
 * A message that has no receipt after so many times the longest time-out of a channel is in a thread that is stuck. A last
 * resort; every channel ends by its own time-out.
 */
const STUCK_AFTER_TIMEOUTS = 4;

/** Short time-outs leave a thread no time to start. */
const SHORTEST_TIMEOUT_MS: DurationMs = 5_000;

class SendingThreads implements SendingPool {
  readonly #pool: ThreadPool;
  readonly #style: Style;
  readonly #clock: Clock;
  readonly #tell: Tell;
  readonly #maxInFlight: number;
  readonly #closeWithinMs: DurationMs;
  /** Ends each message that is in a thread, or on its way there. */
  readonly #ends = new Set<(receipt: Receipt) => void>();
  #longestTimeoutMs = SHORTEST_TIMEOUT_MS;
  #closing = false;
  /** Resolves when nothing is under way while the pool closes. */
  readonly #idle = Promise.withResolvers<void>();

  constructor(options: SendingOptions) {
    const { threads, maxInFlight, compileCacheDir = privateCompileCache() } = options;
    this.#style = options.style;
    this.#clock = options.clock;
    this.#tell = options.tell;
    this.#maxInFlight = maxInFlight;
    this.#closeWithinMs = options.closeWithinMs ?? CLOSE_WITHIN_MS;
    this.#pool = new ThreadPool({
      ...threadSettings(compileCacheDir),
      minThreads: 0,
      maxThreads: threads,
      // Everything that may be in flight has room in the threads: a message never waits for another one's receiver.
      concurrentTasksPerWorker: Math.ceil(maxInFlight / threads),
      filename: options.workerUrl ?? new URL('../../workers/send.ts', import.meta.url).href,
      name: 'send',
    });
    this.#pool.on('error', (error: unknown) => this.#failed(messageOf(error)));
  }

  async send(settings: ChannelSettings, message: Message): Promise<Receipt> {
    if (this.#closing) return failedReceipt('stopping', 'not sent: the daemon ends');
    const { promise, resolve } = Promise.withResolvers<Receipt>();
    this.#ends.add(resolve);
    const cancel = whenStuck(this.#clock, this.#stuckAfterMs(settings), () => {
      resolve(failedReceipt('timeout', 'the thread was stuck'));
      this.#pool.endThreads('a thread is stuck');
    });
    const task: SendTask = { settings, style: this.#style, message };
    this.#pool.run<Receipt>(task, { name: 'send' }).then(resolve, (error: unknown) => {
      if (!this.#closing) this.#failed(messageOf(error));
      resolve(failedReceipt('internal', `the thread ended: ${messageOf(error)}`));
    });
    const receipt = await promise;
    cancel();
    this.#ends.delete(resolve);
    if (this.#closing && this.#ends.size === 0) this.#idle.resolve();
    return receipt;
  }

  utilization(): number {
    return this.#ends.size / this.#maxInFlight;
  }

  async close(): Promise<void> {
    this.#closing = true;
    if (this.#ends.size > 0) {
      const cancel = this.#clock.after(this.#closeWithinMs, () => this.#idle.resolve());
      await this.#idle.promise;
      cancel();
    }
    const ended = failedReceipt('stopping', 'the daemon ended before there was an answer');
    for (const end of this.#ends) end(ended);
    await this.#pool.destroy().catch((error: unknown) => this.#failed(messageOf(error)));
  }

  #stuckAfterMs({ timeoutMs }: ChannelSettings): DurationMs {
    this.#longestTimeoutMs = Math.max(this.#longestTimeoutMs, timeoutMs);
    return STUCK_AFTER_TIMEOUTS * this.#longestTimeoutMs;
  }

  #failed(error: string): void {
    this.#tell({ name: 'pool.failed', pool: 'sending', error });
  }
}
