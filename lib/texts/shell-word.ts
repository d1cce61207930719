/** An id as it is typed: a payment may be called anything, and people copy what they read into a shell. */
export function shellWord(id: string): string {
  return /^[\w.:@/+-]+$/.test(id) ? id : `'${id.replaceAll("'", `'\\''`)}'`;
}

/** The commands that people are told to type, in every language the same; the id is one that `shellWord` wrote. */
export const commands = {
  explain: (order: string) => line('explain', order),
  resolve: (order: string) =>
    line('resolve', order, '--state completed|failed|pending --note … --by …'),
  refunded: (payment: string) => line('refunded', payment, '--reference … --note … --by …'),
} as const;

/** Before a `--` an id that begins with `-` would be taken for an option. */
function line(command: string, id: string, ...options: readonly string[]): string {
  const words = /^'?-/.test(id) ? [...options, '--', id] : [id, ...options];
  return ['reconciled', command, ...words].join(' ');
}
