import type { DeliveryDecision, DeliveryState } from '../core/delivery.ts';
import type { DatedEffect, Effect, EffectTopic } from '../core/effect.ts';
import type { DurationMs, Instant } from '../core/time.ts';

/**
 * Hands out what has to be told and takes back what became of it. An effect gets one delivery for each channel that is
 * subscribed to its topic, in the commit that writes it.
 */
export interface Outbox {
  /**
   * Who hears of what from now on, instead of whoever did. Pending deliveries of channels that are not there any more become
   * dead; the result is how many.
   */
  subscribe(subscriptions: readonly Subscription[], now: Instant): Promise<number>;
  /** Tells of conditions, each key once, and keeps the marks that they leave, in one commit. */
  announce(effects: readonly Effect[], marks: readonly Mark[], now: Instant): Promise<void>;
  /** All marks that are set. */
  marks(): Promise<readonly Mark[]>;
  /**
   * Leases messages of one channel that are due, the longest due first. Costs no durable commit: a crash forgets leases, and
   * what was in flight is sent again.
   */
  claim(channel: string, limit: number, now: Instant): Promise<readonly Parcel[]>;
  /** Writes what became of parcels and ends their leases. What changed meanwhile (a person's retry) is left alone. */
  commit(results: readonly ParcelResult[]): Promise<void>;
  /** Gives leases back without a result. */
  release(parcels: readonly Parcel[]): void;
  /** When the next message of a channel is due that is not leased; `null`: none waits. */
  nextDue(channel: string): Instant | null;
  /** Makes dead deliveries due again, with all their time before them. */
  retry(deliveryIds: readonly number[], now: Instant): Promise<readonly RetryOutcome[]>;
  /** Calls back after each commit that has put deliveries on their way, or of which nobody knows whether it has. */
  listen(ring: () => void): void;
}

/** A channel and what it hears of. */
export interface Subscription {
  readonly channel: string;
  readonly topic: EffectTopic;
  /**
   * Effects of one topic that fall into one such stretch of time (counted from the epoch) make one message, at its end. 0: each
   * makes its own, at once.
   */
  readonly digestMs: DurationMs;
}

/** Something that the daemon has to remember about a condition over a restart. `since` `null`: no more. */
export interface Mark {
  readonly name: string;
  readonly since: Instant | null;
}

/** Leased deliveries that make one message: one, or those of a digest. All have the same topic and number of attempts. */
export interface Parcel {
  /** The same for the same deliveries, at every attempt and after a restart: the effect's key, or a hash of all keys. ASCII. */
  readonly id: string;
  readonly deliveryIds: readonly number[];
  /** When each of them was to be sent, index-aligned with the ids: what a person sends again meanwhile is another time. */
  readonly dueAts: readonly Instant[];
  readonly channel: string;
  readonly topic: EffectTopic;
  readonly attempts: number;
  /** When the oldest of them was due for the first time. */
  readonly firstDueAt: Instant;
  /** Oldest first, index-aligned with the ids. */
  readonly effects: readonly DatedEffect[];
}

/** What became of a parcel: all of its deliveries share it. */
export interface ParcelResult {
  readonly parcel: Parcel;
  readonly decision: DeliveryDecision;
  /** What the receiver said last, bounded and without secrets. */
  readonly detail: string;
  readonly at: Instant;
}

/** `not_dead`: it is pending or was delivered; `no_channel`: nobody is subscribed under that name. Neither changes anything. */
export type RetryOutcome = 'due' | 'not_found' | 'not_dead' | 'no_channel';

/** The most deliveries in one parcel: what one e-mail bears. */
export const MAX_PARCEL = 1_000;

/** An effect on its way to a channel. */
export interface Delivery {
  readonly id: number;
  readonly channel: string;
  readonly state: DeliveryState;
  readonly attempts: number;
  /** `null` unless it is pending. */
  readonly nextAt: Instant | null;
  /** What the receiver said last; `null`: nothing was tried. */
  readonly detail: string | null;
  /** When it was delivered or given up. */
  readonly settledAt: Instant | null;
  readonly effect: DatedEffect;
}

/** Which deliveries are listed; `null`: no restriction. */
export interface DeliveriesQuery {
  readonly state: DeliveryState | null;
  readonly channel: string | null;
  /** The cursor of the page before. */
  readonly after: string | null;
  readonly limit: number;
}
