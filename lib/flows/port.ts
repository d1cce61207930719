import type { OrderState } from '../core/order.ts';
import type {
  AddPaymentOutcome,
  AdmitOutcome,
  NewPayment,
  OrderView,
  Sweep,
} from '../store/port.ts';

/** A flow that can end. */
export interface Stoppable {
  /** Finishes what is being committed and gives the rest back: it is due again after the next start. Nothing new begins. */
  stop(): Promise<void>;
}

/** What starts sweeps. */
export interface Sweeping {
  /**
   * A sweep that begins after this call: at once, or when the one that runs has ended; all requests made meanwhile share
   * that next one. `ended` rejects only when the store failed, or when the daemon stops before the sweep begins.
   * @throws ReconciledError `daemon_refused` when it stops already.
   */
  request(): SweepTicket;
  /** The sweep that runs, without an end; `null`: none. */
  running(): Sweep | null;
}

/** A sweep that was asked for: its id is known before it begins. */
export interface SweepTicket {
  readonly id: number;
  readonly ended: Promise<Sweep>;
}

/** What callbacks go through. */
export interface Callbacks {
  /**
   * Reads and keeps (durable when it resolves); what it means is found out after that. `isCompressed` is asked about a body that cannot be
   * read: gateways differ in what they send, and not in that. Rejects only when the store failed.
   */
  receive(
    gateway: string,
    body: Uint8Array,
    isCompressed?: () => boolean,
  ): Promise<CallbackOutcome>;
}

/** What became of a callback; `problem` says what was wrong with it. */
export type CallbackOutcome =
  | { readonly kind: AdmitOutcome }
  | { readonly kind: 'unknown_gateway' }
  | { readonly kind: 'invalid'; readonly problem: string };

/** What a person decides. */
export interface Commands {
  /** Ends a hold. */
  resolve(orderId: string, command: ResolveCommand): Promise<CommandOutcome>;
  /** Records a refund made by hand; idempotent by reference. */
  recordRefund(paymentId: string, command: RefundCommand): Promise<CommandOutcome>;
}

/** How a person ends a hold, and who. */
export interface ResolveCommand {
  readonly state: Extract<OrderState, 'pending' | 'completed' | 'failed'>;
  /** The accepted payment, when `completed`. */
  readonly paymentId: string | null;
  readonly note: string;
  readonly by: string;
  /** Refused as a conflict unless the order has this version; `null`: whatever version it has. */
  readonly version: number | null;
}

/** A refund that a person made by hand, and who. */
export interface RefundCommand {
  /** The receipt of the refund. */
  readonly reference: string;
  readonly note: string;
  readonly by: string;
}

/** `conflict`: it contradicts what is stored; `problem` says how, for people, `field` which part of the command does, if it is one. */
export type CommandOutcome =
  | { readonly kind: 'done' | 'same'; readonly view: OrderView }
  | { readonly kind: 'not_found' }
  | { readonly kind: 'conflict'; readonly problem: string; readonly field: string | null };

/** Payments that the daemon requests itself. */
export interface Requesting {
  /**
   * Records the keyless payment (durable when it resolves), then sends the request on its own time. `card` is passed
   * through: never stored, never logged.
   */
  request(
    orderId: string,
    payment: NewPayment,
    card: { readonly cardType: string; readonly cardNo: string },
  ): Promise<AddPaymentOutcome>;
}
