import type { Answer, Heard, Question, SilenceCause } from '../../lib/core/gateway.ts';
import type { DurationMs } from '../../lib/core/time.ts';
import type { PaymentRequest, RequestOutcome } from '../../lib/gateways/port.ts';
import type { Asking } from '../../lib/pools/port.ts';
import type { ModelGateway } from './model-gateway.ts';
import type { TurnedClock } from './turned-clock.ts';

/** What may go wrong on the way to a gateway and back. */
export interface Weather {
  /** There and back. */
  latencyMs(gateway: string): DurationMs;
  /** Nothing at all is heard of this question; `null`: it goes through. `lost` says whether it reached the gateway all the same. */
  silence(question: Question): Silence | null;
  /** Whether one exchange of an inquiry is heard. */
  hears(gateway: string): boolean;
  /** Gateways that must not be asked now. */
  blocked(): readonly string[];
  /** What becomes of a payment request; it may put a transaction into the gateway. */
  request(request: PaymentRequest): RequestOutcome;
}

/** `reached`: the gateway did what it was asked, only its reply was lost. */
export interface Silence {
  readonly cause: SilenceCause;
  readonly retryAfterMs?: DurationMs;
  readonly reached: boolean;
}

/** Every question is answered after 200 ms, nothing is lost, requests go nowhere. */
export const FAIR_WEATHER: Weather = {
  latencyMs: () => 200,
  silence: () => null,
  hears: () => true,
  blocked: () => [],
  request: () => ({ kind: 'not_reached', cause: 'connection' }),
};

/** An asking pool in the same thread, on a turned clock, that asks model gateways. */
export class ModelAsking implements Asking {
  /** All questions in the order in which they were put. */
  readonly asked: Question[] = [];
  /** The most questions that were under way at one gateway at once. */
  mostAtOnce = 0;
  readonly #clock: TurnedClock;
  readonly #gateways: readonly ModelGateway[];
  readonly #window: number;
  readonly #weather: Weather;
  readonly #answeredAtMs = new Map<string, number>();
  /** By gateway, each with a window of its own: who is in a slot or waits for one. */
  readonly #held = new Map<string, number>();
  readonly #slots = new Map<string, (() => void)[]>();
  #waiting: (() => void)[] = [];

  constructor(
    clock: TurnedClock,
    gateways: readonly ModelGateway[],
    { window = 10, weather = FAIR_WEATHER }: { window?: number; weather?: Weather } = {},
  ) {
    this.#clock = clock;
    this.#gateways = gateways;
    this.#window = window;
    this.#weather = weather;
  }

  async ask(questions: readonly Question[]): Promise<readonly Heard[]> {
    return Promise.all(
      questions.map((question) =>
        this.#inSlot(question.gateway, async () => ({
          question,
          answer: await this.#answer(question),
        })),
      ),
    );
  }

  async request(request: PaymentRequest): Promise<RequestOutcome> {
    return this.#inSlot(request.gateway, async () => {
      await this.#wait(this.#weather.latencyMs(request.gateway));
      return this.#weather.request(request);
    });
  }

  freeSlots(): number {
    const rooms = this.#gateways.map(({ name }) => this.#room(name));
    const all = rooms.reduce((sum, room) => sum + room, 0);
    return Math.max(0, Math.min(...rooms.filter((room) => room > 0), all));
  }

  busy(): readonly string[] {
    return this.#gateways.map(({ name }) => name).filter((name) => this.#room(name) <= 0);
  }

  blocked(): readonly string[] {
    const blocked = this.#weather.blocked();
    return blocked.filter((name) => this.#gateways.some((one) => one.name === name));
  }

  answering(): readonly string[] {
    const sinceMs = this.#clock.monotonicMs() - LATELY_MS;
    return [...this.#answeredAtMs].filter(([, atMs]) => atMs >= sinceMs).map(([name]) => name);
  }

  whenFree(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Below 0: so many wait for a slot. */
  #room(gateway: string): number {
    return this.#window - (this.#held.get(gateway) ?? 0);
  }

  async #inSlot<T>(gateway: string, work: () => Promise<T>): Promise<T> {
    const waiting = this.#slots.get(gateway) ?? [];
    this.#slots.set(gateway, waiting);
    const held = (this.#held.get(gateway) ?? 0) + 1;
    this.#held.set(gateway, held);
    if (held > this.#window) await new Promise<void>((resolve) => waiting.push(resolve));
    this.mostAtOnce = Math.max(this.mostAtOnce, Math.min(held, this.#window));
    const result = await work();
    this.#held.set(gateway, (this.#held.get(gateway) ?? 0) - 1);
    waiting.shift()?.();
    for (const wake of this.#waiting.splice(0)) wake();
    return result;
  }

  async #answer(question: Question): Promise<Answer> {
    this.asked.push(question);
    const gateway = this.#gateways.find(({ name }) => name === question.gateway);
    if (gateway === undefined) return { kind: 'silent', cause: 'internal' };
    if (this.#weather.blocked().includes(gateway.name)) {
      return { kind: 'silent', cause: 'circuit_open' };
    }
    const latencyMs = this.#weather.latencyMs(gateway.name);
    await this.#wait(latencyMs / 2);
    const silence = this.#weather.silence(question);
    const readAt = this.#clock.trueNow();
    const answer = silence === null || silence.reached ? this.#read(gateway, question) : null;
    await this.#wait(latencyMs / 2);
    if (silence === null && answer !== null) {
      this.#answeredAtMs.set(gateway.name, this.#clock.monotonicMs());
      if (answer.kind === 'statement' && answer.complete) {
        gateway.listedAt.set(question.orderId, readAt);
        if (answer.silentKeys.length === 0) gateway.heardInFullAt.set(question.orderId, readAt);
      }
      return answer;
    }
    const { cause = 'timeout', retryAfterMs } = silence ?? {};
    return { kind: 'silent', cause, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  }

  #read(gateway: ModelGateway, question: Question): Answer {
    const at = this.#clock.trueNow();
    return question.kind === 'inquire'
      ? gateway.inquire(question, at, () => this.#weather.hears(gateway.name))
      : gateway.refund(question, at);
  }

  #wait(waitMs: DurationMs): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.after(waitMs, resolve);
    });
  }
}

/** A gateway answers at present when it answered something within this. */
const LATELY_MS: DurationMs = 60_000;
