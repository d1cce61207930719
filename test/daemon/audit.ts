import {
  capturedMinor,
  DEMANDS,
  type Scenario,
  type StuckOrder,
} from '../../lib/cli/demo/scenario.ts';
import type { JournalRow, OrderView, Reader, StockMovement } from '../../lib/store/port.ts';

/**
 * Holds a database against the truth and says in sentences what is wrong; empty: nothing. Knows what really happened and what
 * a shop may expect, and none of the daemon's rules.
 */
export async function audit(reader: Reader, scenario: Scenario): Promise<readonly string[]> {
  const views = new Map<string, OrderView>();
  const troubles: string[] = [];
  for (const stuck of scenario.orders) {
    const { id } = stuck.request;
    const view = await reader.order(id);
    if (view === null) {
      troubles.push(`${id} is gone`);
      continue;
    }
    views.set(id, view);
    const journal = await all<JournalRow>((after) => reader.journal(id, after, 500));
    const effects = await reader.effects(id);
    troubles.push(
      ...fate(stuck, view),
      ...money(stuck, view),
      ...once(
        view,
        journal,
        effects.map(({ topic }) => topic),
      ),
    );
  }
  const completed = [...views.values()].filter(({ order }) => order.state === 'completed');
  return [...troubles, ...(await stock(reader, scenario, completed))];
}

function fate({ truth, request: { id } }: StuckOrder, { order }: OrderView): string[] {
  const { state, reason } = order;
  const fits = DEMANDS[truth].some((demand) => demand.state === state && demand.reason === reason);
  return fits ? [] : [`${id} (${truth}) is ${state}, ${reason}`];
}

/** No captured money is forgotten: it pays for the order, has to go back, or the order is held for a person. */
function money(stuck: StuckOrder, { order, payments }: OrderView): string[] {
  if (order.state === 'held') return [];
  const captured = capturedMinor(stuck);
  const paid = payments
    .filter(({ state }) => state === 'succeeded')
    .reduce((sum, { amount }) => sum + amount, 0);
  const due = payments
    .filter(({ state }) => state === 'refund_due')
    .reduce((sum, { refundDue }) => sum + refundDue, 0);
  const troubles: string[] = [];
  if (paid !== (order.state === 'completed' ? order.amount : 0)) {
    troubles.push(`${order.id} is ${order.state} and ${paid} of ${order.amount} was paid`);
  }
  if (captured !== paid + due) {
    troubles.push(`${order.id}: captured ${captured}, paid ${paid}, to give back ${due}`);
  }
  return troubles;
}

/** Everything that may happen once happened once, and the journal has no hole. */
function once(
  { order }: OrderView,
  journal: readonly JournalRow[],
  told: readonly string[],
): string[] {
  const turns = journal.filter(
    ({ record }) =>
      record.kind === 'decided' && record.hearing.case.order.state !== record.decision.order.state,
  );
  const settled = order.state === 'pending' ? 0 : 1;
  const topics = { completed: 'order.completed', failed: 'order.failed', held: 'order.held' };
  const announced =
    order.state === 'pending'
      ? 0
      : told.filter((topic) => topic === topics[order.state as 'held']).length;
  const versions = journal.map(({ version }) => version);
  return [
    ...(turns.length === settled ? [] : [`${order.id} changed its state ${turns.length} times`]),
    ...(announced === settled ? [] : [`${order.id}: ${order.state} was told ${announced} times`]),
    ...(versions.every((version, index) => version === index + 1) &&
    versions.length === order.version
      ? []
      : [`${order.id} has version ${order.version} and journal rows ${versions.join(', ')}`]),
  ];
}

/** Each completed order took what it ordered once, nobody else took anything, and it all adds up. */
async function stock(
  reader: Reader,
  scenario: Scenario,
  completed: readonly OrderView[],
): Promise<string[]> {
  const troubles: string[] = [];
  for (const { id, onHand: putIn } of scenario.products) {
    const onHand = (await reader.product(id))?.onHand ?? Number.NaN;
    const movements = await all<StockMovement>((after) => reader.movements(id, after, 500));
    const taken = movements.filter(({ kind }) => kind === 'taken');
    const expected = completed.flatMap(({ order, items }) =>
      items
        .filter(({ productId }) => productId === id)
        .map(({ quantity }) => `${order.id} ${-quantity}`),
    );
    const real = taken.map(({ reference, change }) => `${reference} ${change}`);
    if (expected.sort().join() !== real.sort().join()) {
      troubles.push(`${id}: taken [${real.join()}], sold [${expected.join()}]`);
    }
    const sold = taken.reduce((sum, { change }) => sum - change, 0);
    if (!(onHand >= 0 && onHand + sold === putIn)) {
      troubles.push(`${id}: ${putIn} put in, ${onHand} on hand, ${sold} taken`);
    }
  }
  return troubles;
}

/** All pages of something that is numbered. */
async function all<T extends { readonly seq: number }>(
  read: (after: number) => Promise<{ readonly items: readonly T[]; readonly next: string | null }>,
): Promise<readonly T[]> {
  const rows: T[] = [];
  for (;;) {
    const { items, next } = await read(rows.at(-1)?.seq ?? 0);
    rows.push(...items);
    if (next === null) return rows;
  }
}
