import t from 'tap';
import { decideDelivery, type FailureCause, type Receipt } from '../../lib/core/delivery.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../lib/core/time.ts';

const NOW = Date.UTC(2025, 7, 16);
const POLICY = { firstWaitMs: 5 * SECOND_MS, longestWaitMs: HOUR_MS, giveUpAfterMs: DAY_MS };

const delivered: Receipt = { kind: 'delivered', detail: '250 OK' };

function failed(over: Partial<Extract<Receipt, { kind: 'failed' }>> = {}): Receipt {
  const cause: FailureCause = 'server_error';
  return { kind: 'failed', cause, permanent: false, retryAfterMs: null, detail: '500', ...over };
}

/** Attempts before, age in ms, what was heard, the chance → state, attempts, wait in ms (null: none). */
const TABLE: readonly (readonly [
  string,
  readonly [number, number, Receipt, number],
  readonly [string, number, number | null],
])[] = [
  ['taken', [0, 0, delivered, 0.5], ['delivered', 1, null]],
  ['taken at last', [40, 30 * DAY_MS, delivered, 0.5], ['delivered', 41, null]],
  ['the first wait is a part of the first', [0, 0, failed(), 0.5], ['pending', 1, 2_500]],
  ['full jitter begins at nothing', [0, 0, failed(), 0], ['pending', 1, 0]],
  ['waits double', [1, 9_000, failed(), 0.5], ['pending', 2, 5_000]],
  ['and double', [5, MINUTE_MS, failed(), 0.5], ['pending', 6, 80_000]],
  ['up to the longest', [20, HOUR_MS, failed(), 0.5], ['pending', 21, HOUR_MS / 2]],
  ['however often', [100_000, HOUR_MS, failed(), 0.999], ['pending', 100_001, 3_596_400]],
  ['tried until the end', [9, DAY_MS - 1, failed(), 0.5], ['pending', 10, 1_280_000]],
  ['given up at the end', [9, DAY_MS, failed(), 0.5], ['dead', 10, null]],
  ['at least one attempt, however old', [0, 30 * DAY_MS, failed(), 0.5], ['dead', 1, null]],
  ['the receiver says never', [0, 0, failed({ permanent: true }), 0.5], ['dead', 1, null]],
  [
    'the receiver says when',
    [0, 0, failed({ cause: 'rate_limited', retryAfterMs: 30_000 }), 0.5],
    ['pending', 1, 30_000],
  ],
  [
    'a wait that is longer than what the receiver says stays',
    [9, 0, failed({ cause: 'rate_limited', retryAfterMs: 1_000 }), 0.5],
    ['pending', 10, 1_280_000],
  ],
  [
    'the end of the daemon is no attempt',
    [3, 30 * DAY_MS, failed({ cause: 'stopping' }), 0.5],
    ['pending', 3, 0],
  ],
];

t.test('what becomes of a delivery after an attempt', async (t) => {
  for (const [name, [attempts, ageMs, receipt, chance], [state, after, waitMs]] of TABLE) {
    const delivery = { attempts, firstDueAt: NOW - ageMs };
    const nextAt = waitMs === null ? null : NOW + waitMs;
    t.strictSame(
      decideDelivery(delivery, receipt, POLICY, NOW, chance),
      { state, attempts: after, nextAt },
      name,
    );
  }
});
