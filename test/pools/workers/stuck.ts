import type { AskTask } from '../../../lib/pools/messages.ts';
import { ask as askWell } from '../../../workers/ask.ts';

/** Stands still over an order of that name. */
export function ask(task: AskTask): Promise<number> {
  if (task.first.orders[0]?.[0]?.orderId === 'ORDER-stuck') for (;;);
  return askWell(task);
}
