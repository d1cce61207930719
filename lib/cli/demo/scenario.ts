import { toIso } from '../../clock.ts';
import type { OrderState } from '../../core/order.ts';
import type { Reason } from '../../core/reason.ts';
import { type Instant, MINUTE_MS } from '../../core/time.ts';
import type { PreloadedPayment } from '../../simulator/preload.ts';
import { uniform } from '../../simulator/random.ts';

/**
 * A shop on a bad day: orders that are stuck since more than ten minutes, and what really happened to each of them. The
 * same seed and number give the same shop; only the times move with `now`.
 */
export function createScenario(options: ScenarioOptions): Scenario {
  const truths = shuffled(spread(options.orders), options.seed);
  const orders = truths.map((truth, index) => stuckOrder(truth, index + 1, options));
  const demanded = orders
    .filter(({ truth }) => truth === 'last_pieces')
    .reduce((sum, { request }) => sum + (request.items[0]?.quantity ?? 0), 0);
  return { products: products(demanded, options), orders };
}

/** What a scenario is made from; the same options make the same one. */
interface ScenarioOptions {
  /** At least `LEAST_ORDERS`. */
  readonly orders: number;
  readonly seed: number;
  readonly now: Instant;
}

/** A shop with stuck orders, and what the gateway knows of them. */
export interface Scenario {
  readonly products: readonly ScenarioProduct[];
  /** In the order of their numbers. */
  readonly orders: readonly StuckOrder[];
}

/** A product that the shop sells. */
interface ScenarioProduct {
  readonly id: string;
  readonly name: string;
  readonly onHand: number;
}

/** One stuck order, from both sides. */
export interface StuckOrder {
  readonly truth: Truth;
  /** What the shop knows and sends to `POST /v1/orders`. */
  readonly request: OrderRequest;
  /** What the gateway knows. */
  readonly atGateway: readonly PreloadedPayment[];
}

/** The body of `POST /v1/orders`. */
interface OrderRequest {
  readonly id: string;
  readonly memberId: string;
  readonly currency: string;
  readonly amount: number;
  readonly items: readonly {
    readonly productId: string;
    readonly quantity: number;
    readonly unitPrice: number;
  }[];
  readonly payments: readonly {
    readonly id: string;
    readonly method: string;
    readonly amount: number;
    readonly transactionKey: string | null;
  }[];
  readonly createdAt: string;
}

/** What really happened, with its share of a hundred orders. */
const SHARES = {
  captured: 39,
  declined_limit: 8,
  declined_card: 6,
  still_open: 7,
  second_card: 4,
  keyless_captured: 8,
  keyless_declined: 3,
  keyless_unknown: 6,
  wrong_amount: 3,
  captured_twice: 3,
  keyless_captured_twice: 2,
  last_pieces: 6,
  never_paid: 5,
} as const;

export type Truth = keyof typeof SHARES;

/** In the order in which people read them. */
export const TRUTHS = Object.keys(SHARES) as readonly Truth[];

/** Each truth once, and the last pieces twice: one gets them, the other does not. */
export const LEAST_ORDERS = TRUTHS.length + 1;

/** What must come of an order, from the truth alone. */
interface Demand {
  readonly state: OrderState;
  readonly reason: Reason;
}

/**
 * What the truth demands. The last pieces are for some of their orders and not for the others, and which ones is open; how
 * many is not.
 */
export const DEMANDS: Readonly<Record<Truth, readonly Demand[]>> = {
  captured: [{ state: 'completed', reason: 'captured' }],
  declined_limit: [{ state: 'failed', reason: 'declined' }],
  declined_card: [{ state: 'failed', reason: 'declined' }],
  still_open: [{ state: 'pending', reason: 'still_open' }],
  second_card: [{ state: 'completed', reason: 'captured' }],
  keyless_captured: [{ state: 'completed', reason: 'captured' }],
  keyless_declined: [{ state: 'failed', reason: 'declined' }],
  keyless_unknown: [{ state: 'failed', reason: 'not_at_gateway' }],
  wrong_amount: [{ state: 'held', reason: 'mismatched' }],
  captured_twice: [{ state: 'completed', reason: 'captured' }],
  keyless_captured_twice: [{ state: 'completed', reason: 'captured' }],
  last_pieces: [
    { state: 'completed', reason: 'captured' },
    { state: 'failed', reason: 'out_of_stock' },
  ],
  never_paid: [{ state: 'failed', reason: 'never_requested' }],
};

/** What the gateway captured for an order. */
export function capturedMinor({ atGateway }: StuckOrder): number {
  return atGateway
    .filter(({ status }) => status === 'SUCCESS')
    .reduce((sum, { amount }) => sum + amount, 0);
}

/** Of every amount in the demo. */
export const CURRENCY = 'KRW';

/** The words of the pg-simulator. */
const APPROVED = '정상 승인되었습니다.';
const OVER_LIMIT = '한도초과입니다. 다른 카드를 선택해주세요.';
const WRONG_CARD = '잘못된 카드입니다. 다른 카드를 선택해주세요.';

const LAST_PIECES = { id: 'P-9', name: 'Vinyl record, last pieces', unitPrice: 42_000 };

const GOODS = [
  { id: 'P-1', name: 'Coffee beans 1 kg', unitPrice: 21_000 },
  { id: 'P-2', name: 'Hand grinder', unitPrice: 68_000 },
  { id: 'P-3', name: 'Paper filters, 100', unitPrice: 5_500 },
  { id: 'P-4', name: 'Mug', unitPrice: 12_900 },
];

/** Enough for every order. */
const PLENTY_PER_ORDER = 10;

function products(demanded: number, { orders }: ScenarioOptions): readonly ScenarioProduct[] {
  const plenty = orders * PLENTY_PER_ORDER;
  return [
    ...GOODS.map(({ id, name }) => ({ id, name, onHand: plenty })),
    // A third of what was paid for: somebody gets nothing, somebody gets something.
    { id: LAST_PIECES.id, name: LAST_PIECES.name, onHand: Math.max(1, Math.floor(demanded / 3)) },
  ];
}

/** So many orders of each truth: by their shares, each at least once. */
function spread(orders: number): readonly Truth[] {
  const least = (truth: Truth) => (truth === 'last_pieces' ? 2 : 1);
  const rest = orders - LEAST_ORDERS;
  const total = TRUTHS.reduce((sum, truth) => sum + SHARES[truth] - least(truth), 0);
  const exact = TRUTHS.map((truth) => (rest * (SHARES[truth] - least(truth))) / total);
  const whole = exact.map(Math.floor);
  const missing = rest - whole.reduce((sum, count) => sum + count, 0);
  const byRemainder = exact
    .map((count, index) => ({ index, remainder: count - Math.floor(count) }))
    .sort((one, other) => other.remainder - one.remainder || one.index - other.index);
  const rounded = new Set(byRemainder.slice(0, missing).map(({ index }) => index));
  return TRUTHS.flatMap((truth, index) => {
    const count = least(truth) + (whole[index] ?? 0) + (rounded.has(index) ? 1 : 0);
    return Array.from({ length: count }, () => truth);
  });
}

function shuffled(truths: readonly Truth[], seed: number): readonly Truth[] {
  return truths
    .map((truth, index) => ({ truth, place: uniform(seed, `place ${index}`) }))
    .sort((one, other) => one.place - other.place)
    .map(({ truth }) => truth);
}

/** The oldest waits for this long, the youngest for a little more than the ten minutes after which an order is stale. */
const OLDEST_MS = 70 * MINUTE_MS;
const YOUNGEST_MS = 11 * MINUTE_MS;

function stuckOrder(
  truth: Truth,
  number: number,
  { seed, now, orders }: ScenarioOptions,
): StuckOrder {
  const share = (number - 1) / (orders - 1);
  const createdAt = now - Math.round(OLDEST_MS - share * (OLDEST_MS - YOUNGEST_MS));
  const items = [item(truth, number, seed)];
  const amount = items.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice, 0);
  const story = new Story(number, amount, createdAt, seed);
  tell(truth, story);
  return {
    truth,
    request: {
      id: story.orderId,
      memberId: story.memberId,
      currency: CURRENCY,
      amount,
      items,
      payments: story.recorded,
      createdAt: toIso(createdAt),
    },
    atGateway: story.atGateway,
  };
}

function item(truth: Truth, number: number, seed: number) {
  if (truth === 'last_pieces') {
    return { productId: LAST_PIECES.id, quantity: 1, unitPrice: LAST_PIECES.unitPrice };
  }
  const draw = (what: string) => uniform(seed, `order ${number} ${what}`);
  const { id, unitPrice } = GOODS[Math.floor(draw('product') * GOODS.length)] ?? LAST_PIECES;
  return { productId: id, quantity: 1 + Math.floor(draw('quantity') * 3), unitPrice };
}

/** What happened between the shop, the gateway and bad luck. */
function tell(truth: Truth, story: Story): void {
  switch (truth) {
    case 'captured':
    case 'last_pieces':
      story.attempt('SUCCESS', APPROVED);
      break;
    case 'declined_limit':
      story.attempt('FAILED', OVER_LIMIT);
      break;
    case 'declined_card':
      story.attempt('FAILED', WRONG_CARD);
      break;
    case 'still_open':
      story.attempt('PENDING', null);
      break;
    case 'second_card':
      story.attempt('FAILED', OVER_LIMIT);
      story.attempt('SUCCESS', APPROVED);
      break;
    case 'keyless_captured':
      story.lostReply();
      story.charge('SUCCESS', APPROVED);
      break;
    case 'keyless_declined':
      story.lostReply();
      story.charge('FAILED', WRONG_CARD);
      break;
    case 'keyless_unknown':
      story.lostReply();
      break;
    case 'wrong_amount':
      story.attempt('SUCCESS', APPROVED, EXCESS_MINOR);
      break;
    case 'captured_twice':
      story.attempt('SUCCESS', APPROVED);
      story.attempt('SUCCESS', APPROVED);
      break;
    case 'keyless_captured_twice':
      story.lostReply();
      story.charge('SUCCESS', APPROVED);
      story.charge('SUCCESS', APPROVED);
      break;
    case 'never_paid':
      break;
  }
}

/** What the gateway captured too much, where it captured another amount. */
const EXCESS_MINOR = 1_000;

/** Collects what the shop recorded and what the gateway has. */
class Story {
  readonly orderId: string;
  readonly memberId: string;
  readonly recorded: OrderRequest['payments'][number][] = [];
  readonly atGateway: PreloadedPayment[] = [];
  readonly #number: number;
  readonly #amount: number;
  readonly #createdAt: Instant;
  readonly #seed: number;

  constructor(number: number, amount: number, createdAt: Instant, seed: number) {
    this.#number = number;
    this.#amount = amount;
    this.#createdAt = createdAt;
    this.#seed = seed;
    this.orderId = `ORDER${String(number).padStart(6, '0')}`;
    this.memberId = String(1 + Math.floor(uniform(seed, `order ${number} member`) * 900));
  }

  /** A request that the gateway took and told its key of; its callback got lost. */
  attempt(status: PreloadedPayment['status'], reason: string | null, excess = 0): void {
    const key = this.charge(status, reason, excess);
    this.#record(key);
  }

  /** A request whose reply never came: the shop has no key. */
  lostReply(): void {
    this.#record(null);
  }

  /** The gateway has a transaction, whatever the shop knows. */
  charge(status: PreloadedPayment['status'], reason: string | null, excess = 0): string {
    const nth = this.atGateway.length;
    const noise = uniform(this.#seed, `order ${this.#number} key ${nth}`);
    // The last hexadecimal digits are random, the first ones tell any two apart.
    const serial = ((this.#number * 2 + nth) * 64 + Math.floor(noise * 64)) % 0x1000000;
    const day = toIso(this.#createdAt + SEOUL_MS)
      .slice(0, 10)
      .replaceAll('-', '');
    const transactionKey = `${day}:TR:${serial.toString(16).padStart(6, '0')}`;
    this.atGateway.push({
      transactionKey,
      orderId: this.orderId,
      userId: this.memberId,
      amount: this.#amount + excess,
      status,
      reason,
      createdAt: this.#createdAt + nth,
    });
    return transactionKey;
  }

  #record(transactionKey: string | null): void {
    this.recorded.push({
      id: `${this.orderId}-${this.recorded.length + 1}`,
      method: 'CARD',
      amount: this.#amount,
      transactionKey,
    });
  }
}

/** The gateway dates its keys in Seoul, nine hours ahead of UTC all year. */
const SEOUL_MS = 9 * 60 * MINUTE_MS;
