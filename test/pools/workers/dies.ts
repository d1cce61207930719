import type { AskTask } from '../../../lib/pools/messages.ts';
import { ask as askWell } from '../../../workers/ask.ts';

/** Ends its thread over an order of that name, and over every payment request. */
export async function ask(task: AskTask): Promise<void> {
  if (task.orders[0]?.[0]?.orderId === 'ORDER-dies') process.exit(1);
  await askWell(task);
}

export function request(): void {
  process.exit(1);
}
