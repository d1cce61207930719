import { detailText } from '../lib/channels/detail.ts';
import { openChannel } from '../lib/channels/index.ts';
import type { Channel } from '../lib/channels/port.ts';
import { failedReceipt, type Receipt } from '../lib/core/delivery.ts';
import type { SendTask } from '../lib/pools/messages.ts';

/** Sends one message once. Never rejects: whatever goes wrong is a receipt. */
export async function send(task: SendTask): Promise<Receipt> {
  try {
    const channel = await opened(task);
    return await channel.send(task.message);
  } catch (error) {
    return failedReceipt('internal', detailText(task.settings, String(error)));
  }
}

const channels = new Map<string, Promise<Channel>>();

/** One open channel for each name: changed settings come with a new process. */
function opened({ settings, style }: SendTask): Promise<Channel> {
  const known = channels.get(settings.name);
  if (known !== undefined) return known;
  const opening = openChannel(settings, style);
  channels.set(settings.name, opening);
  // What could not be opened is tried again with the next message.
  opening.catch(() => channels.delete(settings.name));
  return opening;
}
