import {
  DAY_MS,
  type DurationMs,
  HOUR_MS,
  type Instant,
  MINUTE_MS,
  SECOND_MS,
} from '../../lib/core/time.ts';
import { ReconciledError } from '../../lib/errors.ts';
import type { Event } from '../../lib/observe/events.ts';
import type { NewOrder, Reader } from '../../lib/store/port.ts';
import { ModelGateway } from '../support/model-gateway.ts';
import { restUntil, TurnedClock, turnTo, turnUntil } from '../support/turned-clock.ts';
import type { SentAgain, Truth } from './auditor.ts';
import { type Configuration, drawConfiguration, usualConfiguration } from './configuration.ts';
import { SYNC_FAILED } from './faulty-store.ts';
import { beginLife, Died, type Life } from './life.ts';
import type { Random } from './random.ts';
import { allViews } from './reading.ts';
import { Receivers } from './receivers.ts';
import { BadWeather, type Surroundings } from './weather.ts';

/** What became of an attempt. */
type Attempted = 'done' | 'again' | 'later';

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
  /** Those that became final while the clock was wrong: it planned what comes after that, too. */
  readonly finalByWrongClock = new Set<string>();
  /** Until when a gateway was not configured for the last time. */
  readonly absentUntil = new Map<string, Instant>();
  /** The channels that are to hear of an effect: those of the life that decided it. */
  readonly hearers = new Map<string, readonly string[]>();
  /** What the daemon was started with, life by life. */
  readonly configurations: Configuration[] = [];
  /** Pieces that were added and acknowledged, by product. */
  readonly putIn = new Map<string, number>();
  /** Every count of a product that a person entered, acknowledged or not. */
  readonly counted = new Map<string, Set<number>>();
  /** From which count on a product is low. */
  readonly thresholds = new Map<string, number | null>();
  /** Messages that a person had sent again, and was told that they would be. */
  readonly sentAgain: SentAgain[] = [];
  /** Payments that the daemon was told to request, by order. */
  readonly requested = new Map<string, Set<string>>();
  /** Orders that were held as poison, for whatever reason. */
  readonly poisoned: string[] = [];
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

  constructor(
    random: Random,
    directory: string,
    scale: Scale,
    gateways = drawGateways(random),
    weatherOf = (around: Surroundings) => new BadWeather(random.fork(), around),
  ) {
    this.random = random;
    this.#directory = directory;
    this.#scale = scale;
    this.gateways = gateways;
    const newKey = () => this.newKey();
    const currencyOf = (orderId: string) => this.acknowledged.get(orderId)?.currency ?? 'KRW';
    this.weather = weatherOf({ clock: this.clock, gateways, newKey, currencyOf });
    this.receivers = new Receivers(random.fork(), this.clock);
  }

  get life(): Life {
    if (this.#life === null) throw new Error('no daemon runs');
    return this.#life;
  }

  readonly idle = () => this.#gauge.busy === 0;

  /** Attempts of the shop, gateways and people that are not acknowledged yet. */
  get underWay(): number {
    return this.#underWay;
  }

  async begin(configuration = usualConfiguration(this.gateways)): Promise<void> {
    const before = this.configurations.at(-1);
    this.configurations.push(configuration);
    this.#life = await beginLife({
      directory: this.#directory,
      clock: this.clock,
      gauge: this.#gauge,
      configuration,
      opened: ({ reader }) => this.noteEffects(reader, before),
      window: this.#scale.window,
      weather: this.weather,
      receivers: this.receivers,
      losesWrite: () => this.weather.losesWrite(),
      syncFails: () => this.weather.syncFails(),
      delayMs: () => this.weather.delayMs(),
      tell: (event) => this.#hear(event),
    });
  }

  /** A crash, or a stop in good order, and the next start, with whatever the configuration has become meanwhile. */
  async restart(crash: boolean): Promise<void> {
    await this.#endLife(crash);
    await this.#beDown();
    const isChanged = this.random.chance(0.6);
    await this.begin(isChanged ? drawConfiguration(this.random, this.gateways) : undefined);
  }

  /** Nobody is there for a while. A clock that is wrong when it starts again is set right a little later. */
  async #beDown(): Promise<void> {
    const { random, clock } = this;
    await turnTo(
      clock,
      this.idle,
      clock.trueNow() + random.pick([0, 0, MINUTE_MS, 20 * MINUTE_MS]),
    );
    if (!random.chance(0.2)) return;
    const errorMs = random.pick([MINUTE_MS, 5 * HOUR_MS, 2 * DAY_MS]);
    clock.misset(random.chance(0.5) ? errorMs : -errorMs);
    clock.after(random.between(1, 90) * MINUTE_MS, () => clock.misset(0));
  }

  /** A stop in good order, or a crash, and a start with the usual configuration or another one. */
  async restartAsUsual(crash = false, configuration?: Configuration): Promise<void> {
    await this.#endLife(crash);
    await this.begin(configuration);
  }

  async #endLife(crash: boolean): Promise<void> {
    const { configuration } = this.life;
    if (crash) await this.life.kill();
    else await this.life.stop();
    for (const gateway of this.gateways) {
      if (!configuration.gateways.includes(gateway)) {
        this.absentUntil.set(gateway.name, this.clock.trueNow());
      }
    }
  }

  /** Keeps who is to hear of what was decided under this configuration. */
  async noteEffects(reader: Reader, configuration: Configuration | undefined): Promise<void> {
    const channels = (configuration?.channels ?? []).map(({ settings }) => settings.name);
    for (const { order } of await allViews(reader)) {
      for (const { key } of await reader.effects(order.id)) {
        if (!this.hearers.has(key)) this.hearers.set(key, channels);
      }
    }
  }

  async end(): Promise<void> {
    await this.#life?.stop();
    this.#life = null;
  }

  newKey(): string {
    this.#lastKey += 1;
    return `20250816:TR:${this.#lastKey.toString(16).padStart(6, '0')}`;
  }

  /** What the auditor may know. */
  truth(): Omit<Truth, 'settled'> {
    return { ...this, now: this.clock.trueNow() };
  }

  /** Requests that nobody wanted: each payment is requested once at most. */
  unrequested(): readonly string[] {
    return [...this.weather.sent].flatMap(([orderId, times]) => {
      const wanted = this.requested.get(orderId)?.size ?? 0;
      return times > wanted ? [`${orderId}: ${times} requests were sent for ${wanted}`] : [];
    });
  }

  /** Does it then, and again a little later until the daemon has acknowledged it. `later`: it cannot be asked for now. */
  schedule(at: Instant, what: string, act: (life: Life) => Promise<Attempted>): void {
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

  async #attempt(what: string, act: (life: Life) => Promise<Attempted>, tries = 1): Promise<void> {
    const { life } = this;
    let outcome: Attempted = 'again';
    let wasAlive = true;
    try {
      outcome = await life.during(act(life));
    } catch (error) {
      wasAlive = !(error instanceof Died);
      if (wasAlive && !(error instanceof ReconciledError)) this.findings.push(`${what}: ${error}`);
    }
    if (outcome === 'done') {
      this.#underWay -= 1;
      return;
    }
    if (outcome === 'later') {
      this.clock.after(LATER_MS, () => void this.#attempt(what, act, tries));
      return;
    }
    if (tries === MAX_TRIES) {
      this.findings.push(`${what}: never acknowledged`);
      this.#underWay -= 1;
      return;
    }
    const wait = this.random.between(1, 30) * SECOND_MS;
    this.clock.after(wait, () => void this.#attempt(what, act, wasAlive ? tries + 1 : tries));
  }

  #hear(event: Event): void {
    if (event.name === 'order.decided') this.#hearDecided(event);
    if (event.name === 'order.poisoned') this.poisoned.push(event.orderId);
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
    if (isFinal && from !== to) {
      this.finalSince.set(orderId, this.clock.trueNow());
      if (this.clock.now() !== this.clock.trueNow()) this.finalByWrongClock.add(orderId);
    }
    const byLook = reason !== 'resolved_by_person' && reason !== 'out_of_stock';
    if (to === 'failed' && from !== 'failed' && byLook) this.#checkFailure(orderId);
  }

  /** An order fails only right after all gateways that can list have really listed, with nothing captured among it. */
  #checkFailure(orderId: string): void {
    const now = this.clock.trueNow();
    const order = this.acknowledged.get(orderId);
    const { gateways } = this.life.configuration;
    for (const gateway of gateways.filter(({ settings }) => settings.canList)) {
      const listedAt = gateway.listedAt.get(orderId) ?? Number.NEGATIVE_INFINITY;
      if (listedAt < now - LONGEST_LOOK_MS) {
        this.findings.push(`${orderId}: failed, and ${gateway.name} had not listed what it has`);
      }
      const captured = gateway
        .all()
        .filter((one) => one.orderId === orderId && one.amount === order?.amount)
        .filter((one) => one.currency === order?.currency)
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

/** Whatever the configuration has no room for at present is tried again after this. */
const LATER_MS: DurationMs = HOUR_MS;

/** The longest time without a sweep. */
const LONGEST_STEP_MS: DurationMs = 6 * HOUR_MS;

function nextMinute(now: Instant): Instant {
  return Math.floor(now / MINUTE_MS + 1) * MINUTE_MS;
}

/** One lists and cannot refund, like the first users'; the second one refunds, and may not list; a third one, if any, does both. */
function drawGateways(random: Random): readonly ModelGateway[] {
  const bank = new ModelGateway({
    name: 'bank',
    canList: true,
    canRefund: true,
    paymentWindowMs: HOUR_MS,
    refundTakesMs: 3 * HOUR_MS,
  });
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
    ...(random.chance(0.5) ? [bank] : []),
  ];
}
