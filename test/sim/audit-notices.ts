import type { Delivery } from '../../lib/store/outbox-port.ts';
import type { Reader, StockMovement } from '../../lib/store/port.ts';
import type { Truth } from './auditor.ts';
import { allDeliveries } from './reading.ts';
import { CHANNELS } from './receivers.ts';

/**
 * Whatever is told is told to everybody who is to hear of it, at least once, or is visibly dead; nobody hears of what did not
 * happen. `effectKeys`: of everything that was decided.
 */
export async function auditNotices(
  reader: Reader,
  effectKeys: ReadonlySet<string>,
  movements: readonly StockMovement[],
  truth: Truth,
): Promise<string[]> {
  const { receivers, hearers, settled } = truth;
  const broken: string[] = [];
  const deliveries = await allDeliveries(reader);
  const byChannel = Map.groupBy(deliveries, ({ channel }) => channel);
  for (const { name: channel } of CHANNELS) {
    const ours = byChannel.get(channel) ?? [];
    const keys = new Set(ours.map(({ effect }) => effect.key));
    if (keys.size !== ours.length) broken.push(`${channel}: an effect has two deliveries`);
    for (const key of effectKeys) {
      const isTold = hearers.get(key)?.includes(channel) ?? false;
      if (isTold && !keys.has(key)) broken.push(`${channel}: nobody ever meant to tell of ${key}`);
    }
    const taken = receivers.taken.get(channel) ?? new Set();
    for (const key of taken) {
      if (!keys.has(key)) broken.push(`${channel}: was told of ${key}, which never happened`);
    }
    broken.push(...ours.flatMap((delivery) => auditDelivery(delivery, taken, settled)));
  }
  broken.push(...auditLowStock(byChannel.get('shop') ?? [], movements, truth));
  if (settled) broken.push(...auditSentAgain(truth));
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

/** Each time that the count of a product comes down to its threshold is told, and no other. */
function auditLowStock(
  deliveries: readonly Delivery[],
  movements: readonly StockMovement[],
  { thresholds }: Truth,
): string[] {
  return [...thresholds].flatMap(([productId, lowAt]) => {
    const ours = movements.filter((one) => one.productId === productId);
    const crossings = ours.filter(
      ({ change, onHand }) => lowAt !== null && onHand <= lowAt && onHand - change > lowAt,
    ).length;
    const told = deliveries.filter(
      ({ effect }) => effect.topic === 'stock.low' && effect.productId === productId,
    ).length;
    return told === crossings ? [] : [`${productId} ran low ${crossings} ×, told ${told} ×`];
  });
}

/** What a person was told to be sent again was; a channel that comes and goes may have gone before. */
function auditSentAgain({ sentAgain, receivers }: Truth): string[] {
  return sentAgain
    .filter(({ channel }) => channel === 'shop')
    .filter(({ key, at }) => (receivers.givenAt.get(`shop ${key}`) ?? 0) < at)
    .map(({ key }) => `shop: ${key} was to be sent again, and was not`);
}
