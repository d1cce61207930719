import type { ChannelSettings, Message } from '../../lib/channels/port.ts';
import type { Receipt } from '../../lib/core/delivery.ts';
import { EFFECT_TOPICS } from '../../lib/core/effect.ts';
import {
  type DurationMs,
  HOUR_MS,
  type Instant,
  MINUTE_MS,
  SECOND_MS,
} from '../../lib/core/time.ts';
import type { NotifiedChannel } from '../../lib/flows/notify.ts';
import type { Sending } from '../../lib/pools/port.ts';
import type { Subscription } from '../../lib/store/outbox-port.ts';
import { refusal, TAKEN } from '../support/model-sending.ts';
import type { TurnedClock } from '../support/turned-clock.ts';
import type { Random } from './random.ts';

/** Somebody who is told. */
export interface Channel {
  readonly name: string;
  readonly digestMs: DurationMs;
  readonly maxInFlight: number;
}

/** A shop's system that hears of everything at once, and people who get a digest of what failed. */
export const CHANNELS: readonly Channel[] = [
  { name: 'shop', digestMs: 0, maxInFlight: 3 },
  { name: 'people', digestMs: 5 * MINUTE_MS, maxInFlight: 1 },
];

/** What a channel hears of: everything. */
export function subscriptionsOf({ name, digestMs }: Channel): readonly Subscription[] {
  return EFFECT_TOPICS.map((topic) => ({ channel: name, topic, digestMs }));
}

/** A channel, as the couriers know it. */
export function channelOf({ name, maxInFlight }: Channel): NotifiedChannel {
  return {
    settings: {
      kind: 'webhook',
      name,
      url: 'http://receiver.example/',
      secrets: ['secret'],
      allowPrivate: false,
      timeoutMs: 15 * SECOND_MS,
    },
    maxInFlight,
  };
}

/** Tried for a day, as by default. */
export const MODEL_RETRY = {
  firstWaitMs: 5 * SECOND_MS,
  longestWaitMs: HOUR_MS,
  giveUpAfterMs: 24 * HOUR_MS,
};

/**
 * Whoever hears of what the daemon tells, over all of its lives: takes messages, loses their receipts, refuses some for ever
 * and is away for hours. Remembers what it was given.
 */
export class Receivers {
  /** What nobody may do to a receiver, in sentences. */
  readonly findings: string[] = [];
  /** The keys of the effects that each channel took, whatever became of its receipt. */
  readonly taken = new Map<string, Set<string>>();
  /** When each channel was given an effect for the last time, by channel and key. */
  readonly givenAt = new Map<string, Instant>();
  /** Payments that people were asked to pay back by hand, and when they were for the first time. */
  readonly byHandSince = new Map<string, Instant>();
  readonly #random: Random;
  readonly #clock: TurnedClock;
  readonly #keysOf = new Map<string, string>();
  /** 0 is fair. */
  badness = 1;
  sent = 0;

  constructor(random: Random, clock: TurnedClock) {
    this.#random = random;
    this.#clock = clock;
  }

  /** The sending pool of one life. */
  pool(): Sending {
    /** Messages whose receipt this life has heard. */
    const done = new Set<string>();
    return {
      send: async ({ name }: ChannelSettings, message: Message) => {
        const id = `${name} ${message.id}`;
        if (done.has(id)) this.findings.push(`${id}: sent again after its receipt`);
        const receipt = this.#answer(name, message);
        await new Promise<void>((resolve) =>
          this.#clock.after(this.#random.between(10, 2_000), resolve),
        );
        if (receipt.kind === 'delivered') done.add(id);
        return receipt;
      },
    };
  }

  /** Spreads the waits of those that failed together. */
  chance(): number {
    return this.#random.next();
  }

  #answer(channel: string, { id, effects }: Message): Receipt {
    this.sent += 1;
    for (const { key } of effects) this.givenAt.set(`${channel} ${key}`, this.#clock.trueNow());
    const keys = JSON.stringify(effects.map(({ key }) => key));
    const before = this.#keysOf.get(`${channel} ${id}`) ?? keys;
    this.#keysOf.set(`${channel} ${id}`, keys);
    if (before !== keys) this.findings.push(`${channel} ${id}: another message under the same id`);
    const lot = this.#random.next() / this.badness;
    if (lot < 0.02) return refusal({ cause: 'rejected', permanent: true });
    if (lot < 0.1) return refusal({ cause: 'rejected' });
    if (lot < 0.2) return refusal({ cause: 'server_error' });
    if (lot < 0.25) return refusal({ cause: 'rate_limited', retryAfterMs: MINUTE_MS });
    const taken = this.taken.get(channel) ?? new Set();
    this.taken.set(channel, taken);
    for (const { key, topic, reason, paymentId } of effects) {
      taken.add(key);
      const isByHand = reason === 'refund_refused' || reason === 'refund_by_hand';
      if (topic !== 'order.attention' || !isByHand || paymentId === null) continue;
      const since = this.byHandSince.get(paymentId) ?? this.#clock.trueNow();
      this.byHandSince.set(paymentId, since);
    }
    // The receiver has it and the daemon does not know: it comes again.
    return lot < 0.35 ? refusal({ cause: 'timeout' }) : TAKEN;
  }
}
