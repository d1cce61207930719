import { existsSync } from 'node:fs';
import type { Config } from '../config.ts';
import { ReconciledError } from '../errors.ts';
import type { Reader, Store } from '../store/port.ts';
import { isGone } from '../store/sqlite/in-place.ts';
import { sayUpgrade } from './words.ts';

/**
 * Opens the database for a command, and closes it after `work`. `read`: beside a daemon that may run; `change`: where there is one;
 * `create`: makes it if need be.
 * @throws ReconciledError `not_found` without a database; `store_busy` when a daemon runs, unless it is only read; whatever else is
 * wrong with the file.
 */
export async function withStore<T>(
  config: Config,
  use: 'read' | 'change' | 'create',
  work: (store: Store) => Promise<T>,
): Promise<T> {
  const { databasePath } = await import('../config.ts');
  const { systemClock } = await import('../clock.ts');
  const { openSqliteStore } = await import('../store/sqlite/index.ts');
  const path = databasePath(config);
  if (use === 'change') requireDatabase(path);
  const store = openSqliteStore({
    path,
    readOnly: use === 'read',
    clock: systemClock,
    // A command says by itself what becomes of it.
    tell: sayUpgrade,
  });
  try {
    return await work(store);
  } finally {
    await store.upkeep.close();
  }
}

/** The same for those who only look. */
export function withReader<T>(config: Config, read: (reader: Reader) => Promise<T>): Promise<T> {
  return withStore(config, 'read', ({ reader }) => read(reader));
}

/**
 * Opening a store for writing creates it: a command that can do nothing in an empty one asks here first.
 * @throws ReconciledError `not_found`.
 */
export function requireDatabase(path: string): void {
  // Of one that was taken away the store says what to do.
  if (existsSync(path) || isGone(path)) return;
  throw new ReconciledError('not_found', `There is no database at ${path}.`, {
    hint: 'Name the right one with --config or --data-dir; `reconciled serve` or `reconciled import` creates it.',
  });
}
