import type { OrderState } from '../../core/order.ts';
import type { Reason } from '../../core/reason.ts';
import type { OrderView } from '../../store/port.ts';
import { capturedMinor, DEMANDS, type StuckOrder, TRUTHS, type Truth } from './scenario.ts';

/** What became of one order, beside what really happened to it. */
export interface Result {
  readonly stuck: StuckOrder;
  readonly view: OrderView;
  /** The order is as its truth demands, and all money that pays for nothing is marked to go back. */
  readonly right: boolean;
}

/** Orders with the same truth and the same fate. */
export interface ResultRow {
  readonly truth: Truth;
  readonly state: OrderState;
  readonly reason: Reason | null;
  readonly orders: number;
  readonly right: number;
  /** In won. */
  readonly refundDueMinor: number;
}

/** Compares an order with its truth; the rules of the daemon have no say in it. */
export function compare(stuck: StuckOrder, view: OrderView): Result {
  const { state, reason } = view.order;
  const demanded = DEMANDS[stuck.truth].some(
    (demand) => demand.state === state && demand.reason === reason,
  );
  return { stuck, view, right: demanded && refundDueMinor(view) === owedMinor(stuck, state) };
}

/** In the order in which people read the truths. */
export function toRows(results: readonly Result[]): readonly ResultRow[] {
  const groups = Map.groupBy(results, ({ stuck, view }) =>
    [stuck.truth, view.order.state, view.order.reason].join(' '),
  );
  const rows = [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    return {
      truth: first.stuck.truth,
      state: first.view.order.state,
      reason: first.view.order.reason,
      orders: group.length,
      right: group.filter(({ right }) => right).length,
      refundDueMinor: group.reduce((sum, { view }) => sum + refundDueMinor(view), 0),
    };
  });
  return rows.sort(
    (one, other) =>
      TRUTHS.indexOf(one.truth) - TRUTHS.indexOf(other.truth) ||
      one.state.localeCompare(other.state),
  );
}

/** What the gateway holds for an order and has to give back. */
export function refundDueMinor({ payments }: OrderView): number {
  return payments
    .filter(({ state }) => state === 'refund_due')
    .reduce((sum, { refundDue }) => sum + refundDue, 0);
}

/** What would have to go back, from the truth alone: a held order keeps its money until a person has looked. */
function owedMinor(stuck: StuckOrder, state: OrderState): number {
  if (state === 'held') return 0;
  return capturedMinor(stuck) - (state === 'completed' ? stuck.request.amount : 0);
}
