import { ORDER_STATES } from '../core/order.ts';
import type { OpenGroups, Sum } from '../store/report-port.ts';
import type { CurrencyLedgers, Ledgers } from './ledgers.ts';
import type { Side, Tie } from './report.ts';

/** Compares what the ledgers say of the same things. Totals alone could be equal by accident, so single orders are too. */
export function tieOut(ledgers: Ledgers, open: OpenGroups): readonly Tie[] {
  return [
    ...[...ledgers.currencies].flatMap(([currency, one]) => tiesOf(currency, one)),
    ...stockTie(ledgers),
    tie('open_held', null, [
      number('orders', sumOf(open.held)),
      number('counters', open.counters.held),
    ]),
    tie('open_refunds', null, [
      number('payments', sumOf(open.refundsOwed)),
      number('counters', open.counters.refundsOwed),
    ]),
  ];
}

function tiesOf(currency: string, ledgers: CurrencyLedgers): readonly Tie[] {
  const { orders, journal, payments, due, paying } = ledgers;
  const all = orders.of([]);
  return [
    tie('created', currency, [
      side('orders', all),
      side('journal', { count: ledgers.created, amount: journal.of([]).amount }),
    ]),
    ...ORDER_STATES.map((state) =>
      tie(state, currency, [
        side('orders', orders.of(['state', state])),
        side('journal', journal.of(['state', state])),
      ]),
    ),
    tie('agreeing', currency, [number('orders', all.count), number('journal', ledgers.agreeing)]),
    tie('history', currency, [number('orders', ledgers.versions), number('journal', ledgers.rows)]),
    tie('paid', currency, [
      side('orders', due.sum),
      side('payments', payments.of(['state', 'succeeded'])),
    ]),
    tie('paying', currency, [side('orders', due.sum), side('payments', paying.sum)]),
  ];
}

/** Product by product; what is told is the sum of those that differ, or of all when none does. */
function stockTie({ stock }: Ledgers): readonly Tie[] {
  const all = [...stock.values()];
  if (all.length === 0) return [];
  const differing = all.filter(({ due, taken }) => due !== taken);
  const told = differing.length > 0 ? differing : all;
  const due = told.reduce((sum, one) => sum + one.due, 0);
  const taken = told.reduce((sum, one) => sum + one.taken, 0);
  const sides = [number('items', due), number('movements', taken)];
  return [{ ...tie('stock', null, sides), equal: differing.length === 0 }];
}

function tie(what: Tie['what'], currency: string | null, sides: readonly Side[]): Tie {
  const [first] = sides;
  const equal = sides.every(
    ({ count, amount }) => count === first?.count && amount === first.amount,
  );
  return { what, currency, sides, equal };
}

function side(of: Side['of'], { count, amount }: Sum): Side {
  return { of, count, amount };
}

function number(of: Side['of'], count: number): Side {
  return { of, count, amount: null };
}

function sumOf(groups: readonly Sum[]): number {
  return groups.reduce((sum, { count }) => sum + count, 0);
}
