import pLimit from 'p-limit';
import { isCaptured, openLedger } from './ledger.ts';

/**
 * What one would write in an afternoon: p-limit, global fetch, one commit for each order, one thread. Settles what is pending
 * whenever it is told to, and says when it is done. Arguments: the database and the gateway.
 */

/** As many as the gateway bears at once. */
const limit = pLimit(10);

const [path = '', gatewayUrl = ''] = process.argv.slice(2);
const ledger = openLedger(path);

async function settleAll(): Promise<void> {
  const pending = ledger.pending();
  await Promise.all(
    pending.map((order) =>
      limit(async () => ledger.settle(order, await isCaptured(gatewayUrl, order))),
    ),
  );
  process.send?.({ settled: pending.length });
}

process.on('message', () => void settleAll());
process.on('disconnect', () => process.exit(0));
process.send?.({ settled: 0 });
