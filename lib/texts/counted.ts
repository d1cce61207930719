/** So many of something in English, where one is not called as many are: `1 order`, `2 orders`, `0 orders`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
