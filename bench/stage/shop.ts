import { Agent, request } from 'undici';
import { systemClock, toIso } from '../../lib/clock.ts';
import { MINUTE_MS } from '../../lib/core/time.ts';
import { type BenchOrder, PRODUCT } from './orders.ts';

/** Orders on their way at once: they share their commits. */
const AT_ONCE = 50;

/** Tells a running daemon of orders that are due, as a shop does. */
export async function sendOrders(url: string, orders: readonly BenchOrder[]): Promise<void> {
  const agent = new Agent({ connections: AT_ONCE });
  const left = [...orders];
  const createdAt = toIso(systemClock.now() - 20 * MINUTE_MS);
  const lane = async () => {
    for (let order = left.shift(); order !== undefined; order = left.shift()) {
      const { statusCode, body } = await request(`${url}/v1/orders`, {
        method: 'POST',
        dispatcher: agent,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(orderBody(order, createdAt)),
      });
      const text = await body.text();
      if (statusCode !== 201) throw new Error(`order ${order.id}: ${statusCode} ${text}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  await agent.close();
}

function orderBody({ id, memberId, amount, key }: BenchOrder, createdAt: string) {
  return {
    id,
    memberId,
    currency: 'KRW',
    amount,
    items: [{ productId: PRODUCT.id, quantity: 1, unitPrice: amount }],
    payments: [{ id: `${id}-1`, method: 'CARD', amount, transactionKey: key }],
    createdAt,
  };
}
