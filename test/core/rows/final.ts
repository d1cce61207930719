import type { Rows } from './row.ts';

/** Rows of the decision table for an order that is completed or failed. */
export const FINAL: Rows = {
  'duplicate_capture: completed, another payment captured': [
    [
      'completed by K1 2h; pg K1 succeeded; pg K2 pending',
      'pg: K1 succeeded, K2 succeeded, nothing else',
      'stays completed duplicate_capture',
      'K2 refund_due 5000 duplicate_capture, told refund_by_hand',
      'tells refund.due of K2, order.attention refund_by_hand of K2; looks in 1d',
    ],
    [
      'completed by K1 2h; wallet K1 succeeded',
      'wallet: K1 succeeded, K2 succeeded, nothing else',
      'stays completed duplicate_capture; adds K2 refund_due 5000 duplicate_capture',
      'tells refund.due of K2; looks now',
    ],
    [
      'completed by K1 2h; wallet K1 succeeded; wallet K2 failed declined',
      'wallet: K1 succeeded, K2 succeeded, nothing else',
      'stays completed duplicate_capture; K2 refund_due 5000 duplicate_capture',
      'tells refund.due of K2; looks now',
    ],
  ],
  'late_capture: failed, a payment captured late': [
    [
      'failed not_at_gateway 2h; wallet keyless presumed not_at_gateway 2h ago',
      'wallet: K1 succeeded, nothing else',
      'stays failed late_capture; keyless is K1: refund_due 5000 late_capture',
      'tells refund.due of keyless; looks now',
    ],
    [
      'failed never_requested 2h',
      'pg: K1 succeeded, nothing else',
      'stays failed late_capture; adds K1 refund_due 5000 late_capture',
      'tells refund.due of K1, order.attention refund_by_hand of K1; looks in 1d',
    ],
    [
      'failed out_of_stock 2h; wallet K1 refunded; wallet K2 pending',
      'wallet: K1 refunded, K2 succeeded, nothing else',
      'stays failed late_capture; K2 refund_due 5000 late_capture; tells refund.due of K2',
      'looks now',
    ],
  ],
  'mismatched_capture: a captured transaction of our order with another amount': [
    [
      'completed by K1 2h; wallet K1 succeeded; wallet K2 pending',
      'wallet: K1 succeeded, K2 succeeded 4000, nothing else',
      'stays completed mismatched_capture; K2 refund_due 4000 mismatched_capture',
      'tells refund.due of K2; looks now',
    ],
    [
      'failed declined 2h; wallet K1 failed declined',
      'wallet: K1 failed, K2 succeeded 9000, nothing else',
      'stays failed mismatched_capture; K1 stays failed, heard failed',
      'adds K2 refund_due 9000 mismatched_capture; tells refund.due of K2; looks now',
    ],
  ],
  'a capture of nothing: there is nothing to give back': [
    [
      'failed declined 2h; pg K1 pending',
      'pg: K1 succeeded 0, nothing else',
      'stays failed watching; K1 failed nothing_due; looks never',
    ],
    [
      'failed not_at_gateway 2h; pg K1 presumed not_at_gateway 2h ago',
      'pg: K1 succeeded 0, nothing else',
      'stays failed watching; K1 failed nothing_due; looks never',
    ],
    [
      'failed declined 2h; pg K1 failed declined "한도초과"',
      'pg: K1 succeeded 0, nothing else',
      'stays failed watching; K1 stays failed, heard succeeded; looks never',
    ],
    [
      'failed declined 2h; wallet K1 pending',
      'wallet: K1 succeeded 1, nothing else',
      'stays failed mismatched_capture; K1 refund_due 1 mismatched_capture',
      'tells refund.due of K1; looks now',
    ],
  ],
  'other mismatched or unclear ones: a person is told once': [
    [
      'completed by K1 2h; pg K1 succeeded; pg K2 pending, told unclear',
      'pg: K1 succeeded, K2 succeeded 5000 USD, nothing else',
      'stays completed watching; K2 stays pending, heard succeeded, told mismatched',
      'tells order.attention mismatched of K2; looks in 1m',
    ],
    [
      'failed not_at_gateway 1d; pg keyless presumed not_at_gateway 1d ago "PG 요청 실패"',
      'pg: K1 partly_refunded, nothing else',
      'stays failed watching; keyless is K1: pending, told mismatched',
      'tells order.attention mismatched of keyless; looks in 1m',
    ],
    [
      'completed by K1 2h; pg K1 succeeded; pg K2 pending',
      'pg: K1 succeeded, K2 succeeded of another order, nothing else',
      'stays completed watching; K2 stays pending, heard succeeded, told mismatched',
      'tells order.attention mismatched of K2; looks in 1m',
    ],
    [
      'completed by K1 2h; pg K1 succeeded; pg K2 pending, heard unrecognised, told unclear',
      'pg: K1 succeeded, K2 unrecognised, nothing else',
      'stays completed watching; nothing new; looks in 1m',
    ],
    // Presumed from an absence, and now it is there: it may capture yet, so it is watched as a pending one is.
    [
      'failed not_at_gateway 1d; pg keyless presumed not_at_gateway 1d ago',
      'pg: K1 unrecognised, nothing else',
      'stays failed watching; keyless is K1: pending, told unclear',
      'tells order.attention unclear of keyless; looks in 1m',
    ],
    [
      'failed declined 2h; pg K1 pending',
      'pg: K1 absent, nothing else',
      'stays failed watching; K1 stays pending, told unclear',
      'tells order.attention unclear of K1; looks in 1m',
    ],
    [
      'failed declined 2h; no-gateway K1 pending, told unclear',
      'pg: nothing',
      'stays failed watching; nothing new; looks in 1m',
    ],
    [
      'completed by K1 2h; pg K1 succeeded; pg K2 pending',
      'pg: K1 succeeded, K2 partly_refunded 2000, nothing else',
      'stays completed watching; K2 stays pending, heard partly_refunded, told mismatched',
      'tells order.attention mismatched of K2; looks in 1m',
    ],
  ],
  'watching: a pending payment declined': [
    [
      'completed by K1 2h; pg K1 succeeded; pg K2 pending',
      'pg: K1 succeeded, K2 failed "한도초과", nothing else',
      'stays completed watching; K2 failed declined "한도초과"; looks never',
    ],
    [
      'failed declined 2h; pg K1 pending',
      'pg: K1 refunded, nothing else',
      'stays failed watching; K1 failed refunded_at_gateway; looks never',
    ],
  ],
  'watching: nudged, nothing unresolved': [
    [
      'completed by K1 2h; pg K1 succeeded; nudged',
      'pg: K1 succeeded, nothing else',
      'stays completed watching; nothing new; looks never',
    ],
    [
      'failed declined 2h; pg K1 failed declined, heard failed; nudged',
      'pg: K1 failed, nothing else',
      'stays failed watching; nothing new; looks never',
    ],
    [
      'failed declined 2h; pg K1 failed declined, heard failed; nudged',
      'pg: silent timeout',
      'stays failed watching; nothing new; looks in 1m',
    ],
    [
      'completed by K1 2h; pg K1 succeeded; nudged',
      'pg: K1 succeeded, listing silent',
      'stays completed watching; nothing new; looks in 1m',
    ],
    // Its own payment, still to be taken by the gateway's word: nothing was taken back.
    [
      'completed resolved_by_person by K1 2h; pg K1 succeeded, heard unrecognised',
      'pg: K1 authorised, nothing else',
      'stays completed watching; K1 stays succeeded, heard authorised; looks never',
    ],
    // A forged callback names a transaction of somebody else.
    [
      'failed declined 2h; pg K1 failed declined, heard failed; nudged',
      'pg: K1 failed, K2 succeeded of another order, nothing else',
      'stays failed watching; nothing new; looks never',
    ],
  ],
  'watching: open, unknown or presumed ones': [
    [
      'completed by K1 2h; pg K1 succeeded; pg K2 pending, heard pending; looked 2 times',
      'pg: K1 succeeded, K2 pending, nothing else',
      'stays completed watching; nothing new; looks in 2m',
    ],
    [
      'failed not_at_gateway 1h; pg keyless presumed not_at_gateway 1h ago',
      'pg: nothing',
      'stays failed watching; nothing new; looks in 23h',
    ],
    [
      'failed not_at_gateway 1d; pg keyless presumed not_at_gateway 1d ago',
      'pg: nothing',
      'stays failed watching; nothing new; looks in 2d',
    ],
    [
      'failed not_at_gateway 3d; pg keyless presumed not_at_gateway 3d ago; looked 2 times',
      'pg: nothing',
      'stays failed watching; nothing new; looks never',
    ],
    // A clock that is a year ahead for a while leaves no time for the late looks: they are made all the same.
    [
      'failed not_at_gateway 400d; pg keyless presumed not_at_gateway 400d ago; looked 1 times',
      'pg: nothing',
      'stays failed watching; nothing new; looks in 1d',
    ],
    // However often it was looked at for something else before: this look was not planned as the last one.
    [
      'failed not_at_gateway 400d; pg keyless presumed not_at_gateway 400d ago; looked 5 times; planned 398d ago',
      'pg: nothing',
      'stays failed watching; nothing new; looks in 1d',
    ],
    [
      'failed not_at_gateway 400d; pg keyless presumed not_at_gateway 400d ago; looked 5 times; planned in 23h',
      'pg: nothing',
      'stays failed watching; nothing new; looks in 1d',
    ],
    [
      'failed not_at_gateway 400d; pg keyless presumed not_at_gateway 400d ago; looked 5 times; planned 0m ago; silent for 5m',
      'pg: nothing',
      'stays failed watching; nothing new; looks in 1d',
    ],
    // One that was is followed by another when it comes late: a clock may have run ahead to it.
    [
      'failed not_at_gateway 400d; pg keyless presumed not_at_gateway 400d ago; looked 5 times; planned 397d ago',
      'pg: nothing',
      'stays failed watching; nothing new; looks in 1d',
    ],
    [
      'failed not_at_gateway 400d; pg keyless presumed not_at_gateway 400d ago; looked 5 times; planned 396d ago',
      'pg: nothing',
      'stays failed watching; nothing new; looks never',
    ],
    [
      'failed not_at_gateway 3d; pg keyless presumed not_at_gateway 3d ago; looked 5 times; planned 0m ago',
      'pg: nothing',
      'stays failed watching; nothing new; looks never',
    ],
    [
      'failed not_at_gateway 3d; pg keyless presumed not_at_gateway 3d ago',
      'pg: silent timeout',
      'stays failed watching; nothing new; looks in 1m',
    ],
    [
      'failed not_at_gateway 1h; pg keyless presumed not_at_gateway 1h ago',
      'pg: K1 pending, nothing else',
      'stays failed watching; keyless is K1: pending; looks in 1m',
    ],
    [
      'failed not_at_gateway 1h; pg keyless presumed not_at_gateway 1h ago',
      'pg: K1 failed, nothing else',
      'stays failed watching; keyless is K1: failed declined; looks never',
    ],
    // It was presumed from an absence, and is presumed anew from what is there.
    [
      'failed not_at_gateway 3d; pg keyless presumed not_at_gateway 3d ago "PG 요청 실패"',
      'pg: K1 attempt_failed "3DS", nothing else',
      'stays failed watching; keyless is K1: presumed attempt_failed "3DS"; looks in 1h',
    ],
    [
      'failed declined 3d; pg K1 presumed attempt_failed 3d ago, heard attempt_failed; looked 2 times',
      'pg: K1 attempt_failed, nothing else',
      'stays failed watching; nothing new; looks never',
    ],
    [
      'failed declined 4d; pg K1 pending, heard pending',
      'pg: K1 pending, nothing else',
      'stays failed watching; K1 stays pending, told open_too_long',
      'tells order.attention open_too_long of K1; looks in 1d',
    ],
    [
      'failed declined 4d; pg K1 pending, heard pending',
      'pg: K1 pending until in 1h, nothing else',
      'stays failed watching; nothing new; looks in 1d',
    ],
    [
      'failed declined 2h; pg K1 pending, heard pending',
      'pg: K1 pending until 1m ago, nothing else',
      'stays failed watching; K1 stays pending, told open_too_long',
      'tells order.attention open_too_long of K1; looks in 1m',
    ],
    [
      'failed declined 3d; pg K1 pending, heard pending',
      'pg: K1 pending, nothing else',
      'stays failed watching; nothing new; looks in 1m',
    ],
    // Of a presumption nobody has to hear, however long its gateway is silent.
    [
      'failed not_at_gateway 5d; pg keyless presumed not_at_gateway 4d ago',
      'pg: silent timeout',
      'stays failed watching; nothing new; looks in 1m',
    ],
    [
      'failed declined 4d; pg K1 pending, told silent_too_long',
      'pg: silent timeout',
      'stays failed watching; nothing new; looks in 1m',
    ],
    [
      'failed declined 4d; pg K1 pending',
      'pg: K1 silent, nothing else',
      'stays failed watching; K1 stays pending, told silent_too_long',
      'tells order.attention silent_too_long of K1; looks in 1m',
    ],
    [
      'failed declined 4d; pg K1 pending; pg answers nobody',
      'pg: silent timeout',
      'stays failed watching; K1 stays pending, told silent_too_long',
      'tells order.attention silent_too_long of K1; looks in 1m',
    ],
    [
      'failed declined 2h; pg K1 pending',
      'pg: silent timeout, retry after 3m',
      'stays failed watching; nothing new; looks in 3m',
    ],
  ],
  'watching: a final order that was never listed in full is listed an hour later': [
    [
      'completed by K1 30m; pg K1 succeeded; bank is configured too; never listed',
      'pg: K1 succeeded',
      'stays completed watching; nothing new; looks in 30m',
    ],
    [
      'completed by K1 30m; pg K1 succeeded; never listed',
      'pg: K1 succeeded',
      'stays completed watching; nothing new; looks in 30m',
    ],
    [
      'completed by K1 1h; pg K1 succeeded; never listed',
      'pg: listing silent',
      'stays completed watching; nothing new; looks in 1m',
    ],
    [
      'completed by K1 1h; pg K1 succeeded; never listed',
      'pg: K1 succeeded, nothing else',
      'stays completed watching; nothing new; looks never',
    ],
    [
      'failed out_of_stock 30m; pg K1 refunded 5000; never listed',
      'pg: K1 refunded',
      'stays failed watching; nothing new; looks in 30m',
    ],
  ],
  'watching: what a person accepted without a key gets that of the capture that pays for it': [
    [
      'completed by keyless 2h; wallet keyless succeeded',
      'wallet: K1 succeeded, nothing else',
      'stays completed watching; keyless is K1: stays succeeded; looks never',
    ],
    [
      'completed by keyless 2h; wallet keyless succeeded',
      'wallet: K1 failed, K2 succeeded, K3 succeeded, nothing else',
      'stays completed duplicate_capture; keyless is K2: stays succeeded',
      'adds K1 failed declined; adds K3 refund_due 5000 duplicate_capture',
      'tells refund.due of K3; looks now',
    ],
    [
      'completed by keyless-2 2h; wallet keyless-1 presumed not_at_gateway 2h ago; wallet keyless-2 succeeded',
      'wallet: K1 succeeded, nothing else',
      'stays completed watching; keyless-2 is K1: stays succeeded; looks in 22h',
    ],
    [
      'completed by keyless 2h; wallet keyless succeeded',
      'pg: K1 succeeded, nothing else; wallet: nothing',
      'stays completed duplicate_capture; adds K1 refund_due 5000 duplicate_capture',
      'tells refund.due of K1, order.attention refund_by_hand of K1; looks in 1d',
    ],
    [
      'completed by keyless 2h; wallet keyless succeeded',
      'wallet: K1 succeeded 5000 USD, nothing else',
      'stays completed watching; adds K1 pending',
      'tells order.attention mismatched of K1; looks in 1m',
    ],
    // It is still under way: as a payment of its own it would be a second one when it captures.
    [
      'completed by keyless 2h; wallet keyless succeeded',
      'wallet: K1 pending, nothing else',
      'stays completed watching; keyless is K1: stays succeeded, heard pending; looks never',
    ],
    [
      'completed by keyless 2h; wallet keyless succeeded',
      'wallet: K1 failed, K2 authorised, K3 pending, nothing else',
      'stays completed watching; keyless is K2: stays succeeded, heard authorised',
      'adds K1 failed declined; adds K3 pending; looks in 1m',
    ],
    [
      'completed by keyless 2h; wallet keyless succeeded',
      'wallet: K1 pending 4000, K2 pending, K3 succeeded, nothing else',
      'stays completed watching; keyless is K3: stays succeeded',
      'adds K1 pending; adds K2 pending; looks in 1m',
    ],
    [
      'completed by keyless 2h; wallet keyless succeeded',
      'wallet: K1 succeeded 4000, nothing else',
      'stays completed mismatched_capture; adds K1 refund_due 4000 mismatched_capture',
      'tells refund.due of K1; looks now',
    ],
  ],
  'reversed_after_completion: its own payment was taken back': [
    [
      'completed by K1 2h; pg K1 succeeded',
      'pg: K1 refunded, nothing else',
      'stays completed reversed_after_completion; K1 stays succeeded, heard refunded',
      'tells order.attention of K1; remembers that it told reversed_after_completion',
      'looks never',
    ],
    [
      'completed by K1 2h; pg K1 succeeded',
      'pg: K1 partly_refunded 2000, nothing else',
      'stays completed reversed_after_completion; K1 stays succeeded, heard partly_refunded',
      'tells order.attention of K1; remembers that it told reversed_after_completion',
      'looks never',
    ],
    [
      'completed by K1 2h; pg K1 succeeded, heard cancelled; told reversed_after_completion',
      'pg: K1 cancelled, nothing else',
      'stays completed reversed_after_completion; nothing new; looks never',
    ],
    // A person accepted it as it was; the same word again takes nothing back.
    [
      'completed resolved_by_person by K1 2h; pg K1 succeeded, heard succeeded 4000',
      'pg: K1 succeeded 4000, nothing else',
      'stays completed watching; nothing new; looks never',
    ],
    [
      'completed resolved_by_person by K1 2h; pg K1 succeeded, heard unrecognised',
      'pg: K1 cancelled, nothing else',
      'stays completed reversed_after_completion; K1 stays succeeded, heard cancelled',
      'tells order.attention of K1; remembers that it told reversed_after_completion; looks never',
    ],
  ],
};
