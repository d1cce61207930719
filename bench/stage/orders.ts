import { systemClock } from '../../lib/clock.ts';
import { databasePath } from '../../lib/config.ts';
import { MINUTE_MS } from '../../lib/core/time.ts';
import type { NewOrder } from '../../lib/store/port.ts';
import { openSqliteStore } from '../../lib/store/sqlite/index.ts';

/** An order that is stuck: paid at the gateway, its callback lost. */
export interface BenchOrder {
  readonly id: string;
  readonly memberId: string;
  readonly amount: number;
  /** The gateway's key of its payment, which the shop has recorded. */
  readonly key: string;
}

/** What every order takes one piece of. */
export const PRODUCT = { id: 'tea', name: 'tea', onHand: 100_000_000, lowStockAt: null };

/** How the gateway is called in every configuration of the benchmark. */
export const GATEWAY_NAME = 'pg';

/** Orders with the numbers `first` and following. */
export function makeOrders(first: number, count: number): readonly BenchOrder[] {
  return Array.from({ length: count }, (_, index) => {
    const number = first + index;
    return {
      id: `ORDER${String(number).padStart(7, '0')}`,
      memberId: `member-${number % 1_000}`,
      amount: 5_000,
      key: `20250816:TR:${number.toString(16).padStart(6, '0')}`,
    };
  });
}

/** Makes the database of a daemon: these orders, due in the order of the list, or only in an hour. */
export async function prepareDatabase(
  dataDir: string,
  orders: readonly BenchOrder[],
  due: 'now' | 'in an hour',
): Promise<void> {
  const path = databasePath({ dataDir });
  const store = openSqliteStore({ path, clock: systemClock, tell: () => {} });
  const now = systemClock.now();
  const firstDueAt = due === 'now' ? now - 10 * MINUTE_MS : now + 60 * MINUTE_MS;
  await store.intake.putProduct(PRODUCT, now);
  const outcomes = await store.intake.createOrders(
    orders.map((order, index) => newOrder(order, firstDueAt + index)),
    now,
  );
  const bad = outcomes.find(({ kind }) => kind !== 'created');
  if (bad !== undefined) throw new Error(`preparing the database: ${JSON.stringify(bad)}`);
  await store.upkeep.close();
}

/** How many orders of a database are completed. */
export async function completedIn(dataDir: string): Promise<number> {
  const path = databasePath({ dataDir });
  const store = openSqliteStore({ path, readOnly: true, clock: systemClock, tell: () => {} });
  const { orders } = await store.reader.counts();
  await store.upkeep.close();
  return orders.completed;
}

/** As the store takes it, due at that moment. */
export function newOrder({ id, memberId, amount, key }: BenchOrder, lookAt: number): NewOrder {
  const createdAt = lookAt - 10 * MINUTE_MS;
  return {
    id,
    memberId,
    currency: 'KRW',
    amount,
    items: [{ productId: PRODUCT.id, quantity: 1, unitPrice: amount }],
    payments: [
      {
        id: `${id}-1`,
        gateway: GATEWAY_NAME,
        method: 'CARD',
        amount,
        transactionKey: key,
        requestedAt: createdAt,
      },
    ],
    createdAt,
    lookAt,
  };
}
