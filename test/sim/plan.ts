import type { Item } from '../../lib/core/order.ts';
import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS, SECOND_MS } from '../../lib/core/time.ts';
import type { NewOrder } from '../../lib/store/port.ts';
import {
  addStock,
  countStock,
  drawCallbacks,
  postCallback,
  postOrder,
  postPayment,
  requestPayment,
} from './actors.ts';
import { somebodyActs, somebodySendsAgain } from './people.ts';
import type { Random } from './random.ts';
import { type Attempt, drawAttempt } from './scripts.ts';
import type { World } from './world.ts';

/** A few hours are enough for every order to be made, asked about on every rung but the last, and crashed over. */
export const BAD_HOURS_MS = 2 * HOUR_MS;

/** Beyond the longest doubt: whatever takes days has shown itself. */
export const BAD_DAYS_MS = 4 * DAY_MS;

const CROWDS_MS = [0, 30 * MINUTE_MS];

const PRODUCTS = ['tea', 'salt', 'silk'];

/** Mostly the first users'. Amounts are in minor units, so any of them will do. */
const CURRENCIES = ['KRW', 'KRW', 'KRW', 'USD', 'JPY'];

/** Puts the first pieces in. */
export async function stockUp(world: World): Promise<void> {
  for (const id of PRODUCTS) {
    const onHand = world.random.between(0, 8);
    const lowStockAt = world.random.pick([null, 2]);
    await world.life.real.intake.putProduct(
      { id, name: id, onHand, lowStockAt },
      world.clock.now(),
    );
    world.thresholds.set(id, lowStockAt);
    world.counted.set(id, new Set([onHand]));
  }
}

const orderIdOf = (number: number) => `ORDER${String(number).padStart(6, '0')}`;

/** One order with all that becomes of it, and what the shop knows of that. */
export function planOrder(world: World, number: number, start: Instant): void {
  const { random } = world;
  const id = orderIdOf(number);
  // Some come in crowds: their looks fall into one sweep and want the same pieces.
  const createdAt = random.chance(0.4)
    ? start + random.pick(CROWDS_MS)
    : start + random.between(0, BAD_HOURS_MS - 30 * MINUTE_MS);
  const currency = random.pick(CURRENCIES);
  const amount = random.chance(0.05) ? 0 : random.pick([1_000, 5_000, 12_340]);
  const attemptAt = (requestedAt: Instant, name: string): Attempt => {
    const gateway = random.pick(world.gateways);
    const attempt = drawAttempt(random, {
      id: `${id}-${name}`,
      orderId: id,
      otherOrderId: random.chance(0.5) ? 'SOMEBODY-ELSE' : orderIdOf(number + 1),
      currency,
      amount,
      requestedAt,
      gateway,
      newKey: () => world.newKey(),
    });
    if (attempt.truth !== null) {
      gateway.put(attempt.truth);
      drawCallbacks(world, gateway, attempt.truth);
    }
    return attempt;
  };
  const attempts: Attempt[] = [];
  if (amount > 0 && random.chance(0.75)) attempts.push(attemptAt(createdAt, 'a'));
  if (amount > 0 && random.chance(0.1)) attempts.push(attemptAt(createdAt, 'b'));
  const order: NewOrder = {
    id,
    memberId: `member-${number}`,
    currency,
    amount,
    items: drawItems(random),
    payments: attempts.map(({ recorded }) => recorded),
    createdAt,
    lookAt: createdAt,
  };
  postOrder(world, createdAt + random.between(0, 30 * SECOND_MS), order);
  // In the middle of a look, or whenever.
  const firstLookAt = Math.ceil((createdAt + 10 * MINUTE_MS) / MINUTE_MS) * MINUTE_MS;
  const badMoment = () =>
    random.chance(0.5)
      ? firstLookAt + random.between(0, SECOND_MS)
      : createdAt + random.between(MINUTE_MS, 2 * HOUR_MS);
  const [item] = order.items;
  if (item !== undefined && random.chance(0.15)) {
    countStock(world, badMoment(), item.productId, random.between(0, 4));
  }
  if (amount === 0) return;
  if (random.chance(0.25)) {
    const at = badMoment();
    postPayment(world, at, id, attemptAt(at - random.between(0, MINUTE_MS), 'c').recorded);
  }
  // A charge that nobody recorded.
  if (random.chance(0.15)) attemptAt(createdAt + random.between(0, HOUR_MS), 'unrecorded');
  // Somebody pays once more, when the shop is not looking any longer.
  if (random.chance(0.1)) attemptAt(createdAt + random.between(HOUR_MS, BAD_DAYS_MS), 'late');
  // Of an order that is being paid already it is refused.
  for (const name of random.chance(attempts.length === 0 ? 0.6 : 0.15) ? ['r', 's'] : []) {
    const at = random.chance(0.8)
      ? createdAt + random.between(SECOND_MS, 9 * MINUTE_MS)
      : badMoment();
    requestPayment(world, at, id, {
      id: `${id}-${name}`,
      gateway: random.pick(world.gateways).name,
      method: 'CARD',
      amount,
      transactionKey: null,
      requestedAt: at,
    });
  }
}

function drawItems(random: Random): readonly Item[] {
  return Array.from({ length: random.between(1, 3) }, () => ({
    productId: random.pick(PRODUCTS),
    quantity: random.between(1, 2),
    unitPrice: 500,
  }));
}

/** Forged callbacks, wrong clocks, deliveries of goods, and people who get involved. */
export function planAccidents(world: World, start: Instant): void {
  const { random, clock } = world;
  const sometime = () => start + random.between(0, BAD_HOURS_MS);
  for (let count = random.between(0, 8); count > 0; count -= 1) {
    const gateway = random.pick(world.gateways);
    const known = random.pick([...gateway.all().map(({ key }) => key), 'invented']);
    const orderId = orderIdOf(random.between(1, 20));
    const named = random.pick([known, null, 'invented']);
    postCallback(world, sometime(), gateway.name, {
      eventId: `forged-${count}`,
      key: named,
      orderId: named === null || random.chance(0.7) ? orderId : null,
    });
  }
  for (let count = random.between(0, 3); count > 0; count -= 1) {
    const from = sometime() - start;
    const size = random.pick([MINUTE_MS, HOUR_MS, 20 * HOUR_MS, 400 * DAY_MS]);
    const errorMs = random.chance(0.5) ? size : -size;
    clock.after(from, () => clock.misset(errorMs));
    clock.after(from + random.between(1, 40) * MINUTE_MS, () => clock.misset(0));
  }
  // Later the clock is wrong for hours, over whatever restarts come meanwhile.
  if (random.chance(0.4)) {
    const from = random.between(BAD_HOURS_MS, BAD_DAYS_MS - DAY_MS);
    const size = random.pick([MINUTE_MS, 3 * HOUR_MS, 2 * DAY_MS, 40 * DAY_MS]);
    clock.after(from, () => clock.misset(random.chance(0.5) ? size : -size));
    clock.after(from + random.between(1, 20) * HOUR_MS, () => clock.misset(0));
  }
  for (let count = random.between(0, 4); count > 0; count -= 1) {
    const at = random.chance(0.5) ? sometime() : start + random.between(0, BAD_DAYS_MS);
    world.schedule(at, 'pruning', async ({ real }) => {
      await real.upkeep.prune(clock.now());
      return 'done';
    });
  }
  for (let count = random.between(0, 4); count > 0; count -= 1) {
    addStock(world, sometime(), random.pick(PRODUCTS), random.between(1, 5), `delivery-${count}`);
  }
  for (let count = random.between(0, 6); count > 0; count -= 1) somebodyActs(world, sometime());
  for (let count = random.between(0, 3); count > 0; count -= 1) {
    somebodyActs(world, start + random.between(BAD_HOURS_MS, BAD_DAYS_MS));
  }
  for (let count = random.between(0, 4); count > 0; count -= 1) {
    somebodySendsAgain(world, start + random.between(0, BAD_DAYS_MS));
  }
}
