import type { Instant } from '../../core/time.ts';
import { type AdmitOutcome, MAX_NEW, type Notice, UNMATCHED_KEPT_MS } from '../port.ts';
import { count } from './ledger.ts';
import { countNew, deleteNotice, knownNotice, lastNotice, matchRepeat } from './notice-matching.ts';
import type { Session } from './session.ts';

/** Keeps callbacks: one row each. A repeat is rare, so all that it may lead to is done at once. */
export function admitNotices(
  session: Session,
  notices: readonly Notice[],
): readonly AdmitOutcome[] {
  const room = Math.max(0, MAX_NEW - countNew(session));
  const outcomes: AdmitOutcome[] = [];
  while (outcomes.length < Math.min(notices.length, room)) {
    const next = notices.slice(outcomes.length, Math.min(outcomes.length + AT_ONCE, room));
    outcomes.push(
      ...(next.length === AT_ONCE
        ? insertMany(session, next)
        : next.map((one) => insert(session, one))),
    );
  }
  return notices.map((_, index) => outcomes[index] ?? 'dropped');
}

/** Rows in one INSERT: it takes half as long as one INSERT for each. */
const AT_ONCE = 16;

function insert(session: Session, notice: Notice): AdmitOutcome {
  if (session.run(INSERT_ONE, ...bindingOf(notice)) === 1) return 'kept';
  matchRepeat(session, notice);
  return 'duplicate';
}

function insertMany(session: Session, notices: readonly Notice[]): readonly AdmitOutcome[] {
  const last = lastNotice(session);
  if (session.run(INSERT_MANY, ...notices.flatMap(bindingOf)) === notices.length)
    return notices.map(() => 'kept' as const);
  // Some came before, be it in this list.
  const kept = new Set<number>();
  return notices.map((notice) => {
    const seq = knownNotice(session, notice)?.seq ?? 0;
    if (seq > last && !kept.has(seq)) {
      kept.add(seq);
      return 'kept';
    }
    matchRepeat(session, notice);
    return 'duplicate';
  });
}

function bindingOf({ gateway, eventId, key, orderId, receivedAt }: Notice) {
  return [gateway, eventId, key, orderId, receivedAt];
}

/**
 * Drops callbacks that waited too long, and matched ones as old; at most `limit`. Goes in the order in which they came and
 * ends at the first that is young, so that no index by age has to be kept: a clock that was set back keeps some for longer.
 */
export function dropOld(
  session: Session,
  now: Instant,
  limit: number,
): { readonly dropped: number; readonly unmatched: number } {
  const rows = session.rows<OldRow>(SELECT_OLDEST, limit);
  const end = rows.findIndex((row) => !isOld(row, now));
  const old = end === -1 ? rows : rows.slice(0, end);
  let unmatched = 0;
  for (const row of old) {
    deleteNotice(session, row.seq);
    if (row.order_id !== null) {
      session.run(KEEP_ONE_LESS, row.order_id);
      continue;
    }
    unmatched += 1;
    count(session, 'unmatched', -1, row.gateway);
  }
  return { dropped: old.length, unmatched };
}

interface OldRow {
  readonly seq: number;
  readonly gateway: string;
  readonly order_id: string | null;
  readonly state: 'new' | 'waiting' | 'matched';
  readonly received_at: Instant;
}

/** A time as far ahead came from a clock that jumped, and must not keep what stands behind it for ever. */
function isOld({ state, received_at: at }: OldRow, now: Instant): boolean {
  return state !== 'new' && (at < now - UNMATCHED_KEPT_MS || at > now + UNMATCHED_KEPT_MS);
}

const PLACES = '(?, ?, ?, ?, ?)';

const insertOf = (rows: number) =>
  `INSERT INTO notices (gateway, event_id, key, named_order, received_at)
   VALUES ${Array(rows).fill(PLACES).join(', ')} ON CONFLICT DO NOTHING`;

const INSERT_ONE = insertOf(1);

const INSERT_MANY = insertOf(AT_ONCE);

const KEEP_ONE_LESS = 'UPDATE orders SET notices_kept = notices_kept - 1 WHERE id = ?';

const SELECT_OLDEST = `
  SELECT seq, gateway, order_id, state, received_at FROM notices ORDER BY seq LIMIT CAST(? AS INTEGER)`;
