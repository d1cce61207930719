import type { Rows } from './row.ts';

/** Rows of the decision table for an order that stays held. */
export const HELD: Rows = {
  'watching: held by age or doubt, nothing captured, not all declined': [
    [
      'held open_too_long 4d; pg K1 pending, heard pending',
      'pg: K1 pending',
      'stays held watching; nothing new; looks in 1m',
    ],
    [
      'held unclear 4d; pg K1 pending, heard unrecognised; looked 5 times',
      'pg: K1 unrecognised',
      'stays held watching; nothing new; looks in 10m',
    ],
    [
      'held silent_too_long 4d; pg K1 pending; silent for 4d',
      'pg: silent timeout',
      'stays held watching; nothing new; looks in 1m',
    ],
    [
      'held unclear 4d; pg K1 pending; pg K2 pending',
      'pg: K1 absent, K2 failed, nothing else',
      'stays held watching; K2 failed declined; looks in 1m',
    ],
    // Another doubt is no new hold: a person looks already.
    [
      'held silent_too_long 4d; pg K1 pending, heard unrecognised',
      'pg: K1 unrecognised',
      'stays held watching; nothing new; looks in 1m',
    ],
    [
      'held unclear 4d; pg K1 failed declined',
      'pg: listing silent',
      'stays held watching; nothing new; looks in 1m',
    ],
    [
      'held unclear 4d; bank is configured too',
      '',
      'stays held watching; nothing new; looks in 1m',
    ],
  ],
  'held: a person decides, whatever is heard': [
    // Any other word of the gateway is kept.
    [
      'held mismatched 4d; pg K1 pending, heard succeeded 4000',
      'pg: K1 succeeded 3000',
      'stays held held; K1 stays pending, heard succeeded; looks in 1d',
    ],
    [
      'held mismatched 4d; pg K1 pending, heard succeeded',
      'pg: K1 succeeded 5000 USD',
      'stays held held; K1 stays pending, heard succeeded; looks in 1d',
    ],
    [
      'held mismatched 4d; pg K1 pending, heard succeeded',
      'pg: K1 succeeded of another order',
      'stays held held; K1 stays pending, heard succeeded; looks in 1d',
    ],
    [
      'held mismatched 4d; pg K1 pending, heard succeeded 4000',
      'pg: K1 succeeded 4000',
      'stays held held; nothing new; looks in 1d',
    ],
    [
      'held mismatched 4d; pg K1 pending; pg K2 pending',
      'pg: K1 succeeded, K2 failed, nothing else',
      'stays held held; K1 stays pending, heard succeeded; K2 failed declined; looks in 1d',
    ],
    [
      'held internal_error 4d; pg K1 pending',
      'pg: K1 succeeded, K2 succeeded, nothing else',
      'stays held held; K1 stays pending, heard succeeded; adds K2 pending; looks in 1d',
    ],
    [
      'held mismatched 4d; pg K1 pending',
      'pg: silent timeout',
      'stays held held; nothing new; looks in 1d',
    ],
  ],
};
