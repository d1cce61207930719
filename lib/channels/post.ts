import type { Dispatcher } from 'undici';
import Agent from 'undici/lib/dispatcher/agent.js';
import type { Clock } from '../clock.ts';
import type { DurationMs } from '../core/time.ts';
import { lookupPublic } from './addresses.ts';

/** What a POST came to: the reply by its status, or nothing that could be read. */
export type Posted =
  | {
      readonly kind: 'reply';
      readonly status: number;
      /** Headers in lower case; of a repeated one the first. */
      readonly header: (name: string) => string | undefined;
      /** The start of the body: what is behind the first few kilobytes is not kept. */
      readonly text: string;
    }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'failed'; readonly error: unknown };

/** Connections to one receiver, made when they are needed and kept while they are used. */
export function openPosting(options: {
  readonly timeoutMs: DurationMs;
  readonly allowPrivate: boolean;
}): Agent {
  return new Agent({
    connect: {
      timeout: options.timeoutMs,
      // Whatever NODE_TLS_REJECT_UNAUTHORIZED says to other programs.
      rejectUnauthorized: true,
      ...(options.allowPrivate ? {} : { lookup: lookupPublic }),
    },
    // The deadline of the whole request rules.
    headersTimeout: 0,
    bodyTimeout: 0,
    allowH2: false,
  });
}

/** One POST, connect to last byte within the deadline. No redirect is followed. Never rejects. */
export function post(
  agent: Agent,
  target: Omit<Dispatcher.DispatchOptions, 'method'>,
  deadlineMs: DurationMs,
  clock: Clock,
): Promise<Posted> {
  const exchange = new Exchange(deadlineMs, clock);
  try {
    agent.dispatch({ ...target, method: 'POST' }, exchange);
  } catch (error) {
    exchange.fail(error);
  }
  return exchange.posted;
}

/** Of the words of a reply more is not kept. */
const KEPT_BYTES = 4 * 1024;

/** A reply longer than this is not read to its end, and costs its connection. */
const MOST_BYTES = 64 * 1024;

class Exchange implements Dispatcher.DispatchHandler {
  readonly posted: Promise<Posted>;
  readonly #resolve: (posted: Posted) => void;
  readonly #cancelDeadline: () => void;
  #settled = false;
  #controller: Dispatcher.DispatchController | null = null;
  #status: number | null = null;
  #headers: Readonly<Record<string, string | readonly string[] | undefined>> = {};
  #size = 0;
  #chunks: Buffer[] = [];

  constructor(deadlineMs: DurationMs, clock: Clock) {
    const { promise, resolve } = Promise.withResolvers<Posted>();
    this.posted = promise;
    this.#resolve = resolve;
    this.#cancelDeadline = clock.after(deadlineMs, () => this.#giveUp({ kind: 'timeout' }));
  }

  fail(error: unknown): void {
    this.#settle({ kind: 'failed', error });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Called when a connection is there and before a byte is written: given up meanwhile, nothing is sent.
    if (this.#settled) controller.abort(new Error('given up'));
    else this.#controller = controller;
  }

  onRequestUpgrade(
    _controller: unknown,
    _status: number,
    _headers: unknown,
    socket: { destroy(): unknown },
  ): void {
    this.fail(new Error('the receiver wants another protocol'));
    socket.destroy();
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  ): void {
    // An interim reply (103) is not the one.
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#size < KEPT_BYTES) this.#chunks.push(chunk.subarray(0, KEPT_BYTES - this.#size));
    this.#size += chunk.length;
    if (this.#size > MOST_BYTES) this.#giveUp({ kind: 'timeout' });
  }

  onResponseEnd(): void {
    this.fail(new Error('the reply has no status'));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: unknown): void {
    this.fail(error);
  }

  #giveUp(posted: Posted): void {
    this.#settle(posted);
    this.#controller?.abort(new Error('given up'));
  }

  /** Once the status is there it counts, however the rest of the reply ends: what follows are only words. */
  #settle(otherwise: Posted): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#cancelDeadline();
    const status = this.#status;
    if (status === null) {
      this.#resolve(otherwise);
      return;
    }
    const headers = this.#headers;
    const header = (name: string) => {
      const value = headers[name];
      return typeof value === 'string' || value === undefined ? value : value[0];
    };
    const text = new TextDecoder().decode(Buffer.concat(this.#chunks));
    this.#resolve({ kind: 'reply', status, header, text });
  }
}
