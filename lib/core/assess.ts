import { type Case, MAX_FOUND } from './decision.ts';
import type { Heard, Transaction } from './gateway.ts';
import { judge, type Statement, statementOf } from './judge.ts';
import type { Order } from './order.ts';
import { type Found, type Payment, pendingPayment } from './payment.ts';
import { type GatewayPolicy, gatewayPolicy, type Policy } from './policy.ts';
import type { Instant } from './time.ts';
import type { Judgement } from './verdict.ts';

/** One payment, with what we now know of it and what is held true. */
export interface Assessed {
  /** With the gateway, the key and the gateway's last word that this look brought; its state is still the old one. */
  readonly payment: Payment;
  readonly judgement: Judgement;
  /** `null`: nobody had recorded it before this look. */
  readonly before: Payment | null;
  readonly gateway: GatewayPolicy | undefined;
}

/** What is held true of a whole order after a look. */
export interface Assessment {
  /** Recorded payments in recorded order, then the ones that only the gateway knew. */
  readonly payments: readonly Assessed[];
  /** Gateways that can list by order id and did not list all they have in this look. */
  readonly silentListings: readonly GatewayPolicy[];
  /** At least one gateway can list, and all that can did. */
  readonly listed: boolean;
}

/**
 * Puts what was heard beside what was recorded: transactions that we never recorded become payments, the oldest unrecorded
 * key going to the oldest keyless payment of its gateway (a capture first to one that a person accepted), and each payment
 * is judged.
 */
export function assess(
  theCase: Case,
  heard: readonly Heard[],
  policy: Policy,
  now: Instant,
): Assessment {
  const { order } = theCase;
  const statements = new Map(
    policy.gateways.map(({ name }) => [name, statementOf(heard, name, theCase.payments)]),
  );
  const placed = placedPayments(theCase, statements);
  const unrecorded = unrecordedTransactions({ ...theCase, payments: placed }, statements);
  const keyed = placed
    .map((payment) => withKeyOfCapture(payment, unrecorded, order))
    .map((payment) => withLearnedKey(payment, unrecorded));
  const added = unrecorded.flatMap(({ gateway, waiting }) =>
    waiting.map(({ key }) => paymentOfKey(key, gateway, theCase, now)),
  );
  const assessed = (payment: Payment, before: Payment | null): Assessed => {
    const gateway = gatewayPolicy(policy, payment.gateway);
    const statement = statements.get(payment.gateway ?? '') ?? null;
    const judgement = judge(payment, { order, gateway, statement, now });
    return { payment: withFound(payment, judgement, order, now), judgement, before, gateway };
  };
  const listing = policy.gateways.filter((gateway) => gateway.canList);
  const silentListings = listing.filter(({ name }) => !(statements.get(name)?.listed ?? false));
  return {
    payments: [
      ...keyed.map((payment, index) => assessed(payment, theCase.payments[index] ?? null)),
      ...worthKeeping(
        added.map((payment) => assessed(payment, null)),
        MAX_FOUND - keyed.length,
      ),
    ],
    silentListings,
    listed: listing.length > 0 && silentListings.length === 0,
  };
}

/** Beyond the room that is left only money and what may become money: a declined attempt more says nothing of the order. */
function worthKeeping(added: readonly Assessed[], room: number): readonly Assessed[] {
  return added.filter(({ judgement }, index) => index < room || judgement.verdict !== 'declined');
}

/**
 * A gateway can get another name. A payment whose own is not configured any more is where its key is found for the order: taken
 * for one that nobody recorded, the same money would be paid back as that of a second payment.
 */
function placedPayments(
  { order, payments }: Case,
  statements: ReadonlyMap<string, Statement | null>,
): readonly Payment[] {
  const placed = [...payments];
  for (const [index, payment] of payments.entries()) {
    const { gateway, transactionKey: key } = payment;
    if (key === null || (gateway !== null && statements.has(gateway))) continue;
    const [there] = [...statements].find(([, statement]) =>
      statement?.answer.transactions.some((one) => one.key === key && one.orderId === order.id),
    ) ?? [null];
    if (there === null) continue;
    const isThere = (one: Payment) => one.gateway === there && one.transactionKey === key;
    if (!placed.some(isThere)) placed[index] = { ...payment, gateway: there };
  }
  return placed;
}

/** Transactions of one gateway that no payment names yet, oldest first; the array is used up. */
interface Unrecorded {
  readonly gateway: string;
  readonly waiting: Transaction[];
}

/**
 * A transaction that belongs to another order is nobody's business here: a forged callback can name any key, and asking
 * about it must not make it ours.
 */
function unrecordedTransactions(
  theCase: Case,
  statements: ReadonlyMap<string, Statement | null>,
): readonly Unrecorded[] {
  return [...statements].map(([name, statement]) => {
    const recorded = new Set(
      theCase.payments.filter((one) => one.gateway === name).map((one) => one.transactionKey),
    );
    const transactions = statement?.answer.transactions ?? [];
    const waiting = new Map<string, Transaction>();
    for (const one of transactions) {
      const ours = one.orderId === theCase.order.id && !recorded.has(one.key);
      // Told twice it is still one transaction; `judge` goes by the first telling too.
      if (ours && !waiting.has(one.key)) waiting.set(one.key, one);
    }
    return { gateway: name, waiting: [...waiting.values()] };
  });
}

/**
 * A person accepted it without a key, and only a capture of the full amount can be what was meant, or one that is still to come: taken
 * for a second one it would be paid back. It comes before all others.
 */
function withKeyOfCapture(
  payment: Payment,
  unrecorded: readonly Unrecorded[],
  { amount, currency }: Order,
): Payment {
  if (payment.transactionKey !== null || payment.state !== 'succeeded') return payment;
  const waiting = unrecorded.find(({ gateway }) => gateway === payment.gateway)?.waiting ?? [];
  const first = (...statuses: readonly Transaction['status'][]) =>
    waiting.find(
      (one) => statuses.includes(one.status) && one.amount === amount && one.currency === currency,
    );
  const transaction = first('succeeded') ?? first('pending', 'authorised');
  if (transaction === undefined) return payment;
  waiting.splice(waiting.indexOf(transaction), 1);
  return { ...payment, transactionKey: transaction.key };
}

/** A keyless payment takes the oldest key that its gateway has and we do not. A refused one has none there. */
function withLearnedKey(payment: Payment, unrecorded: readonly Unrecorded[]): Payment {
  if (payment.transactionKey !== null) return payment;
  if (payment.state !== 'pending' && payment.presumedAt === null) return payment;
  const transaction = unrecorded
    .find(({ gateway }) => gateway === payment.gateway)
    ?.waiting.shift();
  return transaction === undefined ? payment : { ...payment, transactionKey: transaction.key };
}

/** A payment for a transaction that nobody recorded; its id is derived, so that every look derives the same. */
export function paymentOfKey(key: string, gateway: string, theCase: Case, now: Instant): Payment {
  const sibling = theCase.payments.find((payment) => payment.gateway === gateway);
  return pendingPayment({
    id: `${gateway}:${key}`,
    gateway,
    method: sibling?.method ?? 'UNKNOWN',
    amount: theCase.order.amount,
    transactionKey: key,
    requestedAt: now,
  });
}

/** Keeps the gateway's word; the same word again leaves the payment untouched. */
function withFound(payment: Payment, judgement: Judgement, order: Order, now: Instant): Payment {
  const { transaction } = judgement;
  if (transaction === null) return payment;
  const found: Found = {
    status: transaction.status,
    amount: transaction.amount,
    currency: transaction.currency,
    ours: transaction.orderId === order.id,
    at: now,
  };
  const old = payment.found;
  const same =
    old !== null &&
    old.status === found.status &&
    old.amount === found.amount &&
    old.currency === found.currency &&
    old.ours === found.ours;
  return same ? payment : { ...payment, found };
}
