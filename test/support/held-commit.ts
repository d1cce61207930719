import { setImmediate } from 'node:timers/promises';
import type { Store } from '../../lib/store/port.ts';
import type { FlowWorld } from './flow-world.ts';

/** A store whose first commit of a decision waits, so that a test can stop the daemon in the middle of it. */
interface HeldCommit {
  readonly through: (store: Store) => Store;
  /** Stops the daemon while the commit is under way, lets the commit go on, and says whether the stop had not waited for it. */
  isStopped(world: FlowWorld): Promise<boolean>;
}

export function heldCommit(): HeldCommit {
  const begun = Promise.withResolvers<void>();
  const goesOn = Promise.withResolvers<void>();
  return {
    through: (store) => ({
      ...store,
      docket: {
        ...store.docket,
        commit: async (settlements) => {
          begun.resolve();
          await goesOn.promise;
          return store.docket.commit(settlements);
        },
      },
    }),
    isStopped: async (world) => {
      await begun.promise;
      let isStopped = false;
      const stopping = world.daemon.stop().then(() => {
        isStopped = true;
      });
      await setImmediate();
      const tooEarly = isStopped;
      goesOn.resolve();
      await stopping;
      return tooEarly;
    },
  };
}
