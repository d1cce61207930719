import type { Config } from '../config.ts';
import type { Page, Reader, Store } from '../store/port.ts';

/**
 * Reads the database beside a daemon that may run: `read` gets it open for reading only, and it is closed afterwards.
 * @throws ReconciledError `not_found` when there is no database yet, and whatever else is wrong with the file.
 */
export async function withReader<T>(
  config: Config,
  read: (reader: Reader) => Promise<T>,
): Promise<T> {
  const { databasePath } = await import('../config.ts');
  const { systemClock } = await import('../clock.ts');
  const { openSqliteStore } = await import('../store/sqlite/index.ts');
  const store: Store = await openSqliteStore({
    path: databasePath(config),
    readOnly: true,
    clock: systemClock,
    // A reader does nothing that somebody has to hear of.
    tell: () => undefined,
  });
  try {
    return await read(store.reader);
  } finally {
    await store.upkeep.close();
  }
}

/** The most items of one list; what lies beyond is asked for with `--after`. */
export const MAX_LISTED = 1_000_000;

/** Items read at a time: memory stays the same however many are listed. */
const PAGE = 500;

/** Takes up to `limit` items, a page at a time, and gives the place where to go on; `null`: that was all. */
export async function takePages<T>(
  read: (after: string | null, limit: number) => Promise<Page<T>>,
  { after, limit }: { readonly after: string | null; readonly limit: number },
  take: (items: readonly T[]) => Promise<void>,
): Promise<string | null> {
  let left = limit;
  let place = after;
  do {
    const page = await read(place, Math.min(left, PAGE));
    await take(page.items);
    left -= page.items.length;
    place = page.next;
  } while (place !== null && left > 0);
  return place;
}
