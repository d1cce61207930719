import { messageOf, ReconciledError } from '../../errors.ts';
import { parsed, refusal } from '../client.ts';
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
  const reply = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }).catch((error: unknown) => {
    throw failed(`${method} ${url} was not answered: ${reasonOf(error)}`, error);
  });
  const text = await reply.text();
  const { ok, status } = reply;
  // What passes by itself is trouble of this machine, such as a full disk.
  if (status === 503) throw refusal(url, { status, body: parsed(text) });
  if (!ok) throw failed(`${method} ${url} was answered ${status}: ${text}`);
}

function failed(message: string, cause?: unknown): ReconciledError {
  return new ReconciledError('internal', message, {
    hint: 'Run the demo again; when it fails again, please report it.',
    cause,
  });
}

/** What fetch found wrong stands in the cause of its error. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return messageOf(cause);
}

async function eachOf<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const one = async () => {
    for (const item of rest) await act(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}
