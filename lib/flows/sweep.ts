import type { Clock } from '../clock.ts';
import type { Reason } from '../core/reason.ts';
import type { Instant } from '../core/time.ts';
import { messageOf, ReconciledError } from '../errors.ts';
import type { Tell } from '../observe/events.ts';
import type { Docket, Sweep } from '../store/port.ts';
import type { Stoppable, Sweeping, SweepTicket } from './port.ts';
import type { Pump } from './pump.ts';

/** What sweeps stand on. */
interface SweepGround {
  readonly docket: Docket;
  readonly clock: Clock;
  readonly tell: Tell;
  readonly pump: Pump;
}

/**
 * Runs sweeps, one at a time. Each covers what was due when it began, oldest first, and while it waits for a busy gateway alone what
 * comes due at the others; ids go on from the last one in the store.
 * Stop it before its pump.
 */
export async function createSweeping(ground: SweepGround): Promise<Sweeping & Stoppable> {
  return new Sweeps(ground, await ground.docket.lastSweepId());
}

/** A sweep that was asked for and has not begun, or that runs. */
interface Wanted {
  readonly ticket: SweepTicket;
  readonly resolve: (sweep: Sweep) => void;
  readonly reject: (error: unknown) => void;
}

class Sweeps implements Sweeping, Stoppable {
  readonly #ground: SweepGround;
  #lastId: number;
  #tally: Tally | null = null;
  #runs: Wanted | null = null;
  #next: Wanted | null = null;
  #stopping = false;

  constructor(ground: SweepGround, lastId: number) {
    this.#ground = ground;
    this.#lastId = lastId;
  }

  request(): SweepTicket {
    if (this.#stopping) throw stopping();
    if (this.#next !== null) return this.#next.ticket;
    const wanted = this.#want();
    this.#next = wanted;
    if (this.#runs === null) this.#beginNext();
    return wanted.ticket;
  }

  running(): Sweep | null {
    const tally = this.#tally;
    if (tally === null) return null;
    // Wall time is good enough for people who look; a clock that went back must not show less than nothing.
    const durationMs = Math.max(0, this.#ground.clock.now() - tally.startedAt);
    return { ...tally, reasons: { ...tally.reasons }, endedAt: null, durationMs };
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#next?.reject(stopping());
    this.#next = null;
    const running = this.#runs?.ticket.ended;
    await this.#ground.pump.stop();
    await running?.catch(() => undefined);
  }

  #want(): Wanted {
    this.#lastId += 1;
    const { promise, resolve, reject } = Promise.withResolvers<Sweep>();
    // Whoever asked may not listen; the failure is told all the same.
    promise.catch(() => undefined);
    return { ticket: { id: this.#lastId, ended: promise }, resolve, reject };
  }

  #beginNext(): void {
    const wanted = this.#next;
    if (wanted === null) return;
    this.#next = null;
    this.#runs = wanted;
    void this.#run(wanted);
  }

  async #run({ ticket: { id }, resolve, reject }: Wanted): Promise<void> {
    const { tell } = this.#ground;
    try {
      const sweep = await this.#sweep(id);
      tell({
        name: 'sweep.ended',
        sweepId: id,
        looked: sweep.looked,
        durationMs: sweep.durationMs,
      });
      resolve(sweep);
    } catch (error) {
      tell({ name: 'sweep.failed', error: messageOf(error) });
      reject(error);
    }
    this.#tally = null;
    this.#runs = null;
    this.#beginNext();
  }

  async #sweep(id: number): Promise<Sweep> {
    const { docket, clock, tell, pump } = this.#ground;
    const tally: Tally = { id, startedAt: clock.now(), looked: 0, reasons: {} };
    const startedMs = clock.monotonicMs();
    this.#tally = tally;
    tell({ name: 'sweep.started', sweepId: id });
    // Side by side: the first questions need not wait for the disk, and what they lead to is written after this.
    const begun = docket.beginSweep(id, tally.startedAt);
    begun.catch(() => undefined);
    await pump.drain(tally.startedAt, ({ reason }) => {
      tally.looked += 1;
      tally.reasons[reason] = (tally.reasons[reason] ?? 0) + 1;
    });
    await begun;
    const durationMs = Math.round(clock.monotonicMs() - startedMs);
    const ended: Sweep = { ...tally, endedAt: clock.now(), durationMs };
    await docket.endSweep(ended);
    return ended;
  }
}

/** What a sweep came to so far. */
interface Tally {
  readonly id: number;
  readonly startedAt: Instant;
  looked: number;
  readonly reasons: Partial<Record<Reason, number>>;
}

function stopping(): ReconciledError {
  return new ReconciledError(
    'daemon_refused',
    'The daemon is stopping: no sweep begins any more.',
    {
      hint: 'Start it again; the first sweep takes what is due.',
      retryable: true,
    },
  );
}
