import type { MessagePort } from 'node:worker_threads';
import type { ChannelSettings, Message, Style } from '../channels/port.ts';
import type { Answer, Question } from '../core/gateway.ts';
import type { Exchange, GatewaySettings, PaymentRequest } from '../gateways/port.ts';

/**
 * "Ask this gateway about the orders of this chunk and of those that the port brings, and post each answer when you hear it." It
 * ends when all that came is done; its own result is how many orders have come.
 */
export interface AskTask {
  /** Travels with the task, so that threads can load before the configuration is read. */
  readonly gateway: GatewaySettings;
  readonly first: Chunk;
  readonly port: MessagePort;
}

/** Orders that go to a thread together. */
export interface Chunk {
  /** The questions of each order; those of one order are asked one after the other. */
  readonly orders: readonly (readonly Question[])[];
  /** So many orders of the task are asked about at once from now on. */
  readonly lanes: number;
}

/** What the port brings to a thread. `give_back`: what has not begun is not to begin. */
export type Feeding = Chunk | 'give_back';

/**
 * What a thread posts about a task, as lists of those that came in one turn of its event loop. Places count on from chunk to chunk.
 * `heard`: all answers of the order at that place, index-aligned with its questions.
 * `returned`: orders that it has not begun and will not, because it was told so or the gateway is in trouble.
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
