import { createTask } from 'node-cron';
import type { Tell } from '../observe/events.ts';
import type { Stoppable, Sweeping } from './port.ts';

/** When sweeps are started. */
export interface TickerSettings {
  /** Five fields, or six with seconds. */
  readonly cron: string;
  /** IANA name of the zone that the fields are read in. */
  readonly timezone: string;
}

/**
 * Requests a sweep at every tick. A tick while the sweep of the last one still runs is left out: the next one takes what is
 * due. After `stop` no tick comes; the sweep that runs is ended by the sweeping's own `stop`.
 */
export async function startTicker(
  { cron, timezone }: TickerSettings,
  sweeping: Sweeping,
  tell: Tell,
): Promise<Stoppable> {
  const failed = (error: unknown) =>
    tell({ name: 'sweep.failed', error: error instanceof Error ? error.message : String(error) });
  const task = createTask(
    cron,
    // A failed sweep has told so itself.
    () => sweeping.request().ended.catch(() => undefined),
    {
      timezone,
      noOverlap: true,
      // A missed tick is no news: the next one takes what is due. Everything else is told by the sweeps themselves.
      suppressMissedWarning: true,
      logger: {
        debug: () => {},
        info: () => {},
        warn: () => {},
        error: failed,
      },
    },
  );
  await task.start();
  return { stop: async () => task.destroy() };
}
