import type { Delivery } from '../../lib/store/outbox-port.ts';
import type { JournalRow, OrderView, Reader, StockMovement } from '../../lib/store/port.ts';

const BATCH = 1_000;

/** Every order there is. */
export async function allViews(reader: Reader): Promise<readonly OrderView[]> {
  const views: OrderView[] = [];
  for (let after: string | null = null; ; ) {
    const page = await reader.orders({ state: null, reason: null, after, limit: BATCH });
    views.push(...page.items);
    if (page.next === null) return views;
    after = page.next;
  }
}

/** The whole journal, by order. */
export async function allRows(reader: Reader): Promise<ReadonlyMap<string, JournalRow[]>> {
  const rows = new Map<string, JournalRow[]>();
  for (let after = 0; ; ) {
    const batch = await reader.journalAfter(after, BATCH);
    for (const row of batch) {
      const ours = rows.get(row.orderId);
      if (ours === undefined) rows.set(row.orderId, [row]);
      else ours.push(row);
    }
    const last = batch.at(-1);
    if (last === undefined) return rows;
    after = last.seq;
  }
}

/** Every movement of these products, oldest first by product. */
export async function allMovements(
  reader: Reader,
  productIds: Iterable<string>,
): Promise<readonly StockMovement[]> {
  const movements: StockMovement[] = [];
  for (const productId of productIds) {
    for (let after = 0; ; ) {
      const page = await reader.movements(productId, after, BATCH);
      movements.push(...page.items);
      if (page.next === null) break;
      after = Number(page.next);
    }
  }
  return movements;
}

/** Everything that was to be told to anybody. */
export async function allDeliveries(reader: Reader): Promise<readonly Delivery[]> {
  const deliveries: Delivery[] = [];
  for (let after: string | null = null; ; ) {
    const page = await reader.deliveries({ state: null, channel: null, after, limit: BATCH });
    deliveries.push(...page.items);
    if (page.next === null) return deliveries;
    after = page.next;
  }
}

/** The sum of what `of` makes of each. */
export function sum<T>(list: readonly T[], of: (one: T) => number): number {
  return list.reduce((total, one) => total + of(one), 0);
}
