import {
  type DurationMs,
  HOUR_MS,
  type Instant,
  MINUTE_MS,
  SECOND_MS,
} from '../../lib/core/time.ts';
import type { Event } from '../../lib/observe/events.ts';
import type { NewOrder } from '../../lib/store/port.ts';
import { ModelGateway } from '../support/model-gateway.ts';
import { restUntil, TurnedClock, turnTo, turnUntil } from '../support/turned-clock.ts';
import { SYNC_FAILED } from './faulty-store.ts';
import { beginLife, type Life } from './life.ts';
import type { Random } from './random.ts';
import { Receivers } from './receivers.ts';
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
  readonly receivers: Receivers;
  /** Trouble that no audit of the database would show. */
  readonly findings: string[] = [];
  /** Orders whose creation was acknowledged. */
  readonly acknowledged = new Map<string, NewOrder>();
  /** Orders whose creation was refused for good. */
  readonly turnedAway = new Set<string>();
  /** Since when orders have been final, where somebody heard of it. */
  readonly finalSince = new Map<string, Instant>();
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
    this.receivers = new Receivers(random.fork(), this.clock);
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
      receivers: this.receivers,
      fate: () => this.weather.fate(),
      syncFails: () => this.weather.syncFails(),
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
    if (event.name === 'store.failed' && !event.error.includes(SYNC_FAILED)) {
      this.findings.push(`the store: ${event.error}`);
    }
  }

  #hearDecided({ orderId, from, to, reason, outcome }: Decided): void {
    if (outcome === 'stale') this.stale += 1;
    if (outcome !== 'applied') return;
    this.looks += 1;
    const isFinal = to === 'completed' || to === 'failed';
    if (isFinal && from !== to) this.finalSince.set(orderId, this.clock.trueNow());
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
