import type { DurationMs } from '../core/time.ts';

/** How often each length of time occurred: some thousand entries at most, because lengths come cut to three digits. */
export type Lengths = ReadonlyMap<DurationMs, number>;

/** The length that this share of all did not exceed (nearest rank); `null`: there is none. */
export function percentile(lengths: Lengths, share: number): DurationMs | null {
  const sorted = [...lengths].toSorted(([one], [other]) => one - other);
  const all = sorted.reduce((sum, [, count]) => sum + count, 0);
  const rank = Math.ceil(share * all);
  let passed = 0;
  for (const [length, count] of sorted) {
    passed += count;
    if (passed >= rank) return length;
  }
  return null;
}
