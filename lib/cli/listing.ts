import type { Page } from '../store/port.ts';
import type { Texts } from '../texts.ts';
import { print, printLines, say } from './words.ts';

/** What a command was told of the list that it prints. */
export interface ListingOptions {
  readonly limit: number;
  readonly after?: string;
  readonly json?: true;
}

/** A list: where its items come from, and how each is told. */
export interface Listing<T> {
  read(after: string | null, limit: number): Promise<Page<T>>;
  /** As the HTTP interface has it; loaded when it is wanted. */
  body(): Promise<(item: T) => unknown>;
  readonly head: readonly string[];
  row(item: T): readonly (string | number)[];
  /** Said when there is nothing. */
  readonly none: string;
}

/** Prints a list as a table, or as one JSON object a line; says where it goes on. */
export async function printList<T>(
  listing: Listing<T>,
  options: ListingOptions,
  texts: Texts,
): Promise<void> {
  const place = { after: options.after ?? null, limit: options.limit };
  const next = options.json ? await printBodies(listing, place) : await printTable(listing, place);
  if (next !== null) say(texts.orders.more(next));
}

interface Place {
  readonly after: string | null;
  readonly limit: number;
}

async function printBodies<T>({ read, body }: Listing<T>, place: Place): Promise<string | null> {
  const bodyOf = await body();
  return takePages(read, place, (items) =>
    printLines(items.map((item) => JSON.stringify(bodyOf(item)))),
  );
}

async function printTable<T>(
  { read, head, row, none }: Listing<T>,
  place: Place,
): Promise<string | null> {
  const { table } = await import('./table.ts');
  const rows: (readonly (string | number)[])[] = [];
  const next = await takePages(read, place, async (items) => {
    rows.push(...items.map(row));
  });
  if (rows.length === 0) say(none);
  else print(table(head, rows));
  return next;
}

/** The most items of one list; what lies beyond is asked for with `--after`. */
export const MAX_LISTED = 1_000_000;

/** Items read at a time: memory stays the same however many are listed. */
const PAGE = 500;

/** Takes up to `limit` items, a page at a time, and gives the place where to go on; `null`: that was all. */
export async function takePages<T>(
  read: (after: string | null, limit: number) => Promise<Page<T>>,
  { after, limit }: Place,
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
