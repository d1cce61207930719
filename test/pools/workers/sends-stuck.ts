import type { Receipt } from '../../../lib/core/delivery.ts';
import type { SendTask } from '../../../lib/pools/messages.ts';
import { send as sendWell } from '../../../workers/send.ts';

/** Never ends over a message of that id, and ends its thread over another. */
export function send(task: SendTask): Promise<Receipt> {
  if (task.message.id === 'stuck') return new Promise(() => {});
  if (task.message.id === 'dies') process.exit(1);
  return sendWell(task);
}
