import type { Receipt } from '../../../lib/core/delivery.ts';
import type { SendTask } from '../../../lib/pools/messages.ts';
import { send as sendWell } from '../../../workers/send.ts';

/** Stands still over a message of that id, and ends its thread over another. */
export function send(task: SendTask): Promise<Receipt> {
  if (task.message.id === 'stuck') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  if (task.message.id === 'dies') process.exit(1);
  return sendWell(task);
}
