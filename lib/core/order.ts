import type { AmountMinor } from './money.ts';
import type { Reason } from './reason.ts';
import type { Instant } from './time.ts';

/**
 * `held`: a person must look; the daemon keeps looking too. `completed` and `failed` are final: they change only
 * by a row of the decision table.
 */
export const ORDER_STATES = ['pending', 'completed', 'failed', 'held'] as const;

export type OrderState = (typeof ORDER_STATES)[number];

/** One order as the daemon knows it. */
export interface Order {
  /** Used verbatim as the gateway's order id: `[A-Za-z0-9_-]{6,64}`. */
  readonly id: string;
  /** The shop's member; gateways that scope their reads to a user are asked in this name. */
  readonly memberId: string;
  /** ISO 4217, upper case. Every amount of the order and of its payments is in it. */
  readonly currency: string;
  /** What one payment has to capture, exactly. 0: nothing is due. */
  readonly amount: AmountMinor;
  readonly state: OrderState;
  /** Why the order is in this state; `null` until something was decided. */
  readonly reason: Reason | null;
  /** The same for people: the gateway's words or ours. `null` when the code says it all. */
  readonly reasonText: string | null;
  /** The payment that completed it, `null` otherwise (and for an order with nothing due). */
  readonly paidBy: string | null;
  /** What a person was already told about this order, so that each is told once. */
  readonly escalated: readonly Reason[];
  readonly createdAt: Instant;
  /** Of the last change of state; a look that changes nothing leaves it. */
  readonly updatedAt: Instant;
  /** Looks in a row that changed nothing: the place on the ladder of waits. */
  readonly looks: number;
  /** Since when every look has been silent about something; `null` when the last one was not. */
  readonly silentSince: Instant | null;
  /**
   * When every gateway that can list had last listed all it has for this order; `null`: not yet. A final order is looked at
   * once more until it has been: the happy path asks about one key only.
   */
  readonly listedAt: Instant | null;
  /** When to look again; `null`: nothing is unresolved. */
  readonly lookAt: Instant | null;
  /** Rises by one with every journal row of the order: the fence of every commit. The creation is version 1. */
  readonly version: number;
}

/** What the order takes from the stock when its payment is captured. */
export interface Item {
  readonly productId: string;
  /** Whole pieces, at least 1. */
  readonly quantity: number;
  readonly unitPrice: AmountMinor;
}

/** What is on hand of one product of the order, in the same snapshot as the order. */
export interface StockLevel {
  readonly productId: string;
  readonly name: string;
  /** Whole pieces, never negative. */
  readonly onHand: number;
  /** At or below this the product is low; `null`: nobody wants to know. */
  readonly lowStockAt: number | null;
}

/** True for a state that the order does not leave any more. */
export function isFinal(state: OrderState): boolean {
  return state === 'completed' || state === 'failed';
}

/** Holds that wait for a person, whatever the gateway says later. Every other hold is one of age or doubt. */
export function waitsForPerson(order: Order): boolean {
  return (
    order.state === 'held' && (order.reason === 'mismatched' || order.reason === 'internal_error')
  );
}
