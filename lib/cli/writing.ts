import type { Config } from '../config.ts';
import { ReconciledError } from '../errors.ts';
import type { Client } from './client.ts';

/** The two ways to change what is stored. */
interface Ways<T> {
  /** In this process, when no daemon runs: it opens the store, which refuses with `store_busy` when one does. */
  readonly here: () => Promise<T>;
  /** Through the daemon. */
  readonly byDaemon: (client: Client) => Promise<T>;
  /** Requests at one moment; 1 unless said. */
  readonly connections?: number;
}

/** Only one process writes to a database. While a daemon does, it is asked to; else this process does it itself. */
export async function hereOrByDaemon<T>(config: Config, ways: Ways<T>): Promise<T> {
  try {
    return await ways.here();
  } catch (error) {
    // What holds the database for a moment only (an open sqlite3 shell) is no daemon, and the file may be half read by then.
    const isTaken = error instanceof ReconciledError && error.code === 'store_busy';
    if (!isTaken || error.retryable) throw error;
  }
  const { daemonClient } = await import('./client.ts');
  const client = await daemonClient(config, ways.connections);
  try {
    await client.ready();
    return await ways.byDaemon(client);
  } finally {
    await client.close();
  }
}
