import type { ChannelSettings, LogSettings, Message } from '../channels/port.ts';
import type { Clock } from '../clock.ts';
import { decideDelivery, type Receipt, type RetryPolicy } from '../core/delivery.ts';
import { type DurationMs, MINUTE_MS, SECOND_MS } from '../core/time.ts';
import type { Tell } from '../observe/events.ts';
import type { Sending } from '../pools/port.ts';
import type { Outbox, Parcel, ParcelResult } from '../store/outbox-port.ts';
import { createBell } from './bell.ts';
import type { Stoppable } from './port.ts';

/** What notifications stand on. */
interface NotifyGround {
  readonly outbox: Outbox;
  readonly sending: Sending;
  readonly clock: Clock;
  readonly tell: Tell;
  readonly retry: RetryPolicy;
  readonly channels: readonly NotifiedChannel[];
  /** What a message says in one sentence: the daemon's log has room for no more. */
  readonly inWords: (message: Message) => string;
  /** Drawn anew at each call, 0 ≤ x < 1: spreads what failed together. */
  readonly chance: () => number;
}

/** A channel that messages are taken to. */
export interface NotifiedChannel {
  readonly settings: ChannelSettings | LogSettings;
  /** Messages under way at one moment. */
  readonly maxInFlight: number;
}

/**
 * Takes what is told to whoever is told it: claim, send, decide, commit. Each channel goes its own way, so that one that hangs
 * holds up no other; an order is settled long before and is never touched. At least once: after a crash what was in flight
 * goes out again under the same id. `stop` begins nothing more and resolves when what is being sent has its receipt.
 */
export function startNotifying(ground: NotifyGround): Stoppable {
  const couriers = ground.channels.map((channel) => new Courier(ground, channel));
  ground.outbox.listen(() => {
    for (const courier of couriers) courier.ring();
  });
  for (const courier of couriers) courier.start();
  return {
    stop: async () => {
      await Promise.all(couriers.map((courier) => courier.stop()));
    },
  };
}

/** The timer asks the store again at least this often: a clock that was set back would put everything off. */
const LONGEST_SLEEP_MS: DurationMs = MINUTE_MS;

/** A receiver that fails is tried again at least this often. */
const LONGEST_PAUSE_MS: DurationMs = MINUTE_MS;

/** The store failed: try again after this. */
const STORE_PAUSE_MS: DurationMs = SECOND_MS;

/** Carries the messages of one channel. */
class Courier {
  readonly #ground: NotifyGround;
  readonly #channel: NotifiedChannel;
  readonly #bell = createBell();
  readonly #underway = new Set<Promise<void>>();
  /** On monotonic time: since when what is due is tried. */
  readonly #startedMs: number;
  /** On monotonic time: the receiver asked to be left alone until then, or the store failed. */
  #pausedUntilMs = Number.NEGATIVE_INFINITY;
  /** On monotonic time: since when the receiver takes nothing; `null`: it does. One message at a time then tries it. */
  #failingSinceMs: number | null = null;
  /** Ends the rests of those that wait for the store. */
  readonly #resting = new Set<() => void>();
  #stopping = false;
  #ended: Promise<void> = Promise.resolve();
  #cancelAlarm = () => {};

  constructor(ground: NotifyGround, channel: NotifiedChannel) {
    this.#ground = ground;
    this.#channel = channel;
    this.#startedMs = ground.clock.monotonicMs();
  }

  start(): void {
    this.#ended = this.#loop();
  }

  ring(): void {
    this.#bell.ring();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#cancelAlarm();
    for (const wake of this.#resting) wake();
    this.#bell.ring();
    await this.#ended;
    await Promise.all(this.#underway);
  }

  get #name(): string {
    return this.#channel.settings.name;
  }

  async #loop(): Promise<void> {
    while (!this.#stopping) {
      await this.#fill();
      await this.#bell.heard();
    }
  }

  /** Claims as much as there is room for. Never rejects. */
  async #fill(): Promise<void> {
    const { outbox, clock } = this.#ground;
    const pauseMs = this.#pausedUntilMs - clock.monotonicMs();
    if (pauseMs > 0) {
      this.#wakeAfter(pauseMs);
      return;
    }
    const room =
      (this.#failingSinceMs === null ? this.#channel.maxInFlight : 1) - this.#underway.size;
    if (room <= 0) return;
    try {
      const parcels = await outbox.claim(this.#name, room, clock.now());
      if (this.#stopping) {
        outbox.release(parcels);
        return;
      }
      for (const parcel of parcels) this.#begin(parcel);
      const dueAt = outbox.nextDue(this.#name);
      if (dueAt !== null) this.#wakeAfter(Math.max(dueAt - clock.now(), 0));
    } catch {
      // The store has told what is wrong with it.
      this.#pause(STORE_PAUSE_MS);
      this.#wakeAfter(STORE_PAUSE_MS);
    }
  }

  #begin(parcel: Parcel): void {
    const carried = this.#carry(parcel).finally(() => {
      this.#underway.delete(carried);
      this.#bell.ring();
    });
    this.#underway.add(carried);
  }

  /** Never rejects. */
  async #carry(parcel: Parcel): Promise<void> {
    const { outbox, clock, retry, chance } = this.#ground;
    const startedMs = clock.monotonicMs();
    const receipt = await this.#send(parcel);
    const durationMs = Math.round(clock.monotonicMs() - startedMs);
    this.#learn(receipt);
    const at = clock.now();
    const delivery = { ...parcel, triedForMs: clock.monotonicMs() - this.#startedMs };
    const decision = decideDelivery(delivery, receipt, retry, at, chance());
    const result = { parcel, decision, detail: receipt.detail, at };
    if (await this.#commit(result)) {
      this.#tell(parcel, receipt, decision.state === 'dead', durationMs);
    }
    // Not committed: it goes out again after the next start, under the same id.
    else outbox.release([parcel]);
  }

  /**
   * Until the store takes it: to send the message again instead would send it as often as the store fails. False: the daemon
   * ends before.
   */
  async #commit(result: ParcelResult): Promise<boolean> {
    for (let waitMs = STORE_PAUSE_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_PAUSE_MS)) {
      try {
        await this.#ground.outbox.commit([result]);
        return true;
      } catch {
        // The store has told what is wrong with it.
        if (this.#stopping) return false;
        await this.#rest(waitMs);
      }
    }
  }

  /** Ends early when the courier is stopped. */
  async #rest(waitMs: DurationMs): Promise<void> {
    const { promise: over, resolve } = Promise.withResolvers<void>();
    const cancel = this.#ground.clock.after(waitMs, resolve);
    this.#resting.add(resolve);
    await over;
    cancel();
    this.#resting.delete(resolve);
  }

  /** What a receipt says about the receiver itself, beside its message. */
  #learn(receipt: Receipt): void {
    const { clock, retry, chance } = this.#ground;
    if (receipt.kind === 'delivered' || receipt.cause === 'rejected') {
      this.#failingSinceMs = null;
      return;
    }
    const nowMs = clock.monotonicMs();
    this.#failingSinceMs ??= nowMs;
    // As long again as it has failed already: that doubles, however many messages were under way when it began.
    const lengthMs = Math.max(retry.firstWaitMs, nowMs - this.#failingSinceMs);
    const waitMs = Math.ceil(chance() * Math.min(lengthMs, LONGEST_PAUSE_MS));
    this.#pause(Math.max(waitMs, receipt.retryAfterMs ?? 0));
  }

  async #send({ id, topic, effects }: Parcel): Promise<Receipt> {
    const { sending, tell, inWords } = this.#ground;
    const { settings } = this.#channel;
    const message: Message = { id, topic, effects, isTest: false };
    if (settings.kind !== 'log') return sending.send(settings, message);
    tell({ name: 'notice', channel: settings.name, topic, key: id, text: inWords(message) });
    return { kind: 'delivered', detail: 'printed' };
  }

  #tell({ topic, attempts }: Parcel, receipt: Receipt, isDead: boolean, durationMs: number): void {
    const { kind, detail } = receipt;
    this.#ground.tell({
      name: 'delivery.attempted',
      channel: this.#name,
      topic,
      outcome: isDead ? 'dead' : kind,
      cause: receipt.kind === 'failed' ? receipt.cause : null,
      attempt: attempts + 1,
      durationMs,
      detail,
    });
  }

  #pause(forMs: DurationMs): void {
    const untilMs = this.#ground.clock.monotonicMs() + forMs;
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, untilMs);
  }

  #wakeAfter(waitMs: DurationMs): void {
    this.#cancelAlarm();
    if (this.#stopping) return;
    const sleepMs = Math.min(waitMs, LONGEST_SLEEP_MS);
    this.#cancelAlarm = this.#ground.clock.after(sleepMs, () => this.#bell.ring());
  }
}
