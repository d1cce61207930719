import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import t from 'tap';
import { systemClock } from '../../lib/clock.ts';
import { MINUTE_MS } from '../../lib/core/time.ts';
import { type ListWatch, listBody } from '../../lib/http/list-body.ts';
import type { CsvPiece, Slot } from '../../lib/report/csv.ts';
import { TurnedClock, turnTo } from '../support/turned-clock.ts';

/** Whoever is told of a list in these tests, where nothing else is said. */
const WATCH: ListWatch = {
  clock: systemClock,
  ended: () => {},
  isAllSent: () => true,
  cutOff: () => {},
};

/** A list whose page `n` consists of its number again and again, and who gave its memory. */
function numbered(pages: number, bytesOf: (page: number) => number) {
  const slots = new Set<Slot>();
  let inSlots = 0;
  const read = async (after: CsvPiece['next'], slot: Slot | null): Promise<CsvPiece> => {
    // A thread answers later.
    await nextTurn();
    const page = after === null ? 0 : Number(after.id);
    const length = bytesOf(page);
    if (slot !== null) {
      slots.add(slot);
      inSlots += 1;
    }
    const bytes = slot === null ? new Uint8Array(length) : new Uint8Array(slot, 0, length);
    bytes.fill(page % 251);
    return { bytes, next: page + 1 < pages ? { createdAt: 0, id: String(page + 1) } : null };
  };
  return { read, slots, inSlots: () => inSlots };
}

function isWhole(body: Buffer, pages: number, bytesOf: (page: number) => number): boolean {
  let at = 0;
  for (let page = 0; page < pages; page += 1) {
    const end = at + bytesOf(page);
    if (!body.subarray(at, end).every((byte) => byte === page % 251)) return false;
    at = end;
  }
  return at === body.length;
}

const KIB = 1024;

/** Larger and smaller than what a socket takes before it says that it has enough. */
const LISTS: readonly (readonly [string, number, (page: number) => number])[] = [
  ['one page', 1, () => 100],
  ['one page of nothing', 1, () => 0],
  ['pages of 60 kB', 300, () => 60 * KIB],
  ['pages of 200 kB', 150, () => 200 * KIB],
  ['small pages', 500, () => 5 * KIB],
  ['pages of all sizes', 300, (page) => 1 + ((page * 7_919) % (250 * KIB))],
];

for (const [name, pages, bytesOf] of LISTS) {
  for (const reader of ['quick', 'slow'] as const) {
    t.test(`${name}, and a ${reader} reader`, async (t) => {
      const list = numbered(pages, bytesOf);
      const server = createServer(
        getRequestListener(async (_, env) => {
          const { outgoing } = env as HttpBindings;
          const isAllSent = () => outgoing.writableLength === 0;
          return new Response(await listBody(list.read, { ...WATCH, isAllSent }));
        }),
      ).listen(0, '127.0.0.1');
      t.teardown(() => server.close());
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const body = await bodyOf(port, reader === 'slow');
      t.ok(isWhole(body, pages, bytesOf), `${body.length} bytes`);
      if (pages < 100) return;
      t.ok(list.inSlots() > 0, `${list.inSlots()} pages in slots`);
      t.ok(list.slots.size <= 4);
    });
  }
}

/** The body of a chunked answer. A slow reader leaves what comes where it is for some turns of the loop, again and again. */
async function bodyOf(port: number, isSlow: boolean): Promise<Buffer> {
  const response = await fetch(`http://127.0.0.1:${port}/`);
  const chunks: Uint8Array[] = [];
  if (response.body === null) return Buffer.alloc(0);
  for await (const chunk of response.body) {
    chunks.push(Uint8Array.from(chunk));
    if (isSlow) for (let turn = 0; turn < 20; turn += 1) await nextTurn();
  }
  return Buffer.concat(chunks);
}

t.test('a slot is not used again before the client has what was in it', async (t) => {
  const list = numbered(50, () => 1_000);
  const body = await listBody(list.read, { ...WATCH, isAllSent: () => false });
  let bytes = 0;
  for await (const chunk of body) bytes += chunk.length;
  t.equal(bytes, 50_000);
  t.equal(list.inSlots(), 0);
});

t.test('the end of a list is told', async (t) => {
  let ended = 0;
  const read = async (): Promise<CsvPiece> => ({ bytes: new Uint8Array(1), next: null });
  const body = await listBody(read, { ...WATCH, ended: () => (ended += 1) });
  t.equal(ended, 0);
  for await (const _ of body) t.pass();
  t.equal(ended, 1);
});

t.test('nothing is read before it is asked for, but one page', async (t) => {
  let reads = 0;
  let ended = 0;
  const read = async (): Promise<CsvPiece> => {
    reads += 1;
    return { bytes: new Uint8Array(1), next: { createdAt: 0, id: String(reads) } };
  };
  const body = await listBody(read, { ...WATCH, ended: () => (ended += 1) });
  t.equal(reads, 1);
  const reader = body.getReader();
  await reader.read();
  await nextTurn();
  t.equal(reads, 2);
  t.equal(ended, 0);
  await reader.cancel();
  t.equal(ended, 1);
});

t.test('trouble before the first page is told, trouble later ends the body', async (t) => {
  let ended = 0;
  const watch = { ...WATCH, ended: () => (ended += 1) };
  await t.rejects(
    listBody(async () => {
      throw new Error('no database');
    }, watch),
    { message: 'no database' },
  );
  t.equal(ended, 1);
  let reads = 0;
  const body = await listBody(async () => {
    reads += 1;
    if (reads === 3) throw new Error('no database any more');
    return { bytes: new Uint8Array(1), next: { createdAt: 0, id: 'x' } };
  }, watch);
  const reader = body.getReader();
  await reader.read();
  await t.rejects(
    (async () => {
      for (;;) await reader.read();
    })(),
    { message: 'no database any more' },
  );
  t.equal(ended, 2);
});

t.test('whoever takes nothing more is cut off, and nobody who takes his time', async (t) => {
  const clock = new TurnedClock();
  const pass = (forMs: number) => turnTo(clock, () => true, clock.trueNow() + forMs);
  let cutOff = 0;
  const { read } = numbered(10, () => 1_000);
  const body = await listBody(read, { ...WATCH, clock, cutOff: () => (cutOff += 1) });
  const reader = body.getReader();
  for (let page = 0; page < 9; page += 1) {
    await reader.read();
    await pass(4 * MINUTE_MS);
  }
  t.equal(cutOff, 0);
  await pass(MINUTE_MS);
  t.equal(cutOff, 1);
  await reader.read();
  await pass(10 * MINUTE_MS);
  t.equal(cutOff, 1, 'who has all of it keeps nobody from anything');
});

t.test('whoever went away is not cut off once more', async (t) => {
  const clock = new TurnedClock();
  let cutOff = 0;
  const { read } = numbered(10, () => 1_000);
  const body = await listBody(read, { ...WATCH, clock, cutOff: () => (cutOff += 1) });
  const reader = body.getReader();
  await reader.read();
  // The next page is being read.
  await reader.cancel();
  for (let turn = 0; turn < 5; turn += 1) await nextTurn();
  t.equal(clock.nextAt(), null);
  t.equal(cutOff, 0);
});
