import type { Question } from '../../../lib/core/gateway.ts';
import { type Instant, SECOND_MS } from '../../../lib/core/time.ts';
import type { PaymentRequest, RequestOutcome } from '../../../lib/gateways/port.ts';
import type { Silence } from '../../support/model-asking.ts';
import { Random } from '../random.ts';
import { BadWeather, type Surroundings } from '../weather.ts';

/**
 * What becomes of a reply: it is heard; only its first exchange is (the key and not the list); nothing is, and the gateway did
 * nothing; nothing is, and it did what it was asked.
 */
export type Reply = 'heard' | 'first only' | 'silent' | 'reached';

/** What becomes of the next write: it is lost before the engine has it, it takes a second, or it is done and the disk says that it is not. */
export type Disk = 'fine' | 'slow' | 'loses' | 'fails';

/** There and back: a second until the gateway reads, a second until its reply is here. */
const LATENCY_MS = 2 * SECOND_MS;

/** Weather that does as it is told: nothing in it is chance. */
export class SteeredWeather extends BadWeather {
  /** When each gateway was last asked for all that it has of an order. */
  readonly listingAskedAt = new Map<string, Instant>();
  readonly #around: Surroundings;
  readonly #onTheWay: { readonly words: string; readonly until: number }[] = [];
  #reply: Reply = 'heard';
  #disk: Disk = 'fine';
  #unread = 0;
  #exchanges = 0;

  constructor(around: Surroundings) {
    super(new Random(0), around);
    this.badness = 0;
    this.#around = around;
  }

  /** From now on; what is said of the disk is so of one write, and then it is fine again. */
  turns(reply: Reply, disk: Disk): void {
    this.#reply = reply;
    this.#disk = disk;
  }

  /** Questions that no gateway has read yet. */
  get unread(): number {
    return this.#unread;
  }

  /** Replies and writes that are on their way, in words. */
  get onTheWay(): readonly string[] {
    const now = this.#around.clock.trueNow();
    return this.#onTheWay.filter(({ until }) => until > now).map(({ words }) => words);
  }

  override latencyMs(): number {
    this.#unread += 1;
    return LATENCY_MS;
  }

  override silence(question: Question): Silence | null {
    this.#unread -= 1;
    this.#exchanges = 0;
    const reply = this.#reply;
    if (question.kind === 'inquire' && question.listAll) {
      this.listingAskedAt.set(question.gateway, this.#around.clock.trueNow());
    }
    const statuses = this.#around.gateways.flatMap((gateway) =>
      gateway.all().map((one) => gateway.statusOf(one, this.#around.clock.trueNow())),
    );
    this.#keep(JSON.stringify([question, reply, statuses]), LATENCY_MS / 2);
    if (reply === 'heard' || reply === 'first only') return null;
    return { cause: 'timeout', reached: reply === 'reached' };
  }

  override hears(): boolean {
    this.#exchanges += 1;
    return this.#reply === 'heard' || this.#exchanges === 1;
  }

  /** The gateway takes it and is at it; it refuses it; it takes it, and nobody hears of that. */
  override request({ orderId, amount, gateway: name }: PaymentRequest): RequestOutcome {
    this.#unread -= 1;
    this.sent.set(orderId, (this.sent.get(orderId) ?? 0) + 1);
    if (this.#reply === 'first only') {
      this.refused.add(orderId);
      return { kind: 'refused', reason: 'refused' };
    }
    if (this.#reply === 'silent') return { kind: 'not_reached', cause: 'connection' };
    const key = `R-${this.sent.get(orderId)}`;
    const at = this.#around.clock.trueNow();
    const gateway = this.#around.gateways.find((one) => one.name === name);
    const steps = [{ at, status: 'pending' as const }];
    gateway?.put({ key, orderId, currency: 'KRW', amount, steps });
    return this.#reply === 'heard'
      ? { kind: 'accepted', key }
      : { kind: 'nobody_knows', cause: 'timeout' };
  }

  override losesWrite(): boolean {
    return this.#isNow('loses');
  }

  override syncFails(): boolean {
    return this.#isNow('fails');
  }

  override delayMs(): number {
    if (!this.#isNow('slow')) return 0;
    this.#keep('a write', LATENCY_MS / 2);
    return LATENCY_MS / 2;
  }

  #isNow(disk: Disk): boolean {
    if (this.#disk !== disk) return false;
    this.#disk = 'fine';
    return true;
  }

  #keep(words: string, forMs: number): void {
    this.#onTheWay.push({ words, until: this.#around.clock.trueNow() + forMs });
  }
}
