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

const LONG = 30 * DAY_MS;

/** Attempts before, age in ms, what was heard, the chance → state, attempts, wait in ms (null: none). The daemon has run for long. */
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
    const delivery = { attempts, firstDueAt: NOW - ageMs, triedForMs: LONG };
    const nextAt = waitMs === null ? null : NOW + waitMs;
    t.strictSame(
      decideDelivery(delivery, receipt, POLICY, NOW, chance),
      { state, attempts: after, nextAt },
      name,
    );
  }
});

t.test('what waited while the daemon was off is given up after a fair trial only', async (t) => {
  const after = (triedForMs: number, receipt: Receipt, policy = POLICY) => {
    const delivery = { attempts: 0, firstDueAt: NOW - 3 * DAY_MS, triedForMs };
    return decideDelivery(delivery, receipt, policy, NOW, 0.5);
  };
  const again = { state: 'pending', attempts: 1, nextAt: NOW + 2_500 };
  const dead = { state: 'dead', attempts: 1, nextAt: null };
  t.strictSame(after(0, failed()), again);
  t.strictSame(after(10 * MINUTE_MS - 1, failed()), again);
  t.strictSame(after(10 * MINUTE_MS, failed()), dead);
  t.strictSame(after(0, failed({ permanent: true })), dead, 'never is never');
  const impatient = {
    firstWaitMs: 5 * SECOND_MS,
    longestWaitMs: 5 * SECOND_MS,
    giveUpAfterMs: MINUTE_MS,
  };
  t.strictSame(after(MINUTE_MS - 1, failed(), impatient), again);
  t.strictSame(after(MINUTE_MS, failed(), impatient), dead, 'no longer than anything is tried');
});
