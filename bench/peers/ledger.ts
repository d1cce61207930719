import Database from 'better-sqlite3';
import type { BenchOrder } from '../stage/orders.ts';

/**
 * What the peers keep: the least that settling an order needs, and so less than ours (no journal, no outbox, no versions).
 * Durability is the same: a write-ahead log with synchronous=FULL.
 */
interface Ledger {
  pending(): readonly BenchOrder[];
  /** Order, payment and stock in one transaction of their own. */
  settle(order: BenchOrder, isCaptured: boolean): void;
  close(): void;
}

export function openLedger(path: string): Ledger {
  const database = new Database(path);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec(SCHEMA);
  const selectPending = database.prepare<[], BenchOrder>(
    `SELECT o.id, o.member_id AS memberId, o.amount, p.transaction_key AS key
     FROM orders o JOIN payments p ON p.order_id = o.id WHERE o.state = 'pending' ORDER BY o.rowid`,
  );
  const setOrder = database.prepare('UPDATE orders SET state = ? WHERE id = ?');
  const setPayment = database.prepare('UPDATE payments SET state = ? WHERE order_id = ?');
  const takeStock = database.prepare(
    'UPDATE products SET on_hand = on_hand - 1 WHERE id = ? AND on_hand >= 1',
  );
  const settle = database.transaction(({ id }: BenchOrder, isCaptured: boolean) => {
    setOrder.run(isCaptured ? 'completed' : 'failed', id);
    setPayment.run(isCaptured ? 'succeeded' : 'failed', id);
    if (isCaptured) takeStock.run('tea');
  });
  return {
    pending: () => selectPending.all(),
    settle: (order, isCaptured) => settle(order, isCaptured),
    close: () => database.close(),
  };
}

/** Adds stuck orders to the file, in one transaction. */
export function addToLedger(path: string, orders: readonly BenchOrder[]): void {
  const database = new Database(path);
  database.pragma('journal_mode = WAL');
  database.exec(SCHEMA);
  database.prepare('INSERT OR IGNORE INTO products VALUES (?, ?)').run('tea', 100_000_000);
  const addOrder = database.prepare("INSERT INTO orders VALUES (?, ?, ?, 'pending')");
  const addPayment = database.prepare("INSERT INTO payments VALUES (?, ?, ?, ?, 'pending')");
  database.transaction(() => {
    for (const { id, memberId, amount, key } of orders) {
      addOrder.run(id, memberId, amount);
      addPayment.run(`${id}-1`, id, amount, key);
    }
  })();
  database.close();
}

/** How many orders of the file are completed. */
export function completedInLedger(path: string): number {
  const database = new Database(path, { readonly: true });
  const completed = database
    .prepare<[], number>("SELECT count(*) FROM orders WHERE state = 'completed'")
    .pluck()
    .get();
  database.close();
  return completed ?? 0;
}

/** Asks the gateway about one order, as the peers do it: global fetch. */
export async function isCaptured(gatewayUrl: string, order: BenchOrder): Promise<boolean> {
  const response = await fetch(`${gatewayUrl}/api/v1/payments/${encodeURIComponent(order.key)}`, {
    headers: { 'x-user-id': order.memberId },
  });
  const { data }: { data?: { status?: string; amount?: number } } = JSON.parse(
    await response.text(),
  );
  return response.ok && data?.status === 'SUCCESS' && data.amount === order.amount;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS products (id TEXT PRIMARY KEY, on_hand INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS orders (
    id TEXT PRIMARY KEY, member_id TEXT NOT NULL, amount INTEGER NOT NULL, state TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS payments (
    id TEXT PRIMARY KEY, order_id TEXT NOT NULL UNIQUE, amount INTEGER NOT NULL,
    transaction_key TEXT NOT NULL, state TEXT NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS orders_by_state ON orders (state);`;
