import type { ChannelSettings, Message } from '../channels/port.ts';
import type { Receipt } from '../core/delivery.ts';
import type { Heard, Question } from '../core/gateway.ts';
import type { PaymentRequest, RequestOutcome } from '../gateways/port.ts';

/**
 * The asking pool as the flows see it. Its promises never reject: whatever goes wrong in a thread is a silence. The
 * simulation has another one, in the same thread, on a clock of its own.
 */
export interface Asking {
  /**
   * Asks the questions of one order; resolves when all of them are answered, in their order. Costs one slot of each
   * gateway asked. A silence of `circuit_open` or `stopping` means that nothing was asked (or, when stopping, not to its end).
   */
  ask(questions: readonly Question[]): Promise<readonly Heard[]>;
  /** Sends a payment request. */
  request(request: PaymentRequest): Promise<RequestOutcome>;
  /** How many more orders may be claimed now, whichever they are, for none to wait in a long queue at its gateway. */
  freeSlots(): number;
  /** Gateways that have as many orders as they can use: theirs are better left unclaimed, for those of the others. */
  busy(): readonly string[];
  /** Gateways that must not be asked at present: an open circuit, a Retry-After of more than a few seconds. */
  blocked(): readonly string[];
  /** Gateways that answered something lately: the silence of one order is then about that order. */
  answering(): readonly string[];
  /** Resolves at the next moment when a slot may have become free. */
  whenFree(): Promise<void>;
}

/** The sending pool as the flows see it. */
export interface Sending {
  /** Sends one message once, in a thread. Never rejects: whatever goes wrong there is a receipt. */
  send(channel: ChannelSettings, message: Message): Promise<Receipt>;
}
