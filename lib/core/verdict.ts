import type { Transaction } from './gateway.ts';
import type { Reason } from './reason.ts';

/** What is held true of one payment after the answers. */
export type Verdict =
  | 'captured'
  | 'declined'
  | 'presumed_declined'
  | 'open'
  | 'unknown'
  | 'mismatched'
  | 'unclear';

/** A verdict with what it rests on. */
export interface Judgement {
  readonly paymentId: string;
  readonly verdict: Verdict;
  /** Why, where the verdict alone does not say it: `not_at_gateway`, `lost_at_gateway`, `no_gateway` … */
  readonly reason: Reason | null;
  /** The gateway's words for people. */
  readonly text: string | null;
  /** What the gateway reported, when it reported something. */
  readonly transaction: Transaction | null;
}
