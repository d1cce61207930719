import Database from 'better-sqlite3';
import { databasePath } from '../../lib/config.ts';
import { GATEWAY_NAME, PRODUCT } from './orders.ts';

/**
 * Fills a database that has only its layout with settled orders, in SQL: each with an item, a payment, two rows of the
 * journal, an effect and a movement of the stock, as a settled order has. Nothing else may have it open.
 */
export function addSettledOrders(dataDir: string, count: number): void {
  const database = new Database(databasePath({ dataDir }));
  // A crash now only means to begin again.
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = OFF');
  database.pragma('cache_size = -400000');
  database.pragma('foreign_keys = OFF');
  for (let done = 0; done < count; done += BATCH) {
    const last = Math.min(count, done + BATCH);
    database.transaction(() => {
      for (const statement of STATEMENTS) {
        database.prepare(statement).run({
          from: 1 + done,
          to: last,
          at: FIRST_CREATED_AT,
          product: PRODUCT.id,
          gateway: GATEWAY_NAME,
          record: RECORD,
        });
      }
      database
        .prepare(
          "INSERT INTO counters (name, value) VALUES ('completed', ?) ON CONFLICT DO UPDATE SET value = value + ?",
        )
        .run(last - done, last - done);
    })();
  }
  database.exec('ANALYZE');
  database.pragma('wal_checkpoint(TRUNCATE)');
  database.close();
}

const FIRST_CREATED_AT = Date.UTC(2025, 0, 1);

/** The numbers of stuck orders begin here: they are the newest, as in life. */
export const FIRST_STUCK = 9_000_001;

/** Rows of one transaction: the write-ahead log stays small. */
const BATCH = 50_000;

/** The journal keeps what a decision was made from: about this much. */
const RECORD = JSON.stringify({ kind: 'decided', filling: 'x'.repeat(600) });

const NUMBERS = `
  WITH RECURSIVE numbers (n) AS (SELECT :from UNION ALL SELECT n + 1 FROM numbers WHERE n < :to)`;

const ID = "printf('ORDER%07d', n)";

const STATEMENTS = [
  `${NUMBERS} INSERT INTO orders (id, member_id, currency, amount, state, reason, paid_by, created_at, updated_at, looks, listed_at,
     version, content, ask_at)
   SELECT ${ID}, 'member-' || (n % 1000), 'KRW', 5000, 'completed', 'captured', ${ID} || '-1', :at + n, :at + n, 1, :at + n,
     2, randomblob(32), '["' || :gateway || '"]' FROM numbers`,
  `${NUMBERS} INSERT INTO items (order_id, position, product_id, quantity, unit_price)
   SELECT ${ID}, 0, :product, 1, 5000 FROM numbers`,
  `${NUMBERS} INSERT INTO payments (id, order_id, gateway, method, amount, state, reason, transaction_key, recorded_key, requested_at,
     settled_at, found_status, found_amount, found_currency, found_ours, found_at)
   SELECT ${ID} || '-1', ${ID}, :gateway, 'CARD', 5000, 'succeeded', 'captured', printf('20250101:TR:%06x', n),
     printf('20250101:TR:%06x', n), :at + n, :at + n, 'succeeded', 5000, 'KRW', 1, :at + n
   FROM numbers`,
  `${NUMBERS} INSERT INTO journal (order_id, version, at, reason, record)
   SELECT ${ID}, 1, :at + n, NULL, '{"kind":"created"}' FROM numbers
   UNION ALL SELECT ${ID}, 2, :at + n, 'captured', :record FROM numbers`,
  `${NUMBERS} INSERT INTO effects (key, topic, order_id, reason, amount, currency, at)
   SELECT 'order.completed:' || ${ID} || ':2', 'order.completed', ${ID}, 'captured', 5000, 'KRW', :at + n
   FROM numbers`,
  `${NUMBERS} INSERT INTO stock_movements (product_id, change, on_hand, kind, reference, at)
   SELECT :product, -1, 1000, 'taken', ${ID}, :at + n FROM numbers`,
];
