import { once } from 'node:events';
import http from 'node:http';
import t from 'tap';
import { GATEWAY_KINDS, gatewayKind } from '../../lib/gateways/index.ts';
import { pgSimulator } from '../../lib/gateways/pg-simulator.ts';
import { startSimulator } from '../../lib/simulator/simulator.ts';
import { gatewayContract, type Stage, type Staged, type Troubles } from './contract.ts';
import { MEMBER, settingsFor } from './settings.ts';

t.test('kinds are found by their name', async (t) => {
  t.strictSame(GATEWAY_KINDS, ['pg-simulator']);
  t.equal(gatewayKind('pg-simulator'), pgSimulator);
  t.equal(gatewayKind('pg'), undefined);
});

t.test('pg-simulator', async (t) => {
  gatewayContract(t, pgSimulator, startPgSimulator);
});

const WORDS = { succeeded: 'SUCCESS', failed: 'FAILED', pending: 'PENDING' } as const;

/** The real simulator at full speed, with a shop that takes its callbacks. */
async function startPgSimulator(staged: readonly Staged[], troubles: Troubles): Promise<Stage> {
  const bodies: Uint8Array[] = [];
  const shop = http.createServer((request, response) => {
    const chunks: Uint8Array[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks));
      response.end();
      shop.emit('callback');
    });
  });
  shop.listen(0, '127.0.0.1');
  await once(shop, 'listening');
  const address = shop.address();
  if (typeof address !== 'object' || address === null) throw new Error('no address');
  const simulator = await startSimulator({
    port: 0,
    requestDelay: 'none',
    processingDelay: 'none',
    failureRate: 0,
    lookupSilenceRate: troubles.hangs === true ? 1 : 0,
    callbackOrigin: `http://127.0.0.1:${address.port}`,
    preload: staged.map(({ key, orderId, amount, status }, index) => ({
      transactionKey: key,
      orderId,
      userId: MEMBER,
      amount,
      status: WORDS[status],
      createdAt: 1_755_300_000_000 + index,
    })),
  });
  return {
    settings: settingsFor(simulator.url),
    async nextCallback() {
      if (bodies.length === 0) await once(shop, 'callback');
      return bodies.shift() ?? Buffer.alloc(0);
    },
    async close() {
      await simulator.close();
      shop.closeAllConnections();
      shop.close();
    },
  };
}
