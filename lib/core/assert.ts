/** A bug: something that can never be was found. Inside one order it holds that order; elsewhere the process ends. */
export class BrokenInvariant extends Error {
  override readonly name = 'BrokenInvariant';
}

/** Throws `BrokenInvariant` with the sentence that turned out false. */
export function assert(holds: boolean, sentence: string): asserts holds {
  if (!holds) throw new BrokenInvariant(sentence);
}
