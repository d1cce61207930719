import type { TransactionStatus } from '../../../lib/core/gateway.ts';
import { HOUR_MS, type Instant, MINUTE_MS, SECOND_MS } from '../../../lib/core/time.ts';
import type { NewOrder, OrderView } from '../../../lib/store/port.ts';
import { turnTo } from '../../support/turned-clock.ts';
import { audit } from '../auditor.ts';
import { type Configuration, usualConfiguration } from '../configuration.ts';
import { Random } from '../random.ts';
import { allViews } from '../reading.ts';
import { CHANNELS, channelOf, subscriptionsOf } from '../receivers.ts';
import { World } from '../world.ts';
import { AMOUNT, type Beginning, gatewaysOf, ORDER, paymentOf } from './beginnings.ts';
import { type Disk, type Reply, SteeredWeather } from './weather.ts';

/** What the steps that may come depend on. */
export interface Standing {
  readonly views: readonly OrderView[];
  /** Something is due at once. */
  readonly isDue: boolean;
  /** Something is or comes due. */
  readonly comesDue: boolean;
  readonly isSweeping: boolean;
  /** Questions that no gateway has read. */
  readonly unread: number;
  /** Replies and writes that are on their way. */
  readonly onTheWay: number;
  /** A timer fires within a second. */
  readonly firesSoon: boolean;
  /** Some timer fires. */
  readonly fires: boolean;
  /** A gateway may be asked to do something, and not only what it has. */
  readonly isActive: boolean;
  readonly onHand: number;
  readonly statuses: ReadonlyMap<string, TransactionStatus | null>;
}

/** A world without chance, for one or two orders of one product. */
export class SmallWorld {
  readonly beginning: Beginning;
  readonly weather: SteeredWeather;
  readonly world: World;
  readonly madeAt: Instant;
  /** The last callback for each order. */
  readonly called = new Map<string, { readonly gateway: string; readonly at: Instant }>();

  private constructor(beginning: Beginning, world: World, weather: SteeredWeather) {
    this.beginning = beginning;
    this.world = world;
    this.weather = weather;
    this.madeAt = world.clock.trueNow() - 11 * MINUTE_MS;
  }

  /** The world before the first step. */
  static async begin(beginning: Beginning, directory: string): Promise<SmallWorld> {
    const scale = { orders: beginning.orders.length, window: 4 };
    const steered: SteeredWeather[] = [];
    const world = new World(new NoChance(), directory, scale, gatewaysOf(beginning), (around) => {
      const weather = new SteeredWeather(around);
      steered.push(weather);
      return weather;
    });
    const [weather] = steered;
    if (weather === undefined) throw new Error('a world without weather');
    world.receivers.badness = 0;
    const small = new SmallWorld(beginning, world, weather);
    await world.begin(small.#configuration());
    const product = { id: PRODUCT, name: PRODUCT, onHand: beginning.pieces, lowStockAt: null };
    await world.life.real.intake.putProduct(product, world.clock.now());
    world.thresholds.set(PRODUCT, null);
    world.counted.set(PRODUCT, new Set([beginning.pieces]));
    for (const { key, gateway = 'pg', orderId = ORDER, status, ...of } of beginning.transactions)
      small.#gateway(gateway).put({
        key,
        orderId,
        amount: of.amount ?? AMOUNT,
        currency: of.currency ?? 'KRW',
        steps: status === null ? [] : [{ at: small.madeAt, status }],
      });
    return small;
  }

  order(id: string): NewOrder {
    const payments = this.beginning.orders.find((one) => one.id === id)?.payments ?? [];
    return {
      id,
      memberId: 'member',
      currency: 'KRW',
      amount: AMOUNT,
      items: [{ productId: PRODUCT, quantity: 1, unitPrice: AMOUNT }],
      payments: payments.map((payment, at) => paymentOf(id, `${at + 1}`, payment, this.madeAt)),
      createdAt: this.madeAt,
      lookAt: this.madeAt,
    };
  }

  /** Something happens in this weather, and whatever follows at once does. */
  async happens(act: () => void, reply: Reply, disk: Disk): Promise<void> {
    this.weather.turns(reply, disk);
    act();
    await this.pass(AT_ONCE_MS);
    this.weather.turns('heard', 'fine');
  }

  async pass(ms: number): Promise<void> {
    const { clock, idle } = this.world;
    await turnTo(clock, idle, clock.trueNow() + ms);
  }

  async crash(): Promise<void> {
    await this.world.restartAsUsual(true, this.#configuration());
  }

  /** What is true of a transaction from now on. */
  becomes(key: string, status: TransactionStatus): void {
    for (const gateway of this.world.gateways) {
      const one = gateway.transaction(key);
      if (one === undefined) continue;
      const steps = [...one.steps, { at: this.world.clock.trueNow(), status }];
      gateway.put({ ...one, steps });
    }
  }

  async standing(): Promise<Standing> {
    const { world, weather } = this;
    const { reader } = world.life.real;
    const now = world.clock.trueNow();
    const due = await reader.oldestDue();
    const nextAt = world.clock.nextAt();
    return {
      views: await allViews(reader),
      isDue: due !== null && due <= now,
      comesDue: due !== null,
      isSweeping: world.life.daemon.sweeping.running() !== null,
      unread: weather.unread,
      onTheWay: weather.onTheWay.length,
      firesSoon: nextAt !== null && nextAt <= now + SECOND_MS,
      fires: nextAt !== null,
      isActive:
        this.beginning.requests === true ||
        world.gateways.some(({ settings }) => settings.canRefund),
      onHand: (await reader.product(PRODUCT))?.onHand ?? 0,
      statuses: new Map(
        world.gateways.flatMap((one) => one.all().map((it) => [it.key, one.statusOf(it, now)])),
      ),
    };
  }

  /** What is broken now. `settled`: the weather was fair for long enough. */
  async faults(settled: boolean): Promise<readonly string[]> {
    const { world } = this;
    const { reader } = world.life.real;
    await world.noteEffects(reader, world.life.configuration);
    const finalSince = this.#listedUntil();
    const broken = [...(await audit(reader, { ...world.truth(), finalSince, settled }))];
    if (this.beginning.orders.length === 1 && world.poisoned.length > 0)
      broken.push('it is poison');
    return [...broken, ...world.findings, ...world.receivers.findings, ...world.unrequested()];
  }

  /**
   * Until when a charge is found in the list that each final order gets: what is captured between that list and the commit which rests on it is
   * seen by its callback only.
   */
  #listedUntil(): ReadonlyMap<string, Instant> {
    const { finalSince, gateways } = this.world;
    return new Map(
      [...finalSince].map(([id, finalAt]) => {
        const listedAt = Math.max(...gateways.map((one) => one.heardInFullAt.get(id) ?? 0));
        const isOfLook = finalAt - LOOK_MS <= listedAt && listedAt < finalAt;
        return [id, isOfLook ? listedAt : finalAt];
      }),
    );
  }

  /** A callback about an order came a while ago, and its gateway was not asked for all that it has since, whatever was heard of that. */
  async unanswered(): Promise<readonly string[]> {
    const views = await allViews(this.world.life.real.reader);
    return views.flatMap(({ order: { id } }) => {
      const { gateway = '', at = 0 } = this.called.get(id) ?? {};
      const canList = this.beginning.gateways.find(({ name }) => name === gateway)?.canList;
      // The key that it named may be of the other order.
      const isAsked = (this.weather.listingAskedAt.get(gateway) ?? 0) >= at;
      return canList === true && !isAsked
        ? [`a callback for ${id} came, and nobody was asked`]
        : [];
    });
  }

  #gateway(name: string) {
    const gateway = this.world.gateways.find((one) => one.name === name);
    if (gateway === undefined) throw new Error(`there is no gateway ${name}`);
    return gateway;
  }

  /** The usual one with a short patience, and one channel that hears of everything. */
  #configuration(): Configuration {
    const channels = CHANNELS.filter(({ name }) => name === 'shop');
    return {
      ...usualConfiguration(this.world.gateways),
      settings: PATIENCE,
      subscriptions: channels.flatMap(subscriptionsOf),
      channels: channels.map(channelOf),
    };
  }
}

export const PRODUCT = 'tea';

/** What follows from something without anybody being asked, a message to the shop included. */
const AT_ONCE_MS = 20;

/** From a gateway's reading to the commit, with a slow write. */
const LOOK_MS = 3 * SECOND_MS;

/** Short, so that histories are: the rules know of no length. */
const PATIENCE: Configuration['settings'] = {
  staleAfterMs: 10 * MINUTE_MS,
  ladderMs: [MINUTE_MS, HOUR_MS],
  holdAfterMs: HOUR_MS,
};

/** Always the least, and nothing that may as well not be. */
class NoChance extends Random {
  constructor() {
    super(0);
  }

  override next(): number {
    return 0;
  }

  override chance(): boolean {
    return false;
  }

  override fork(): Random {
    return this;
  }
}
