import type { Effect } from './effect.ts';
import type { Heard, NoticedKey } from './gateway.ts';
import type { Item, Order, StockLevel } from './order.ts';
import type { Payment } from './payment.ts';
import type { Policy } from './policy.ts';
import type { Reason } from './reason.ts';
import type { Instant } from './time.ts';
import type { Judgement } from './verdict.ts';

/** One consistent snapshot: all that a decision may know about an order. */
export interface Case {
  readonly order: Order;
  readonly items: readonly Item[];
  /** In recorded order: at most `MAX_PAYMENTS` of the shop, and those that only the gateway knew (`MAX_FOUND`). */
  readonly payments: readonly Payment[];
  /** One per product of the items. */
  readonly stock: readonly StockLevel[];
  /** Keys that callbacks named for this order. */
  readonly noticed: readonly NoticedKey[];
}

/** Attempts recorded for one order; more are refused (409), so that no case grows without bound. */
export const MAX_PAYMENTS = 50;

/**
 * Payments of one order, those that only its gateway knew among them, before further declined ones are not kept: somebody who
 * tries stolen cards makes thousands of attempts at one order, and each decision about it holds them all.
 */
export const MAX_FOUND = 1_000;

/** Items of one order; more are refused (422). */
export const MAX_ITEMS = 500;

/** Pieces of one product that leave the stock. */
export interface Taking {
  readonly productId: string;
  readonly quantity: number;
}

/**
 * What is done about one order: the rows as they will be, to be written in one transaction, only while the order still
 * has version `basis`.
 */
export interface Decision {
  readonly orderId: string;
  /** The version of the order that was decided on. */
  readonly basis: number;
  /** The row of the decision table. */
  readonly reason: Reason;
  /**
   * False: the look changed nothing. Then only `looks`, `silentSince`, `listedAt` and `lookAt` of the order are
   * written, the version stays, and there is no journal row.
   */
  readonly changed: boolean;
  /** The whole order as it will be; its version is `basis + 1` when something changed. */
  readonly order: Order;
  /** The changed payments, whole. */
  readonly payments: readonly Payment[];
  /** Transactions of the gateway that nobody had recorded. */
  readonly added: readonly Payment[];
  /** What leaves the stock; if it does not suffice any more the commit is stale. */
  readonly take: readonly Taking[];
  readonly effects: readonly Effect[];
  /** What was held true of each payment. */
  readonly judgements: readonly Judgement[];
}

/** The decision that nothing is done; others are made from it. */
export function unchanged({ order }: Case): Decision {
  return {
    orderId: order.id,
    basis: order.version,
    reason: 'watching',
    changed: false,
    order,
    payments: [],
    added: [],
    take: [],
    effects: [],
    judgements: [],
  };
}

/** Everything that a decision was made from: with it `replay` makes the decision again. */
export interface Hearing {
  readonly case: Case;
  readonly heard: readonly Heard[];
  readonly policy: Policy;
  readonly now: Instant;
}
