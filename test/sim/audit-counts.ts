import type { OrderView, Reader, StockMovement } from '../../lib/store/port.ts';
import type { Truth } from './auditor.ts';
import { sum } from './reading.ts';

/** Invariant 2: stock is never negative, and what is on hand and what was taken is what was put in. */
export async function auditStock(
  reader: Reader,
  movements: readonly StockMovement[],
  { putIn, counted, settled }: Truth,
): Promise<string[]> {
  const broken: string[] = [];
  for (const [productId, counts] of counted) {
    const product = await reader.product(productId);
    const ours = movements.filter((one) => one.productId === productId);
    let onHand = 0;
    for (const { change, onHand: after } of ours) {
      onHand += change;
      if (onHand !== after || onHand < 0) broken.push(`${productId}: ${after} after ${change}`);
    }
    if (product?.onHand !== onHand)
      broken.push(`${productId}: ${product?.onHand}, moved ${onHand}`);
    const pieces = putIn.get(productId) ?? 0;
    const put = sum(
      ours.filter(({ kind }) => kind === 'added'),
      ({ change }) => change,
    );
    // Before all is acknowledged, a delivery may be in that the shop does not know of.
    if (settled ? put !== pieces : put < pieces) {
      broken.push(`${productId}: ${pieces} were put in, ${put} are booked`);
    }
    const invented = ours.find((one) => one.kind === 'counted' && !counts.has(one.onHand));
    if (invented !== undefined) broken.push(`${productId}: nobody counted ${invented.onHand}`);
  }
  return broken;
}

/** The counters that the commits keep are what a count would find. */
export async function auditCounts(reader: Reader, views: readonly OrderView[]): Promise<string[]> {
  const counts = await reader.counts();
  const broken: string[] = [];
  for (const state of ['pending', 'completed', 'failed', 'held'] as const) {
    const there = views.filter(({ order }) => order.state === state).length;
    if (counts.orders[state] !== there) {
      broken.push(`${there} orders are ${state}, counted ${counts.orders[state]}`);
    }
  }
  const due = sum(
    views,
    ({ payments }) => payments.filter((one) => one.state === 'refund_due').length,
  );
  if (counts.refundsDue !== due)
    broken.push(`${due} refunds are due, counted ${counts.refundsDue}`);
  return broken;
}
