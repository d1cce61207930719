import type { DatedEffect } from '../../core/effect.ts';
import type { Counts, Reader } from '../port.ts';
import { loadView } from './cases.ts';
import { ANY, DUE, firstOf } from './claims.ts';
import {
  deliveriesPage,
  journalPage,
  movementsPage,
  ordersPage,
  productsPage,
  sweepsPage,
} from './pages.ts';
import type { Reading } from './reading.ts';
import {
  DELIVERIES,
  type DeliveryRow,
  deliveryOf,
  EFFECT_COLUMNS,
  JOURNAL,
  journalRowOf,
  type StoredJournalRow,
} from './rows.ts';
import type { Session } from './session.ts';
import { loadProduct } from './stock.ts';
import { loadSweep } from './sweeps.ts';

/** For people and machines that look. */
export function sqliteReader({ look }: Reading): Reader {
  return {
    order: (id) => look((session) => loadView(session, id)),
    orders: (query) => look((session) => ordersPage(session, query)),
    journal: (orderId, after, limit) =>
      look((session) => journalPage(session, orderId, after, limit)),
    journalAfter: (seq, limit) =>
      look((session) =>
        session.rows<StoredJournalRow>(SELECT_JOURNAL_AFTER, seq, limit).map(journalRowOf),
      ),
    effects: (orderId) => look((session) => session.rows<DatedEffect>(SELECT_EFFECTS, orderId)),
    deliveriesOf: (orderId) =>
      look((session) => session.rows<DeliveryRow>(SELECT_DELIVERIES_OF, orderId).map(deliveryOf)),
    delivery: (id) =>
      look((session) => {
        const row = session.row<DeliveryRow>(SELECT_DELIVERY, id);
        return row === undefined ? null : deliveryOf(row);
      }),
    deliveries: (query) => look((session) => deliveriesPage(session, query)),
    product: (id) => look((session) => loadProduct(session, id)),
    products: (after, limit) => look((session) => productsPage(session, after, limit)),
    movements: (productId, after, limit) =>
      look((session) => movementsPage(session, productId, after, limit)),
    sweep: (id) => look((session) => loadSweep(session, id)),
    sweeps: (after, limit) => look((session) => sweepsPage(session, after, limit)),
    counts: () => look(loadCounts),
    oldestDue: () => look((session) => firstOf(session, DUE, ANY)),
  };
}

function loadCounts(session: Session): Counts {
  const rows = session.rows<{ readonly name: string; readonly gateway: string; value: number }>(
    SELECT_COUNTERS,
  );
  const countedBy = (name: string) =>
    Object.fromEntries(
      rows
        .filter((row) => row.name === name && row.value > 0)
        .map((row) => [row.gateway, row.value]),
    );
  const counted = (name: string) => rows.find((row) => row.name === name)?.value ?? 0;
  return {
    orders: {
      pending: counted('pending'),
      completed: counted('completed'),
      failed: counted('failed'),
      held: counted('held'),
    },
    refundsDue: counted('refund_due'),
    unmatched: countedBy('unmatched'),
    deliveries: { pending: countedBy('delivery_pending'), dead: countedBy('delivery_dead') },
  };
}

const SELECT_JOURNAL_AFTER = `${JOURNAL} WHERE journal.seq > ? ORDER BY journal.seq LIMIT ?`;

const SELECT_EFFECTS = `
  SELECT ${EFFECT_COLUMNS} FROM effects WHERE order_id = ? ORDER BY seq`;

const SELECT_DELIVERY = `${DELIVERIES} WHERE id = ?`;

const SELECT_DELIVERIES_OF = `${DELIVERIES} WHERE order_id = CAST(? AS TEXT) ORDER BY id`;

const SELECT_COUNTERS = 'SELECT name, gateway, value FROM counters';
