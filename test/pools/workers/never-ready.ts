/** A thread that is there and never says that it is ready. */
export async function ask(): Promise<void> {}
