export function sentenceOf(message: { id: string }, _style: unknown): string {
  return message.id;
}
