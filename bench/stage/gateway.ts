import { type Child, lineOf, startProgram } from './children.ts';
import type { BenchOrder } from './orders.ts';

/** The simulated gateway in a process of its own, as a user starts it. */
export interface Gateway {
  readonly url: string;
  /** Forgets everything and has these orders' payments, all captured. Lookups draw their delays from the beginning again. */
  preload(orders: readonly BenchOrder[]): Promise<void>;
  /** Adds payments and forgets nothing. */
  add(orders: readonly BenchOrder[]): Promise<void>;
  stats(): Promise<GatewayStats>;
  stop(): Promise<void>;
}

export interface GatewayStats {
  readonly maxInFlight: number;
  /** How long each lookup took in the gateway, by order id. */
  readonly durationsMs: Readonly<Record<string, readonly number[]>>;
}

/** Starts it. `delay` is how long a lookup takes, in its own words; the same seed gives each order the same delay. */
export async function startGateway(delay: string, seed: number): Promise<Gateway> {
  const child = startProgram(
    'lib/main.ts',
    [
      ...['simulate-gateway', '--port', '0', '--json', '--admin', '--no-callbacks'],
      ...['--lookup-delay', delay, '--seed', String(seed)],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  return reached(child);
}

/** One that answers at once and costs next to nothing; it knows no listings and counts nothing. */
export function startInstantGateway(): Promise<Gateway> {
  return reached(
    startProgram('bench/stage/instant-gateway.ts', [], { stdio: ['ignore', 'pipe', 'pipe'] }),
  );
}

async function reached(child: Child): Promise<Gateway> {
  const url = await lineOf(child, (line) => {
    const { url }: { url?: string } = JSON.parse(line);
    return url;
  });
  const add = (orders: readonly BenchOrder[]) =>
    post(`${url}/__simulator/payments`, orders.map(preloadLine).join('\n'));
  return {
    url,
    async preload(orders) {
      await post(`${url}/__simulator/reset`, '');
      await add(orders);
    },
    add,
    stats: async () => {
      const response = await fetch(`${url}/__simulator/stats`);
      return JSON.parse(await response.text());
    },
    stop: () => child.stop(),
  };
}

/** Lets it answer some lookups, so that nobody measures its first steps. */
export async function warmUp(gateway: Gateway, orders: readonly BenchOrder[]): Promise<void> {
  await gateway.preload(orders);
  const ask = async ({ key, memberId }: BenchOrder) => {
    const url = `${gateway.url}/api/v1/payments/${encodeURIComponent(key)}`;
    const response = await fetch(url, { headers: { 'x-user-id': memberId } });
    await response.arrayBuffer();
  };
  await Promise.all(orders.map(ask));
}

function preloadLine({ id, key, memberId, amount }: BenchOrder): string {
  return JSON.stringify({
    transactionKey: key,
    orderId: id,
    userId: memberId,
    amount,
    status: 'SUCCESS',
  });
}

async function post(url: string, body: string): Promise<void> {
  const response = await fetch(url, { method: 'POST', body });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url}: ${response.status} ${text}`);
}
