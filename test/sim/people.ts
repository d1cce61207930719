import { SECOND_MS } from '../../lib/core/time.ts';
import type { OrderView } from '../../lib/store/port.ts';
import type { Life } from './life.ts';
import type { Random } from './random.ts';
import { allViews } from './reading.ts';
import type { World } from './world.ts';

/** A person looks at what waits for one, and does something about one thing. Not always wisely. */
export function somebodyActs(world: World, at: number): void {
  const random = world.random.fork();
  world.schedule(at, 'a person', async (life) => {
    const views = await allViews(life.real.reader);
    const waiting = views.filter(needsPerson);
    if (waiting.length > 0) await actOn(world, life, random.pick(waiting), random);
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
      await actOn(world, life, view, random);
      return 'done';
    });
  }
  await world.calm();
  return waiting.length > 0;
}

function needsPerson({ order, payments }: OrderView): boolean {
  return order.state === 'held' || payments.some(({ state }) => state === 'refund_due');
}

async function actOn(world: World, life: Life, view: OrderView, random: Random): Promise<void> {
  const due = view.payments.filter(({ state }) => state === 'refund_due');
  for (const payment of due) await payBack(world, life, payment, random);
  if (view.order.state !== 'held') return;
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

/** At the gateway's console first, then in the daemon; a person forgets the second half sometimes. */
async function payBack(
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
    // The daemon does it, and hears of it, unless it was told that it could not be done.
    if (isPaidBack && !escalated.includes('refund_refused')) return;
    if (!isPaidBack && place.statusOf(transaction, at) === 'succeeded') {
      const steps = [...transaction.steps, { at, status: 'refunded' as const }];
      place.put({ ...transaction, steps });
    }
  }
  if (random.chance(0.3)) return;
  await life.daemon.commands.recordRefund(id, { reference: `R-${id}`, note: 'console', by: 'lee' });
}
