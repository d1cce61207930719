import type { AskTask, Feeding } from '../../../lib/pools/messages.ts';
import { ask as askWell } from '../../../workers/ask.ts';

/** Ends its thread over an order of that name, wherever it comes among others. */
export function ask(task: AskTask): Promise<number> {
  const look = (feeding: Feeding) => {
    if (feeding === 'give_back') return;
    if (feeding.orders.some(([first]) => first?.orderId === 'ORDER-dies')) process.exit(1);
  };
  task.port.on('message', look);
  look(task.first);
  const asked = askWell(task);
  void asked.then(() => task.port.off('message', look));
  return asked;
}
