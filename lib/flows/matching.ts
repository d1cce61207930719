import { type DurationMs, SECOND_MS } from '../core/time.ts';
import type { LookGround } from './look.ts';

/**
 * Callbacks that are matched in one transaction. In a flood no more of them are matched than there is room for looks, so that
 * matching costs what the looks can use; those that lead to none are followed by the next ones at once.
 */
export const MATCHED_AT_ONCE = 100;

/** When fewer callbacks than this came in a second, the difference is caught up on, room or not: some percent of the time. */
const CATCH_UP_PER_SECOND = 1_000;

/** When the store could not match callbacks, it is tried again after this at the latest. */
const MATCH_AGAIN_MS: DurationMs = 5_000;

/** Matches callbacks that were kept with their orders, the oldest first. `ring`: there may be something to do. */
export class Matching {
  readonly #ground: Pick<LookGround, 'docket' | 'tell' | 'clock'>;
  readonly #ring: () => void;
  /** A callback may not be matched yet: one was kept, or a life before this one left some. */
  #mayMatch = true;
  /** Callbacks that came since the last count, and those that may be caught up on until the next one. */
  #came = 0;
  #spare = 0;
  #stopped = false;
  #cancelMatch = () => {};
  #cancelCount: (() => void) | null = null;

  constructor(ground: Pick<LookGround, 'docket' | 'tell' | 'clock'>, ring: () => void) {
    this.#ground = ground;
    this.#ring = ring;
  }

  get mayMatch(): boolean {
    return this.#mayMatch;
  }

  /** A callback was kept. */
  kept(): void {
    this.#mayMatch = true;
    this.#came += 1;
    this.#ring();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelMatch();
    this.#cancelCount?.();
  }

  /** There is no room for looks. True: more may be done at once. */
  async catchUp(): Promise<boolean> {
    if (!this.#mayMatch) return false;
    if (this.#spare > 0) {
      this.#spare -= await this.match(this.#spare);
      return true;
    }
    this.#countSoon();
    return false;
  }

  /** Matches at most so many; how many. Never rejects. */
  async match(most: number): Promise<number> {
    const { docket, tell, clock } = this.#ground;
    const limit = Math.min(most, MATCHED_AT_ONCE);
    // Before and not after: one that is kept meanwhile must not be forgotten.
    this.#mayMatch = false;
    try {
      const matched = await docket.match(limit);
      for (const { gateway, outcome } of matched) {
        tell({ name: 'callback.matched', gateway, outcome });
      }
      if (matched.length === limit) this.#mayMatch = true;
      return matched.length;
    } catch {
      // What is wrong with the store is told by the next commit that fails, if not by this one.
      this.#cancelMatch();
      if (!this.#stopped) this.#cancelMatch = clock.after(MATCH_AGAIN_MS, () => this.kept());
      return 0;
    }
  }

  #countSoon(): void {
    this.#cancelCount ??= this.#ground.clock.after(SECOND_MS, () => {
      this.#cancelCount = null;
      this.#spare = CATCH_UP_PER_SECOND - this.#came;
      this.#came = 0;
      this.#ring();
    });
  }
}
