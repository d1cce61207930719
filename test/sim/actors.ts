import { firstLook } from '../../lib/core/questions.ts';
import { HOUR_MS, type Instant } from '../../lib/core/time.ts';
import type { NewOrder, NewPayment } from '../../lib/store/port.ts';
import { callbackBody, type ModelCallback } from '../support/model-daemon.ts';
import type { ModelGateway, TrueTransaction } from '../support/model-gateway.ts';
import type { Life } from './life.ts';
import type { World } from './world.ts';

/** The shop's address of the gateway is refused while the configuration knows none of that name. */
function isRefused({ configuration }: Life, payments: readonly NewPayment[]): boolean {
  const known = configuration.gateways.map(({ name }) => name);
  return payments.some(({ gateway }) => gateway !== null && !known.includes(gateway));
}

/** Records the order when the shop gets round to it. */
export function postOrder(world: World, at: Instant, order: NewOrder): void {
  world.schedule(at, `order ${order.id}`, async (life) => {
    if (isRefused(life, order.payments)) return 'later';
    const { store, daemon } = life;
    const now = world.clock.now();
    const lookAt = firstLook(order, daemon.policy(), now);
    const [outcome] = await store.intake.createOrders([{ ...order, lookAt }], now);
    if (outcome?.kind === 'conflict' && isOfAnother(world, order)) {
      world.turnedAway.add(order.id);
      return 'done';
    }
    if (outcome?.kind !== 'created' && outcome?.kind !== 'same') {
      world.findings.push(`creating order ${order.id} again came to ${JSON.stringify(outcome)}`);
    }
    daemon.pump.nudged();
    world.acknowledged.set(order.id, order);
    return 'done';
  });
}

/** The gateway says that a transaction of it belongs to another order, and that one may have been recorded first. */
function isOfAnother(world: World, { id, payments }: NewOrder): boolean {
  return payments.some(({ gateway, transactionKey }) => {
    const place = world.gateways.find(({ name }) => name === gateway);
    const transaction = place?.transaction(transactionKey ?? '');
    return transaction !== undefined && transaction.orderId !== id;
  });
}

/** Records a further attempt of an order. */
export function postPayment(world: World, at: Instant, orderId: string, payment: NewPayment): void {
  world.schedule(at, `payment ${payment.id}`, async (life) => {
    if (isRefused(life, [payment])) return 'later';
    const { store, daemon } = life;
    const now = world.clock.now();
    const { kind } = await store.intake.addPayment(orderId, payment, now, 'recorded');
    if (kind === 'not_found') return world.turnedAway.has(orderId) ? 'done' : 'later';
    daemon.pump.nudged();
    // A conflict: a look has found the transaction before the shop recorded it.
    if (kind !== 'created' && kind !== 'same' && kind !== 'conflict') {
      world.findings.push(`recording payment ${payment.id} came to ${kind}`);
    }
    return 'done';
  });
}

/** Has the daemon request a payment. */
export function requestPayment(
  world: World,
  at: Instant,
  orderId: string,
  payment: NewPayment,
): void {
  const card = { cardType: 'KB', cardNo: '1234-5678-9012-3456' };
  const requested = world.requested.get(orderId) ?? new Set();
  world.requested.set(orderId, requested.add(payment.id));
  world.schedule(at, `request ${payment.id}`, async (life) => {
    if (isRefused(life, [payment])) return 'done';
    const { daemon } = life;
    const { kind } = await daemon.requesting.request(orderId, payment, card);
    return kind === 'not_found' && !world.turnedAway.has(orderId) ? 'later' : 'done';
  });
}

/** Delivers the callbacks of a transaction: mostly none, sometimes two, sometimes late. */
export function drawCallbacks(
  world: World,
  { name }: ModelGateway,
  { key, orderId, steps }: TrueTransaction,
): void {
  const { random } = world;
  for (const { at, status } of steps) {
    if (status === 'pending' || random.chance(0.5)) continue;
    const callback = { eventId: `${key}:${status}`, key, orderId };
    const delayMs = random.chance(0.8) ? random.between(0, 2_000) : random.between(0, HOUR_MS);
    for (let copy = random.chance(0.2) ? 2 : 1; copy > 0; copy -= 1) {
      postCallback(world, at + delayMs * copy, name, callback);
    }
  }
}

/** A callback is sent once: when the daemon does not acknowledge it, it is lost. */
export function postCallback(
  world: World,
  at: Instant,
  gateway: string,
  callback: ModelCallback,
): void {
  world.schedule(at, 'callback', async ({ daemon }) => {
    await daemon.callbacks.receive(gateway, callbackBody(callback)).catch(() => undefined);
    return 'done';
  });
}

/** Adds pieces under a reference, however often the shop has to say so. */
export function addStock(
  world: World,
  at: Instant,
  productId: string,
  add: number,
  reference: string,
): void {
  world.schedule(at, `stock ${reference}`, async ({ store }) => {
    const outcome = await store.intake.addStock(productId, add, reference, world.clock.now());
    if (outcome === 'not_found') return 'again';
    if (outcome === 'differs') world.findings.push(`adding ${reference} again came to ${outcome}`);
    world.putIn.set(productId, (world.putIn.get(productId) ?? 0) + add);
    return 'done';
  });
}

/** Enters what somebody has counted, whatever was sold meanwhile. */
export function countStock(world: World, at: Instant, productId: string, onHand: number): void {
  const counts = world.counted.get(productId) ?? new Set();
  world.counted.set(productId, counts.add(onHand));
  const lowStockAt = world.thresholds.get(productId) ?? null;
  world.schedule(at, `counting ${productId}`, async ({ store }) => {
    const product = { id: productId, name: productId, onHand, lowStockAt };
    await store.intake.putProduct(product, world.clock.now());
    return 'done';
  });
}
