/**
 * Why an order or a payment is as it is: one word per row of the decision table, never renamed, the only part of a
 * decision that goes into a metric. The last group is said of payments only.
 */
export const REASONS = [
  'nothing_due',
  'captured',
  'out_of_stock',
  'mismatched',
  'unclear',
  'gateway_silent',
  'silent_too_long',
  'still_open',
  'open_too_long',
  'declined',
  'not_at_gateway',
  'request_failed',
  'watching',
  'held',
  'never_requested',
  'too_young',
  'duplicate_capture',
  'late_capture',
  'mismatched_capture',
  'reversed_after_completion',
  'refunded',
  'refund_underway',
  'refund_refused',
  'refund_by_hand',
  'internal_error',
  'resolved_by_person',
  'refunded_at_gateway',
  'attempt_failed',
  'lost_at_gateway',
  'cannot_ask',
  'no_gateway',
] as const;

export type Reason = (typeof REASONS)[number];
