import type { Rows } from './row.ts';

/** What becomes of payments when their gateway gets another name: here it was called `wallet`, and is `pg` now. */
export const MOVED: Rows = {
  'the payment that is looked for is where its key is found': [
    [
      'pending 20m; wallet K1 pending; wallet is gone',
      'pg: K1 succeeded, nothing else',
      'completed captured; K1 of pg succeeded captured; takes 1 lamp; tells order.completed',
      'looks never',
    ],
    [
      'pending 20m; no-gateway K1 pending',
      'pg: K1 succeeded, nothing else',
      'completed captured; K1 of pg succeeded captured; takes 1 lamp; tells order.completed',
      'looks never',
    ],
    [
      'pending 20m; wallet K1 pending; wallet is gone',
      'pg: K1 pending, nothing else',
      'stays pending still_open; K1 of pg stays pending, heard pending; looks in 1m',
    ],
    [
      'failed declined 2h; wallet K1 pending, told unclear; wallet is gone',
      'pg: K1 failed, nothing else',
      'stays failed watching; K1 of pg failed declined; looks never',
    ],
  ],
  'it is no second payment': [
    [
      'completed by K1 2h; former K1 succeeded; pg is configured too; wallet is configured too',
      'pg: K1 succeeded, K2 succeeded, nothing else; wallet: nothing',
      'stays completed duplicate_capture; K1 of pg stays succeeded',
      'adds K2 refund_due 5000 duplicate_capture',
      'tells refund.due of K2, order.attention refund_by_hand of K2; looks in 1d',
    ],
    [
      'failed declined 2h; former K1 failed declined',
      'pg: K1 succeeded, nothing else',
      'stays failed late_capture; K1 of pg refund_due 5000 late_capture, told refund_by_hand',
      'tells refund.due of K1, order.attention refund_by_hand of K1; looks in 1d',
    ],
    [
      'completed by K1 2h; wallet K1 succeeded; wallet is gone',
      'pg: K1 succeeded, nothing else',
      'stays completed watching; K1 of pg stays succeeded; looks never',
    ],
    [
      'completed by K1 2h; wallet K1 succeeded; wallet K2 refund_due 5000; wallet is gone',
      'pg: K1 succeeded, K2 succeeded, nothing else',
      'stays completed refund_by_hand; K1 of pg stays succeeded',
      'K2 of pg stays refund_due, told refund_by_hand',
      'tells order.attention of K2; looks in 1d',
    ],
    [
      'failed out_of_stock 2h; former K1 refunded',
      'pg: K1 succeeded, nothing else',
      'stays failed watching; K1 of pg stays refunded, heard succeeded; looks never',
    ],
    [
      'failed out_of_stock 2h; wallet K1 refunded 5000; wallet is gone',
      'pg: K1 refunded, nothing else',
      'stays failed watching; K1 of pg stays refunded; looks never',
    ],
  ],
  'nothing moves that is not known to': [
    // Two gateways can have a transaction of one key: each is money of its own.
    [
      'completed by K1 2h; wallet K1 succeeded',
      'wallet: K1 succeeded, nothing else; pg: K1 succeeded, nothing else',
      'stays completed duplicate_capture; adds K1 refund_due 5000 duplicate_capture',
      'tells refund.due of K1, order.attention refund_by_hand of K1; looks in 1d',
    ],
    // Its key is not known: it may be at the gateway that is gone.
    [
      'pending 20m; wallet keyless pending; wallet is gone',
      'pg: K1 succeeded, nothing else',
      'completed captured; keyless stays pending, told unclear; adds K1 succeeded captured',
      'takes 1 lamp; tells order.completed, order.attention unclear of keyless; looks in 1m',
    ],
    [
      'pending 20m; wallet K1 pending; wallet is gone',
      'pg: K1 succeeded of another order, nothing else',
      'held unclear; tells order.held; looks in 1m',
    ],
  ],
};
