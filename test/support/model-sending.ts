import type { ChannelSettings, Message } from '../../lib/channels/port.ts';
import type { Receipt } from '../../lib/core/delivery.ts';
import type { DurationMs } from '../../lib/core/time.ts';
import type { Sending } from '../../lib/pools/port.ts';
import type { TurnedClock } from './turned-clock.ts';

/** What a receiver does with a message. */
export interface Behaviour {
  readonly takesMs: DurationMs;
  readonly receipt: Receipt;
}

/** A message that a receiver was given, whatever became of its receipt. */
export interface Given {
  readonly channel: string;
  readonly message: Message;
  readonly atMs: number;
}

/** The sending pool without threads: receivers behave as the test says, on the test's clock. */
export class ModelSending implements Sending {
  readonly given: Given[] = [];
  readonly #clock: TurnedClock;
  readonly #behaviour: (given: Given) => Behaviour;
  readonly #underway = new Map<string, number>();
  /** The most messages of a channel that were under way at one moment. */
  readonly mostUnderway = new Map<string, number>();

  constructor(clock: TurnedClock, behaviour: (given: Given) => Behaviour) {
    this.#clock = clock;
    this.#behaviour = behaviour;
  }

  async send({ name }: ChannelSettings, message: Message): Promise<Receipt> {
    const given = { channel: name, message, atMs: this.#clock.monotonicMs() };
    this.given.push(given);
    this.#count(name, 1);
    const { takesMs, receipt } = this.#behaviour(given);
    if (takesMs > 0) await new Promise<void>((resolve) => this.#clock.after(takesMs, resolve));
    this.#count(name, -1);
    return receipt;
  }

  /** The ids that a channel was given, in that order. */
  idsOf(channel: string): readonly string[] {
    return this.given.filter((one) => one.channel === channel).map(({ message }) => message.id);
  }

  #count(channel: string, change: number): void {
    const now = (this.#underway.get(channel) ?? 0) + change;
    this.#underway.set(channel, now);
    this.mostUnderway.set(channel, Math.max(now, this.mostUnderway.get(channel) ?? 0));
  }
}

/** The receiver took it. */
export const TAKEN: Receipt = { kind: 'delivered', detail: '200' };

/** The receiver could not take it. */
export function refusal(over: Partial<Extract<Receipt, { kind: 'failed' }>> = {}): Receipt {
  return {
    kind: 'failed',
    cause: 'server_error',
    permanent: false,
    retryAfterMs: null,
    detail: '500',
    ...over,
  };
}
