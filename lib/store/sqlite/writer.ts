import type { Clock } from '../../clock.ts';
import type { DurationMs } from '../../core/time.ts';
import { ReconciledError } from '../../errors.ts';
import type { Tell } from '../../observe/events.ts';
import type { Connection } from './connection.ts';
import { writeCounts } from './ledger.ts';
import { type Session, undo } from './session.ts';
import { isFaultOfTheWork, storeTrouble, syncTrouble, type Written } from './trouble.ts';

/**
 * Writes what is asked for in one turn of the event loop, or in two of them where pieces are gathered, as one durable transaction. While
 * that goes to the disk the loop goes on, and whatever is asked for meanwhile is the next transaction.
 */
export interface Writer {
  /**
   * Resolves with what `work` returned when the COMMIT that holds it is on the disk. `work` must do all its checks before its first
   * write and may run twice: when another piece of its group breaks a constraint the group is undone and each runs alone.
   * `committed` runs right before it resolves, before anything else can. `parts`: how many rows it writes of what may be many.
   */
  write<T>(
    work: (session: Session) => T,
    committed?: (result: T) => void,
    parts?: number,
  ): Promise<T>;
  /**
   * The same for small pieces of one kind that may come by the thousand: those of one transaction go through `work` together, results
   * aligned. When one of them breaks a constraint each runs alone.
   */
  gathered<T, R>(
    work: (session: Session, items: readonly T[]) => readonly R[],
  ): (item: T) => Promise<R>;
  /** Calls back after each COMMIT that has put deliveries on their way, or may have, once whoever wrote has been told. */
  listen(ring: () => void): void;
  /** Resolves when everything asked for so far is written or has failed. Refuses more from now on. */
  drain(): Promise<void>;
}

/** Pieces of one transaction. More gain little, and everybody waits for the slowest. */
const GROUP_SIZE = 100;

/** Parts that a piece may have to be one; one with more counts for as many as it has of them, or the loop is held for a second. */
const PARTS_OF_PIECE = 10;

/**
 * Nothing was written for so long: a moment to put the log back. In a backlog one transaction follows another sooner, and all of it
 * takes longer when that is done in between.
 */
const PAUSE_MS: DurationMs = 5;

/** The one writer of a connection. Tells `store.committed` per transaction and `store.failed` when the engine fails. */
export function startWriter(connection: Connection, clock: Clock, tell: Tell): Writer {
  const queue: Job[] = [];
  /** A transaction is about to be written, or on its way to the disk. */
  let scheduled = false;
  let drained: (() => void) | null = null;
  let ring = () => {};
  let endPause = () => {};

  const schedule = () => {
    if (scheduled) return;
    scheduled = true;
    endPause();
    // Not a timer: whatever this turn of the loop still brings comes along, and a lone writer does not wait.
    setImmediate(begin);
  };
  const begin = () => {
    // In a flood those who were told of the last transaction bring more in the next turn: half as many transactions, and each costs as
    // much as several rows.
    if (queue.some((job) => job.grows)) setImmediate(turn);
    else void turn();
  };
  const turn = async () => {
    await writeGroup(nextGroup(queue));
    scheduled = false;
    if (queue.length > 0) schedule();
    else if (drained !== null) drained();
    else endPause = clock.after(PAUSE_MS, () => connection.putBack());
  };
  const writeGroup = async (group: readonly Job[]) => {
    if (group.length === 0) return;
    const outcome = await attempt(group);
    if (outcome.kind === 'refused' && group.length > 1) return writeOneByOne(group);
    for (const job of group) conclude(job, outcome);
    if (outcome.delivers) ring();
  };
  const writeOneByOne = async (group: readonly Job[]) => {
    let stopped: ReconciledError | null = null;
    for (const job of group) {
      if (stopped !== null) {
        job.fail(stopped);
        continue;
      }
      const outcome = await attempt([job]);
      conclude(job, outcome);
      if (outcome.delivers) ring();
      // The engine will not do better for the rest of this turn.
      if (outcome.kind === 'failed') stopped = outcome.error;
    }
  };
  const attempt = async (group: readonly Job[]): Promise<Attempt> => {
    const startedMs = clock.monotonicMs();
    const done = commit(group);
    if (done.kind !== 'committed') return done;
    try {
      await connection.sync();
    } catch (error) {
      return { ...failed(syncTrouble(error, connection.path)), delivers: done.delivers };
    }
    const durationMs = clock.monotonicMs() - startedMs;
    tell({ name: 'store.committed', rows: rowsOf(group), durationMs });
    return done;
  };
  const commit = (group: readonly Job[]): Attempt => {
    let written: Written = 'nothing';
    let session: Session | undefined;
    let delivers = false;
    try {
      session = connection.session();
      session.run('BEGIN IMMEDIATE');
      for (const job of group) job.work(session);
      delivers = writeCounts(session).includes('delivery_pending');
      written = 'unknown';
      session.run('COMMIT');
      return { kind: 'committed', delivers };
    } catch (error) {
      const undone = session !== undefined && undo(session);
      const trouble = storeTrouble(error, connection.path, written);
      if (isFaultOfTheWork(error) && undone)
        return { kind: 'refused', error: trouble, delivers: false };
      return { ...failed(trouble), delivers };
    }
  };
  const failed = (error: ReconciledError) => {
    // After a failed COMMIT or sync the connection's view of the file is not to be trusted.
    if (error.code !== 'store_closed') connection.abandon();
    tell({ name: 'store.failed', error: `${error.code}: ${error.message}` });
    return { kind: 'failed', error } as const;
  };

  const put = (job: Job) => {
    queue.push(job);
    schedule();
  };

  return {
    write: (work, committed, parts = 1) =>
      new Promise((resolve, reject) => {
        const refusal = refusalOf(connection, drained !== null);
        if (refusal !== null) return reject(refusal);
        let finish = () => {};
        put({
          rows: 1,
          pieces: Math.ceil(parts / PARTS_OF_PIECE),
          grows: false,
          work: (session) => {
            const result = work(session);
            finish = () => {
              committed?.(result);
              resolve(result);
            };
          },
          succeed: () => finish(),
          fail: reject,
        });
      }),
    gathered: <T, R>(work: (session: Session, items: readonly T[]) => readonly R[]) => {
      let open: Gathering<T, R> | null = null;
      return (item: T) =>
        new Promise<R>((resolve, reject) => {
          const refusal = refusalOf(connection, drained !== null);
          if (refusal !== null) return reject(refusal);
          if (open?.grows === true) {
            open.add(item, resolve, reject);
            return;
          }
          open = new Gathering(work, put);
          open.add(item, resolve, reject);
          put(open);
        });
    },
    listen: (listener) => {
      ring = listener;
    },
    drain: () =>
      new Promise((resolve) => {
        drained = resolve;
        schedule();
      }),
  };
}

interface Job {
  /** How many were asked for. */
  readonly rows: number;
  /** How much of a transaction it takes. */
  readonly pieces: number;
  /** More may be added to it until its turn comes. */
  readonly grows: boolean;
  work(session: Session): void;
  succeed(): void;
  fail(error: ReconciledError): void;
}

/** Many pieces as one job: a closure and a call for each of them would cost as much as its row. */
class Gathering<T, R> implements Job {
  readonly #work: (session: Session, items: readonly T[]) => readonly R[];
  readonly #putAgain: (job: Job) => void;
  readonly #items: T[] = [];
  readonly #resolves: ((result: R) => void)[] = [];
  readonly #rejects: ((error: ReconciledError) => void)[] = [];
  #results: readonly R[] = [];
  /** What is added from now on would be told nothing. */
  #closed = false;

  constructor(
    work: (session: Session, items: readonly T[]) => readonly R[],
    putAgain: (job: Job) => void,
  ) {
    this.#work = work;
    this.#putAgain = putAgain;
  }

  get rows(): number {
    return this.#items.length;
  }

  get pieces(): number {
    return this.#items.length;
  }

  get grows(): boolean {
    return !this.#closed && this.#items.length < GROUP_SIZE;
  }

  add(item: T, resolve: (result: R) => void, reject: (error: ReconciledError) => void): void {
    this.#items.push(item);
    this.#resolves.push(resolve);
    this.#rejects.push(reject);
  }

  work(session: Session): void {
    this.#closed = true;
    this.#results = this.#work(session, this.#items);
  }

  succeed(): void {
    const results = this.#results;
    for (const [index, resolve] of this.#resolves.entries()) {
      const result = results[index];
      if (result !== undefined) resolve(result);
    }
  }

  fail(error: ReconciledError): void {
    // It may fail before its turn: the transaction did not begin, or another piece of it failed.
    this.#closed = true;
    const isWhole = error.code !== 'internal' || this.#items.length === 1;
    for (const [index, item] of this.#items.entries()) {
      const resolve = this.#resolves[index];
      const reject = this.#rejects[index];
      if (resolve === undefined || reject === undefined) continue;
      if (isWhole) {
        reject(error);
        continue;
      }
      const alone = new Gathering(this.#work, this.#putAgain);
      alone.add(item, resolve, reject);
      this.#putAgain(alone);
    }
  }
}

/** Takes the next jobs out of the queue: as many as make a group, at least one. */
function nextGroup(queue: Job[]): readonly Job[] {
  let pieces = 0;
  let count = 0;
  for (const job of queue) {
    if (count > 0 && pieces + job.pieces > GROUP_SIZE) break;
    pieces += job.pieces;
    count += 1;
  }
  return queue.splice(0, count);
}

function rowsOf(group: readonly Job[]): number {
  return group.reduce((sum, { rows }) => sum + rows, 0);
}

/**
 * `refused`: one piece of the group is wrong and nothing was written; `failed`: the engine is in trouble. `delivers`: it has put deliveries on
 * their way, or nobody knows whether it has.
 */
type Attempt = { readonly delivers: boolean } & (
  | { readonly kind: 'committed' }
  | { readonly kind: 'refused' | 'failed'; readonly error: ReconciledError }
);

function conclude(job: Job, outcome: Attempt): void {
  if (outcome.kind === 'committed') job.succeed();
  else job.fail(outcome.error);
}

function refusalOf(connection: Connection, draining: boolean): ReconciledError | null {
  if (draining)
    return new ReconciledError('store_closed', 'The store is closed or closing.', {
      hint: 'Start the daemon again.',
    });
  if (connection.readOnly)
    return new ReconciledError('store_readonly', `${connection.path} was opened for reading.`, {
      hint: 'Send the change to the running daemon.',
    });
  return null;
}
