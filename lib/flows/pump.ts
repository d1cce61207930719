import type { Decision } from '../core/decision.ts';
import type { Order } from '../core/order.ts';
import type { Instant } from '../core/time.ts';
import { type Claimed, type Lease, NUDGE_UNRESOLVED_MS } from '../store/port.ts';
import { createBell } from './bell.ts';
import { type LookGround, look, type Progress } from './look.ts';
import { MATCHED_AT_ONCE, Matching } from './matching.ts';
import { createNudges } from './nudges.ts';
import { longestWaitMs } from './policy.ts';
import type { Settled } from './settle.ts';

/**
 * Keeps the window of the asking pool filled with orders that are due: a window, never a barrier. Every order goes its own
 * way from claim to commit; a slow answer delays nobody else. Sweeps and nudges share it, so that together they never ask
 * more than the gateways bear.
 */
export interface Pump {
  /**
   * Looks at everything that is due by `dueBy`, oldest first, each order once; resolves when all of it is committed. While all
   * that is left of it waits for gateways that are busy, also at what comes due at the others meanwhile: a slow gateway
   * delays its own orders only. `looked` hears of each. Rejects when the store failed. One at a time.
   */
  drain(dueBy: Instant, looked: (decision: Decision) => void): Promise<void>;
  /** A nudged order may wait. */
  nudged(): void;
  /** A callback was kept: it has to be matched with its order, which is nudged by that. */
  kept(): void;
  /** Finishes what is being committed, gives the rest back, claims nothing more. */
  stop(): Promise<void>;
}

/** Looks that are under way at once, those that only wait for their commit among them: what memory bears easily. */
const MAX_LOOKS = 2_000;

/** Starts a pump that runs until it is stopped. */
export function startPump(ground: LookGround): Pump {
  const pump = new RunningPump(ground);
  pump.start();
  return pump;
}

/** One drain. */
interface Run {
  readonly dueBy: Instant;
  readonly looked: (decision: Decision) => void;
  /** Claimed by this run and not ended. */
  open: number;
  /** Claims in a row that brought nudged orders only. */
  onlyNudged: number;
  /** Gateways that were busy when nothing was due by `dueBy` elsewhere; none: not known. */
  waitsFor: readonly string[];
  /** Nothing more is due by `dueBy`. */
  exhausted: boolean;
  failure: { readonly error: unknown } | null;
  /** Leases of orders that are not to be claimed again by this run: kept until its end. */
  readonly kept: Lease[];
  /**
   * Orders that it looked at and that count as due all the same: planned by a clock that has gone back since. Almost always
   * empty.
   */
  readonly dueAgain: Set<string>;
  readonly ended: () => void;
}

interface Cycle {
  readonly lease: Lease;
  readonly progress: Progress;
  readonly run: Run | null;
}

class RunningPump implements Pump {
  readonly #ground: LookGround;
  readonly #bell = createBell();
  readonly #nudges;
  readonly #matching;
  readonly #cycles = new Set<Cycle>();
  /** Each gives back a lease that is kept for a moment. */
  readonly #putOffs = new Set<() => void>();
  #run: Run | null = null;
  #waitingForSlot = false;
  #stopping = false;
  #stopped: (() => void) | null = null;

  constructor(ground: LookGround) {
    this.#ground = ground;
    this.#nudges = createNudges(ground, () => this.#bell.ring());
    this.#matching = new Matching(ground, () => this.#bell.ring());
  }

  start(): void {
    void this.#loop();
  }

  async drain(dueBy: Instant, looked: (decision: Decision) => void): Promise<void> {
    if (this.#stopping) return;
    const { promise, resolve: ended } = Promise.withResolvers<void>();
    const run: Run = {
      dueBy,
      looked,
      open: 0,
      onlyNudged: 0,
      waitsFor: [],
      exhausted: false,
      failure: null,
      kept: [],
      dueAgain: new Set(),
      ended,
    };
    this.#run = run;
    this.#bell.ring();
    await promise;
    this.#run = null;
    this.#ground.docket.release(run.kept);
    if (run.failure !== null) throw run.failure.error;
  }

  nudged(): void {
    this.#bell.ring();
  }

  kept(): void {
    this.#matching.kept();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#nudges.stop();
    this.#matching.stop();
    this.#abandon(() => true);
    for (const giveBack of this.#putOffs) giveBack();
    if (this.#run !== null) this.#exhaust(this.#run);
    this.#bell.ring();
    if (this.#cycles.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#stopped = resolve;
    });
  }

  async #loop(): Promise<void> {
    while (!this.#stopping) {
      if (!(await this.#fill())) await this.#bell.heard();
    }
  }

  /** Claims once. True: there may be more to claim at once. */
  async #fill(): Promise<boolean> {
    const { asking, docket, clock, policy } = this.#ground;
    if (this.#room() === 0) {
      if (await this.#matching.catchUp()) return true;
      if (this.#room() > 0) return true;
      this.#ringWhenFree();
      return false;
    }
    // Asks the store, so it comes second: in a flood of callbacks there is mostly no room.
    if (this.#matching.mayMatch) {
      // While no gateway can be asked no look needs the time, and one callback for each commit would take all of it.
      await this.#matching.match(asking.freeSlots() === 0 ? MATCHED_AT_ONCE : this.#room());
      if (this.#stopping) return false;
    }
    const run = this.#run?.exhausted === false ? this.#run : null;
    try {
      const limit = this.#room();
      if (limit === 0 || (run === null && !this.#nudges.ready())) return this.#matching.mayMatch;
      const now = clock.now();
      const longestMs = longestWaitMs(policy());
      const busy = asking.busy();
      const waits = run !== null && stillWaits(run, busy);
      const dueBy = run === null || waits ? now : run.dueBy;
      const claimed = await docket.claim({
        limit,
        now,
        dueBy,
        longestWaitMs: longestMs,
        exceptGateways: [...asking.blocked(), ...busy],
        nudgedOnly: run === null,
      });
      this.#begin(claimed, run);
      if (run === null) {
        if (claimed.length === 0) this.#nudges.pause();
        return claimed.length > 0 || this.#matching.mayMatch;
      }
      const due = claimed.some((one) => isDue(one.case.order, dueBy, now + longestMs));
      run.onlyNudged = due ? 0 : run.onlyNudged + 1;
      // Nudged and due orders share the slots, a single slot in turn: when neither turn brought a due one, none waits.
      const isAll = claimed.length < limit || run.onlyNudged === 2;
      if (isAll) run.onlyNudged = 0;
      if (isAll && waits) {
        this.#ringWhenFree();
        return claimed.length > 0 || this.#matching.mayMatch;
      }
      run.waitsFor = isAll ? busy : [];
      if (isAll && busy.length === 0) this.#exhaust(run);
      return true;
    } catch (error) {
      this.#fail(run, error);
      return run !== null;
    }
  }

  /** A due time later than this was planned by a clock that has gone back since. */
  #jumpedBeyond(): Instant {
    const { clock, policy } = this.#ground;
    return clock.now() + longestWaitMs(policy());
  }

  /**
   * When nothing is under way one order is claimed even though no gateway can be asked now: it may be one that needs none, and
   * a sweep must not wait for a circuit to close.
   */
  #room(): number {
    const free = Math.min(this.#ground.asking.freeSlots(), MAX_LOOKS - this.#cycles.size);
    return Math.max(free, this.#cycles.size === 0 ? 1 : 0);
  }

  /** When too many looks are under way no slot is missing, and the end of a look rings. */
  #ringWhenFree(): void {
    if (this.#waitingForSlot || this.#cycles.size >= MAX_LOOKS) return;
    this.#waitingForSlot = true;
    void this.#ground.asking.whenFree().then(() => {
      this.#waitingForSlot = false;
      this.#bell.ring();
    });
  }

  #begin(claimed: readonly Claimed[], run: Run | null): void {
    if (this.#stopping || run?.failure) {
      this.#ground.docket.release(claimed.map(({ lease }) => lease));
      return;
    }
    for (const one of claimed) {
      if (run?.dueAgain.has(one.lease.orderId)) {
        run.kept.push(one.lease);
        continue;
      }
      const cycle: Cycle = {
        lease: one.lease,
        progress: { phase: 'asking', abandoned: false },
        run,
      };
      this.#cycles.add(cycle);
      if (run !== null) run.open += 1;
      void this.#goThrough(cycle, one);
    }
  }

  /** Never rejects. */
  async #goThrough(cycle: Cycle, claimed: Claimed): Promise<void> {
    try {
      const settled = await look(this.#ground, claimed, cycle.progress);
      if (settled !== null) this.#ended(cycle, settled);
    } catch (error) {
      this.#ground.docket.release([cycle.lease]);
      this.#fail(cycle.run, error);
    }
    if (!cycle.progress.abandoned) this.#forget(cycle);
  }

  #ended({ lease, run }: Cycle, settled: Settled): void {
    if (settled.kind === 'applied') {
      if (run === null) return;
      run.looked(settled.decision);
      const { order } = settled.decision;
      if (isDue(order, run.dueBy, this.#jumpedBeyond())) run.dueAgain.add(order.id);
    } else if (run === null && !this.#stopping) this.#putOff(lease);
    else if (run === null) this.#ground.docket.release([lease]);
    else run.kept.push(lease);
  }

  /** Nothing was written, so a callback names the order as before: given back at once it would be asked about without a pause. */
  #putOff(lease: Lease): void {
    const { docket, clock } = this.#ground;
    const giveBack = () => {
      this.#putOffs.delete(giveBack);
      cancel();
      docket.release([lease]);
      this.#bell.ring();
    };
    const cancel = clock.after(NUDGE_UNRESOLVED_MS, giveBack);
    this.#putOffs.add(giveBack);
  }

  #forget(cycle: Cycle): void {
    this.#cycles.delete(cycle);
    const { run } = cycle;
    if (run !== null) {
      run.open -= 1;
      this.#endIfDone(run);
    }
    if (this.#cycles.size === 0) this.#stopped?.();
    this.#bell.ring();
  }

  #exhaust(run: Run): void {
    run.exhausted = true;
    this.#endIfDone(run);
  }

  #endIfDone(run: Run): void {
    if (run.exhausted && run.open === 0) run.ended();
  }

  /** The store failed. A sweep ends with it; a nudge is tried again in a moment. */
  #fail(run: Run | null, error: unknown): void {
    if (run === null) {
      this.#nudges.pause();
      return;
    }
    run.failure ??= { error };
    this.#abandon((cycle) => cycle.run === run);
    this.#exhaust(run);
  }

  /** Gives back what is still being asked about; what is heard of it later is dropped. */
  #abandon(which: (cycle: Cycle) => boolean): void {
    for (const cycle of [...this.#cycles]) {
      if (!which(cycle) || cycle.progress.phase !== 'asking') continue;
      cycle.progress.abandoned = true;
      this.#ground.docket.release([cycle.lease]);
      this.#forget(cycle);
    }
  }
}

/** Nothing of the run is elsewhere than at gateways that are busy. */
function stillWaits({ waitsFor }: Run, busy: readonly string[]): boolean {
  return waitsFor.length > 0 && waitsFor.every((gateway) => busy.includes(gateway));
}

/** Its own time has come, whether or not a callback named it as well. */
function isDue({ lookAt }: Order, dueBy: Instant, jumpedBeyond: Instant): boolean {
  return lookAt !== null && (lookAt <= dueBy || lookAt > jumpedBeyond);
}
