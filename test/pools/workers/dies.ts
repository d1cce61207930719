import type { AskTask } from '../../../lib/pools/messages.ts';
import { ask as askWell } from '../../../workers/ask.ts';

/** Ends its thread over an order of that name, and over every payment request. */
export function ask(task: AskTask): Promise<number> {
  if (task.first.orders[0]?.[0]?.orderId === 'ORDER-dies') process.exit(1);
  return askWell(task);
}

export function request(): void {
  process.exit(1);
}
