import type { Clock } from '../../clock.ts';
import type { DurationMs, Instant } from '../../core/time.ts';
import { type Claimed, type ClaimRequest, type Lease, NUDGE_FINAL_MS } from '../port.ts';
import { loadCases, type NudgedCase } from './cases.ts';
import type { Session } from './session.ts';
import { isLeftOut } from './standing.ts';

/**
 * Leases, in memory only: they save work, and the version of the order keeps it right. A crash forgets them all, and the
 * orders are simply due again.
 */
export interface Claims {
  claim(session: Session, request: ClaimRequest): readonly Claimed[];
  nextNudge(session: Session, exceptGateways: readonly string[]): Instant | null;
  /** The order's count of nudges when the lease was taken; `null`: there was none, or it ran out. */
  nudgesSeen(lease: Lease | null): number | null;
  end(lease: Lease | null): void;
}

/** A look takes seconds; after this long nobody is coming back for the order. On monotonic time. */
const LEASE_MS: DurationMs = 5 * 60_000;

/** Leases of this process; nobody holds one yet. */
export function startClaims(clock: Clock): Claims {
  /** In the order of their taking, and so of their running out. */
  const held = new Map<string, Held>();
  let lastId = 0;
  let oddSlotIsNudged = true;

  const dropExpired = () => {
    const nowMs = clock.monotonicMs();
    for (const [orderId, lease] of held) {
      if (lease.untilMs > nowMs) break;
      held.delete(orderId);
    }
  };
  const free = (exceptGateways: readonly string[]): Wanted => ({
    isFree: (orderId) => !held.has(orderId),
    held: held.size,
    exceptGateways,
  });
  const take = (orderId: string, found: NudgedCase): Claimed => {
    lastId += 1;
    const untilMs = clock.monotonicMs() + LEASE_MS;
    held.set(orderId, { id: lastId, nudges: found.nudges, untilMs });
    const lease = { id: lastId, orderId };
    return { lease, case: found.case, nudged: found.nudgeAt !== null };
  };
  /** Of an odd number of slots the last goes to either kind in turn: claims of one slot must not starve one of them. */
  const nudgedSlots = (limit: number) => {
    if (limit % 2 === 0) return limit / 2;
    oddSlotIsNudged = !oddSlotIsNudged;
    return oddSlotIsNudged ? (limit - 1) / 2 : (limit + 1) / 2;
  };
  const heldBy = (lease: Lease | null) => {
    const current = lease === null ? undefined : held.get(lease.orderId);
    return current !== undefined && current.id === lease?.id ? current : null;
  };

  return {
    claim: (session, request) => {
      dropExpired();
      if (request.limit <= 0) return [];
      const wanted = free(request.exceptGateways);
      const nudged = nudgedOrders(session, request, wanted);
      const due = request.nudgedOnly ? [] : dueOrders(session, request, wanted);
      const waiting = new Set(nudged.map((order) => order.id));
      const othersWait = due.some((order) => !waiting.has(order.id));
      const slots = othersWait && nudged.length > 0 ? nudgedSlots(request.limit) : request.limit;
      const orderIds = inTurn(nudged, due, slots).slice(0, request.limit);
      if (orderIds.length === 0) return [];
      const cases = loadCases(session, orderIds);
      return orderIds.flatMap((orderId) => {
        const found = cases.get(orderId);
        return found === undefined ? [] : [take(orderId, found)];
      });
    },
    nextNudge: (session, exceptGateways) => {
      dropExpired();
      const first = firstOf(session, NUDGED, free(exceptGateways));
      if (first === null) return null;
      const now = clock.now();
      return first > now + NUDGE_FINAL_MS ? now : first;
    },
    nudgesSeen: (lease) => heldBy(lease)?.nudges ?? null,
    end: (lease) => {
      if (lease !== null && heldBy(lease) !== null) held.delete(lease.orderId);
    },
  };
}

interface Held {
  readonly id: number;
  readonly nudges: number;
  readonly untilMs: number;
}

interface Waiting {
  readonly id: string;
  readonly at: Instant;
}

/** Nudged ones up to their share, then the oldest due, then what is left of the nudged. */
function inTurn(
  nudged: readonly Waiting[],
  due: readonly Waiting[],
  nudgedSlots: number,
): readonly string[] {
  const ordered = [...nudged.slice(0, nudgedSlots), ...due, ...nudged.slice(nudgedSlots)];
  return [...new Set(ordered.map((order) => order.id))];
}

function dueOrders(session: Session, request: ClaimRequest, wanted: Wanted): readonly Waiting[] {
  const jumped = request.now + request.longestWaitMs;
  return oldest(session, DUE, {
    ...wanted,
    limit: request.limit,
    by: request.dueBy,
    beyond: jumped,
  });
}

/** No nudge lies further off than the longest interval between nudged looks, unless the clock jumped. */
function nudgedOrders(session: Session, request: ClaimRequest, wanted: Wanted): readonly Waiting[] {
  const jumped = request.now + NUDGE_FINAL_MS;
  return oldest(session, NUDGED, {
    ...wanted,
    limit: request.limit,
    by: request.now,
    beyond: jumped,
  });
}

/** Which orders of a queue are wanted. */
interface Wanted {
  readonly isFree: (orderId: string) => boolean;
  /** So many may be not free, and are read in vain. */
  readonly held: number;
  readonly exceptGateways: readonly string[];
}

/**
 * The first of a queue that are free: those due by `by`, then those due only after `beyond`. Orders are grouped by the
 * gateways that they wait for; a group that is left out costs one step in the index, however many orders it has.
 */
function oldest(
  session: Session,
  queue: Queue,
  wanted: Wanted & { readonly limit: number; readonly by: Instant; readonly beyond: Instant },
): readonly Waiting[] {
  // All at once and not row by row: a row costs the driver many times less so.
  const limit = wanted.limit + wanted.held;
  const beyond = Math.max(wanted.beyond, wanted.by);
  return groupsOf(session, queue)
    .filter((askAt) => !isLeftOut(askAt, wanted.exceptGateways))
    .flatMap((askAt) => [
      ...session.rows<Waiting>(queue.by, askAt, wanted.by, limit),
      ...session.rows<Waiting>(queue.beyond, askAt, beyond, limit),
    ])
    .filter((order) => wanted.isFree(order.id))
    .sort(byTime)
    .slice(0, wanted.limit);
}

/** The earliest moment in a queue; `null`: nothing is in it. */
export function firstOf(session: Session, queue: Queue, wanted: Wanted): Instant | null {
  const by = Number.MAX_SAFE_INTEGER;
  const [first] = oldest(session, queue, { ...wanted, limit: 1, by, beyond: by });
  return first?.at ?? null;
}

/** The different values of `ask_at` in a queue: as many steps in the index as there are values. */
function groupsOf(session: Session, queue: Queue): readonly string[] {
  const groups: string[] = [];
  let last = '';
  for (;;) {
    const next = session.row<{ readonly ask_at: string }>(queue.nextGroup, last);
    if (next === undefined) return groups;
    last = next.ask_at;
    groups.push(last);
  }
}

function byTime(a: Waiting, b: Waiting): number {
  return a.at - b.at || (a.id < b.id ? -1 : 1);
}

/** A wish for whatever is in a queue, leased or not. */
export const ANY: Wanted = { isFree: () => true, held: 0, exceptGateways: [] };

/**
 * Statements over one of the two indexes of waiting orders. INDEXED BY: without the index they must fail, not scan. CAST: of
 * a bare parameter beside an ORDER BY, or of a LIMIT, SQLite plans the statement anew whenever it is bound; that is ten times
 * what the statement costs.
 */
interface Queue {
  readonly nextGroup: string;
  readonly by: string;
  readonly beyond: string;
}

const ASKED = 'CAST(? AS TEXT)';

const MOST = 'CAST(? AS INTEGER)';

function queueOf(index: string, column: string): Queue {
  const from = `FROM orders INDEXED BY ${index} WHERE ${column} IS NOT NULL AND`;
  return {
    nextGroup: `SELECT ask_at ${from} ask_at > ? ORDER BY ask_at LIMIT 1`,
    by: `SELECT id, ${column} AS at ${from} ask_at = ${ASKED} AND ${column} <= ? ORDER BY ${column}, id LIMIT ${MOST}`,
    beyond: `SELECT id, ${column} AS at ${from} ask_at = ${ASKED} AND ${column} > ? ORDER BY ${column}, id LIMIT ${MOST}`,
  };
}

/** Orders with a time to look at them. */
export const DUE: Queue = queueOf('orders_due', 'look_at');

/** Orders that a callback named. */
export const NUDGED: Queue = queueOf('orders_nudged', 'nudge_at');
