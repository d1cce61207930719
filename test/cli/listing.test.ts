import t from 'tap';
import { takePages } from '../../lib/cli/listing.ts';

/** A list is read a page at a time, as far as it was asked for, and says where it goes on. */

const PAGE = 500;

/** So many items; the place behind one is its number. */
function listOf(length: number) {
  const asked: number[] = [];
  const read = async (after: string | null, limit: number) => {
    asked.push(limit);
    const from = Number(after ?? 0);
    const to = Math.min(length, from + limit);
    const items = Array.from({ length: to - from }, (_, index) => from + index + 1);
    return { items, next: to < length ? String(to) : null };
  };
  return { asked, read };
}

const ROWS: readonly {
  readonly of: number;
  readonly after: string | null;
  readonly limit: number;
  readonly taken: readonly [number, number] | null;
  readonly next: string | null;
  readonly asked: readonly number[];
}[] = [
  { of: 0, after: null, limit: 100, taken: null, next: null, asked: [100] },
  { of: 3, after: null, limit: 3, taken: [1, 3], next: null, asked: [3] },
  { of: 3, after: null, limit: 2, taken: [1, 2], next: '2', asked: [2] },
  { of: 3, after: '2', limit: 100, taken: [3, 3], next: null, asked: [100] },
  { of: 500, after: null, limit: 1_000_000, taken: [1, 500], next: null, asked: [PAGE] },
  { of: 1_200, after: null, limit: 1_000, taken: [1, 1_000], next: '1000', asked: [PAGE, PAGE] },
  { of: 1_200, after: '100', limit: 600, taken: [101, 700], next: '700', asked: [PAGE, 100] },
  {
    of: 1_200,
    after: null,
    limit: 5_000,
    taken: [1, 1_200],
    next: null,
    asked: [PAGE, PAGE, PAGE],
  },
];

for (const { of, after, limit, taken, next, asked } of ROWS) {
  t.test(`${limit} of ${of}, after ${after ?? 'nothing'}`, async (t) => {
    const list = listOf(of);
    const all: number[] = [];
    const place = await takePages(list.read, { after, limit }, async (items) => {
      all.push(...items);
    });
    const [first, last] = taken ?? [1, 0];
    t.strictSame(
      all,
      Array.from({ length: last - first + 1 }, (_, index) => first + index),
    );
    t.equal(place, next);
    t.strictSame(list.asked, asked);
  });
}
