import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MINUTE_MS } from '../../../lib/core/time.ts';
import { SCHEMA_VERSION } from '../../../lib/store/sqlite/migrations.ts';
import { openFlowWorld } from '../../support/flow-world.ts';
import { dumpDatabase } from './dump.ts';

/**
 * Keeps a database of the present layout, with orders of every kind in it, for the versions to come: `npx node test/store/released/keep.ts`
 * writes `layout-N.sql`. It is run once for a layout, before the first version that has it is released.
 */
const world = await openFlowWorld();
const paid = (id: string) => world.transaction({ key: `key-of-${id}`, orderId: id });
await world.order('ORDER-COMPLETED', [{ transactionKey: 'key-of-ORDER-COMPLETED' }]);
paid('ORDER-COMPLETED');
await world.order('ORDER-FAILED', [{ transactionKey: 'key-of-ORDER-FAILED' }]);
world.transaction({
  key: 'key-of-ORDER-FAILED',
  orderId: 'ORDER-FAILED',
  steps: [{ at: world.clock.trueNow(), status: 'failed' }],
});
await world.order('ORDER-HELD', [{ transactionKey: 'key-of-ORDER-HELD' }]);
world.transaction({ key: 'key-of-ORDER-HELD', orderId: 'ORDER-HELD', amount: 999 });
await world.order('ORDER-PAID-TWICE', [
  { transactionKey: 'key-of-ORDER-PAID-TWICE' },
  { transactionKey: 'another-key' },
]);
paid('ORDER-PAID-TWICE');
world.transaction({ key: 'another-key', orderId: 'ORDER-PAID-TWICE' });
await world.order('ORDER-LOST', [{ transactionKey: 'lost-key' }]);
await world.order('ORDER-NOT-PAID', [{}]);
await world.order('ORDER-WITHOUT-PAYMENT', []);
await world.store.intake.putProduct(
  { id: 'tea', name: 'Tea', onHand: 2, lowStockAt: null },
  world.clock.now(),
);
await world.order('ORDER-TOO-LATE', [{ transactionKey: 'key-of-ORDER-TOO-LATE' }]);
paid('ORDER-TOO-LATE');
await world.sweep();
await world.store.intake.admit({
  gateway: 'pg',
  eventId: 'event-1',
  key: null,
  orderId: 'ORDER-TO-COME',
  receivedAt: world.clock.now(),
});
await world.pass(MINUTE_MS);
await world.order('ORDER-PENDING', [{}]);
const kept = join(import.meta.dirname, `layout-${SCHEMA_VERSION}.sql`);
writeFileSync(kept, dumpDatabase(world.path));
await world.close();
process.stderr.write(`${kept} is written.\n`);
