import { MINUTE_MS, SECOND_MS } from '../../../lib/core/time.ts';
import type { ResolveCommand } from '../../../lib/flows/port.ts';
import type { OrderView } from '../../../lib/store/port.ts';
import { COURSES } from '../../core/every/truth.ts';
import { turnTo } from '../../support/turned-clock.ts';
import {
  addStock,
  countStock,
  postCallback,
  postOrder,
  postPayment,
  requestPayment,
} from '../actors.ts';
import { payBack } from '../people.ts';
import { type Beginning, ORDER, paymentOf } from './beginnings.ts';
import type { Disk, Reply } from './weather.ts';
import { PRODUCT, type SmallWorld, type Standing } from './world.ts';

/** One thing that happens. */
export interface Step {
  readonly words: string;
  /** It can happen now, and something may come of it. */
  readonly may: (standing: Standing) => boolean;
  readonly act: (small: SmallWorld) => Promise<void>;
}

/** Everything that can happen to the orders of a beginning. */
export function alphabet(beginning: Beginning): readonly Step[] {
  const ids = beginning.orders.map(({ id }) => id);
  const keys = beginning.transactions.map(({ key }) => key);
  return [
    ...TIME,
    ...ids.flatMap(sendings),
    ...beginning.transactions.flatMap(({ key, orderId = ORDER, gateway = 'pg' }) =>
      callback(`a callback names ${key}`, gateway, key, orderId),
    ),
    ...ids.flatMap((id) => callback(`a callback names ${id}`, 'pg', null, id)),
    ...callback('a forged callback names a key', 'pg', 'FORGED', ORDER),
    ...keys.flatMap(turns),
    ...(beginning.requests === true ? REQUEST : []),
    ...(beginning.further ?? []).map((payment, at) =>
      atOnce(`the shop records ${payment.key}`, ({ world, madeAt }) => {
        const whole = paymentOf(ORDER, `later-${at}`, payment, madeAt);
        postPayment(world, world.clock.trueNow(), ORDER, whole);
      }),
    ),
    ...ids.flatMap(commands),
    ...STOCK,
  ];
}

/** Something that takes no time. */
function atOnce(
  words: string,
  act: (small: SmallWorld) => void,
  may: Step['may'] = () => true,
  disk: Disk = 'fine',
): Step {
  return { words, may, act: (small) => small.happens(() => act(small), 'heard', disk) };
}

/** The same, and once more with a disk that has it and says that it has not. */
function written(words: string, act: (small: SmallWorld) => void, may?: Step['may']): Step[] {
  return [
    atOnce(words, act, may),
    atOnce(`${words}, and the disk says that it failed`, act, may, 'fails'),
  ];
}

// ── The shop, the gateways, the stock ───────────────────────────────────────────────────────────────────────────────

function sendings(id: string): Step[] {
  return written(`the shop sends ${id}`, (small) =>
    postOrder(small.world, small.world.clock.trueNow(), small.order(id)),
  );
}

function callback(words: string, gateway: string, key: string | null, orderId: string): Step[] {
  return [
    atOnce(words, ({ world, called }) => {
      const now = world.clock.trueNow();
      called.set(orderId, { gateway, at: now });
      postCallback(world, now, gateway, { eventId: words, key, orderId });
    }),
  ];
}

function turns(key: string): Step[] {
  return COURSES.map(([from, to]) =>
    atOnce(
      `${key} is ${to}${from === null ? ' from nothing' : ''}`,
      (small) => small.becomes(key, to),
      ({ statuses }) => statuses.has(key) && statuses.get(key) === from,
    ),
  );
}

const REQUEST: readonly Step[] = [
  ...turns('R-1'),
  ...written('the daemon is told to request a payment', ({ world, madeAt }) => {
    const payment = paymentOf(ORDER, 'requested', { key: null }, madeAt);
    requestPayment(world, world.clock.trueNow(), ORDER, payment);
  }),
];

const STOCK: readonly Step[] = [
  atOnce(
    'somebody counts that no piece is left',
    ({ world }) => countStock(world, world.clock.trueNow(), PRODUCT, 0),
    ({ onHand }) => onHand > 0,
  ),
  atOnce(
    'a piece is delivered',
    ({ world }) => addStock(world, world.clock.trueNow(), PRODUCT, 1, 'delivery'),
    ({ onHand }) => onHand === 0,
  ),
];

// ── Time ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const TIME: readonly Step[] = [
  atOnce(
    'a sweep begins',
    ({ world }) => void world.life.daemon.sweeping.request().ended.catch(() => undefined),
    ({ isDue, isSweeping }) => isDue && !isSweeping,
  ),
  second('a second passes', 'heard', 'fine', ({ firesSoon }) => firesSoon),
  second('a second passes, nothing is heard', 'silent', 'fine', ({ unread }) => unread > 0),
  second('a second passes, no list is heard', 'first only', 'fine', ({ unread }) => unread > 0),
  second('a second passes, it is done and not heard of', 'reached', 'fine', isDoing),
  second('a second passes, the write is slow', 'heard', 'slow', isWriting),
  second('a second passes, the write is lost', 'heard', 'loses', isWriting),
  second('a second passes, the disk says that it failed', 'heard', 'fails', isWriting),
  {
    words: 'a minute passes without a sweep',
    may: ({ fires }) => fires,
    act: (small) => small.pass(MINUTE_MS + SECOND_MS),
  },
  look('a look, all is heard', 'heard'),
  look('a look, nothing is heard', 'silent'),
  look('a look, no list is heard', 'first only'),
  {
    words: 'it crashes, and starts again',
    may: () => true,
    act: async (small) => {
      await small.crash();
      await small.happens(() => {}, 'heard', 'fine');
    },
  },
];

function isWriting({ onTheWay }: Standing): boolean {
  return onTheWay > 0;
}

/** It may be asked to do something. */
function isDoing({ unread, isActive }: Standing): boolean {
  return unread > 0 && isActive;
}

function second(words: string, reply: Reply, disk: Disk, may: Step['may']): Step {
  return {
    words,
    may,
    act: async (small) => {
      small.weather.turns(reply, disk);
      await small.pass(SECOND_MS);
      await small.happens(() => {}, 'heard', 'fine');
    },
  };
}

/** A whole sweep, as soon as something is due. */
function look(words: string, reply: Reply): Step {
  return {
    words,
    may: ({ comesDue, isSweeping, unread, onTheWay }) =>
      comesDue && !isSweeping && unread + onTheWay === 0,
    act: async (small) => {
      const { clock, idle, life } = small.world;
      const due = (await life.real.reader.oldestDue()) ?? clock.trueNow();
      await turnTo(clock, idle, Math.max(due, clock.trueNow()));
      small.weather.turns(reply, 'fine');
      await small.world.sweep();
      await small.happens(() => {}, 'heard', 'fine');
    },
  };
}

// ── People ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** So many payments of an order are there to be accepted or paid back. */
const PAYMENTS = [0, 1];

function commands(id: string): Step[] {
  const viewIn = ({ views }: Standing) => views.find(({ order }) => order.id === id);
  const isHeld = (standing: Standing) => viewIn(standing)?.order.state === 'held';
  return [
    ...written(`a person fails ${id}`, (small) => resolve(small, id, 'failed', null), isHeld),
    ...written(
      `a person asks once more about ${id}`,
      (small) => resolve(small, id, 'pending', null),
      isHeld,
    ),
    ...PAYMENTS.flatMap((at) => [
      ...written(
        `a person accepts payment ${at + 1} of ${id}`,
        (small) => resolve(small, id, 'completed', at),
        (standing) => isHeld(standing) && viewIn(standing)?.payments[at] !== undefined,
      ),
      ...written(
        `a person pays payment ${at + 1} of ${id} back`,
        (small) => payPersonally(small, id, at),
        (standing) => viewIn(standing)?.payments[at]?.state === 'refund_due',
      ),
    ]),
  ];
}

function resolve(
  { world }: SmallWorld,
  id: string,
  state: ResolveCommand['state'],
  at: number | null,
): void {
  world.schedule(world.clock.trueNow(), 'a person', async ({ daemon, real }) => {
    const view = await real.reader.order(id);
    const paymentId = at === null ? null : (view?.payments[at]?.id ?? null);
    const command = { state, paymentId, note: 'after a call', by: 'kim', version: null };
    await daemon.commands.resolve(id, command);
    return 'done';
  });
}

function payPersonally({ world }: SmallWorld, id: string, at: number): void {
  world.schedule(world.clock.trueNow(), 'a person', async (life) => {
    const view: OrderView | null = await life.real.reader.order(id);
    const payment = view?.payments[at];
    if (payment?.state === 'refund_due') await payBack(world, life, payment, world.random);
    return 'done';
  });
}
