import type { MessagePort } from 'node:worker_threads';
import type { ChannelSettings, Message, Style } from '../channels/port.ts';
import type { Answer, Question } from '../core/gateway.ts';
import type { DurationMs } from '../core/time.ts';
import type { Exchange, GatewaySettings, PaymentRequest } from '../gateways/port.ts';

/** "Ask this gateway about these orders, so many at once, and post each answer when you hear it." */
export interface AskTask {
  /** Travels with the task, so that threads can load before the configuration is read. */
  readonly gateway: GatewaySettings;
  /** The questions of each order; those of one order are asked one after the other. */
  readonly orders: readonly (readonly Question[])[];
  readonly lanes: number;
  /** What has not begun after this goes back, and all of it at the first trouble. */
  readonly returnAfterMs: DurationMs;
  readonly port: MessagePort;
}

/**
 * What a thread posts about a task, as lists of those that came in one turn of its event loop. `heard`: all answers of the order
 * at that place, index-aligned with its questions.
 * `returned`: orders that it has not begun and will not, because the gateway is slower than a chunk supposes.
 */
export type Reply =
  | {
      readonly kind: 'heard';
      readonly at: number;
      readonly answers: readonly Answer[];
      readonly exchanges: readonly Exchange[];
    }
  | { readonly kind: 'returned'; readonly at: readonly number[] };

/** "Send this payment request." Its outcome is the task's own result. */
export interface RequestTask {
  readonly gateway: GatewaySettings;
  readonly request: PaymentRequest;
}

/** "Send this message." Its receipt is the task's own result. */
export interface SendTask {
  readonly settings: ChannelSettings;
  readonly style: Style;
  readonly message: Message;
}
