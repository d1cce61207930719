import Database from 'better-sqlite3';
import { DAY_MS } from '../../lib/core/time.ts';
import { MIGRATIONS } from '../../lib/store/sqlite/migrations.ts';

/** The day that all orders are of, in UTC, when no other is named. */
export const REPORTED_DAY = '2026-11-23';

/**
 * Makes a database with so many orders of one day: three of four completed and one failed, each with an item, a payment, two
 * rows of the journal and (when completed) a movement. What is not read by a report is short, so that ten million fit on a disk.
 */
export function fillDay(path: string, count: number, day = REPORTED_DAY): void {
  const database = new Database(path);
  database.pragma('journal_mode = OFF');
  database.pragma('synchronous = OFF');
  database.pragma('foreign_keys = OFF');
  database.pragma('cache_size = -400000');
  database.exec(MIGRATIONS.join(';\n'));
  database.pragma('application_id = 0x52434e44');
  database.pragma(`user_version = ${MIGRATIONS.length}`);
  for (let from = 1; from <= count; from += BATCH) {
    const given = {
      from,
      to: Math.min(count, from + BATCH - 1),
      at: Date.parse(day),
      every: DAY_MS / count,
    };
    for (const statement of STATEMENTS) database.prepare(statement).run(given);
  }
  database.exec(COUNT);
  database.pragma('journal_mode = WAL');
  database.close();
}

const BATCH = 250_000;

const EACH = `WITH RECURSIVE n (i) AS (SELECT :from UNION ALL SELECT i + 1 FROM n WHERE i < :to),
  one AS (SELECT i, printf('O%08d', i) AS id, CAST(:at + (i - 1) * :every AS INTEGER) AS at,
    CASE WHEN i % 4 = 0 THEN 'failed' ELSE 'completed' END AS state,
    CASE WHEN i % 4 = 0 THEN 'declined' ELSE 'captured' END AS reason,
    600000 + (i * 7919) % 86400000 AS took FROM n)`;

const COUNT = `INSERT INTO counters (name, value) SELECT state, count(*) FROM orders GROUP BY state`;

const STATEMENTS = [
  `${EACH} INSERT INTO orders (id, member_id, currency, amount, state, reason, paid_by, created_at, updated_at, looks, version,
    content, ask_at) SELECT id, 'm', 'KRW', 5000, state, reason, CASE state WHEN 'completed' THEN id || '-1' END, at, at + took,
    1, 2, x'00', '[]' FROM one`,
  `${EACH} INSERT INTO items (order_id, position, product_id, quantity, unit_price)
    SELECT id, 0, 'tea', 1, 5000 FROM one`,
  `${EACH} INSERT INTO payments (id, order_id, gateway, method, amount, state, reason, transaction_key, requested_at, settled_at)
    SELECT id || '-1', id, CASE WHEN i % 3 = 0 THEN 'toss' ELSE 'pg' END, 'CARD', 5000,
      CASE state WHEN 'completed' THEN 'succeeded' ELSE 'failed' END, reason, id, at, at + took FROM one`,
  `${EACH} INSERT INTO journal (order_id, version, at, state, record)
    SELECT id, 1, at, 'pending', '{"kind":"created","order":{"id":"' || id || '","currency":"KRW","amount":5000}}' FROM one`,
  `${EACH} INSERT INTO journal (order_id, version, at, reason, state, settled_by, record)
    SELECT id, 2, at + took, reason, state, CASE WHEN i % 5 = 0 THEN 'callback' ELSE 'sweep' END, '{}' FROM one`,
  `${EACH} INSERT INTO stock_movements (product_id, change, on_hand, kind, reference, at)
    SELECT 'tea', -1, 1, 'taken', id, at + took FROM one WHERE state = 'completed'`,
];
