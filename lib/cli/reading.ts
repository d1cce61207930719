import type { Config } from '../config.ts';
import type { Reader, Store } from '../store/port.ts';

/**
 * Reads the database beside a daemon that may run: `read` gets it open for reading only, and it is closed afterwards.
 * @throws ReconciledError `not_found` when there is no database yet, and whatever else is wrong with the file.
 */
export async function withReader<T>(
  config: Config,
  read: (reader: Reader) => Promise<T>,
): Promise<T> {
  const { databasePath } = await import('../config.ts');
  const { systemClock } = await import('../clock.ts');
  const { openSqliteStore } = await import('../store/sqlite/index.ts');
  const store: Store = await openSqliteStore({
    path: databasePath(config),
    readOnly: true,
    clock: systemClock,
    // A reader does nothing that somebody has to hear of.
    tell: () => undefined,
  });
  try {
    return await read(store.reader);
  } finally {
    await store.upkeep.close();
  }
}
