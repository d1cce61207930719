import { parentPort } from 'node:worker_threads';

/** A thread that needs its time until it is ready. */
const untilMs = performance.now() + 300;
while (performance.now() < untilMs);
parentPort?.postMessage('ready');

/** Asks nothing. */
export async function ask(): Promise<void> {}
