import type { Clock } from '../../clock.ts';
import type { Tell } from '../../observe/events.ts';
import type { Store } from '../port.ts';
import { startClaims } from './claims.ts';
import { openConnection } from './connection.ts';
import { sqliteDocket } from './docket.ts';
import { sqliteIntake } from './intake.ts';
import { type SyncFile, syncBeside } from './log-file.ts';
import { MIGRATIONS } from './migrations.ts';
import { sqliteOutbox } from './outbox.ts';
import { sqliteReader } from './reader.ts';
import { startReading } from './reading.ts';
import { sqliteUpkeep } from './upkeep.ts';
import { startWriter } from './writer.ts';

/** Which file is opened, how, and with what. */
export interface SqliteStoreOptions {
  /** The database file. Beside it lie its `-wal`, `-shm` and `.lock`. A writer makes the directory. */
  readonly path: string;
  /** True: reads beside a running daemon; everything that writes rejects with `store_readonly`. */
  readonly readOnly?: boolean;
  readonly clock: Clock;
  readonly tell: Tell;
  /** A bound on the file, in pages of 4 KiB; beyond it writes reject with `store_full`. None by default. */
  readonly maxPages?: number;
  /** The layout, as steps; the released ones by default. A test gives one more. */
  readonly migrations?: readonly string[];
  /** How the log is put on the disk; beside the loop by default. A test has it done at once, or decides when it is done. */
  readonly syncFile?: SyncFile;
}

/**
 * The store in one SQLite file: the port of `../port.ts`, for one daemon at a time. It works on the calling thread, but for the disk (`syncFile`), and every
 * write of one turn of the event loop goes into one transaction that is on the disk when the promises resolve. Throws a
 * `ReconciledError`: `store_busy`, `store_newer`, `store_foreign`, `store_corrupt`, `store_readonly`, `store_full`,
 * `store_failed`, and `not_found` for a reader without a file.
 */
export function openSqliteStore(options: SqliteStoreOptions): Store {
  const { migrations = MIGRATIONS } = options;
  const connection = openConnection({
    path: options.path,
    readOnly: options.readOnly ?? false,
    maxPages: options.maxPages ?? null,
    migrations,
    upgrading: (from) => options.tell({ name: 'store.upgrading', from, to: migrations.length }),
    syncFile: options.syncFile ?? syncBeside,
  });
  const writer = startWriter(connection, options.clock, options.tell);
  const reading = startReading(connection);
  const claims = startClaims(options.clock);
  return {
    intake: sqliteIntake(writer),
    docket: sqliteDocket(reading, writer, claims, options.tell),
    outbox: sqliteOutbox(reading, writer),
    reader: sqliteReader(reading),
    upkeep: sqliteUpkeep(connection, reading, writer),
  };
}
