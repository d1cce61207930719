/** An id as it is typed: a payment may be called anything, and people copy what they read into a shell. */
export function shellWord(id: string): string {
  return /^[\w.:@/+-]+$/.test(id) ? id : `'${id.replaceAll("'", `'\\''`)}'`;
}
