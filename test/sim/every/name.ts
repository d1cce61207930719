import { hash } from 'node:crypto';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS, SECOND_MS } from '../../../lib/core/time.ts';
import type { SmallWorld } from './world.ts';

/** Tells states apart. */
export interface Namer {
  /** The same for states that nothing tells apart: the database with moments by how far they are, the truth, what is on its way. */
  nameOf(small: SmallWorld): string;
  close(): void;
}

/** Reads the database of a world beside its daemon. */
export function openNamer(directory: string): Namer {
  const database = new Database(join(directory, 'reconciled.db'), { readonly: true });
  const queries = QUERIES.map((query) => database.prepare<[], Row>(query));
  return {
    nameOf: (small) => {
      const { clock } = small.world;
      const rows = queries.map((query) => query.all().map((row) => told(row, small)));
      const nextAt = clock.nextAt();
      const name = [rows, truthOf(small), small.weather.unread, small.weather.onTheWay];
      const waits = [distance(nextAt, clock.trueNow()), small.world.underWay];
      const isSweeping = small.world.life.daemon.sweeping.running() !== null;
      return hash('md5', JSON.stringify([name, waits, isSweeping]), 'base64');
    },
    close: () => database.close(),
  };
}

type Row = Readonly<Record<string, string | number | Uint8Array | null>>;

/** Everything but the past: no decision reads the journal, and what was told is told by its words. */
const QUERIES = [
  `SELECT id, state, reason, reason_text, paid_by, escalated, ask_at, min(looks, 4) AS looks, notices_kept,
     created_at, CASE WHEN listed_at IS NULL THEN updated_at END AS updated_at, listed_at IS NULL AS unlisted,
     silent_since, look_at, looked_at, nudge_at, version AS while_version, nudges AS while_nudges
   FROM orders ORDER BY id`,
  `SELECT id, order_id, gateway, state, reason, reason_text, transaction_key, recorded_key, requested_at, presumed_at,
     found_status, found_amount, found_currency, found_ours, refund_due, refund_reference, escalated
   FROM payments ORDER BY seq`,
  'SELECT id, on_hand FROM products',
  'SELECT gateway, event_id, key, named_order, state, order_id FROM notices ORDER BY event_id',
  'SELECT order_id, gateway, key FROM noticed_keys ORDER BY order_id, gateway, key',
  'SELECT topic, order_id, payment_id, reason, count(*) AS times FROM effects GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4',
  'SELECT channel, state, count(*) AS times FROM deliveries GROUP BY 1, 2 ORDER BY 1, 2',
  'SELECT name, gateway, value FROM counters ORDER BY name, gateway',
];

/** A row as it is now. Versions count while something rests on one. */
function told(row: Row, { world, weather }: SmallWorld): readonly unknown[] {
  const isUnderWay = weather.unread + weather.onTheWay.length > 0;
  return Object.entries(row).map(([column, value]) => {
    if (column.startsWith('while_')) return isUnderWay ? value : null;
    const isMoment = column.endsWith('_at') && column !== 'ask_at';
    if (isMoment || column === 'silent_since') return distance(value, world.clock.trueNow());
    return value;
  });
}

/** The lengths that rules and waits know of: between two of them nothing tells moments apart. */
const LENGTHS_MS = [
  0,
  SECOND_MS,
  2 * SECOND_MS,
  MINUTE_MS,
  10 * MINUTE_MS,
  30 * MINUTE_MS,
  HOUR_MS,
  2 * HOUR_MS,
  DAY_MS,
  3 * DAY_MS,
];

function distance(at: unknown, now: Instant): number | null {
  if (typeof at !== 'number') return null;
  const sign = at < now ? -1 : 1;
  return sign * (1 + LENGTHS_MS.filter((length) => length < Math.abs(at - now)).length);
}

function truthOf({ world, weather, called }: SmallWorld): unknown {
  const now = world.clock.trueNow();
  return world.gateways.map((gateway) =>
    gateway.all().map((one) => {
      const since = one.steps.find(({ status }) => status === 'succeeded')?.at ?? 0;
      const heardAt = gateway.heardInFullAt.get(one.orderId) ?? 0;
      const askedAt = weather.listingAskedAt.get(gateway.name) ?? 0;
      return [
        one.key,
        gateway.statusOf(one, now),
        one.steps.map(({ status }) => status),
        since <= heardAt,
        (called.get(one.orderId)?.at ?? 0) <= askedAt,
        since <= (world.finalSince.get(one.orderId) ?? 0),
        gateway.refunds.filter(({ key }) => key === one.key).length,
        gateway.refundAskedAt.has(one.key),
      ];
    }),
  );
}
