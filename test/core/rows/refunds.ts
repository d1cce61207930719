import type { Rows } from './row.ts';

/** Rows of the decision table for a payment that is due to go back. */
export const REFUNDS: Rows = {
  'refunded: the gateway can refund, and did': [
    [
      'failed out_of_stock 2h; wallet K1 refund_due 5000 out_of_stock',
      'wallet: K1 succeeded, nothing else; wallet refunds K1: done 5000',
      'stays failed refunded; K1 refunded 5000 refunded; tells refund.done of K1; looks never',
    ],
    [
      'completed by K1 2h; wallet K1 succeeded; wallet K2 refund_due 4000 mismatched_capture',
      'wallet: K1 succeeded, K2 succeeded 4000, nothing else; wallet refunds K2: done 4000',
      'stays completed refunded; K2 refunded 4000 refunded; tells refund.done of K2; looks never',
    ],
  ],
  'each payment by the answer to its own refund': [
    [
      'completed by K1 2h; wallet K1 succeeded; wallet K2 refund_due 5000; wallet K3 refund_due 5000',
      'wallet: K1 succeeded, K2 succeeded, K3 succeeded, nothing else; wallet refunds K2: refused; wallet refunds K3: done 5000',
      'stays completed refunded; K2 stays refund_due, told refund_refused; K3 refunded 5000 refunded',
      'tells order.attention refund_refused of K2, refund.done of K3; looks in 1d',
    ],
    [
      'completed by K1 2h; wallet K1 succeeded; pg K2 refund_due 5000, told refund_by_hand; wallet K3 refund_due 5000',
      'pg: K2 succeeded, nothing else; wallet: K1 succeeded, K3 succeeded, nothing else; wallet refunds K3: done 5000',
      'stays completed refunded; K3 refunded 5000 refunded; tells refund.done of K3; looks in 1d',
    ],
  ],
  'refund_underway: underway or silent, later': [
    // It is committed as due already: no reason to look again at once.
    [
      'completed by K1 2h; wallet K1 succeeded; wallet K2 refund_due 5000 duplicate_capture',
      'wallet: K1 succeeded, K2 succeeded, nothing else; wallet refunds K2: underway',
      'stays completed refund_underway; nothing new; looks in 1m',
    ],
    [
      'failed out_of_stock 2h; wallet K1 refund_due 5000 out_of_stock',
      'wallet: K1 succeeded, nothing else; wallet refunds K1: underway',
      'stays failed refund_underway; nothing new; looks in 1m',
    ],
    [
      'failed out_of_stock 2h; wallet K1 refund_due 5000 out_of_stock; looked 4 times',
      'wallet: K1 succeeded, nothing else; wallet refunds K1: silent timeout',
      'stays failed refund_underway; nothing new; looks in 10m',
    ],
    [
      'failed out_of_stock 2h; wallet K1 refund_due 5000 out_of_stock',
      'wallet: silent timeout',
      'stays failed refund_underway; nothing new; looks in 1m',
    ],
  ],
  'refund_refused: a person is told once': [
    [
      'failed out_of_stock 2h; wallet K1 refund_due 5000 out_of_stock',
      'wallet: K1 succeeded, nothing else; wallet refunds K1: refused "too old"',
      'stays failed refund_refused; K1 stays refund_due, told refund_refused',
      'tells order.attention of K1; looks in 1d',
    ],
    [
      'failed out_of_stock 2h; wallet K1 refund_due 5000 out_of_stock',
      'wallet: K1 succeeded, nothing else; wallet refunds K1: done 3000',
      'stays failed refund_refused; K1 stays refund_due, told refund_refused',
      'tells order.attention of K1; looks in 1d',
    ],
    [
      'failed out_of_stock 2h; wallet K1 refund_due 5000 out_of_stock, told refund_refused',
      'wallet: K1 succeeded, nothing else; wallet refunds K1: refused',
      'stays failed refund_refused; nothing new; looks in 1d',
    ],
    // How much of it went back is not known: another refund could pay back too much.
    [
      'failed out_of_stock 2h; wallet K1 refund_due 5000 out_of_stock',
      'wallet: K1 partly_refunded, nothing else',
      'stays failed refund_refused',
      'K1 stays refund_due, heard partly_refunded, told refund_refused',
      'tells order.attention of K1; looks in 1d',
    ],
    [
      'failed out_of_stock 2h; wallet K1 refund_due 5000 out_of_stock, told refund_refused',
      'wallet: K1 succeeded, nothing else',
      'stays failed refund_refused; nothing new; looks in 1d',
    ],
    [
      'failed out_of_stock 2h; wallet K1 refund_due 5000 out_of_stock, told refund_refused',
      'wallet: K1 refunded, nothing else',
      'stays failed refunded; K1 refunded 5000 refunded; tells refund.done of K1; looks never',
    ],
  ],
  'refund_by_hand: the gateway cannot refund': [
    [
      'failed out_of_stock 2h; pg K1 refund_due 5000 out_of_stock',
      'pg: K1 succeeded, nothing else',
      'stays failed refund_by_hand; K1 stays refund_due, told refund_by_hand',
      'tells order.attention of K1; looks in 1d',
    ],
    [
      'failed out_of_stock 2h; pg K1 refund_due 5000 out_of_stock, told refund_by_hand',
      'pg: K1 succeeded, nothing else',
      'stays failed refund_by_hand; nothing new; looks in 1d',
    ],
    [
      'failed out_of_stock 2h; pg K1 refund_due 5000 out_of_stock, told refund_by_hand',
      'pg: K1 refunded, nothing else',
      'stays failed refunded; K1 refunded 5000 refunded; tells refund.done of K1; looks never',
    ],
    [
      'failed out_of_stock 2h; pg K1 refund_due 5000 out_of_stock, told refund_by_hand',
      'pg: silent timeout',
      'stays failed refund_by_hand; nothing new; looks in 1m',
    ],
    // The gateway has learned to refund, or is configured again: a person was asked to, and may have paid it back since.
    [
      'failed out_of_stock 2h; wallet K1 refund_due 5000 out_of_stock, told refund_by_hand',
      'wallet: K1 succeeded, nothing else',
      'stays failed refund_by_hand; nothing new; looks in 1d',
    ],
  ],
};
