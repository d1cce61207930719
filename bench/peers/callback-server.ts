import { createServer, type ServerResponse } from 'node:http';
import Database from 'better-sqlite3';

/**
 * The least that keeps callbacks: node:http, JSON.parse, one row for each, all rows of two turns of the event loop, as ours, in one
 * durable commit, the reply after it. Matches nothing, asks nobody. Argument: the database. Says where it listens.
 */

const [path = ''] = process.argv.slice(2);
const database = new Database(path);
database.pragma('journal_mode = WAL');
database.pragma('synchronous = FULL');
database.exec(`
  CREATE TABLE notices (
    seq INTEGER PRIMARY KEY, key TEXT NOT NULL, order_id TEXT NOT NULL, status TEXT NOT NULL, received_at INTEGER NOT NULL,
    UNIQUE (key, status)) STRICT`);
const insert = database.prepare(
  'INSERT INTO notices (key, order_id, status, received_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
);

interface Waiting {
  readonly body: string;
  readonly response: ServerResponse;
}

/** As ours: more in one commit gain nothing. */
const GROUP_SIZE = 100;

const waiting: Waiting[] = [];
let isScheduled = false;

function schedule(): void {
  if (isScheduled) return;
  isScheduled = true;
  setImmediate(() => setImmediate(commit));
}

function commit(): void {
  isScheduled = false;
  const group = waiting.splice(0, GROUP_SIZE);
  keep(group);
  for (const { response } of group) {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 21 });
    response.end('{"status":"accepted"}');
  }
  if (waiting.length > 0) schedule();
}

const keep = database.transaction((group: readonly Waiting[]) => {
  for (const { body } of group) {
    const { transactionKey, orderId, status } = JSON.parse(body);
    insert.run(transactionKey, orderId, status, Date.now());
  }
});

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    waiting.push({ body: Buffer.concat(chunks).toString(), response });
    schedule();
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);
});
