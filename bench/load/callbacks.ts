import { Pool } from 'undici';
import { percentile } from '../stage/numbers.ts';
import { makeOrders } from '../stage/orders.ts';

/**
 * Sends the callbacks of so many orders over so many connections that are kept alive, each as soon as the one before on its
 * connection is answered. Prints what it took. Arguments: origin, path, connections, first order, orders.
 */

const [origin = '', path = '', connections = '', first = '', count = ''] = process.argv.slice(2);
const pool = new Pool(origin, { connections: Number(connections), pipelining: 1 });
const orders = makeOrders(Number(first), Number(count));
const bodies = orders.map(({ id, key, amount }) =>
  JSON.stringify({
    transactionKey: key,
    orderId: id,
    cardType: 'SAMSUNG',
    cardNo: '1234-5678-9814-1451',
    amount,
    status: 'SUCCESS',
    reason: '정상 승인되었습니다.',
  }),
);
const latenciesMs: number[] = [];
let next = 0;

async function lane(): Promise<void> {
  while (next < bodies.length) {
    const body = bodies[next] ?? '';
    next += 1;
    const sentMs = performance.now();
    const reply = await pool.request({
      method: 'POST',
      path,
      headers: { 'content-type': 'application/json' },
      body,
    });
    await reply.body.dump();
    if (reply.statusCode !== 200) throw new Error(`a callback was answered ${reply.statusCode}`);
    latenciesMs.push(performance.now() - sentMs);
  }
}

const startedMs = performance.now();
await Promise.all(Array.from({ length: Number(connections) }, lane));
const tookMs = performance.now() - startedMs;
process.stdout.write(
  `${JSON.stringify({ tookMs, medianMs: percentile(latenciesMs, 0.5), p99Ms: percentile(latenciesMs, 0.99) })}\n`,
);
await pool.close();
