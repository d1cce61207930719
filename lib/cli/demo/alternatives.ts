import type { DurationMs } from '../../core/time.ts';

/** What other ways of asking would have cost, with the very lookups that were measured. */
export interface Alternatives {
  /** One order after the other. */
  readonly oneByOneMs: DurationMs;
  /** So many at once, and the next ones when the slowest of them is done. */
  readonly chunkByChunkMs: DurationMs;
  /** Orders in a chunk. */
  readonly chunk: number;
  /** Requests that were measured. */
  readonly lookups: number;
}

/** The first users' scheduler takes ten at a time; so does the window that it is compared with. */
const CHUNK = 10;

/**
 * Adds up what was measured: `durationsMs` are the gateway's own measurements by order, in the order in which orders are
 * asked about. Both sums leave out what travelling, deciding and writing would have added, so they flatter the others.
 */
export function alternatives(
  orderIds: readonly string[],
  durationsMs: Readonly<Record<string, readonly number[]>>,
): Alternatives {
  const perOrder = orderIds.map((id) => sum(durationsMs[id] ?? []));
  const chunks = Array.from({ length: Math.ceil(perOrder.length / CHUNK) }, (_, index) =>
    perOrder.slice(index * CHUNK, (index + 1) * CHUNK),
  );
  return {
    oneByOneMs: Math.round(sum(perOrder)),
    chunkByChunkMs: Math.round(sum(chunks.map((chunk) => Math.max(...chunk)))),
    chunk: CHUNK,
    lookups: orderIds.reduce((count, id) => count + (durationsMs[id]?.length ?? 0), 0),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
