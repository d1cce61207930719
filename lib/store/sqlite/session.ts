import type Database from 'better-sqlite3';

/** What SQLite keeps in a column. */
export type Value = string | number | null | Uint8Array;

/** Values by position, or one record of them by name. */
type Binding = Value | Readonly<Record<string, Value>>;

/** An open database. Every statement is prepared once and kept: preparing costs eight times as much as running. */
export interface Session {
  row<Row>(sql: string, ...binding: Binding[]): Row | undefined;
  rows<Row>(sql: string, ...binding: Binding[]): Row[];
  /** The number of rows that it changed. */
  run(sql: string, ...binding: Binding[]): number;
  /** Inserts one row; its number. */
  insert(sql: string, ...binding: Binding[]): number;
  /** The same with `ON CONFLICT DO NOTHING`; `null` when there was one. */
  insertOnce(sql: string, ...binding: Binding[]): number | null;
  readonly inTransaction: boolean;
  /** Changes of counters that are written with the COMMIT; see `count`. */
  readonly tally: Map<string, CounterChange>;
}

/** By how much one counter changes in this transaction. */
interface CounterChange {
  readonly counter: string;
  readonly of: string;
  change: number;
}

/** The statements of an open database, by their text. */
export function sessionOf(database: Database.Database): Session {
  const prepared = new Map<string, Prepared>();
  const statement = (sql: string) => {
    const known = prepared.get(sql);
    if (known !== undefined) return known;
    const made = prepare(database, sql);
    prepared.set(sql, made);
    return made;
  };
  const run = (sql: string, binding: readonly Binding[]) => {
    const { statement: found, names } = statement(sql);
    return found.run(...placed(names, binding));
  };
  return {
    row: <Row>(sql: string, ...binding: Binding[]) => {
      const { statement: found, names } = statement(sql);
      return found.get(...placed(names, binding)) as Row | undefined;
    },
    rows: <Row>(sql: string, ...binding: Binding[]) => {
      const { statement: found, names } = statement(sql);
      return found.all(...placed(names, binding)) as Row[];
    },
    run: (sql, ...binding) => run(sql, binding).changes,
    insert: (sql, ...binding) => Number(run(sql, binding).lastInsertRowid),
    insertOnce: (sql, ...binding) => {
      const { changes, lastInsertRowid } = run(sql, binding);
      return changes === 0 ? null : Number(lastInsertRowid);
    },
    get inTransaction() {
      return database.inTransaction;
    },
    tally: new Map(),
  };
}

interface Prepared {
  readonly statement: Database.Statement<unknown[], unknown>;
  /** The names of its parameters, in their order and as often as they occur; empty: they have none. */
  readonly names: readonly string[];
}

/**
 * Names become places: the driver looks up each name of each call as a new text, which costs a third of an UPDATE of
 * seventeen columns.
 */
function prepare(database: Database.Database, sql: string): Prepared {
  const names: string[] = [];
  const placed = sql.replace(/(?<![:'\w]):([A-Za-z]\w*)/g, (_, name: string) => {
    names.push(name);
    return '?';
  });
  return { statement: database.prepare<unknown[]>(placed), names };
}

function placed(names: readonly string[], binding: readonly Binding[]): readonly Binding[] {
  const [first] = binding;
  if (names.length === 0 || !isRecord(first)) return binding;
  return names.map((name) => {
    const value = first[name];
    if (value === undefined) throw new TypeError(`no value is bound to :${name}`);
    return value;
  });
}

function isRecord(binding: Binding | undefined): binding is Readonly<Record<string, Value>> {
  return typeof binding === 'object' && binding !== null && !(binding instanceof Uint8Array);
}

/** Ends a transaction without its changes, if one is open. False when the transaction could not be ended. */
export function undo(session: Session): boolean {
  session.tally.clear();
  try {
    if (session.inTransaction) session.run('ROLLBACK');
    return true;
  } catch {
    return false;
  }
}
