/** `node:worker_threads` for Piscina in the one binary: its threads run code from memory, because there is no file of it. */
import * as threads from 'node:worker_threads';
import { startThread, takeEarly } from './early-thread.ts';

export * from 'node:worker_threads';

/** A thread that runs the binary's own start, whatever file was named. */
export const Worker = new Proxy(threads.Worker, {
  construct: (_, [, options]: [file: string | URL, options: threads.WorkerOptions]) =>
    takeEarly(options) ?? startThread(options),
});
