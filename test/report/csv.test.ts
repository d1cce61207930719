import Database from 'better-sqlite3';
import t from 'tap';
import { CSV_PAGE, type CsvPiece, csvPages, csvPiece } from '../../lib/report/csv.ts';
import { spanOfDays } from '../../lib/report/days.ts';
import type { OrderPlace } from '../../lib/store/report-port.ts';
import type { FlowWorld } from '../support/flow-world.ts';
import { DAY, openShop, withSource, ZONE } from './shop.ts';

function listOf(shop: FlowWorld): readonly string[] {
  return withSource(shop, (source) => [...csvPages(source, spanOfDays(DAY, DAY, ZONE))]);
}

t.test('every order of the day, oldest first, with what settled it', async (t) => {
  const shop = await openShop();
  t.teardown(shop.close);
  const lines = listOf(shop).join('').split('\r\n');
  t.equal(
    lines[0],
    'id,memberId,createdAt,state,reason,reasonText,currency,amount,settledAt,settledBy,payments,gateway,method,transactionKey,paymentState,refundDue',
  );
  t.match(
    lines.find((line) => line.startsWith('ORDER-4,')),
    /^ORDER-4,member-1,2025-08-16T00:49:00\.\d+Z,completed,captured,,KRW,1000,2025-08-16T01:00:\d\d\.\d+Z,callback,1,pg,CARD,key-4,succeeded,0$/,
  );
  t.match(
    lines.find((line) => line.startsWith('ORDER-7,')),
    /,sweep,2,pg,CARD,key-7,succeeded,1000$/,
  );
  t.match(
    lines.find((line) => line.startsWith('ORDER-6,')),
    /,person,1,pg,CARD,key-6,refund_due,900$/,
  );
  t.same(
    lines.slice(1).map((line) => line.slice(0, 7)),
    ['ORDER-1', 'ORDER-2', 'ORDER-3', 'ORDER-5', 'ORDER-6', 'ORDER-7', 'ORDER-8', 'ORDER-4', ''],
  );
});

/** What a gateway said, and how it stands in the list. */
const WORDS: readonly (readonly [string, string])[] = [
  ['plain', 'plain'],
  ['한도초과입니다.', '한도초과입니다.'],
  ['a, b', '"a, b"'],
  ['say "no"', '"say ""no"""'],
  ['two\r\nlines', '"two\r\nlines"'],
  ["=HYPERLINK('x')", "'=HYPERLINK('x')"],
  ['+1', "'+1"],
  ['-1', "'-1"],
  ['@x', "'@x"],
  ['\tx', "'\tx"],
  ['=1,2 "x"', `"'=1,2 ""x"""`],
  ["o'clock", "o'clock"],
  ['', ''],
];

for (const [said, written] of WORDS) {
  t.test(`a cell that says ${JSON.stringify(said)}`, async (t) => {
    const shop = await openShop();
    t.teardown(shop.close);
    const hand = new Database(shop.path);
    hand.prepare("UPDATE orders SET reason_text = ? WHERE id = 'ORDER-1'").run(said);
    hand.close();
    t.ok(listOf(shop).join('').includes(`,completed,captured,${written},KRW,`));
  });
}

t.test('times are those of JavaScript, to the millisecond', async (t) => {
  const shop = await openShop();
  t.teardown(shop.close);
  const hand = new Database(shop.path);
  const set = hand.prepare("UPDATE journal SET at = ? WHERE order_id = 'ORDER-1'");
  for (const at of [0, 1_755_270_000_000, 1_755_270_059_000, 4_102_444_799_000]) {
    for (const later of [0, 1, 7, 499, 500, 999]) {
      set.run(at + later);
      const line = listOf(shop).join('').split('\r\n')[1];
      t.equal(line?.split(',')[8], new Date(at + later).toISOString());
    }
  }
  hand.close();
});

t.test('a page that has no room in the memory it is given comes in its own', async (t) => {
  const shop = await openShop();
  t.teardown(shop.close);
  const [whole = ''] = listOf(shop);
  const span = spanOfDays(DAY, DAY, ZONE);
  const length = Buffer.byteLength(whole);
  withSource(shop, (source) => {
    for (const room of [length + 10, length, length - 1, 0]) {
      const slot = new SharedArrayBuffer(room);
      const { bytes } = csvPiece(source, span, null, slot);
      t.equal(new TextDecoder().decode(Uint8Array.from(bytes)), whole);
      t.equal(bytes.buffer === slot, room >= length);
    }
  });
});

t.test('a long list comes page by page, each order once, also at the same moment', async (t) => {
  const shop = await openShop();
  t.teardown(shop.close);
  const hand = new Database(shop.path);
  const more = 2 * CSV_PAGE - 8;
  hand
    .prepare(
      `INSERT INTO orders (id, member_id, currency, amount, state, created_at, updated_at, looks, version, content, ask_at)
       WITH n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
       SELECT printf('MORE-%06d', i), 'm', 'KRW', 1, 'pending', ?, 0, 0, 1, x'00', '[]' FROM n`,
    )
    .run(more, shop.clock.now());
  hand.close();
  const pages = listOf(shop);
  t.equal(pages.length, 3, 'the last one is empty: nobody knows before that there is no more');
  const pieces = withSource(shop, (source) => {
    const texts: string[] = [];
    let after: OrderPlace | null = null;
    do {
      const piece: CsvPiece = csvPiece(source, spanOfDays(DAY, DAY, ZONE), after, null);
      texts.push(new TextDecoder().decode(piece.bytes));
      after = piece.next;
    } while (after !== null && texts.length < pages.length);
    return texts;
  });
  t.same(pieces, pages, 'the same for another thread');
  const ids = pages
    .join('')
    .trimEnd()
    .split('\r\n')
    .slice(1)
    .map((line) => line.split(',')[0]);
  t.equal(ids.length, 8 + more);
  t.equal(new Set(ids).size, 8 + more);
});
