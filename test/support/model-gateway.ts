import type {
  Answer,
  Inquiry,
  RefundOrder,
  Transaction,
  TransactionStatus,
} from '../../lib/core/gateway.ts';
import type { AmountMinor } from '../../lib/core/money.ts';
import type { GatewayPolicy } from '../../lib/core/policy.ts';
import type { Instant } from '../../lib/core/time.ts';

/** What is really so about one transaction. Only the model gateway knows it. */
export interface TrueTransaction {
  readonly key: string;
  readonly orderId: string;
  readonly currency: string;
  readonly amount: AmountMinor;
  /** Its statuses in the order of time; before the first one the gateway does not have it. */
  readonly steps: readonly { readonly at: Instant; readonly status: TransactionStatus }[];
  readonly expiresAt?: Instant;
}

/** How a gateway can be, of what a decision depends on. */
export type ModelSettings = Pick<
  GatewayPolicy,
  'name' | 'canList' | 'canRefund' | 'paymentWindowMs'
> & {
  /** Refuses every refund. */
  readonly refusesRefunds?: boolean;
  /** How long a refund is under way; 0: done at once. */
  readonly refundTakesMs?: number;
};

/** What was paid back through the gateway's interface. */
interface TrueRefund {
  readonly key: string;
  readonly amount: AmountMinor;
  readonly idempotencyKey: string;
  readonly at: Instant;
}

/** A payment gateway that keeps the truth, by true time. Says nothing but the truth; the faults lie on the way to it. */
export class ModelGateway {
  readonly settings: ModelSettings;
  readonly refunds: TrueRefund[] = [];
  /** When it was asked to pay back, by key, whatever came of it. */
  readonly refundAskedAt = new Map<string, Instant>();
  /** When each order was last listed in a reply that came through. */
  readonly listedAt = new Map<string, Instant>();
  /** The same, with every transaction of the list heard. */
  readonly heardInFullAt = new Map<string, Instant>();
  readonly #transactions = new Map<string, TrueTransaction>();

  constructor(settings: ModelSettings) {
    this.settings = settings;
  }

  get name(): string {
    return this.settings.name;
  }

  put(transaction: TrueTransaction): void {
    this.#transactions.set(transaction.key, transaction);
  }

  all(): readonly TrueTransaction[] {
    return [...this.#transactions.values()];
  }

  transaction(key: string): TrueTransaction | undefined {
    return this.#transactions.get(key);
  }

  /** Its status then, refunds included; `null`: the gateway does not have it (yet). */
  statusOf(transaction: TrueTransaction, at: Instant): TransactionStatus | null {
    const status = transaction.steps.findLast((step) => step.at <= at)?.status ?? null;
    const takesMs = this.settings.refundTakesMs ?? 0;
    const back = this.refunds.some(
      (refund) => refund.key === transaction.key && refund.at + takesMs <= at,
    );
    return back && status === 'succeeded' ? 'refunded' : status;
  }

  /**
   * What an adapter would hear: each known key, and the listing when none of them is captured or all is asked for. `hears`
   * says of each single exchange whether its reply comes through.
   */
  inquire(inquiry: Inquiry, at: Instant, hears: () => boolean): Answer {
    const found: Transaction[] = [];
    const absentKeys: string[] = [];
    const silentKeys: string[] = [];
    const fetch = (key: string) => {
      if (!hears()) return silentKeys.push(key);
      const transaction = this.#read(key, at);
      return transaction === null ? absentKeys.push(key) : found.push(transaction);
    };
    for (const key of new Set(inquiry.keys)) fetch(key);
    const captured = found.some(
      ({ status, orderId }) => status === 'succeeded' && orderId === inquiry.orderId,
    );
    let complete = false;
    let unheard = false;
    if (this.settings.canList && (inquiry.listAll || !captured)) {
      complete = hears();
      unheard = !complete;
      const listed = complete ? this.#list(inquiry.orderId, at) : [];
      for (const key of listed) if (!inquiry.keys.includes(key)) fetch(key);
    }
    const silence = silentKeys.length > 0 || unheard ? { silence: 'timeout' as const } : {};
    return { kind: 'statement', transactions: found, absentKeys, silentKeys, complete, ...silence };
  }

  /** Pays back once for an idempotency key, and never more than was captured. */
  refund(order: RefundOrder, at: Instant): Answer {
    this.refundAskedAt.set(order.key, at);
    const before = this.refunds.find((one) => one.idempotencyKey === order.idempotencyKey);
    if (before !== undefined) return this.#refundAnswer(before, at);
    const transaction = this.#transactions.get(order.key);
    const status = transaction === undefined ? null : this.statusOf(transaction, at);
    const refused = { kind: 'refund', outcome: 'refused', refundedMinor: 0 } as const;
    if (transaction === undefined || status !== 'succeeded') return refused;
    if (order.amount > transaction.amount || this.settings.refusesRefunds === true) return refused;
    const refund: TrueRefund = {
      key: order.key,
      amount: order.amount,
      idempotencyKey: order.idempotencyKey,
      at,
    };
    this.refunds.push(refund);
    return this.#refundAnswer(refund, at);
  }

  #refundAnswer(refund: TrueRefund, at: Instant): Answer {
    const done = refund.at + (this.settings.refundTakesMs ?? 0) <= at;
    return {
      kind: 'refund',
      outcome: done ? 'done' : 'underway',
      refundedMinor: done ? refund.amount : 0,
    };
  }

  /** Oldest first. */
  #list(orderId: string, at: Instant): readonly string[] {
    return this.all()
      .filter((one) => one.orderId === orderId && this.statusOf(one, at) !== null)
      .sort((one, other) => (one.steps[0]?.at ?? 0) - (other.steps[0]?.at ?? 0))
      .map(({ key }) => key);
  }

  #read(key: string, at: Instant): Transaction | null {
    const transaction = this.#transactions.get(key);
    const status = transaction === undefined ? null : this.statusOf(transaction, at);
    if (transaction === undefined || status === null) return null;
    const { orderId, amount, currency, expiresAt } = transaction;
    return {
      key,
      orderId,
      status,
      amount,
      currency,
      ...(expiresAt === undefined ? {} : { expiresAt }),
    };
  }
}
