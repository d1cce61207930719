import { parentPort } from 'node:worker_threads';

/** A thread that is there and goes on loading for a while before it is ready, as ours does with its HTTP client. */
setTimeout(() => parentPort?.postMessage('ready'), 300);

/** Asks nothing. */
export async function ask(): Promise<void> {}
