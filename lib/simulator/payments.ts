import type { Instant } from '../core/time.ts';

/** The gateway's words for the state of a payment. */
export const STATUSES = ['PENDING', 'SUCCESS', 'FAILED'] as const;

export type Status = (typeof STATUSES)[number];

/** The cards that it takes. */
export const CARD_TYPES = ['SAMSUNG', 'KB', 'HYUNDAI'] as const;

export type CardType = (typeof CARD_TYPES)[number];

/** A payment as the gateway has it: the truth. */
export interface GatewayPayment {
  readonly transactionKey: string;
  readonly orderId: string;
  /** Reads are scoped to it. */
  readonly userId: string;
  readonly cardType: CardType;
  readonly cardNo: string;
  readonly amount: number;
  readonly status: Status;
  readonly reason: string | null;
  readonly createdAt: Instant;
}

/** All payments, in memory: a restart loses them, and a payment that was being processed stays PENDING for ever. */
export class Payments {
  readonly #byKey = new Map<string, GatewayPayment>();
  /** Keys by user and order, in recorded order. */
  readonly #keysOfOrder = new Map<string, string[]>();

  has(key: string): boolean {
    return this.#byKey.has(key);
  }

  record(payment: GatewayPayment): void {
    this.#byKey.set(payment.transactionKey, payment);
    const place = orderPlace(payment.userId, payment.orderId);
    const keys = this.#keysOfOrder.get(place);
    if (keys === undefined) this.#keysOfOrder.set(place, [payment.transactionKey]);
    else keys.push(payment.transactionKey);
  }

  /** Gives a payment its final status; `undefined` when it is gone (the simulator was reset). */
  settle(key: string, status: Status, reason: string): GatewayPayment | undefined {
    const payment = this.#byKey.get(key);
    if (payment === undefined) return undefined;
    const settled = { ...payment, status, reason };
    this.#byKey.set(key, settled);
    return settled;
  }

  /** The right key with another user is not found. */
  find(userId: string, key: string): GatewayPayment | undefined {
    const payment = this.#byKey.get(key);
    return payment?.userId === userId ? payment : undefined;
  }

  /** Newest first. */
  ofOrder(userId: string, orderId: string): readonly GatewayPayment[] {
    const keys = this.#keysOfOrder.get(orderPlace(userId, orderId)) ?? [];
    return keys
      .map((key) => this.#byKey.get(key))
      .filter((payment) => payment !== undefined)
      .reverse()
      .sort((one, other) => other.createdAt - one.createdAt);
  }

  /** In recorded order. */
  all(): readonly GatewayPayment[] {
    return [...this.#byKey.values()];
  }

  clear(): void {
    this.#byKey.clear();
    this.#keysOfOrder.clear();
  }
}

function orderPlace(userId: string, orderId: string): string {
  return JSON.stringify([userId, orderId]);
}
