import type { Connection } from './connection.ts';
import { type Session, undo } from './session.ts';
import { isFaultOfTheWork, storeTrouble } from './trouble.ts';

/**
 * Looks into the database. One look is one snapshot, whatever another process writes meanwhile, and one lock instead of one per
 * statement.
 */
export interface Reading {
  /** Sees only what is on the disk: nobody is told of, asked about or paid what a power cut could still take back. */
  look<T>(look: (session: Session) => T): Promise<T>;
  /** The same without a promise, for what stays in here: it may see a COMMIT that is on its way to the disk. Throws. */
  lookNow<T>(look: (session: Session) => T): T;
}

/** Looks by the one connection of this process. Rejects with a `ReconciledError` when the engine fails. */
export function startReading(connection: Connection): Reading {
  const lookNow = <T>(look: (session: Session) => T): T => {
    let session: Session | undefined;
    try {
      session = connection.session();
      session.run('BEGIN');
      const found = look(session);
      // What was seen stands, even when a damaged file makes the end of the look fail.
      if (!undo(session)) connection.abandon();
      return found;
    } catch (error) {
      // A connection that failed is opened again for the next call.
      const undone = session !== undefined && undo(session);
      if (!undone || !isFaultOfTheWork(error)) connection.abandon();
      throw storeTrouble(error, connection.path);
    }
  };
  return {
    look: async (look) => {
      while (connection.syncing !== null) await connection.syncing;
      return lookNow(look);
    },
    lookNow,
  };
}
