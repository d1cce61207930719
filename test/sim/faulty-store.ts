import { ReconciledError } from '../../lib/errors.ts';
import type { Store } from '../../lib/store/port.ts';
import type { SyncFile } from '../../lib/store/sqlite/log-file.ts';
import { syncHere } from '../support/syncing.ts';
import type { TurnedClock } from '../support/turned-clock.ts';

/** What stands between the flows of one life and its store. */
interface Passage {
  readonly clock: TurnedClock;
  /** False after the crash: nothing is passed on, and nobody hears anything any more. */
  readonly alive: () => boolean;
  /** Whether a write is lost before the engine has it. That it is done and nobody knows is the disk's affair (`uncertainDisk`). */
  readonly losesWrite: () => boolean;
  /** How long a write takes before the engine has it: a crash in that time loses it. */
  readonly delayMs: () => number;
}

/** The same store on a bad day. */
export function faulty(store: Store, passage: Passage): Store {
  return {
    intake: through(store.intake, passage, () => true),
    docket: through(store.docket, passage, (name) => WRITES.includes(name)),
    outbox: through(store.outbox, passage, (name) => OUTBOX_WRITES.includes(name)),
    reader: through(store.reader, passage, () => false),
    upkeep: store.upkeep,
  };
}

const OUTBOX_WRITES = ['commit', 'subscribe', 'announce', 'retry'];

const WRITES = ['commit', 'match', 'beginSweep', 'endSweep'];

const AT_ONCE = ['release', 'nextNudge', 'nextDue', 'listen'];

function through<Part extends object>(
  part: Part,
  passage: Passage,
  isWrite: (name: string) => boolean,
): Part {
  return new Proxy(part, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...given: unknown[]) => {
        const call = (): unknown => Reflect.apply(member, target, given);
        // These answer at once; a dead process has nothing to give back and nothing to wait for.
        if (AT_ONCE.includes(String(name))) return passage.alive() ? call() : null;
        return isWrite(String(name)) ? write(passage, call) : read(passage, call);
      };
    },
  });
}

async function read(passage: Passage, call: () => unknown): Promise<unknown> {
  if (!passage.alive()) return never();
  const result = await call();
  return passage.alive() ? result : never();
}

async function write(passage: Passage, call: () => unknown): Promise<unknown> {
  const delayMs = passage.delayMs();
  if (delayMs > 0) await new Promise<void>((resolve) => passage.clock.after(delayMs, resolve));
  if (!passage.alive()) return never();
  if (passage.losesWrite()) throw engineFailed();
  const result = await call();
  return passage.alive() ? result : never();
}

/**
 * Has the log on the disk and says sometimes that it failed: what was committed is there, and whoever asked for it does not know. The
 * engine is told and not its callers, because it knows more than they do of what a failed sync means.
 */
export function uncertainDisk(fails: () => boolean): SyncFile {
  return async (file) => {
    await syncHere(file);
    if (fails()) throw Object.assign(new Error(SYNC_FAILED), { code: 'EIO' });
  };
}

/** The trouble that the engine tells of then. */
export const SYNC_FAILED = 'the simulation made a sync fail';

function never(): Promise<never> {
  return new Promise(() => {});
}

function engineFailed(): ReconciledError {
  return new ReconciledError('store_failed', 'The engine failed.', {
    hint: 'Nothing: the simulation made it fail.',
    retryable: true,
  });
}
