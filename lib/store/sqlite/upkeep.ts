import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Upkeep } from '../port.ts';
import type { OrderPlace } from '../report-port.ts';
import type { Connection } from './connection.ts';
import { BEGINNING, forget } from './forgetting.ts';
import { dropOld } from './notices.ts';
import type { Reading } from './reading.ts';
import type { Session } from './session.ts';
import { storeTrouble } from './trouble.ts';
import type { Writer } from './writer.ts';

/** Looking after the file. */
export function sqliteUpkeep(connection: Connection, reading: Reading, writer: Writer): Upkeep {
  let closing: Promise<void> | null = null;
  return {
    check: () => reading.look(checkAll),
    prune: async (now) => {
      let pruned = 0;
      for (;;) {
        const slice = await writer.write((session) => dropOld(session, now, PRUNE_SLICE));
        pruned += slice.unmatched;
        if (slice.dropped < PRUNE_SLICE) return pruned;
      }
    },
    forget: async (before, mode) => {
      let orders = 0;
      for (let place: OrderPlace | null = BEGINNING; place !== null; ) {
        const from: OrderPlace = place;
        const step = await writer.write((session) =>
          forget(session, before, from, { limit: FORGET_SLICE, remove: mode === 'remove' }),
        );
        orders += step.orders;
        place = step.next;
        if (mode === 'remove' && step.orders > 0) {
          // Whoever waited for that commit has his turn first.
          await nextTurn();
          putBack(connection);
        }
      }
      return orders;
    },
    close: () => {
      closing ??= writer.drain().then(() => connection.close());
      return closing;
    },
  };
}

/** Rows dropped in one piece of work, so that others get their turn between. */
const PRUNE_SLICE = 1_000;

/** Orders removed in one transaction, about a dozen rows each: with the log put back some milliseconds. */
const FORGET_SLICE = 2;

/**
 * Puts the write-ahead log back into the file, as far as no reader needs it, and does not wait until SQLite does so by itself within
 * some COMMIT: removals touch other pages with every row, and whatever of them comes together the loop is held for.
 */
function putBack(connection: Connection): void {
  try {
    connection.session().rows('PRAGMA wal_checkpoint(PASSIVE)');
  } catch (error) {
    connection.abandon();
    throw storeTrouble(error, connection.path);
  }
}

/** Goes through the whole file: minutes on a large one. On a damaged one the rules say nothing more. */
function checkAll(session: Session): readonly string[] {
  const damage = damageOf(session);
  if (damage.length > 0) return damage;
  const orphans = session
    .rows<{ readonly table: string; readonly rowid: number | null; readonly parent: string }>(
      'PRAGMA foreign_key_check',
    )
    .map(
      (row) => `Row ${row.rowid} of ${row.table} refers to a row of ${row.parent} that is gone.`,
    );
  const broken = RULES.flatMap((sql) =>
    session.rows<{ readonly trouble: string }>(sql).map((row) => row.trouble),
  );
  return [...orphans, ...broken];
}

function damageOf(session: Session): readonly string[] {
  try {
    return session
      .rows<{ readonly quick_check: string }>('PRAGMA quick_check')
      .map((row) => row.quick_check)
      .filter((line) => line !== 'ok')
      .map((line) => `The file is damaged: ${line}`);
  } catch (error) {
    // Damage can be such that even the search for it ends early.
    const trouble = storeTrouble(error, '');
    if (trouble.code !== 'store_corrupt') throw error;
    return [trouble.message];
  }
}

/** Each finds the rows that break a rule which no CHECK can hold, and says so. */
const RULES: readonly string[] = [
  `SELECT 'Product ' || id || ' has ' || on_hand || ' on hand, its movements sum up to ' || moved || '.' AS trouble
   FROM (
     SELECT id, on_hand, (SELECT coalesce(sum(change), 0) FROM stock_movements WHERE product_id = products.id) AS moved
     FROM products)
   WHERE on_hand <> moved`,
  `SELECT 'Order ' || id || ' has version ' || version || ' and ' || rows || ' journal rows up to ' || last || '.' AS trouble
   FROM (
     SELECT id, orders.version, count(journal.seq) AS rows, coalesce(max(journal.version), 0) AS last
     FROM orders LEFT JOIN journal ON journal.order_id = orders.id GROUP BY orders.id)
   WHERE version <> rows OR version <> last`,
  `SELECT 'Order ' || orders.id || ' was paid by ' || paid_by || ', which is a payment of ' || coalesce(payments.order_id, 'nobody') || '.' AS trouble
   FROM orders LEFT JOIN payments ON payments.id = paid_by
   WHERE paid_by IS NOT NULL AND payments.order_id IS NOT orders.id`,
  `WITH kept (id, notices) AS (SELECT order_id, count(*) FROM notices WHERE order_id IS NOT NULL GROUP BY order_id)
   SELECT 'Order ' || orders.id || ' counts ' || notices_kept || ' callbacks, there are ' || coalesce(notices, 0) || '.' AS trouble
   FROM orders LEFT JOIN kept USING (id) WHERE notices_kept <> coalesce(notices, 0)`,
  `SELECT 'Callback ' || seq || ' is not matched yet, and a later one is.' AS trouble
   FROM notices WHERE state = 'new' AND seq < (SELECT max(seq) FROM notices WHERE state <> 'new')`,
  `WITH real (name, gateway, value) AS (
     SELECT state, '', count(*) FROM orders GROUP BY state
     UNION ALL SELECT 'refund_due', '', count(*) FROM payments WHERE state = 'refund_due'
     UNION ALL SELECT 'unmatched', gateway, count(*) FROM notices WHERE state = 'waiting' GROUP BY gateway
     UNION ALL SELECT 'delivery_' || state, channel, count(*) FROM deliveries WHERE state <> 'delivered' GROUP BY state, channel)
   SELECT 'The counter ' || trim(name || ' ' || gateway) || ' says ' || coalesce(counters.value, 0) || ', there are ' || coalesce(real.value, 0) || '.' AS trouble
   FROM counters FULL JOIN real USING (name, gateway)
   WHERE coalesce(counters.value, 0) <> coalesce(real.value, 0)`,
];
