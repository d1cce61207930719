import { assert } from './assert.ts';
import type { DurationMs } from './time.ts';

/** The wait after `looks` looks that changed nothing; the last rung repeats. */
export function ladderWait(ladderMs: readonly DurationMs[], looks: number): DurationMs {
  const wait = ladderMs[Math.min(looks, ladderMs.length - 1)];
  assert(wait !== undefined, 'the ladder of waits is never empty');
  return wait;
}
