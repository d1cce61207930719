import type { Clock } from '../clock.ts';
import { conditionEffect } from '../core/announce.ts';
import type { ConditionTopic, Effect } from '../core/effect.ts';
import { type DurationMs, type Instant, MINUTE_MS } from '../core/time.ts';
import type { Event } from '../observe/events.ts';
import type { Mark, Outbox } from '../store/outbox-port.ts';
import { Failures } from './failures.ts';
import type { Stoppable } from './port.ts';

/** What conditions stand on. */
interface ConditionsGround {
  readonly outbox: Outbox;
  readonly clock: Clock;
  /** The names of those that are configured. */
  readonly gateways: readonly string[];
  /** The due time of the order that waits longest, `null` when none waits. */
  readonly oldestDue: () => Promise<Instant | null>;
  /** An order that waits for longer than this beyond its time is late. */
  readonly sweepLateAfterMs: DurationMs;
  /** A gateway that called back before and is silent for so long, while orders are settled, has stopped. */
  readonly callbacksStoppedAfterMs: DurationMs;
}

/** Watches the daemon's own work and its gateways. */
export interface Conditions extends Stoppable {
  heard(event: Event): void;
}

/** How often what no event tells of is looked at. */
const CHECK_EVERY_MS: DurationMs = MINUTE_MS;

/**
 * A gateway is up again, and orders are looked at in time again, when that was so for so long: what comes and goes all day would be told
 * forty times an hour, and people would stop reading.
 */
export const STEADY_MS: DurationMs = 5 * MINUTE_MS;

/** So many orders completed by sweeps alone, in the silence: a quiet night must not be told as callbacks that have stopped. */
const ENOUGH_SETTLED = 3;

/** So much is kept while the store fails; what comes beyond is not told. */
const MAX_UNTOLD = 1_000;

/**
 * Tells of conditions when they begin, each episode once: a gateway is down or refuses access, orders are looked at late,
 * callbacks have stopped. What has begun is marked in the store, so that a restart neither forgets an episode nor begins it anew.
 */
export async function startConditions(ground: ConditionsGround): Promise<Conditions> {
  const marks = await ground.outbox.marks();
  const watching = new Watching(ground, marks);
  watching.forget(marks.filter(({ name }) => !isOfOurs(name, ground.gateways)));
  watching.start();
  return watching;
}

class Watching implements Conditions {
  readonly #ground: ConditionsGround;
  readonly #marks: Map<string, Instant>;
  /** Gateways whose circuit is not closed. */
  readonly #troubled = new Set<string>();
  /** Those that were told to be in trouble and answer, with the moment since when they do (monotonic). */
  readonly #answering = new Map<string, number>();
  readonly #failures: Failures;
  /** On monotonic time: since when no order is late any more, while that was told; `null`: one is, or none was. */
  #inTimeSinceMs: number | null = null;
  /** Orders that sweeps have completed while the gateway was silent for too long, by gateway. */
  readonly #settled = new Map<string, number>();
  /** Told, and not yet in the store. */
  #untold: { readonly effects: readonly Effect[]; readonly marks: readonly Mark[] }[] = [];
  #telling: Promise<void> = Promise.resolve();
  #cancel = () => {};
  /** On monotonic time: before, nobody was there to be called back. */
  readonly #startedMs: number;

  constructor(ground: ConditionsGround, marks: readonly Mark[]) {
    this.#ground = ground;
    this.#startedMs = ground.clock.monotonicMs();
    this.#failures = new Failures(ground.clock);
    this.#marks = new Map(
      marks.flatMap(({ name, since }) => (since === null ? [] : [[name, since]])),
    );
  }

  /** Of a gateway that is not there any more: is one of that name configured again, its trouble is another one, and news. */
  forget(gone: readonly Mark[]): void {
    if (gone.length === 0) return;
    for (const { name } of gone) this.#marks.delete(name);
    this.#announce(
      [],
      gone.map(({ name }) => ({ name, since: null })),
    );
  }

  start(): void {
    this.#cancel = this.#ground.clock.after(CHECK_EVERY_MS, () => {
      void this.#check();
      this.start();
    });
  }

  async stop(): Promise<void> {
    this.#cancel();
    await this.#telling;
  }

  heard(event: Event): void {
    switch (event.name) {
      case 'gateway.circuit':
        this.#circuit(event.gateway, event.state, event.cause);
        return;
      case 'gateway.misconfigured':
        this.#begin('gateway.misconfigured', event.gateway, statusText(event.status));
        return;
      case 'gateway.exchanged':
        this.#failures.heard(event);
        // After a restart the circuit is closed, and only an answer shows that the gateway is there again.
        if (event.exchange.result === 'answered' && !this.#troubled.has(event.gateway)) {
          this.#answers(event.gateway);
        }
        return;
      case 'callback.received':
        if (event.outcome === 'duplicate') this.#calledBack(event.gateway);
        return;
      case 'callback.matched':
        if (event.outcome === 'admitted') this.#calledBack(event.gateway);
        return;
      case 'order.decided':
        if (event.outcome === 'applied' && event.from !== event.to) this.#settledOne(event);
        return;
      default:
        return;
    }
  }

  /** An order that was paid and that nobody called back about, at a gateway that is silent for so long already. */
  #settledOne({ to, trigger, gateways }: Extract<Event, { name: 'order.decided' }>): void {
    if (to !== 'completed' || trigger !== 'sweep') return;
    for (const gateway of gateways) {
      if (!this.#isSilent(gateway)) continue;
      this.#settled.set(gateway, (this.#settled.get(gateway) ?? 0) + 1);
    }
  }

  #isSilent(gateway: string): boolean {
    const name = heardMark(gateway);
    const lastAt = this.#marks.get(name);
    if (lastAt === undefined) return false;
    const { clock, callbacksStoppedAfterMs } = this.#ground;
    const now = clock.now();
    if (lastAt > now) {
      // A clock that was ahead wrote it: nobody would hear of the silence until then.
      this.#marks.set(name, now);
      this.#announce([], [{ name, since: now }]);
    }
    const heardForMs = clock.monotonicMs() - this.#startedMs;
    return Math.min(now - lastAt, heardForMs) >= callbacksStoppedAfterMs;
  }

  #circuit(gateway: string, state: 'closed' | 'half_open' | 'open', cause: string): void {
    if (state === 'closed') {
      this.#troubled.delete(gateway);
      this.#answers(gateway);
      return;
    }
    this.#troubled.add(gateway);
    const didAnswer = this.#answering.delete(gateway);
    // A gateway that refuses access is there: that is told as what it is. Trials that fail go on with the episode.
    const goesOn = !didAnswer && this.#marks.has(markOf('gateway.misconfigured', gateway));
    const isRefusal = cause === 'misconfigured' || goesOn;
    if (state === 'open' && !isRefusal) this.#begin('gateway.down', gateway, null);
  }

  #answers(gateway: string): void {
    if (this.#answering.has(gateway) || this.#episodesOf(gateway).length === 0) return;
    this.#answering.set(gateway, this.#ground.clock.monotonicMs());
  }

  #checkGateways(): void {
    for (const { gateway, since } of this.#failures.down()) {
      this.#begin('gateway.down', gateway, null, since);
    }
    for (const [gateway, sinceMs] of this.#answering) {
      if (this.#failures.isFailing(gateway)) {
        // Where little is asked a circuit does not say it: the next answer begins the time anew.
        this.#answering.delete(gateway);
        continue;
      }
      if (this.#ground.clock.monotonicMs() - sinceMs < STEADY_MS) continue;
      this.#answering.delete(gateway);
      const ended = this.#episodesOf(gateway);
      for (const { name } of ended) this.#marks.delete(name);
      const since = Math.min(...ended.map((one) => one.since));
      this.#announce(
        [conditionEffect('gateway.up', gateway, since, null)],
        ended.map(({ name }) => ({ name, since: null })),
      );
    }
  }

  /** What was told of a gateway and is not over. */
  #episodesOf(gateway: string): readonly { readonly name: string; readonly since: Instant }[] {
    return (['gateway.down', 'gateway.misconfigured'] as const).flatMap((topic) => {
      const name = markOf(topic, gateway);
      const since = this.#marks.get(name);
      return since === undefined ? [] : [{ name, since }];
    });
  }

  #calledBack(gateway: string): void {
    const { clock } = this.#ground;
    const now = clock.now();
    this.#settled.delete(gateway);
    const name = heardMark(gateway);
    const before = this.#marks.get(name);
    // Kept to the minute: thousands of callbacks must not write thousands of marks.
    if (before !== undefined && Math.abs(now - before) < CHECK_EVERY_MS) return;
    this.#marks.set(name, now);
    const stopped = markOf('callbacks.stopped', gateway);
    const isOver = this.#marks.delete(stopped);
    this.#announce([], [{ name, since: now }, ...(isOver ? [{ name: stopped, since: null }] : [])]);
  }

  /** Never rejects. */
  async #check(): Promise<void> {
    this.#checkGateways();
    this.#checkCallbacks();
    try {
      await this.#checkSweeps();
    } catch {
      // The store has told what is wrong with it; the next check comes in a minute.
    }
    this.#flush();
  }

  #checkCallbacks(): void {
    for (const [gateway, settled] of this.#settled) {
      const lastAt = this.#marks.get(heardMark(gateway));
      if (lastAt === undefined || settled < ENOUGH_SETTLED) continue;
      this.#begin('callbacks.stopped', gateway, null, lastAt);
    }
  }

  async #checkSweeps(): Promise<void> {
    const dueAt = await this.#ground.oldestDue();
    const now = this.#ground.clock.now();
    if (dueAt !== null && now - dueAt > this.#ground.sweepLateAfterMs) {
      this.#inTimeSinceMs = null;
      this.#begin('sweep.late', null, null, dueAt);
      return;
    }
    if (!this.#marks.has('sweep.late')) return;
    const nowMs = this.#ground.clock.monotonicMs();
    this.#inTimeSinceMs ??= nowMs;
    if (nowMs - this.#inTimeSinceMs < STEADY_MS) return;
    this.#inTimeSinceMs = null;
    this.#marks.delete('sweep.late');
    this.#announce([], [{ name: 'sweep.late', since: null }]);
  }

  /** Once per episode. */
  #begin(
    topic: ConditionTopic,
    gateway: string | null,
    text: string | null,
    since: Instant = this.#ground.clock.now(),
  ): void {
    const name = markOf(topic, gateway);
    if (this.#marks.has(name)) return;
    this.#marks.set(name, since);
    this.#announce([conditionEffect(topic, gateway, since, text)], [{ name, since }]);
  }

  #announce(effects: readonly Effect[], marks: readonly Mark[]): void {
    if (this.#untold.length < MAX_UNTOLD) this.#untold.push({ effects, marks });
    this.#flush();
  }

  #flush(): void {
    this.#telling = this.#telling.then(async () => {
      const [...news] = this.#untold;
      if (news.length === 0) return;
      try {
        await this.#ground.outbox.announce(
          news.flatMap(({ effects }) => effects),
          news.flatMap(({ marks }) => marks),
          this.#ground.clock.now(),
        );
        this.#untold = this.#untold.slice(news.length);
      } catch {
        // The keys are the episodes' own, so telling it again at the next check is no second time.
      }
    });
  }
}

function markOf(topic: ConditionTopic, gateway: string | null): string {
  return gateway === null ? topic : `${topic}:${gateway}`;
}

/** True of a mark that is of no gateway, or of one of these. */
function isOfOurs(mark: string, gateways: readonly string[]): boolean {
  const [, gateway] = mark.split(':');
  return gateway === undefined || gateways.includes(gateway);
}

/** When a gateway called back for the last time, to the minute. */
function heardMark(gateway: string): string {
  return `callbacks.heard:${gateway}`;
}

function statusText(status: number | null): string | null {
  return status === null ? null : `HTTP ${status}`;
}
