import {
  closeSync,
  constants,
  fdatasync,
  fdatasyncSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';

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
  /**
   * Writes all of it once more and returns when that is on the disk. What a failed sync covered the system takes for written from then on, so
   * that to sync it again does nothing. Nobody else may write to it meanwhile. Throws what the system says.
   */
  writeAgain(): void;
  /** Lets go of the file, after the sync under way: its number must not mean another file before. */
  close(): void;
}

/** The log beside the database at this path. Opened by the first sync: there is none before the first COMMIT. */
export function logFile(path: string, syncFile: SyncFile): LogFile {
  let file: number | null = null;
  let syncing: Promise<unknown> | null = null;
  const opened = () => {
    file ??= openSync(`${path}-wal`, FLAGS);
    return file;
  };
  return {
    sync: () => {
      const synced = syncFile(opened());
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
    writeAgain: () => {
      const piece = Buffer.alloc(PIECE_BYTES);
      for (let at = 0; ; ) {
        const length = readSync(opened(), piece, 0, PIECE_BYTES, at);
        if (length === 0) break;
        // Where it writes a part only, what is left is read anew.
        at += writeSync(opened(), piece, 0, length, at);
      }
      fdatasyncSync(opened());
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

/** Bytes of the log that are written again at a time. */
const PIECE_BYTES = 256 * 1024;
