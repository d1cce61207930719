import { isDeepStrictEqual } from 'node:util';
import { asTable, type Table } from '../config/file.ts';
import { decide, holdForInternalError, RULES } from '../core/decide.ts';
import type { Decision } from '../core/decision.ts';
import { assertDecision } from '../core/invariants.ts';
import { applyRequest, type RequestResult } from '../core/request.ts';
import { type Refused, recordRefund, resolve } from '../core/resolve.ts';
import { messageOf } from '../errors.ts';
import type { DecisionRecord, JournalRow, Reader } from '../store/port.ts';

/** What came of a whole journal. */
export interface ReplayResult {
  /** Decisions that came out the same. */
  readonly agreed: number;
  /** Decisions that did not, and the first of them. */
  readonly differing: number;
  readonly differences: readonly {
    readonly seq: number;
    readonly orderId: string;
    readonly where: readonly string[];
  }[];
  /** Decisions by other rules, by the name of those. */
  readonly otherRules: Readonly<Record<string, number>>;
}

/** Rows of the journal read at a time. */
const PAGE = 500;

/** Decisions that came out differently are named up to this many; the number of all is told too. */
const MAX_DIFFERENCES = 100;

/** Replays a whole journal, which `read` gives a page at a time, from the row after the one it is told; `at` hears how many rows are done. */
export async function replayJournal(
  read: Reader['journalAfter'],
  at: (rows: number) => void,
): Promise<ReplayResult> {
  const differences: ReplayResult['differences'][number][] = [];
  const otherRules: Record<string, number> = {};
  let [agreed, differing, rows] = [0, 0, 0];
  let page = await read(0, PAGE);
  while (page.length > 0) {
    for (const row of page) {
      const replayed = replayRow(row);
      if (replayed.kind === 'agreed') agreed += 1;
      if (replayed.kind === 'other_rules') {
        otherRules[replayed.rules] = (otherRules[replayed.rules] ?? 0) + 1;
      }
      if (replayed.kind !== 'differs') continue;
      differing += 1;
      if (differences.length >= MAX_DIFFERENCES) continue;
      differences.push({ seq: row.seq, orderId: row.orderId, where: replayed.where });
    }
    rows += page.length;
    at(rows);
    page = await read(page.at(-1)?.seq ?? 0, PAGE);
  }
  return { agreed, differing, differences, otherRules };
}

/** What became of one row of the journal when its decision was made again. */
type Replayed =
  | { readonly kind: 'agreed' }
  /** There is no decision in it. */
  | { readonly kind: 'no_decision' }
  /** Other rules made it. */
  | { readonly kind: 'other_rules'; readonly rules: string }
  /** `where`: the first fields that differ, such as `order.state`. */
  | { readonly kind: 'differs'; readonly where: readonly string[] };

/** Makes the decision of a journal row again from all that was known then, and compares. */
function replayRow({ record }: JournalRow): Replayed {
  if (record.kind === 'created' || record.kind === 'payment_added') return { kind: 'no_decision' };
  if (record.rules !== RULES) return { kind: 'other_rules', rules: record.rules };
  const again = attempt(record);
  if (typeof again === 'string') return { kind: 'differs', where: [again] };
  // The journal holds JSON: what JSON leaves out is no difference.
  const where = differences(JSON.parse(JSON.stringify(again)), record.decision);
  return where.length === 0 ? { kind: 'agreed' } : { kind: 'differs', where };
}

/** The decision, or why there is none. */
function attempt(record: DecisionRecord): Decision | string {
  try {
    const decision = decideAgain(record);
    if (decision === 'same') return 'nothing would be written';
    if ('refused' in decision) return `refused: ${decision.refused}`;
    assertDecision(record.hearing.case, decision);
    return decision;
  } catch (error) {
    return messageOf(error);
  }
}

function decideAgain(record: DecisionRecord): Decision | Refused | 'same' {
  const { case: theCase, heard, policy, now } = record.hearing;
  switch (record.kind) {
    case 'decided':
      return record.decision.reason === 'internal_error'
        ? holdForInternalError(theCase, now)
        : decide(theCase, heard, policy, now);
    case 'requested': {
      const { paymentId, outcome } = asTable(record.command);
      // A row that we wrote ourselves: the outcome is as the flow gave it.
      return applyRequest(theCase, String(paymentId), outcome as RequestResult, now);
    }
    case 'resolved': {
      const { paymentId } = asTable(record.command);
      const resolution = {
        state: record.decision.order.state as 'pending' | 'completed' | 'failed',
        paymentId: typeof paymentId === 'string' ? paymentId : null,
      };
      return resolve(theCase, resolution, policy, now);
    }
    case 'refund_recorded': {
      const paymentId = record.decision.payments[0]?.id ?? '';
      const { reference } = asTable(record.command);
      return recordRefund(theCase, paymentId, String(reference), policy, now);
    }
  }
}

/** Fields named of one decision; the first ones say enough. */
const MAX_FIELDS = 5;

function differences(again: Table, before: Decision): readonly string[] {
  const stored: Table = { ...before };
  return [...new Set([...Object.keys(again), ...Object.keys(stored)])]
    .filter((field) => !isDeepStrictEqual(again[field], stored[field]))
    .flatMap((field) => {
      const [one, other] = [asTable(again[field]), asTable(stored[field])];
      const inner = [...new Set([...Object.keys(one), ...Object.keys(other)])].filter(
        (name) => !isDeepStrictEqual(one[name], other[name]),
      );
      return inner.length === 0 ? [field] : inner.map((name) => `${field}.${name}`);
    })
    .slice(0, MAX_FIELDS);
}
