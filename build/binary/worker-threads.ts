/** `node:worker_threads` for Piscina in the one binary: its threads run code from memory, because there is no file of it. */
import { getAsset } from 'node:sea';
import * as threads from 'node:worker_threads';

export * from 'node:worker_threads';

/** A thread that runs the binary's own start, whatever file was named. */
export class Worker extends threads.Worker {
  constructor(_file: string | URL, options: threads.WorkerOptions) {
    super(getAsset('start.js', 'latin1'), { ...options, eval: true });
  }
}
