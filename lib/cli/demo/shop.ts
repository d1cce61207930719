import { ReconciledError } from '../../errors.ts';
import type { Scenario } from './scenario.ts';

/** Orders that are on their way to the daemon at once. */
const AT_ONCE = 20;

/** Does what a shop does: puts the products on the shelf and sends the orders, over HTTP. */
export async function sendToDaemon(
  daemonUrl: string,
  { products, orders }: Scenario,
): Promise<void> {
  await eachOf(products, ({ id, name, onHand }) =>
    send('PUT', `${daemonUrl}/v1/products/${id}`, { name, onHand, lowStockAt: null }),
  );
  await eachOf(orders, ({ request }) => send('POST', `${daemonUrl}/v1/orders`, request));
}

/** Tells the gateway what really happened. */
export async function sendToGateway(gatewayUrl: string, { orders }: Scenario): Promise<void> {
  await send(
    'POST',
    `${gatewayUrl}/__simulator/payments`,
    orders.flatMap(({ atGateway }) => atGateway),
  );
}

async function send(method: string, url: string, body: unknown): Promise<void> {
  const response = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (response.ok) return;
  throw new ReconciledError(
    'internal',
    `${method} ${url} was answered ${response.status}: ${text}`,
    {
      hint: 'Run the demo again; when it fails again, please report it.',
    },
  );
}

async function eachOf<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const one = async () => {
    for (const item of rest) await act(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}
