import { firstLook } from '../../lib/core/questions.ts';
import {
  type DurationMs,
  HOUR_MS,
  type Instant,
  MINUTE_MS,
  SECOND_MS,
} from '../../lib/core/time.ts';
import type { Event } from '../../lib/observe/events.ts';
import type { NewOrder, NewPayment } from '../../lib/store/port.ts';
import { callbackBody, type ModelCallback } from '../support/model-daemon.ts';
import { ModelGateway, type TrueTransaction } from '../support/model-gateway.ts';
import { restUntil, TurnedClock, turnTo, turnUntil } from '../support/turned-clock.ts';
import { beginLife, type Life } from './life.ts';
import type { Random } from './random.ts';
import { BadWeather } from './weather.ts';

type Decided = Extract<Event, { name: 'order.decided' }>;

/** How big a world is. */
export interface Scale {
  readonly orders: number;
  /** Orders that are asked about at once. */
  readonly window: number;
}

/**
 * The world around the daemon: two gateways that know the truth, a clock, chance, and a daemon that dies and is started
 * again. Whoever wants something of the daemon tries until it is acknowledged.
 */
export class World {
  readonly clock = new TurnedClock();
  readonly random: Random;
  readonly gateways: readonly ModelGateway[];
  readonly weather: BadWeather;
  /** Trouble that no audit of the database would show. */
  readonly findings: string[] = [];
  /** Orders whose creation was acknowledged. */
  readonly acknowledged = new Map<string, NewOrder>();
  /** Orders whose creation was refused for good. */
  readonly turnedAway = new Set<string>();
  /** Pieces that were put in and acknowledged, by product. */
  readonly putIn = new Map<string, number>();
  lives = 0;
  looks = 0;
  /** Commits whose order or stock had changed meanwhile. */
  stale = 0;
  readonly #directory: string;
  readonly #scale: Scale;
  readonly #gauge = { busy: 0 };
  #life: Life | null = null;
  #lastKey = 0;
  /** Attempts of the shop, gateways and people that are not acknowledged yet. */
  #underWay = 0;

  constructor(random: Random, directory: string, scale: Scale) {
    this.random = random;
    this.#directory = directory;
    this.#scale = scale;
    this.gateways = drawGateways(random);
    const newKey = () => this.newKey();
    this.weather = new BadWeather(random.fork(), this.clock, this.gateways, newKey);
  }

  get life(): Life {
    if (this.#life === null) throw new Error('no daemon runs');
    return this.#life;
  }

  readonly idle = () => this.#gauge.busy === 0;

  async begin(): Promise<void> {
    this.lives += 1;
    this.#life = await beginLife({
      directory: this.#directory,
      clock: this.clock,
      gauge: this.#gauge,
      gateways: this.gateways,
      window: this.#scale.window,
      weather: this.weather,
      fate: () => this.weather.fate(),
      delayMs: () => this.weather.delayMs(),
      tell: (event) => this.#hear(event),
    });
  }

  /** A crash, or a stop in good order, and the next start. */
  async restart(crash: boolean): Promise<void> {
    if (crash) await this.life.kill();
    else await this.life.stop();
    await this.begin();
  }

  async end(): Promise<void> {
    await this.#life?.stop();
    this.#life = null;
  }

  newKey(): string {
    this.#lastKey += 1;
    return `20250816:TR:${this.#lastKey.toString(16).padStart(6, '0')}`;
  }

  /** Does it then, and again a little later until the daemon has acknowledged it. */
  schedule(at: Instant, what: string, act: (life: Life) => Promise<'done' | 'again'>): void {
    this.#underWay += 1;
    this.clock.after(at - this.clock.trueNow(), () => void this.#attempt(what, act));
  }

  /** Turns the clock on, with a sweep each minute as the cron would start it. */
  async passWithTicks(until: Instant): Promise<void> {
    while (this.clock.trueNow() < until) {
      await turnTo(this.clock, this.idle, Math.min(until, nextMinute(this.clock.trueNow())));
      // A tick does not wait for the sweep of the last one.
      this.life.daemon.sweeping.request();
    }
  }

  /** Turns the clock on, skipping the minutes in which nothing would be due. */
  async passSkipping(until: Instant, leastStepMs: DurationMs): Promise<void> {
    for (;;) {
      const now = this.clock.trueNow();
      const due = (await this.life.real.reader.oldestDue()) ?? until;
      // Orders that a wrong clock planned for next year are found by whatever sweep comes.
      const next = Math.min(Math.max(due, now + leastStepMs), now + LONGEST_STEP_MS);
      await turnTo(this.clock, this.idle, Math.min(next, until));
      if (next > until) return;
      await this.sweep();
    }
  }

  /** One sweep, to its end. */
  async sweep(): Promise<void> {
    const { ended } = this.life.daemon.sweeping.request();
    await turnUntil(
      this.clock,
      this.idle,
      this.life.during(ended).catch(() => undefined),
    );
  }

  /** Nothing that anybody wanted of the daemon is left unacknowledged. */
  async calm(): Promise<void> {
    await restUntil(this.idle);
    while (this.#underWay > 0) {
      if (!this.clock.turn()) throw new Error(`${this.#underWay} attempts were forgotten`);
      await restUntil(this.idle);
    }
  }

  async #attempt(
    what: string,
    act: (life: Life) => Promise<'done' | 'again'>,
    tries = 1,
  ): Promise<void> {
    const { life } = this;
    let outcome: 'done' | 'again' = 'again';
    try {
      outcome = await life.during(act(life));
    } catch (error) {
      const expected =
        error instanceof Error && (error.name === 'Died' || error.name === 'ReconciledError');
      if (!expected) this.findings.push(`${what}: ${error}`);
    }
    if (outcome === 'done') {
      this.#underWay -= 1;
      return;
    }
    if (tries === MAX_TRIES) {
      this.findings.push(`${what}: never acknowledged`);
      this.#underWay -= 1;
      return;
    }
    const wait = this.random.between(1, 30) * SECOND_MS;
    this.clock.after(wait, () => void this.#attempt(what, act, tries + 1));
  }

  #hear(event: Event): void {
    if (event.name === 'order.decided') this.#hearDecided(event);
    // Two orders with one transaction are the shop's doing; every other poison is a bug.
    if (event.name === 'order.poisoned' && !/recorded for another order/.test(event.error)) {
      this.findings.push(`${event.orderId} is poison: ${event.error}`);
    }
    if (event.name === 'store.failed') this.findings.push(`the store: ${event.error}`);
  }

  #hearDecided({ orderId, from, to, reason, outcome }: Decided): void {
    if (outcome === 'stale') this.stale += 1;
    if (outcome !== 'applied') return;
    this.looks += 1;
    const byLook = reason !== 'resolved_by_person' && reason !== 'out_of_stock';
    if (to === 'failed' && from !== 'failed' && byLook) this.#checkFailure(orderId);
  }

  /** An order fails only right after all gateways that can list have really listed, with nothing captured among it. */
  #checkFailure(orderId: string): void {
    const now = this.clock.trueNow();
    const amount = this.acknowledged.get(orderId)?.amount;
    for (const gateway of this.gateways.filter(({ settings }) => settings.canList)) {
      const listedAt = gateway.listedAt.get(orderId) ?? Number.NEGATIVE_INFINITY;
      if (listedAt < now - LONGEST_LOOK_MS) {
        this.findings.push(`${orderId}: failed, and ${gateway.name} had not listed what it has`);
      }
      const captured = gateway
        .all()
        .filter((one) => one.orderId === orderId && one.amount === amount)
        .filter((one) => one.currency === 'KRW')
        .find((one) => gateway.statusOf(one, listedAt) === 'succeeded');
      if (captured !== undefined) {
        this.findings.push(
          `${orderId}: failed, and ${captured.key} was captured before it was asked`,
        );
      }
    }
  }
}

/** A look takes at most this long, slow answers, slow writes and rounds of stale commits included. */
const LONGEST_LOOK_MS: DurationMs = MINUTE_MS;

/** Nobody has to ask the daemon for the same thing more often, however bad the day. */
const MAX_TRIES = 200;

/** The longest time without a sweep. */
const LONGEST_STEP_MS: DurationMs = 6 * HOUR_MS;

function nextMinute(now: Instant): Instant {
  return Math.floor(now / MINUTE_MS + 1) * MINUTE_MS;
}

/** One lists and cannot refund, like the first users'; the other one refunds, and may not list. */
function drawGateways(random: Random): readonly ModelGateway[] {
  return [
    new ModelGateway({
      name: 'pg',
      canList: true,
      canRefund: false,
      paymentWindowMs: 10 * MINUTE_MS,
    }),
    new ModelGateway({
      name: 'alt',
      canList: random.chance(0.7),
      canRefund: true,
      paymentWindowMs: 30 * MINUTE_MS,
      refundTakesMs: random.pick([0, 20 * MINUTE_MS]),
      refusesRefunds: random.chance(0.2),
    }),
  ];
}

// ── What the shop, the gateways and people do ───────────────────────────────────────────────────────────────────────

/** Records the order when the shop gets round to it. */
export function postOrder(world: World, at: Instant, order: NewOrder): void {
  world.schedule(at, `order ${order.id}`, async ({ store, daemon }) => {
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
  world.schedule(at, `payment ${payment.id}`, async ({ store, daemon }) => {
    const now = world.clock.now();
    const { kind } = await store.intake.addPayment(orderId, payment, now, 'recorded');
    if (kind === 'not_found') return world.turnedAway.has(orderId) ? 'done' : 'again';
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
  world.schedule(at, `request ${payment.id}`, async ({ daemon }) => {
    const { kind } = await daemon.requesting.request(orderId, payment, card);
    return kind === 'not_found' && !world.turnedAway.has(orderId) ? 'again' : 'done';
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
