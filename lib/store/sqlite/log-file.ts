import { closeSync, constants, fdatasync, openSync } from 'node:fs';

/** Puts what was written to an open file on the disk. Rejects with what the system says. */
export type SyncFile = (file: number) => Promise<void>;

/** On a thread of Node's own pool, which keeps half of its threads free of what can hang (names that are looked up). */
export const syncBeside: SyncFile = (file) =>
  new Promise((resolve, reject) =>
    fdatasync(file, (error) => (error === null ? resolve() : reject(error))),
  );

/**
 * The write-ahead log of a database that stays open meanwhile: SQLite keeps one and the same file until then. Its locks are on other files,
 * so closing this descriptor drops none.
 */
export interface LogFile {
  /** Resolves when every COMMIT so far is on the disk. One at a time. Rejects with what the system says. */
  sync(): Promise<void>;
  /** The sync under way, which does not reject; `null`: there is none. */
  readonly syncing: Promise<unknown> | null;
  /** Lets go of the file, after the sync under way: its number must not mean another file before. */
  close(): void;
}

/** The log beside the database at this path. Opened by the first sync: there is none before the first COMMIT. */
export function logFile(path: string, syncFile: SyncFile): LogFile {
  let file: number | null = null;
  let syncing: Promise<unknown> | null = null;
  return {
    sync: () => {
      file ??= openSync(`${path}-wal`, FLAGS);
      const synced = syncFile(file);
      const ended = () => {
        syncing = null;
      };
      // In this order: whoever waits for the sync finds none under way afterwards.
      syncing = synced.then(ended, ended);
      return synced;
    },
    get syncing() {
      return syncing;
    },
    close: () => {
      const open = file;
      file = null;
      if (open === null) return;
      if (syncing === null) closeSync(open);
      else void syncing.then(() => closeSync(open));
    },
  };
}

/** To be written, because Windows syncs no other; the very file, not what a link leads to. */
const FLAGS = constants.O_RDWR | (constants.O_NOFOLLOW ?? 0);
