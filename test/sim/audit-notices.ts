import type { Delivery } from '../../lib/store/outbox-port.ts';
import type { Reader } from '../../lib/store/port.ts';
import type { Truth } from './auditor.ts';
import { allDeliveries } from './reading.ts';
import { type Receivers, SUBSCRIPTIONS } from './receivers.ts';

/**
 * Whatever is told is told to everybody who is to hear of it, at least once, or is visibly dead; nobody hears of what did not
 * happen. `effectKeys`: of everything that was decided.
 */
export async function auditNotices(
  reader: Reader,
  effectKeys: ReadonlySet<string>,
  { receivers, settled }: Pick<Truth, 'settled'> & { readonly receivers: Receivers },
): Promise<string[]> {
  const broken: string[] = [];
  const deliveries = await allDeliveries(reader);
  const byChannel = Map.groupBy(deliveries, ({ channel }) => channel);
  for (const channel of new Set(SUBSCRIPTIONS.map((one) => one.channel))) {
    const ours = byChannel.get(channel) ?? [];
    const keys = new Set(ours.map(({ effect }) => effect.key));
    if (keys.size !== ours.length) broken.push(`${channel}: an effect has two deliveries`);
    for (const key of effectKeys) {
      if (!keys.has(key)) broken.push(`${channel}: nobody ever meant to tell of ${key}`);
    }
    const taken = receivers.taken.get(channel) ?? new Set();
    for (const key of taken) {
      if (!keys.has(key)) broken.push(`${channel}: was told of ${key}, which never happened`);
    }
    broken.push(...ours.flatMap((delivery) => auditDelivery(delivery, taken, settled)));
  }
  const { pending, dead } = (await reader.counts()).deliveries;
  for (const [state, counted] of Object.entries({ pending, dead })) {
    for (const [channel, ours] of byChannel) {
      const there = ours.filter((one) => one.state === state).length;
      if (there !== (counted[channel] ?? 0)) {
        broken.push(`${channel}: ${there} are ${state}, counted ${counted[channel]}`);
      }
    }
  }
  return broken;
}

function auditDelivery(
  { channel, state, effect: { key } }: Delivery,
  taken: ReadonlySet<string>,
  settled: boolean,
): string[] {
  if (state === 'delivered' && !taken.has(key)) {
    return [`${channel}: ${key} counts as delivered, and nobody has it`];
  }
  return settled && state === 'pending' ? [`${channel}: ${key} is still on its way`] : [];
}
