import { ReconciledError } from '../../errors.ts';
import type { Tell } from '../../observe/events.ts';
import type { CommitOutcome, Docket, Settlement } from '../port.ts';
import { loadCases } from './cases.ts';
import type { Claims } from './claims.ts';
import { hasNew, matchNotices } from './notice-matching.ts';
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
      );
    } catch (error) {
      // One decision that breaks a rule of the schema must not fail the others of its call.
      if (!(error instanceof ReconciledError) || error.code !== 'internal') throw error;
      tell({ name: 'store.failed', error: `${settlement.decision.orderId}: ${error.message}` });
      return 'refused';
    }
  };
  return {
    claim: (request) => reading.look((session) => claims.claim(session, request)),
    // Mostly there is none, and to look costs no commit.
    match: async (limit) =>
      reading.lookNow(hasNew) ? writer.write((session) => matchNotices(session, limit)) : [],
    load: (orderIds) =>
      reading.look((session) => {
        const found = loadCases(session, orderIds);
        return orderIds.map((orderId) => found.get(orderId)?.case ?? null);
      }),
    commit: (settlements) => Promise.all(settlements.map(commitOne)),
    release: (leases) => {
      for (const lease of leases) claims.end(lease);
    },
    nextNudge: (exceptGateways = []) =>
      reading.lookNow((session) => claims.nextNudge(session, exceptGateways)),
    orderOfPayment: (paymentId) =>
      reading.look(
        (session) =>
          session.row<{ readonly order_id: string }>(SELECT_ORDER_OF_PAYMENT, paymentId)
            ?.order_id ?? null,
      ),
    lastSweepId: () => reading.look(lastSweepId),
    beginSweep: (id, startedAt) => writer.write((session) => beginSweep(session, id, startedAt)),
    endSweep: (sweep) => writer.write((session) => endSweep(session, sweep)),
  };
}

const SELECT_ORDER_OF_PAYMENT = 'SELECT order_id FROM payments WHERE id = ?';
