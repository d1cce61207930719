import type { Connection, Session } from './connection.ts';
import { isFaultOfTheWork, storeTrouble } from './trouble.ts';

/** Looks into the database between two transactions: what it sees is committed. */
export interface Reading {
  look<T>(look: (session: Session) => T): Promise<T>;
  /** The same without a promise; throws. */
  lookNow<T>(look: (session: Session) => T): T;
}

export function startReading(connection: Connection): Reading {
  const lookNow = <T>(look: (session: Session) => T): T => {
    try {
      return look(connection.session());
    } catch (error) {
      // A connection that failed is opened again for the next call.
      if (!isFaultOfTheWork(error)) connection.abandon();
      throw storeTrouble(error, connection.path);
    }
  };
  return { look: async (look) => lookNow(look), lookNow };
}
