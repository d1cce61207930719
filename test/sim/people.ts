import { SECOND_MS } from '../../lib/core/time.ts';
import type { OrderView } from '../../lib/store/port.ts';
import type { Life } from './life.ts';
import type { Random } from './random.ts';
import { allDeliveries, allViews } from './reading.ts';
import type { World } from './world.ts';

/** A person looks at what waits for one, and does something about one thing. Not always wisely. */
export function somebodyActs(world: World, at: number): void {
  const random = world.random.fork();
  world.schedule(at, 'a person', async (life) => {
    const views = await allViews(life.real.reader);
    const waiting = views.filter(needsPerson);
    if (waiting.length > 0) await actOn(world, life, random.pick(waiting), random, false);
    return 'done';
  });
}

/** People end everything that waits for them. True: something did. */
export async function everybodyActs(world: World): Promise<boolean> {
  const random = world.random.fork();
  const waiting = (await allViews(world.life.real.reader)).filter(needsPerson);
  for (const view of waiting) {
    const at = world.clock.trueNow() + SECOND_MS;
    world.schedule(at, 'a person', async (life) => {
      await actOn(world, life, view, random, true);
      return 'done';
    });
  }
  await world.calm();
  return waiting.length > 0;
}

function needsPerson({ order, payments }: OrderView): boolean {
  return order.state === 'held' || payments.some(({ state }) => state === 'refund_due');
}

/** Somebody looks at what was given up, and has some of it sent once more. */
export function somebodySendsAgain(world: World, at: number): void {
  const random = world.random.fork();
  world.schedule(at, 'sending again', async ({ store, real }) => {
    const dead = (await allDeliveries(real.reader)).filter(({ state }) => state === 'dead');
    const chosen = dead.filter(() => random.chance(0.7));
    const begunAt = world.clock.trueNow();
    const outcomes = await store.outbox.retry(
      chosen.map(({ id }) => id),
      world.clock.now(),
    );
    for (const [index, { channel, effect }] of chosen.entries()) {
      if (outcomes[index] === 'due') {
        world.sentAgain.push({ channel, key: effect.key, at: begunAt });
      }
      if (outcomes[index] === 'not_found')
        world.findings.push(`${effect.key} cannot be sent again`);
    }
    return 'done';
  });
}

async function actOn(
  world: World,
  life: Life,
  view: OrderView,
  random: Random,
  isLast: boolean,
): Promise<void> {
  const due = view.payments.filter(({ state }) => state === 'refund_due');
  for (const payment of due) await payBack(world, life, payment, random);
  if (!isLast && random.chance(0.4)) await recordNonsense(world, life, view, random);
  if (view.order.state !== 'held') return;
  if (!isLast && random.chance(0.2)) return quarrel(world, life, view, random);
  const captured = view.payments.find(
    ({ found, state }) => found?.status === 'succeeded' && found.ours && state === 'pending',
  );
  const accepted = random.chance(0.2) ? view.payments[0] : captured;
  const command = {
    paymentId: accepted?.id ?? null,
    note: 'after a call',
    by: 'kim',
    version: random.chance(0.5) ? view.order.version : null,
  };
  const state = accepted === undefined ? 'failed' : random.pick(['completed', 'failed'] as const);
  const { commands } = life.daemon;
  const outcome = await commands.resolve(view.order.id, { ...command, state });
  // The stock is gone, or the payment went back meanwhile.
  if (outcome.kind === 'conflict' && state === 'completed') {
    await commands.resolve(view.order.id, { ...command, state: 'failed' });
  }
}

/** Two people end the same hold at the same moment, or ask for another look at it: one of them is heard. */
async function quarrel(world: World, life: Life, view: OrderView, random: Random): Promise<void> {
  const { id, version } = view.order;
  const command = { note: 'at once', by: 'park', version: random.pick([null, version]) };
  const outcomes = await Promise.allSettled(
    [0, 1].map(() =>
      life.daemon.commands.resolve(id, {
        ...command,
        state: random.pick(['pending', 'failed', 'completed'] as const),
        paymentId: view.payments[0]?.id ?? null,
      }),
    ),
  );
  const heard = outcomes.filter(
    (one) => one.status === 'fulfilled' && one.value.kind === 'done',
  ).length;
  if (heard > 1 && command.version !== null) world.findings.push(`${id}: one hold was ended twice`);
}

/** Somebody records a refund of whatever payment, due or not. */
async function recordNonsense(
  world: World,
  life: Life,
  { payments }: OrderView,
  random: Random,
): Promise<void> {
  const payment = payments.length === 0 ? undefined : random.pick(payments);
  if (payment === undefined || payment.state === 'refund_due') return;
  const command = { reference: 'nonsense', note: 'mistaken', by: 'choi' };
  const { kind } = await life.daemon.commands.recordRefund(payment.id, command);
  const { kind: again } = await life.daemon.commands.recordRefund(payment.id, command);
  if (kind === 'conflict' || kind === 'done') {
    const isSame = kind === 'conflict' ? again !== 'same' : again === 'same';
    if (!isSame) world.findings.push(`${payment.id}: a record was ${kind}, and again ${again}`);
  }
}

/** At the gateway's console first, then in the daemon; a person forgets the second half sometimes. */
export async function payBack(
  world: World,
  life: Life,
  { id, gateway, transactionKey, escalated }: OrderView['payments'][number],
  random: Random,
): Promise<void> {
  const at = world.clock.trueNow();
  const place = world.gateways.find(({ name }) => name === gateway);
  const transaction = place?.transaction(transactionKey ?? '');
  if (place !== undefined && transaction !== undefined) {
    const isPaidBack = place.refunds.some(({ key }) => key === transaction.key);
    // The daemon does it, and hears of it, unless a person was asked to.
    const isAsked = escalated.includes('refund_refused') || escalated.includes('refund_by_hand');
    if (isPaidBack && !isAsked) return;
    if (!isPaidBack && place.statusOf(transaction, at) === 'succeeded') {
      const steps = [...transaction.steps, { at, status: 'refunded' as const }];
      place.put({ ...transaction, steps });
    }
  }
  if (random.chance(0.3)) return;
  await life.daemon.commands.recordRefund(id, { reference: `R-${id}`, note: 'console', by: 'lee' });
}
