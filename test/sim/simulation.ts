import { isDeepStrictEqual } from 'node:util';
import { decide, holdForInternalError } from '../../lib/core/decide.ts';
import type { Item } from '../../lib/core/order.ts';
import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS, SECOND_MS } from '../../lib/core/time.ts';
import type { NewOrder, Reader } from '../../lib/store/port.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import {
  addStock,
  drawCallbacks,
  postCallback,
  postOrder,
  postPayment,
  requestPayment,
} from './actors.ts';
import { audit } from './auditor.ts';
import { everybodyActs, somebodyActs } from './people.ts';
import { Random } from './random.ts';
import { type Attempt, drawAttempt } from './scripts.ts';
import { type Scale, World } from './world.ts';

/** What one history came to. */
export interface Outcome {
  readonly seed: number;
  /** Invariants that were broken, in sentences; empty: all held. */
  readonly findings: readonly string[];
  readonly orders: number;
  readonly lives: number;
  readonly looks: number;
  /** Commits whose order or stock had changed meanwhile. */
  readonly stale: number;
  /** How long the last audit of the whole database took. */
  readonly auditMs: number;
}

/** The size of the histories that the tests run. */
export const USUAL_SCALE: Scale = { orders: 16, window: 4 };

/**
 * One seeded history: a few bad hours with everything that can go wrong, some bad days in which late truths come out, then
 * fair weather until all is quiet, then people end what waits for them. Audited on the way and at the end. `inspect` may
 * look at the world before it ends.
 */
export async function simulate(
  seed: number,
  scale: Scale = USUAL_SCALE,
  inspect: (world: World) => Promise<void> = async () => {},
): Promise<Outcome> {
  const directory = scratchDir(`sim-${seed}`);
  try {
    const world = new World(new Random(seed), directory.path, scale);
    const findings: string[] = [];
    const auditMs = await live(world, scale, findings);
    await inspect(world);
    await world.end();
    findings.push(...world.findings, ...world.receivers.findings);
    const { lives, looks, stale } = world;
    return { seed, findings, orders: scale.orders, lives, looks, stale, auditMs };
  } finally {
    directory.remove();
  }
}

/** A few hours are enough for every order to be made, asked about on every rung but the last, and crashed over. */
const BAD_HOURS_MS = 2 * HOUR_MS;

/** Beyond the longest doubt: whatever takes days has shown itself. */
const BAD_DAYS_MS = 4 * DAY_MS;

/** In fair weather every order gets its last planned look within this. */
const QUIET_MS = 4 * DAY_MS;

async function live(world: World, scale: Scale, findings: string[]): Promise<number> {
  const { clock, weather } = world;
  const start = clock.trueNow();
  weather.badness = 0;
  await world.begin();
  await stockUp(world);
  weather.badness = 1;
  for (let number = 1; number <= scale.orders; number += 1) planOrder(world, number, start);
  planAccidents(world, start);

  const crashes = Array.from({ length: world.random.between(2, 6) }, () =>
    world.random.between(0, BAD_HOURS_MS),
  ).sort((one, other) => one - other);
  for (const after of crashes) {
    await world.passWithTicks(start + after);
    await world.restart(world.random.chance(0.8));
  }
  await world.passWithTicks(start + BAD_HOURS_MS);
  findings.push(...(await audited(world, false)));

  weather.badness = 0.2;
  world.receivers.badness = 0.2;
  await world.passSkipping(start + BAD_DAYS_MS, HOUR_MS);
  await world.restart(true);

  weather.badness = 0;
  world.receivers.badness = 0;
  clock.misset(0);
  await world.calm();
  await world.passSkipping(clock.trueNow() + QUIET_MS, HOUR_MS);
  findings.push(...(await audited(world, true)));

  let rounds = 0;
  while ((await everybodyActs(world)) && rounds < PEOPLE_ROUNDS) {
    await world.passSkipping(clock.trueNow() + 2 * DAY_MS, 3 * HOUR_MS);
    rounds += 1;
  }
  const begunMs = performance.now();
  findings.push(...(await audited(world, true)));
  const auditMs = performance.now() - begunMs;
  const unread = await world.life.real.docket.match(1);
  if (unread.length > 0)
    findings.push('a callback was kept, and nobody ever found out what it means');
  if (rounds === PEOPLE_ROUNDS) findings.push('people never came to an end of what waits for them');
  findings.push(...(await replayed(world.life.real.reader)));
  return auditMs;
}

/** A person forgets three times out of ten to record a refund: that it is forgotten in each of these comes in one of a million. */
const PEOPLE_ROUNDS = 12;

function audited(world: World, settled: boolean): Promise<readonly string[]> {
  return audit(world.life.real.reader, {
    gateways: world.gateways,
    acknowledged: world.acknowledged,
    finalSince: world.finalSince,
    putIn: world.putIn,
    receivers: world.receivers,
    now: world.clock.trueNow(),
    settled,
  });
}

// ── What is going to happen ─────────────────────────────────────────────────────────────────────────────────────────

const CROWDS_MS = [0, 30 * MINUTE_MS];

const PRODUCTS = ['tea', 'salt', 'silk'];

async function stockUp(world: World): Promise<void> {
  for (const id of PRODUCTS) {
    const onHand = world.random.between(0, 8);
    const product = { id, name: id, onHand, lowStockAt: world.random.pick([null, 2]) };
    await world.life.real.intake.putProduct(product, world.clock.now());
    world.putIn.set(id, onHand);
  }
}

const orderIdOf = (number: number) => `ORDER${String(number).padStart(6, '0')}`;

function planOrder(world: World, number: number, start: Instant): void {
  const { random } = world;
  const id = orderIdOf(number);
  // Some come in crowds: their looks fall into one sweep and want the same pieces.
  const createdAt = random.chance(0.4)
    ? start + random.pick(CROWDS_MS)
    : start + random.between(0, BAD_HOURS_MS - 30 * MINUTE_MS);
  const amount = random.chance(0.05) ? 0 : random.pick([1_000, 5_000, 12_340]);
  const attemptAt = (requestedAt: Instant, name: string): Attempt => {
    const gateway = random.pick(world.gateways);
    const attempt = drawAttempt(random, {
      id: `${id}-${name}`,
      orderId: id,
      otherOrderId: random.chance(0.5) ? 'SOMEBODY-ELSE' : orderIdOf(number + 1),
      currency: 'KRW',
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
  if (amount > 0 && random.chance(0.85)) attempts.push(attemptAt(createdAt, 'a'));
  if (amount > 0 && random.chance(0.1)) attempts.push(attemptAt(createdAt, 'b'));
  const order: NewOrder = {
    id,
    memberId: `member-${number}`,
    currency: 'KRW',
    amount,
    items: drawItems(random),
    payments: attempts.map(({ recorded }) => recorded),
    createdAt,
    lookAt: createdAt,
  };
  postOrder(world, createdAt + random.between(0, 30 * SECOND_MS), order);
  if (amount === 0) return;
  if (random.chance(0.25)) {
    // In the middle of a look, or whenever.
    const firstLookAt = Math.ceil((createdAt + 10 * MINUTE_MS) / MINUTE_MS) * MINUTE_MS;
    const at = random.chance(0.5)
      ? firstLookAt + random.between(0, SECOND_MS)
      : createdAt + random.between(MINUTE_MS, 2 * HOUR_MS);
    postPayment(world, at, id, attemptAt(at - random.between(0, MINUTE_MS), 'c').recorded);
  }
  // A charge that nobody recorded.
  if (random.chance(0.15)) attemptAt(createdAt + random.between(0, HOUR_MS), 'unrecorded');
  // Somebody pays once more, when the shop is not looking any longer.
  if (random.chance(0.1)) attemptAt(createdAt + random.between(HOUR_MS, BAD_DAYS_MS), 'late');
  if (random.chance(0.15)) {
    const at = createdAt + random.between(SECOND_MS, HOUR_MS);
    requestPayment(world, at, id, {
      id: `${id}-requested`,
      gateway: 'pg',
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
function planAccidents(world: World, start: Instant): void {
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
  for (let count = random.between(0, 4); count > 0; count -= 1) {
    addStock(world, sometime(), random.pick(PRODUCTS), random.between(1, 5), `delivery-${count}`);
  }
  for (let count = random.between(0, 6); count > 0; count -= 1) somebodyActs(world, sometime());
  for (let count = random.between(0, 3); count > 0; count -= 1) {
    somebodyActs(world, start + random.between(BAD_HOURS_MS, BAD_DAYS_MS));
  }
}

// ── Replay ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Invariant 7: the journal holds all that each decision was made from, and the rules make it again. */
async function replayed(reader: Reader): Promise<readonly string[]> {
  const findings: string[] = [];
  for (let after = 0; ; ) {
    const rows = await reader.journalAfter(after, 500);
    for (const { orderId, version, record } of rows) {
      if (record.kind !== 'decided') continue;
      const { hearing, decision } = record;
      const again =
        decision.reason === 'internal_error'
          ? holdForInternalError(hearing.case, hearing.now)
          : decide(hearing.case, hearing.heard, hearing.policy, hearing.now);
      // Through JSON, as the journal keeps it: what is undefined is not there.
      if (!isDeepStrictEqual(JSON.parse(JSON.stringify(again)), decision)) {
        findings.push(`${orderId} version ${version}: replay decides otherwise`);
      }
    }
    const last = rows.at(-1);
    if (last === undefined) return findings;
    after = last.seq;
  }
}
