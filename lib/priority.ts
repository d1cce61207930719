import { constants, getPriority, setPriority } from 'node:os';

/**
 * Lets others have the processor first: what goes through a whole database must not keep a payment waiting. On Linux it holds for
 * the calling thread and those that it starts; elsewhere a priority belongs to a process, so a thread keeps its own. For good, since
 * only root may take it back. Never throws: where the system does not allow it, the work is done all the same.
 */
export function stepAside(): void {
  if (process.platform !== 'linux') return;
  try {
    // Who started us may have put it even lower.
    if (getPriority() < LOWER) setPriority(LOWER);
  } catch {
    // Then it competes.
  }
}

/** As low as it gets: it runs where nobody else wants a core, and comes to its end because nobody always does. */
const LOWER = constants.priority.PRIORITY_LOW;
