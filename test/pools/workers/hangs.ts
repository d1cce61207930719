import { parentPort } from 'node:worker_threads';

/** Never ends a task. */
export function ask(): Promise<void> {
  return new Promise(() => {});
}

parentPort?.postMessage('ready');
