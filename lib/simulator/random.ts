/**
 * A number uniform in [0, 1) that depends on the seed and the subject alone, and not on what was drawn before: whoever
 * comes first, the third lookup of a key takes as long as the third lookup of that key in the run before.
 */
export function uniform(seed: number, subject: string): number {
  // FNV-1a over the subject, then the finalizer of MurmurHash3, which spreads neighbours over the whole range.
  let hash = (seed ^ 0x811c9dc5) >>> 0;
  for (let index = 0; index < subject.length; index += 1) {
    hash = Math.imul(hash ^ subject.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** Draws that are never repeated: the nth draw for the same purpose and subject is told apart by n. */
export class Draws {
  readonly #seed: number;
  readonly #counts = new Map<string, number>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Counts one more event of that purpose and subject; gives the source of its random numbers. */
  next(purpose: string, subject: string): Draw {
    const event = `${purpose} ${subject}`;
    const count = (this.#counts.get(event) ?? 0) + 1;
    this.#counts.set(event, count);
    return (what) => uniform(this.#seed, `${event} ${count} ${what}`);
  }

  reset(): void {
    this.#counts.clear();
  }
}

/** Uniform in [0, 1), the same for the same word. */
export type Draw = (what: string) => number;
