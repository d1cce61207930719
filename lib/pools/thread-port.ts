import type { Asked, GatewaySettings, RequestOutcome } from '../gateways/port.ts';
import type { Chunk, Reply, RequestTask } from './messages.ts';

/** Whatever asks on our behalf. Nothing rejects: trouble is a text. */
export interface Threads {
  /** Begins a task with a first chunk; each reply is told as it comes. `isAlone`: in a thread that does nothing else meanwhile. */
  ask(
    gateway: GatewaySettings,
    first: Chunk,
    told: (reply: Reply) => void,
    isAlone: boolean,
  ): AskingThread;
  /** A text: whether it was sent is not known. */
  request(task: RequestTask): Promise<Asked<RequestOutcome> | string>;
  /** Threads in use. */
  count(): number;
}

/** A thread at a task that goes on while it is given more. */
export interface AskingThread {
  /** After its end nothing comes of it. */
  give(chunk: Chunk): void;
  /** What it has not begun is not to begin: replies say what that is. */
  recall(): void;
  /** Resolves after the last reply. */
  readonly ended: Promise<AskingEnd>;
}

/** `came`: so many orders reached the thread, and what was given after them was never begun; `trouble`: what went wrong. */
export type AskingEnd =
  | { readonly kind: 'done'; readonly came: number }
  | { readonly kind: 'trouble'; readonly text: string };
