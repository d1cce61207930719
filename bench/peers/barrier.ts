import { isCaptured, openLedger } from './ledger.ts';

/**
 * The first users' scheduler as a peer: chunks of ten, asked about at once; the next chunk begins when the slowest of them
 * is done and each is settled in its own transaction. One thread. Arguments: the database and the gateway.
 */

const CHUNK = 10;

const [path = '', gatewayUrl = ''] = process.argv.slice(2);
const ledger = openLedger(path);
const pending = ledger.pending();
for (let start = 0; start < pending.length; start += CHUNK) {
  const chunk = pending.slice(start, start + CHUNK);
  await Promise.all(
    chunk.map(async (order) => ledger.settle(order, await isCaptured(gatewayUrl, order))),
  );
}
process.stdout.write(`${JSON.stringify({ endedAt: Date.now() })}\n`);
ledger.close();
