import type { Rows } from './row.ts';

/** Rows of the decision table for an order that is pending, or held by age or doubt. */
export const PENDING: Rows = {
  'nothing_due: nothing to pay': [
    [
      'pending 0m; nothing to pay',
      '',
      'completed nothing_due; takes 1 lamp; tells order.completed; looks in 1h',
    ],
    [
      'pending 0m; nothing to pay; bank is configured too',
      '',
      'completed nothing_due; takes 1 lamp; tells order.completed; looks never',
    ],
    [
      'pending 0m; nothing to pay; stock short',
      '',
      'failed out_of_stock "재고 부족: lamp"; tells order.failed; looks in 1h',
    ],
  ],
  'captured: a captured payment, stock suffices': [
    [
      'pending 20m; pg K1 pending',
      'pg: K1 succeeded "정상 승인"',
      'completed captured "정상 승인"; K1 succeeded captured "정상 승인"; takes 1 lamp',
      'tells order.completed; looks in 1h',
    ],
    [
      'pending 20m; pg K1 pending',
      'pg: K1 succeeded, nothing else',
      'completed captured; K1 succeeded captured; takes 1 lamp; tells order.completed; looks never',
    ],
    [
      'pending 1m; pg keyless pending',
      'pg: K1 succeeded, nothing else',
      'completed captured; keyless is K1: succeeded captured; takes 1 lamp',
      // Inside the payment window its own transaction may still be on its way, and this one another's.
      'tells order.completed; looks in 1h',
    ],
    [
      'pending 20m; pg keyless pending',
      'pg: K1 succeeded, nothing else',
      'completed captured; keyless is K1: succeeded captured; takes 1 lamp',
      'tells order.completed; looks never',
    ],
    [
      'pending 10m; pg keyless pending',
      'pg: K1 succeeded, nothing else',
      'completed captured; keyless is K1: succeeded captured; takes 1 lamp',
      'tells order.completed; looks never',
    ],
    // Nothing of these is on its way: one was refused, of the other the gateway named the key.
    [
      'pending 1m; pg keyless failed declined; pg K1 pending',
      'pg: K1 succeeded, nothing else',
      'completed captured; K1 succeeded captured; takes 1 lamp; tells order.completed; looks never',
    ],
    // The transaction of a gateway is nobody's elsewhere, whatever its key.
    [
      'pending 20m; wallet keyless pending',
      'pg: K1 succeeded, nothing else; wallet: nothing',
      'completed captured; keyless presumed not_at_gateway "PG 요청 실패"',
      'adds K1 succeeded captured; takes 1 lamp; tells order.completed; looks in 1h',
    ],
    [
      'pending 20m; wallet K1 failed declined',
      'pg: K1 succeeded, nothing else; wallet: nothing',
      'completed captured; adds K1 succeeded captured; takes 1 lamp; tells order.completed',
      'looks never',
    ],
    [
      'pending 20m',
      'pg: K1 succeeded, nothing else',
      'completed captured; adds K1 succeeded captured; takes 1 lamp; tells order.completed',
      'looks never',
    ],
    [
      'pending 20m; pg K1 failed declined',
      'pg: K2 succeeded, nothing else',
      'completed captured; adds K2 succeeded captured; takes 1 lamp; tells order.completed',
      'looks never',
    ],
    [
      'pending 20m; pg K1 presumed request_failed 5m ago',
      'pg: K1 succeeded, nothing else',
      'completed captured; K1 succeeded captured; takes 1 lamp; tells order.completed; looks never',
    ],
    [
      'pending 20m; pg K1 pending; buys 2 lamp and 1 cable and 1 lamp; on hand 3 lamp and 1 cable',
      'pg: K1 succeeded, nothing else',
      'completed captured; K1 succeeded captured; takes 3 lamp and 1 cable',
      'tells order.completed; looks never',
    ],
    [
      'held open_too_long 4d; pg K1 pending',
      'pg: K1 succeeded, nothing else',
      'completed captured; K1 succeeded captured; takes 1 lamp; tells order.completed; looks never',
    ],
    [
      'held silent_too_long 4d; pg K1 pending',
      'pg: K1 succeeded, nothing else',
      'completed captured; K1 succeeded captured; takes 1 lamp; tells order.completed; looks never',
    ],
    [
      'held unclear 20m; pg K1 pending; pg K2 pending',
      'pg: K1 unrecognised, K2 succeeded, nothing else',
      'completed captured; K2 succeeded captured',
      'K1 stays pending, heard unrecognised, told unclear; takes 1 lamp',
      'tells order.completed, order.attention unclear of K1; looks in 1m',
    ],
    // A refused request has no transaction: this one is somebody else's attempt.
    [
      'pending 20m; pg keyless failed declined',
      'pg: K1 succeeded, nothing else',
      'completed captured; adds K1 succeeded captured; takes 1 lamp; tells order.completed; looks never',
    ],
  ],
  'captured: further captured ones are due to go back, the rest stays watched': [
    [
      'pending 20m; pg K1 pending; pg K2 pending',
      'pg: K1 succeeded, K2 succeeded',
      'completed captured; K1 succeeded captured',
      'K2 refund_due 5000 duplicate_capture, told refund_by_hand; takes 1 lamp',
      'tells order.completed, refund.due duplicate_capture of K2, order.attention refund_by_hand of K2',
      'looks in 1h',
    ],
    [
      'pending 20m; wallet K1 pending',
      'wallet: K1 succeeded, K2 succeeded, nothing else',
      'completed captured; K1 succeeded captured; adds K2 refund_due 5000 duplicate_capture',
      'takes 1 lamp; tells order.completed, refund.due duplicate_capture of K2; looks now',
    ],
    [
      'pending 20m; pg K1 pending; pg K2 pending',
      'pg: K1 succeeded, K2 succeeded 4000',
      'completed captured; K1 succeeded captured',
      'K2 refund_due 4000 mismatched_capture, told refund_by_hand; takes 1 lamp',
      'tells order.completed, refund.due mismatched_capture of K2, order.attention refund_by_hand of K2',
      'looks in 1h',
    ],
    [
      'pending 20m; pg K1 pending; pg K2 pending',
      'pg: K1 succeeded, K2 failed "한도초과", nothing else',
      'completed captured; K1 succeeded captured; K2 failed declined "한도초과"; takes 1 lamp',
      'tells order.completed; looks never',
    ],
    [
      'pending 20m; pg K1 pending; pg K2 pending',
      'pg: K1 succeeded, K2 pending, nothing else',
      'completed captured; K1 succeeded captured; K2 stays pending, heard pending',
      'takes 1 lamp; tells order.completed; looks in 1m',
    ],
    [
      'pending 20m; pg K1 pending; pg keyless pending',
      'pg: K1 succeeded, nothing else',
      'completed captured; K1 succeeded captured',
      'keyless presumed not_at_gateway "PG 요청 실패"; takes 1 lamp; tells order.completed',
      'looks in 1h',
    ],
    [
      'pending 20m; pg K1 pending; bank keyless pending',
      'pg: K1 succeeded, nothing else',
      'completed captured; K1 succeeded captured; keyless stays pending, told unclear',
      'takes 1 lamp; tells order.completed, order.attention unclear of keyless; looks in 1m',
    ],
    // Nothing is heard of it now, but its money was before: ignorance never overwrites knowledge.
    [
      'pending 20m; wallet K1 pending, heard succeeded 4000; pg K2 pending',
      'wallet: silent timeout; pg: K2 succeeded, nothing else',
      'completed captured; K2 succeeded captured; K1 refund_due 4000 mismatched_capture',
      'takes 1 lamp; tells order.completed, refund.due mismatched_capture of K1; looks now',
    ],
    [
      'pending 20m; wallet K1 pending, heard succeeded; pg K2 pending',
      'wallet: silent timeout; pg: K2 succeeded, nothing else',
      'completed captured; K2 succeeded captured; K1 refund_due 5000 duplicate_capture',
      'takes 1 lamp; tells order.completed, refund.due duplicate_capture of K1; looks now',
    ],
  ],
  'out_of_stock: a captured payment, stock short': [
    [
      'pending 20m; pg K1 pending; stock short',
      'pg: K1 succeeded',
      'failed out_of_stock "재고 부족: lamp"',
      'K1 refund_due 5000 out_of_stock, told refund_by_hand',
      'tells order.failed, refund.due of K1, order.attention refund_by_hand of K1',
      'looks in 1h',
    ],
    [
      'pending 20m; wallet K1 pending; stock short',
      'wallet: K1 succeeded',
      'failed out_of_stock "재고 부족: lamp"; K1 refund_due 5000 out_of_stock',
      'tells order.failed, refund.due of K1; looks now',
    ],
    [
      'held unclear 20m; wallet K1 pending; stock short',
      'wallet: K1 succeeded, K2 pending, nothing else',
      'failed out_of_stock "재고 부족: lamp"; K1 refund_due 5000 out_of_stock; adds K2 pending',
      'tells order.failed, refund.due of K1; looks now',
    ],
    [
      'pending 20m; wallet K1 pending; buys 1 lamp and 2 cable; on hand 1 cable',
      'wallet: K1 succeeded',
      'failed out_of_stock "재고 부족: lamp, cable"; K1 refund_due 5000 out_of_stock',
      'tells order.failed, refund.due of K1; looks now',
    ],
  ],
  'mismatched: a person must look': [
    [
      'pending 20m; pg K1 pending',
      'pg: K1 succeeded 4000',
      'held mismatched; K1 stays pending, heard succeeded; tells order.held; looks in 1d',
    ],
    [
      'pending 20m; pg K1 pending',
      'pg: K1 pending of another order',
      'held mismatched; K1 stays pending, heard pending; tells order.held; looks in 1d',
    ],
    [
      'pending 20m; pg K1 pending; pg keyless pending',
      'pg: K1 failed, K2 partly_refunded',
      'held mismatched; K1 failed declined',
      'keyless is K2: stays pending, heard partly_refunded; tells order.held; looks in 1d',
    ],
    [
      'pending 1m; pg K1 pending; pg K2 pending',
      'pg: K1 unrecognised, K2 succeeded 5000 USD',
      'held mismatched; K1 stays pending, heard unrecognised',
      'K2 stays pending, heard succeeded; tells order.held; looks in 1d',
    ],
    [
      'held unclear 20m; pg K1 pending',
      'pg: K1 succeeded 6000',
      'stays held mismatched; K1 stays pending, heard succeeded; tells order.held',
      'remembers that it told mismatched; looks in 1d',
    ],
  ],
  'unclear: a person must look': [
    [
      'pending 20m; pg K1 pending',
      'pg: K1 unrecognised "WEIRD"',
      'held unclear "WEIRD"; K1 stays pending, heard unrecognised; tells order.held; looks in 1m',
    ],
    ['pending 20m; pg K1 pending', 'pg: K1 absent', 'held unclear; tells order.held; looks in 1m'],
    ['pending 20m; bank keyless pending', '', 'held unclear; tells order.held; looks in 1m'],
    [
      'pending 20m; no-gateway K1 pending',
      'pg: nothing',
      'held unclear; tells order.held; looks in 1m',
    ],
    [
      'pending 20m; pg K1 pending; pg K2 pending',
      'pg: K1 silent, K2 absent',
      'held unclear; tells order.held; looks in 1m',
    ],
    // Nobody can be asked whether somebody paid, so that nobody did is never known.
    ['pending 20m; bank is configured too', '', 'held unclear; tells order.held; looks in 1m'],
  ],
  'gateway_silent: an unknown payment': [
    [
      'pending 20m; pg K1 pending',
      'pg: silent timeout',
      'stays pending gateway_silent; looks in 1m',
    ],
    [
      'pending gateway_silent 20m; pg K1 pending; silent for 5m; looked 4 times',
      'pg: silent timeout',
      'stays pending gateway_silent; nothing new; looks in 5m',
    ],
    [
      'pending gateway_silent 20m; pg K1 pending; silent for 5m',
      'pg: silent server_error, retry after 3m',
      'stays pending gateway_silent; nothing new; looks in 3m',
    ],
    [
      'pending gateway_silent 20m; pg K1 pending; pg K2 pending; looked 99 times',
      'pg: K1 silent, K2 failed',
      'stays pending gateway_silent; K2 failed declined; looks in 1h',
    ],
    ['pending 20m; pg K1 pending', 'pg: K1 silent', 'stays pending gateway_silent; looks in 1m'],
    [
      'pending 20m; pg keyless pending',
      'pg: listing silent',
      'stays pending gateway_silent; looks in 1m',
    ],
    [
      'pending 20m; pg K1 pending; pg K2 pending',
      'pg: K1 pending, K2 silent',
      'stays pending gateway_silent; K1 stays pending, heard pending; looks in 1m',
    ],
    [
      'pending gateway_silent 4d; pg K1 pending; silent for 4d; pg answers nobody',
      'pg: silent timeout',
      'stays pending gateway_silent; nothing new; looks in 1m',
    ],
    [
      'pending gateway_silent 4d; pg K1 pending; silent for 3d',
      'pg: silent timeout',
      'stays pending gateway_silent; nothing new; looks in 1m',
    ],
  ],
  'silent_too_long: silent longer than hold_after while the gateway answers others': [
    [
      'pending gateway_silent 5d; pg K1 pending; wallet K2 pending; silent for 4d; pg answers nobody',
      'pg: silent timeout; wallet: silent timeout',
      'held silent_too_long; tells order.held; looks in 1m',
    ],
    [
      'pending gateway_silent 5d; pg K1 pending; silent for 4d',
      'pg: silent timeout',
      'held silent_too_long; tells order.held; looks in 1m',
    ],
    [
      'pending gateway_silent 5d; pg K1 failed declined; silent for 4d',
      'pg: listing silent',
      'held silent_too_long; tells order.held; looks in 1m',
    ],
    [
      'pending gateway_silent 5d; silent for 4d',
      'pg: silent timeout',
      'held silent_too_long; tells order.held; looks in 1m',
    ],
  ],
  'still_open: an open payment': [
    [
      'pending 20m; pg K1 pending',
      'pg: K1 pending',
      'stays pending still_open; K1 stays pending, heard pending; looks in 1m',
    ],
    [
      'pending still_open 20m; pg K1 pending, heard pending; looked 3 times',
      'pg: K1 pending',
      'stays pending still_open; nothing new; looks in 2m',
    ],
    [
      'pending 5m; pg keyless pending; nudged',
      'pg: nothing',
      'stays pending still_open; looks in 1m',
    ],
    ['pending 5m; bank keyless pending', '', 'stays pending still_open; looks in 1m'],
    [
      'pending 20m; pg K1 pending; pg K2 pending',
      'pg: K1 failed "한도초과", K2 authorised, nothing else',
      'stays pending still_open; K1 failed declined "한도초과"',
      'K2 stays pending, heard authorised; looks in 1m',
    ],
    [
      'pending still_open 3d; pg K1 pending, heard pending',
      'pg: K1 pending',
      'stays pending still_open; nothing new; looks in 1m',
    ],
    [
      'pending still_open 4d; pg K1 pending, heard pending',
      'pg: K1 pending until in 1h',
      'stays pending still_open; nothing new; looks in 1m',
    ],
    // A presumption is taken back by a transaction that turns out under way.
    [
      'pending 20m; pg keyless presumed request_failed 5m ago',
      'pg: K1 pending, nothing else',
      'stays pending still_open; keyless is K1: pending; looks in 1m',
    ],
    // Told twice it is still one transaction.
    [
      'pending 20m; pg keyless pending',
      'pg: K1 pending, K1 failed, K2 pending, K2 pending',
      'stays pending still_open; keyless is K1: stays pending, heard pending; adds K2 pending; looks in 1m',
    ],
  ],
  'open_too_long: open longer than hold_after, or than the transaction lives': [
    [
      'pending still_open 4d; pg K1 pending, heard pending',
      'pg: K1 pending',
      'held open_too_long; tells order.held; looks in 1m',
    ],
    [
      'pending still_open 20m; pg K1 pending, heard pending',
      'pg: K1 pending until 1m ago',
      'held open_too_long; tells order.held; looks in 1m',
    ],
    [
      'pending 4d; pg K1 pending, requested 1h ago; pg K2 pending',
      'pg: K1 pending, K2 authorised',
      'held open_too_long; K1 stays pending, heard pending',
      'K2 stays pending, heard authorised; tells order.held; looks in 1m',
    ],
    // A clock that was ahead wrote down when the gateway had it: the order is older than hold_after, and no wait is a year long.
    [
      'pending still_open 4d; pg K1 pending, requested 400d from now, heard pending',
      'pg: K1 pending',
      'held open_too_long; tells order.held; looks in 1m',
    ],
  ],
  'declined: all declined, and every gateway that can list listed nothing more': [
    [
      'pending 20m; pg K1 pending',
      'pg: K1 failed "한도초과", nothing else',
      'failed declined "한도초과"; K1 failed declined "한도초과"; tells order.failed; looks never',
    ],
    [
      'pending 20m; bank K1 pending',
      'bank: K1 cancelled',
      'failed declined; K1 failed declined; tells order.failed; looks never',
    ],
    [
      'pending 20m; bank K1 pending',
      'bank: K1 failed; pg: nothing',
      'failed declined; K1 failed declined; tells order.failed; looks never',
    ],
    [
      'pending 20m; pg K1 pending',
      'pg: K1 refunded, nothing else',
      'failed declined; K1 failed refunded_at_gateway; tells order.failed; looks never',
    ],
    [
      'pending 20m; pg K1 pending',
      'pg: K1 attempt_failed "3DS", nothing else',
      'failed declined "3DS"; K1 presumed attempt_failed "3DS"; tells order.failed; looks in 1h',
    ],
    [
      'pending 20m; pg K1 pending; pg keyless pending',
      'pg: K1 failed "한도초과", nothing else',
      'failed declined "한도초과"; K1 failed declined "한도초과"',
      'keyless presumed not_at_gateway "PG 요청 실패"; tells order.failed; looks in 1h',
    ],
    [
      'held open_too_long 4d; pg K1 pending, heard pending',
      'pg: K1 failed, nothing else',
      'failed declined; K1 failed declined; tells order.failed; looks never',
    ],
    [
      'pending 20m; pg K1 failed declined "한도초과"',
      'pg: nothing',
      'failed declined "한도초과"; tells order.failed; looks never',
    ],
    [
      'pending 20m; pg K1 pending; pg K2 pending; pg K3 pending',
      'pg: K1 failed "한도초과", K2 failed "잘못된 카드", K3 attempt_failed "3DS", nothing else',
      'failed declined "잘못된 카드"; K1 failed declined "한도초과"; K2 failed declined "잘못된 카드"',
      'K3 presumed attempt_failed "3DS"; tells order.failed; looks in 1h',
    ],
    // It was declined, then held the whole amount; it was not asked about again.
    [
      'pending 20m; wallet K1 failed declined, heard succeeded',
      'wallet: nothing',
      'failed declined; K1 refund_due 5000 late_capture',
      'tells order.failed, refund.due late_capture of K1; looks now',
    ],
    // It was declined, then held money of another amount; a person sent it back, and it was not asked about again.
    [
      'pending 20m; wallet K1 failed declined, heard succeeded 4000',
      'wallet: nothing',
      'failed declined; K1 refund_due 4000 mismatched_capture',
      'tells order.failed, refund.due mismatched_capture of K1; looks now',
    ],
  ],
  'not_at_gateway: never seen by the gateway, past the payment window': [
    [
      'pending 20m; pg keyless pending',
      'pg: nothing',
      'failed not_at_gateway "PG 요청 실패"; keyless presumed not_at_gateway "PG 요청 실패"',
      'tells order.failed; looks in 1h',
    ],
    [
      'held silent_too_long 4d; pg keyless pending; silent for 4d',
      'pg: nothing',
      'failed not_at_gateway "PG 요청 실패"; keyless presumed not_at_gateway "PG 요청 실패"',
      'tells order.failed; looks in 1h',
    ],
  ],
  'request_failed: the request never reached the gateway': [
    [
      'pending 20m; pg keyless presumed request_failed 5m ago "PG 요청 실패"',
      'pg: nothing',
      'failed request_failed "PG 요청 실패"; tells order.failed; looks in 55m',
    ],
    [
      'pending 20m; pg keyless presumed request_failed 5m ago; pg keyless-2 pending',
      'pg: nothing',
      'failed request_failed "PG 요청 실패"; keyless-2 presumed not_at_gateway "PG 요청 실패"',
      'tells order.failed; looks in 55m',
    ],
  ],
  'gateway_silent: all declined or no payment, but a listing is silent': [
    [
      'pending 20m; pg K1 pending',
      'pg: K1 failed',
      'stays pending gateway_silent; K1 failed declined; looks in 1m',
    ],
    [
      'pending 20m; pg K1 pending',
      'pg: K1 failed, nothing else; wallet: silent timeout',
      'stays pending gateway_silent; K1 failed declined; looks in 1m',
    ],
    [
      'pending 20m; pg K1 pending; wallet is configured too',
      'pg: K1 failed, nothing else',
      'stays pending gateway_silent; K1 failed declined; looks in 1m',
    ],
    [
      'pending 20m; pg K1 failed declined',
      'pg: K2 silent, nothing else',
      'stays pending gateway_silent; looks in 1m',
    ],
    [
      'pending 20m; pg K1 failed declined; wallet K2 failed declined',
      'pg: K2 silent, nothing else; wallet: nothing',
      'stays pending gateway_silent; looks in 1m',
    ],
    ['pending 20m', 'pg: silent connection', 'stays pending gateway_silent; looks in 1m'],
    ['pending 20m', 'pg: listing silent', 'stays pending gateway_silent; looks in 1m'],
  ],
  'never_requested: no payment at all, and every gateway that can list listed nothing': [
    ['pending 10m', 'pg: nothing', 'failed never_requested; tells order.failed; looks never'],
    [
      'pending 20m',
      'pg: nothing; wallet: nothing',
      'failed never_requested; tells order.failed; looks never',
    ],
    ['held unclear 20m', 'pg: nothing', 'failed never_requested; tells order.failed; looks never'],
  ],
  'too_young: no payment at all, younger than stale_after': [
    ['pending 9m', 'pg: nothing', 'stays pending too_young; looks in 1m'],
    ['pending too_young 3m', '', 'stays pending too_young; nothing new; looks in 7m'],
    [
      'pending too_young 3m',
      'pg: silent timeout',
      'stays pending too_young; nothing new; looks in 7m',
    ],
  ],
};
