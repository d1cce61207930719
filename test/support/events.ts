import type { Event } from '../../lib/observe/events.ts';

/** A sweep has completed an order that `pg` captured. */
export const decided: Extract<Event, { readonly name: 'order.decided' }> = {
  name: 'order.decided',
  orderId: 'ORDER000001',
  from: 'pending',
  to: 'completed',
  reason: 'captured',
  changed: true,
  gateways: ['pg'],
  trigger: 'sweep',
  outcome: 'applied',
};
