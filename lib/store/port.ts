import type { Case, Decision, Hearing } from '../core/decision.ts';
import type { DatedEffect } from '../core/effect.ts';
import type { NoticedKey } from '../core/gateway.ts';
import type { AmountMinor } from '../core/money.ts';
import type { Item, Order, OrderState } from '../core/order.ts';
import type { Payment } from '../core/payment.ts';
import type { Reason } from '../core/reason.ts';
import type { DurationMs, Instant } from '../core/time.ts';
import type { DeliveriesQuery, Delivery, Outbox } from './outbox-port.ts';

/**
 * The store as the rest of the daemon sees it. A promise that resolves means durable (except where said otherwise); one
 * that rejects is a `ReconciledError` and means that the engine failed. Lists go in, outcomes come out index-aligned,
 * and one bad item never fails the others. `test/store/contract.ts` is the definition.
 */
export interface Store {
  readonly intake: Intake;
  readonly docket: Docket;
  readonly outbox: Outbox;
  readonly reader: Reader;
  readonly upkeep: Upkeep;
}

// ── Intake: what the shop and the gateways tell us ──────────────────────────────────────────────────────────────────

/** Takes in what is told from outside. */
export interface Intake {
  /** Sets the absolute count; a difference to what was on hand is journalled as a movement. */
  putProduct(product: Product, now: Instant): Promise<'created' | 'updated' | 'same'>;
  /** Adds pieces, idempotent by reference. `too_many`: there would be more than `MAX_PIECES`; nothing is added. */
  addStock(
    productId: string,
    add: number,
    reference: string,
    now: Instant,
  ): Promise<AddStockOutcome>;
  /** Idempotent by id. Waiting notices that name the order or one of its keys are matched in the same commit. */
  createOrders(orders: readonly NewOrder[], now: Instant): Promise<readonly CreateOutcome[]>;
  /**
   * Records an attempt, idempotent by id, and raises the order's version. `recorded`: in any order state; a final order
   * is looked at again. `exclusive`: only on a pending order none of whose other payments may still change, else `busy`.
   */
  addPayment(
    orderId: string,
    payment: NewPayment,
    now: Instant,
    mode: 'recorded' | 'exclusive',
  ): Promise<AddPaymentOutcome>;
  /**
   * Keeps a callback, durable when it resolves, and no more than that: what it means is found out by `Docket.match`, so that
   * thousands of them at once cost no more than to write them down.
   */
  admit(notice: Notice): Promise<AdmitOutcome>;
}

/** What became of pieces that were to be added. */
export type AddStockOutcome = 'added' | 'same' | 'differs' | 'not_found' | 'too_many';

/** The most pieces of a product: far more than any shop has, and a plain number counts them exactly. */
export const MAX_PIECES = 1_000_000_000_000;

/** A product and its count. */
export interface Product {
  readonly id: string;
  readonly name: string;
  readonly onHand: number;
  readonly lowStockAt: number | null;
}

/** An order as the shop tells it. */
export interface NewOrder {
  readonly id: string;
  readonly memberId: string;
  readonly currency: string;
  readonly amount: AmountMinor;
  readonly items: readonly Item[];
  readonly payments: readonly NewPayment[];
  readonly createdAt: Instant;
  /** When to look for the first time. Not part of what makes two orders the same. */
  readonly lookAt: Instant;
  /**
   * True: the shop left `createdAt` out and it was filled in. A repeat is then the same order whatever moment was filled in
   * for it, and so are requests of its payments at that moment.
   */
  readonly undated?: boolean;
}

/** A payment attempt as the shop tells it, or as we are about to request it. */
export interface NewPayment {
  readonly id: string;
  readonly gateway: string | null;
  readonly method: string;
  readonly amount: AmountMinor;
  readonly transactionKey: string | null;
  readonly requestedAt: Instant;
  /**
   * True: the shop named no gateway, and the configuration said which. A repeat is then the same payment whatever it says for that one:
   * a gateway may get another name meanwhile, or another one the method.
   */
  readonly routed?: boolean;
}

/** What came again under its id: differing in `fields`, at least one, each a path (`items[0].quantity`). */
export type Repeat =
  | { readonly kind: 'same' }
  | { readonly kind: 'differs'; readonly fields: readonly string[] };

/**
 * `forgotten`: its id is that of an order that was removed as old. `conflict`: a payment's id or (gateway, key) is taken, or its amount is
 * not the order's; `where` begins with the path of the field (`payments[0].id: …`) and says whose it is.
 */
export type CreateOutcome =
  | Repeat
  | { readonly kind: 'created' | 'forgotten' }
  | { readonly kind: 'unknown_product'; readonly productId: string }
  | { readonly kind: 'conflict'; readonly where: string };

/**
 * `busy`: `exclusive` was asked for and another payment may still change or the order is not pending. `too_many`: `MAX_PAYMENTS`. `due`: what
 * a payment of the order has to be of.
 */
export type AddPaymentOutcome =
  | Repeat
  | { readonly kind: 'created' | 'not_found' | 'too_many' | 'busy' }
  | { readonly kind: 'wrong_amount'; readonly due: AmountMinor }
  | { readonly kind: 'conflict'; readonly where: string };

/** A callback reduced to what may be kept: never the body. */
export interface Notice {
  readonly gateway: string;
  /** The gateway's event id, or key, order id and status as one text: a repeat has the same. */
  readonly eventId: string;
  readonly key: string | null;
  readonly orderId: string | null;
  readonly receivedAt: Instant;
}

/**
 * `kept`: for the first time. `duplicate`: the same was kept before; when that one has been matched, its order is nudged again.
 * `dropped`: `MAX_NEW` callbacks are not matched yet.
 */
export type AdmitOutcome = 'kept' | 'duplicate' | 'dropped';

/** Callbacks that are not matched yet: about 10 MB, and half an hour of lookups. A flood must not fill the disk. */
export const MAX_NEW = 50_000;

/** What became of a callback that was kept. */
export interface Matched {
  readonly gateway: string;
  /**
   * `admitted`: its order was found and is nudged. `unmatched`: its order is not there yet; it waits for `UNMATCHED_KEPT_MS`,
   * unless fifty wait for that order already, which say the same.
   * `dropped`: the same, and `MAX_UNMATCHED` of its gateway wait already.
   */
  readonly outcome: 'admitted' | 'unmatched' | 'dropped';
}

/** How long a callback waits for its order. */
export const UNMATCHED_KEPT_MS: DurationMs = 24 * 3_600_000;

/** Callbacks waiting for an order, per gateway: a flood of forged ones must not fill the disk. */
export const MAX_UNMATCHED = 10_000;

/** At most one nudged look at a pending order in this time … */
export const NUDGE_UNRESOLVED_MS: DurationMs = 1_000;

/** … and at any other, held or final: a forged callback must not become a stream of lookups. */
export const NUDGE_FINAL_MS: DurationMs = 60_000;

// ── Docket: what is due, and what was decided ───────────────────────────────────────────────────────────────────────

/** Hands out what is due and takes back what was decided. */
export interface Docket {
  /**
   * Leases orders that are due: nudged ones first but at most half of the slots while others wait, then the oldest due.
   * Costs no durable commit: a crash forgets leases and the orders are simply due again.
   */
  claim(request: ClaimRequest): Promise<readonly Claimed[]>;
  /**
   * Finds out what the callbacks mean that were kept and not matched yet, the oldest first, at most `limit`: which order each is
   * of, by key, else by order id. Nudges that order; each callback for a known order does. One that a rule of the store refuses waits
   * as if its order were not there, and keeps none behind it. Empty: there is none.
   */
  match(limit: number): Promise<readonly Matched[]>;
  /** The present case, for a decision that went stale or for a person's command; `null`: no such order. */
  load(orderId: string): Promise<Case | null>;
  /**
   * Writes decisions whose order still has the version they were made on: order, payments, stock, journal and effects
   * in one transaction. Ends the leases of applied ones; a stale one keeps its lease until `release`.
   */
  commit(settlements: readonly Settlement[]): Promise<readonly CommitOutcome[]>;
  /**
   * Makes pending orders due whose look is planned for later than `beyond`: they were planned when a wait was set longer. Those that are
   * final or held keep their plan.
   */
  hasten(beyond: Instant, now: Instant): Promise<void>;
  /** Gives leases back without a decision. */
  release(leases: readonly Lease[]): void;
  /**
   * When the next nudged order that is not leased may be looked at; `null`: none waits. Orders that a claim with the same
   * `exceptGateways` would leave out do not count, so that nobody wakes for them in vain.
   */
  nextNudge(exceptGateways?: readonly string[]): Instant | null;
  /** The order that a payment belongs to; `null`: no such payment. */
  orderOfPayment(paymentId: string): Promise<string | null>;
  /** The orders that transactions are recorded for, aligned; `null`: no payment has that key. */
  ordersOfKeys(keys: readonly NoticedKey[]): Promise<readonly (string | null)[]>;
  /** The highest id of a sweep so far, 0 when there was none. */
  lastSweepId(): Promise<number>;
  /** Keeps that a sweep began; a crash leaves it without an end. */
  beginSweep(id: number, startedAt: Instant): Promise<void>;
  endSweep(sweep: Sweep): Promise<void>;
}

/** Which due orders are wanted. */
export interface ClaimRequest {
  /** At most so many orders. */
  readonly limit: number;
  readonly now: Instant;
  /** Orders due later than this are left for the next sweep; nudged ones are due by `now`. */
  readonly dueBy: Instant;
  /** A due time further off than this came from a clock that jumped, and counts as due. */
  readonly longestWaitMs: DurationMs;
  /**
   * Orders that could only be asked about at these gateways are left out: those whose payments that may still change (unresolved
   * ones, and those to be refunded) are all there or, when none may, whose payments are all there. An order without any payment never is.
   */
  readonly exceptGateways: readonly string[];
  /** True: only nudged orders. */
  readonly nudgedOnly: boolean;
}

/** A claim on one order, in memory only; correctness rests on the version. */
export interface Lease {
  readonly id: number;
  readonly orderId: string;
}

/** A leased order with its snapshot. */
export interface Claimed {
  readonly lease: Lease;
  readonly case: Case;
  /** A callback asked for this look. */
  readonly nudged: boolean;
}

/** A decision with what it was made from, as it goes into the journal. */
export interface Settlement {
  readonly lease: Lease | null;
  readonly decision: Decision;
  readonly record: DecisionRecord;
}

/**
 * `stale`: the order changed meanwhile, or the stock no longer suffices: load and decide again. `refused`: a (gateway,
 * key) of the decision belongs to another order, or the decision breaks another rule of the schema (a bug): the same
 * decision will never be taken, a person has to look. Neither changes anything.
 */
export type CommitOutcome = 'applied' | 'stale' | 'refused';

/** One sweep in the history. */
export interface Sweep {
  readonly id: number;
  readonly startedAt: Instant;
  /** `null` while it runs, or when the daemon died in it. */
  readonly endedAt: Instant | null;
  /** Orders that were looked at. */
  readonly looked: number;
  readonly reasons: Readonly<Partial<Record<Reason, number>>>;
  readonly durationMs: DurationMs;
}

/** Sweeps kept in the history: a week of minutes. */
export const MAX_SWEEPS = 10_080;

// ── The journal ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** What a journal row keeps, by kind. `decided` and a person's commands hold all that `replay` needs. */
export type JournalRecord =
  | { readonly kind: 'created'; readonly order: NewOrder }
  | { readonly kind: 'payment_added'; readonly payment: NewPayment }
  | {
      readonly kind: 'decided';
      /** What brought the look: its time had come, a callback, or a payment request that could not be decided. */
      readonly trigger: 'sweep' | 'callback' | 'request';
      readonly hearing: Hearing;
      readonly decision: Decision;
      readonly rules: string;
    }
  | {
      readonly kind: 'requested' | 'resolved' | 'refund_recorded';
      readonly hearing: Hearing;
      readonly command: unknown;
      readonly by: string;
      readonly note: string | null;
      readonly decision: Decision;
      readonly rules: string;
    };

/** A record that holds a decision. */
export type DecisionRecord = Extract<JournalRecord, { readonly hearing: Hearing }>;

/** What made an order final: a look that was due, one that a callback asked for, the outcome of our own request, or a person. */
export const SETTLED_BY = ['sweep', 'callback', 'request', 'person'] as const;

export type SettledBy = (typeof SETTLED_BY)[number];

/** What brought a decision: the same word where it makes the order final. */
export function broughtBy(record: DecisionRecord): SettledBy {
  if (record.kind === 'decided') return record.trigger;
  return record.kind === 'requested' ? 'request' : 'person';
}

/** One change of one order. */
export interface JournalRow {
  readonly seq: number;
  readonly orderId: string;
  /** The version of the order that this row made. */
  readonly version: number;
  readonly at: Instant;
  readonly reason: Reason | null;
  readonly record: JournalRecord;
}

/** One change of a product's count. */
export interface StockMovement {
  readonly seq: number;
  readonly productId: string;
  /** Negative: taken. */
  readonly change: number;
  readonly onHand: number;
  readonly kind: 'counted' | 'added' | 'taken';
  /** The order that took it, or the caller's reference. */
  readonly reference: string | null;
  readonly at: Instant;
}

// ── Reader: for people and machines that look; never used by flows ──────────────────────────────────────────────────

/** Looks, and changes nothing. */
export interface Reader {
  order(id: string): Promise<AwaitedOrder | null>;
  orders(query: OrdersQuery): Promise<Page<OrderView>>;
  journal(orderId: string, after: number, limit: number): Promise<Page<JournalRow>>;
  /** Every row of the journal after `seq`, oldest first, for `replay`: a bounded batch. */
  journalAfter(seq: number, limit: number): Promise<readonly JournalRow[]>;
  effects(orderId: string): Promise<readonly DatedEffect[]>;
  /** What was told of an order to whom, oldest first. */
  deliveriesOf(orderId: string): Promise<readonly Delivery[]>;
  delivery(id: number): Promise<Delivery | null>;
  /** Newest first. */
  deliveries(query: DeliveriesQuery): Promise<Page<Delivery>>;
  product(id: string): Promise<Product | null>;
  products(after: string | null, limit: number): Promise<Page<Product>>;
  movements(productId: string, after: number, limit: number): Promise<Page<StockMovement>>;
  sweep(id: number): Promise<Sweep | null>;
  /** Newest first. */
  sweeps(after: string | null, limit: number): Promise<Page<Sweep>>;
  /** Kept by the commits, so that a scrape costs the same at any size. */
  counts(): Promise<Counts>;
  /** The due time of the order that waits longest, `null` when none waits. */
  oldestDue(): Promise<Instant | null>;
}

/** An order with its parts. */
export interface OrderView {
  readonly order: Order;
  readonly items: readonly Item[];
  readonly payments: readonly Payment[];
}

/** One order, and when callbacks make it due for a look; `null`: all are answered. */
export interface AwaitedOrder extends OrderView {
  readonly nudgeAt: Instant | null;
}

/** Which orders are listed; `null`: no restriction. */
export interface OrdersQuery {
  readonly state: OrderState | null;
  readonly reason: Reason | null;
  /** The cursor of the page before. */
  readonly after: string | null;
  readonly limit: number;
}

/** `next` goes back as `after`; `null`: this was the last page. Any other may be shorter than asked for, and even empty. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/** How many there are of what. */
export interface Counts {
  readonly orders: Readonly<Record<OrderState, number>>;
  /** Payments that wait for a refund. */
  readonly refundsDue: number;
  /** Callbacks whose order is not there yet, by gateway. */
  readonly unmatched: Readonly<Record<string, number>>;
  /** Messages that are on their way, and those that were given up, by channel. */
  readonly deliveries: Readonly<Record<'pending' | 'dead', Readonly<Record<string, number>>>>;
}

// ── Upkeep ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Care of the file itself. */
export interface Upkeep {
  /** Trouble found in the file, in sentences; empty: sound. */
  check(): Promise<readonly string[]>;
  /** Drops callbacks that are a day old, matched or not; how many of them waited for an order. */
  prune(now: Instant): Promise<number>;
  /**
   * Removes (or only counts) orders that are final, were last changed before that moment, and about which nothing is left to
   * look at, to refund or to tell, with everything that belongs to them; how many. Their ids stay taken (`forgotten`), and so do
   * the movements of the stock. In slices, so that others get their turn.
   */
  forget(before: Instant, mode: 'remove' | 'count'): Promise<number>;
  /** Waits for what is being written, then closes. */
  close(): Promise<void>;
}
