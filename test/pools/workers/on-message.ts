import { parentPort } from 'node:worker_threads';
import { ask } from '../../../workers/ask.ts';

parentPort?.on('message', (task) => void ask(task).then((came) => parentPort?.postMessage(came)));
