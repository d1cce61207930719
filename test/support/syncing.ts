import { fdatasyncSync } from 'node:fs';
import type { SyncFile } from '../../lib/store/sqlite/log-file.ts';

/** Puts the log on the disk before anything else happens: where time is turned by hand, nothing may depend on how long that takes. */
export const syncHere: SyncFile = async (file) => fdatasyncSync(file);

/** Syncs that are done when the test says so. */
export class HeldSyncs {
  #held: { readonly file: number; readonly done: PromiseWithResolvers<void> }[] = [];

  /** What the store is given. */
  readonly syncFile: SyncFile = (file) => {
    const done = Promise.withResolvers<void>();
    this.#held.push({ file, done });
    return done.promise;
  };

  /** How many are under way. */
  get underWay(): number {
    return this.#held.length;
  }

  /** Does what is under way. */
  release(): void {
    for (const { file, done } of this.#held.splice(0)) {
      fdatasyncSync(file);
      done.resolve();
    }
  }

  /** The disk has failed. */
  fail(error: Error): void {
    for (const { done } of this.#held.splice(0)) done.reject(error);
  }
}
