import { ReconciledError } from '../../errors.ts';
import type { Tell } from '../../observe/events.ts';
import type { CommitOutcome, Docket, Matched, Settlement } from '../port.ts';
import { loadCases } from './cases.ts';
import type { Claims } from './claims.ts';
import { hasNew, letFirstWait, matchNotices } from './notice-matching.ts';
import { ownerOfKey, ownerOfPayment } from './owners.ts';
import type { Reading } from './reading.ts';
import { settle } from './settle.ts';
import { beginSweep, endSweep, lastSweepId } from './sweeps.ts';
import type { Writer } from './writer.ts';

/** What is due, and what was decided. */
export function sqliteDocket(reading: Reading, writer: Writer, claims: Claims, tell: Tell): Docket {
  const commitOne = async (settlement: Settlement): Promise<CommitOutcome> => {
    try {
      return await writer.write(
        (session) => settle(session, settlement, claims.nudgesSeen(settlement.lease)),
        (outcome) => {
          if (outcome === 'applied') claims.end(settlement.lease);
        },
        1 + settlement.decision.take.length,
      );
    } catch (error) {
      // One decision that breaks a rule of the schema must not fail the others of its call.
      if (!breaksRule(error)) throw error;
      tell({ name: 'store.failed', error: `${settlement.decision.orderId}: ${error.message}` });
      return 'refused';
    }
  };
  const match = async (limit: number): Promise<readonly Matched[]> => {
    try {
      return await writer.write((session) => matchNotices(session, limit));
    } catch (error) {
      if (!breaksRule(error)) throw error;
      // One callback that breaks a rule of the schema must not keep those behind it from their orders: it waits.
      if (limit === 1) {
        tell({ name: 'store.failed', error: `a callback: ${error.message}` });
        return writer.write(letFirstWait);
      }
      const matched: Matched[] = [];
      while (matched.length < limit && reading.lookNow(hasNew)) matched.push(...(await match(1)));
      return matched;
    }
  };
  return {
    claim: (request) => reading.look((session) => claims.claim(session, request)),
    // Mostly there is none, and to look costs no commit.
    match: async (limit) => (reading.lookNow(hasNew) ? match(limit) : []),
    load: (orderId) =>
      reading.look((session) => loadCases(session, [orderId]).get(orderId)?.case ?? null),
    commit: (settlements) => Promise.all(settlements.map(commitOne)),
    hasten: async (beyond, now) => {
      const slice = { beyond, now, limit: HASTEN_SLICE };
      while ((await writer.write((session) => session.run(HASTEN, slice))) === HASTEN_SLICE);
    },
    release: (leases) => {
      for (const lease of leases) claims.end(lease);
    },
    nextNudge: (exceptGateways = []) =>
      reading.lookNow((session) => claims.nextNudge(session, exceptGateways)),
    orderOfPayment: (paymentId) => reading.look((session) => ownerOfPayment(session, paymentId)),
    ordersOfKeys: (keys) =>
      reading.look((session) => keys.map(({ gateway, key }) => ownerOfKey(session, gateway, key))),
    lastSweepId: () => reading.look(lastSweepId),
    beginSweep: (id, startedAt) => writer.write((session) => beginSweep(session, id, startedAt)),
    endSweep: (sweep) => writer.write((session) => endSweep(session, sweep)),
  };
}

/** True: the engine is sound and undid it; alone it would break the same rule again. */
function breaksRule(error: unknown): error is ReconciledError {
  return error instanceof ReconciledError && error.code === 'internal';
}

/** Orders that are hastened in one piece of work, so that others get their turn between. */
const HASTEN_SLICE = 1_000;

/** Goes through the index of what is due, and looks at no row but those that lie beyond. */
const HASTEN = `
  UPDATE orders SET look_at = :now WHERE id IN (
    SELECT id FROM orders INDEXED BY orders_due
    WHERE look_at IS NOT NULL AND look_at > :beyond AND state = 'pending' LIMIT CAST(:limit AS INTEGER))`;
