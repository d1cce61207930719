/** Throws what cannot be cloned, over every task. */
export function ask(): never {
  throw new Error('the words', { cause: () => {} });
}
