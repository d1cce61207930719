import type { Clock } from '../clock.ts';
import { type DurationMs, SECOND_MS } from '../core/time.ts';
import { ReconciledError } from '../errors.ts';

/** What waiting for room on a disk takes. */
interface RoomSurroundings {
  readonly clock: Clock;
  /** Hears each time what is in the way. */
  readonly tell: (trouble: ReconciledError) => void;
  /** Resolves when nobody wants to wait any more. */
  readonly interrupted: Promise<unknown>;
}

/** Room is made by people, or by whatever throws old files away: nobody notices so many seconds. */
const LOOK_EVERY_MS: DurationMs = 10 * SECOND_MS;

/**
 * Starts something as soon as the disk has room for it. A full disk does not end what runs already; that it kept it from starting
 * again would leave it ended when there is room, because service managers give up after a few attempts.
 * @returns `null` when it was interrupted while it waited.
 * @throws whatever else is in the way.
 */
export async function whenThereIsRoom<T>(
  start: () => Promise<T>,
  { clock, tell, interrupted }: RoomSurroundings,
): Promise<T | null> {
  for (;;) {
    try {
      return await start();
    } catch (error) {
      if (!(error instanceof ReconciledError) || error.code !== 'store_full') throw error;
      tell(error);
    }
    const waited = Promise.withResolvers<'waited'>();
    const cancel = clock.after(LOOK_EVERY_MS, () => waited.resolve('waited'));
    const first = await Promise.race([waited.promise, interrupted.then(() => 'interrupted')]);
    cancel();
    if (first === 'interrupted') return null;
  }
}
