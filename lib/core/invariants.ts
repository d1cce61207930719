import { assert } from './assert.ts';
import type { Case, Decision } from './decision.ts';
import { isFinal } from './order.ts';
import type { Payment } from './payment.ts';
import { takings } from './stock.ts';

/**
 * Throws `BrokenInvariant` when a decision would break what the invariants of ARCHITECTURE.md promise about one order. Runs before
 * every commit: a bug in the rows then holds one order and settles nothing wrongly.
 */
export function assertDecision(theCase: Case, decision: Decision): void {
  assertVersions(theCase, decision);
  const after = paymentsAfter(theCase, decision);
  assertOrder(theCase, decision, after);
  assertStock(theCase, decision);
  assertMoney(theCase, decision, after);
  assertWatched(decision, after);
  const keys = decision.effects.map(({ key }) => key);
  assert(new Set(keys).size === keys.length, 'no decision tells the same thing twice');
}

function paymentsAfter(theCase: Case, decision: Decision): readonly Payment[] {
  const changed = new Map(decision.payments.map((payment) => [payment.id, payment]));
  return [
    ...theCase.payments.map((payment) => changed.get(payment.id) ?? payment),
    ...decision.added,
  ];
}

function assertVersions({ order, payments }: Case, decision: Decision): void {
  assert(decision.orderId === order.id, 'a decision is about the order of its case');
  assert(decision.basis === order.version, 'a decision names the version it was made on');
  const version = order.version + (decision.changed ? 1 : 0);
  assert(decision.order.version === version, 'the version rises by one with every change');
  const quiet = decision.payments.length + decision.added.length + decision.effects.length === 0;
  assert(decision.changed || quiet, 'a look that changes nothing writes the order only');
  const known = new Set(payments.map(({ id }) => id));
  assert(
    decision.payments.every(({ id }) => known.has(id)) &&
      decision.added.every(({ id }) => !known.has(id)),
    'changed payments were recorded, added ones were not',
  );
}

function assertOrder({ order }: Case, decision: Decision, after: readonly Payment[]): void {
  const { state, paidBy } = decision.order;
  const final = isFinal(order.state);
  assert(!final || state === order.state, 'a final order stays as it is');
  assert(!final || paidBy === order.paidBy, 'what paid for an order never changes');
  const succeeded = after.filter((payment) => payment.state === 'succeeded');
  assert(
    succeeded.length === (paidBy === null ? 0 : 1) && succeeded.every(({ id }) => id === paidBy),
    'exactly the payment that completed the order has succeeded',
  );
  if (state !== 'completed' || order.state === 'completed') return;
  const accepted = decision.reason === 'resolved_by_person';
  const [paid] = succeeded;
  assert(
    order.amount === 0 || paid !== undefined,
    'an order completes on a payment, unless nothing is due',
  );
  const found = paid?.found;
  assert(
    accepted ||
      paid === undefined ||
      (found?.status === 'succeeded' &&
        found.ours &&
        found.amount === order.amount &&
        found.currency === order.currency),
    'an order completes on a captured payment of the full amount',
  );
}

function assertStock({ order, items, stock }: Case, decision: Decision): void {
  const completes = decision.order.state === 'completed' && order.state !== 'completed';
  const due = completes ? takings(items) : [];
  assert(
    decision.take.length === due.length &&
      due.every(({ productId, quantity }, index) => {
        const taken = decision.take[index];
        return taken?.productId === productId && taken.quantity === quantity;
      }),
    'the stock is taken when the order completes, and only then',
  );
  assert(
    decision.take.every(({ productId, quantity }) =>
      stock.some((level) => level.productId === productId && level.onHand >= quantity),
    ),
    'no more is taken than is on hand',
  );
}

function assertMoney(theCase: Case, decision: Decision, after: readonly Payment[]): void {
  const final = isFinal(decision.order.state);
  for (const payment of after) {
    const { found, state } = payment;
    const captured =
      found?.status === 'succeeded' &&
      found.amount > 0 &&
      found.ours &&
      found.currency === decision.order.currency;
    assert(
      !final ||
        !captured ||
        state === 'succeeded' ||
        state === 'refund_due' ||
        state === 'refunded',
      'captured money pays for a completed order or goes back',
    );
    const owed = state === 'refund_due' || state === 'refunded';
    assert(owed === payment.refundDue > 0, 'what goes back has an amount, and nothing else has');
    const before = theCase.payments.find(({ id }) => id === payment.id);
    assert(
      before === undefined || before.state !== 'refunded' || state === 'refunded',
      'what was paid back stays paid back',
    );
    assert(
      before === undefined || before.state !== 'refund_due' || owed,
      'a refund that is due is paid back or stays due',
    );
    assert(
      before === undefined ||
        before.transactionKey === null ||
        before.transactionKey === payment.transactionKey,
      'the key of a payment never changes',
    );
  }
}

function assertWatched({ order }: Decision, after: readonly Payment[]): void {
  const owed = after.some(({ state }) => state === 'pending' || state === 'refund_due');
  assert(
    order.lookAt !== null || (isFinal(order.state) && !owed),
    'whatever is unresolved has a due time',
  );
}
