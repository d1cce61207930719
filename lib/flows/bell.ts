/** Wakes one waiting loop. A ring while nobody waits is kept, so that none is lost; many are one. */
interface Bell {
  ring(): void;
  /** Resolves at the next ring, at once when there was one since the last time. One waiter at a time. */
  heard(): Promise<void>;
}

/** A bell that nobody has rung yet. */
export function createBell(): Bell {
  let rung = false;
  let wake: (() => void) | null = null;
  return {
    ring: () => {
      rung = true;
      wake?.();
    },
    heard: async () => {
      if (!rung) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        wake = null;
      }
      rung = false;
    },
  };
}
