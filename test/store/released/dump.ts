import Database from 'better-sqlite3';

/** A database as SQL that makes it again: everything that is in it, and what its header says. */
export function dumpDatabase(path: string): string {
  const database = new Database(path, { readonly: true, fileMustExist: true });
  try {
    const number = (name: string) => Number(database.pragma(name, { simple: true }));
    const objects = schemaOf(database);
    const tables = objects.filter(({ type }) => type === 'table');
    return [
      `PRAGMA application_id = ${number('application_id')};`,
      `PRAGMA user_version = ${number('user_version')};`,
      ...tables.map(({ sql }) => `${sql};`),
      ...tables.flatMap(({ name }) => rowsOf(database, name)),
      ...objects.filter(({ type }) => type !== 'table').map(({ sql }) => `${sql};`),
      '',
    ].join('\n');
  } finally {
    database.close();
  }
}

/** One table or index, as it was made. */
interface SchemaObject {
  readonly type: string;
  readonly name: string;
  readonly sql: string;
}

/** All tables and indexes that the steps of a layout have made, by name. */
export function schemaOf(database: Database.Database): readonly SchemaObject[] {
  return database
    .prepare<[], SchemaObject>(
      "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%' ORDER BY type DESC, name",
    )
    .all();
}

function rowsOf(database: Database.Database, table: string): readonly string[] {
  const columns = database
    .prepare<[string], string>('SELECT name FROM pragma_table_info(?)')
    .pluck()
    .all(table);
  const values = columns.map((column) => `quote("${column}")`).join(" || ', ' || ");
  return database
    .prepare<[], string>(
      `SELECT 'INSERT INTO ${table} VALUES (' || ${values} || ');' FROM ${table}`,
    )
    .pluck()
    .all();
}
