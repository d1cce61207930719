/**
 * How long a perfect window takes: each job goes to the slot that is free first, in this order, and nothing costs any time
 * but the jobs themselves.
 */
export function idealWindowMs(durationsMs: readonly number[], slots: number): number {
  const freeAtMs = Array.from({ length: slots }, () => 0);
  for (const durationMs of durationsMs) {
    const first = freeAtMs.indexOf(Math.min(...freeAtMs));
    freeAtMs[first] = (freeAtMs[first] ?? 0) + durationMs;
  }
  return Math.max(...freeAtMs);
}
