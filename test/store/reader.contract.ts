import type { OrdersQuery, Page, Store } from '../../lib/store/port.ts';
import { change, newOrder, newPayment, T0 } from '../support/store-fixtures.ts';
import { type Clause, caseOf } from './contract.ts';

/** All pages of a list, at most twenty. */
async function pages<T>(
  next: (after: string | null) => Promise<Page<T>>,
): Promise<readonly (readonly T[])[]> {
  const all: (readonly T[])[] = [];
  let after: string | null = null;
  for (let count = 0; count < 20; count += 1) {
    const page: Page<T> = await next(after);
    all.push(page.items);
    after = page.next;
    if (after === null) return all;
  }
  throw new Error('the list does not end');
}

async function orderPages(store: Store, over: Partial<OrdersQuery>): Promise<readonly string[]> {
  const query = { state: null, reason: null, limit: 2, ...over };
  const all = await pages((after) => store.reader.orders({ ...query, after }));
  return all.map((page) => page.map(({ order }) => order.id.slice(-1)).join(''));
}

/** Five orders: A and B of one moment, E the oldest; B and C failed, D completed. */
async function fiveOrders(store: Store): Promise<void> {
  const times = [
    ['A', 5],
    ['B', 5],
    ['C', 7],
    ['D', 9],
    ['E', -2],
  ] as const;
  await store.intake.createOrders(
    times.map(([id, offset]) =>
      newOrder({ id: `ORDER-${id}`, createdAt: T0 + offset, payments: [newPayment({ id })] }),
    ),
    T0,
  );
  const changes = [
    ['B', 'failed', 'declined'],
    ['C', 'failed', 'out_of_stock'],
    ['D', 'completed', 'captured'],
  ] as const;
  for (const [id, state, reason] of changes) {
    const order = { state, reason, lookAt: null };
    await store.docket.commit([change(await caseOf(store, `ORDER-${id}`), { order })]);
  }
}

/** For people and machines that look. */
export function readerContract(clause: Clause): void {
  const queries: readonly (readonly [Partial<OrdersQuery>, readonly string[]])[] = [
    [{}, ['EA', 'BC', 'D']],
    [{ limit: 5 }, ['EABCD']],
    [{ limit: 1 }, ['E', 'A', 'B', 'C', 'D']],
    [{ state: 'failed' }, ['BC']],
    [{ state: 'pending', limit: 1 }, ['E', 'A']],
    [{ state: 'held' }, ['']],
    [{ reason: 'captured' }, ['D']],
    [{ state: 'failed', reason: 'out_of_stock' }, ['C']],
    [{ state: 'completed', reason: 'out_of_stock' }, ['']],
  ];
  for (const [query, expected] of queries)
    clause(
      `orders of ${JSON.stringify(query)} come in pages ${expected.join(' | ')}`,
      async (t, { store }) => {
        await fiveOrders(store);
        t.strictSame(await orderPages(store, query), expected);
      },
    );

  clause('an order that comes between two pages moves nothing', async (t, { store }) => {
    await fiveOrders(store);
    const query = { state: null, reason: null, limit: 2 };
    const first = await store.reader.orders({ ...query, after: null });
    await store.intake.createOrders([newOrder({ id: 'ORDER-0', createdAt: T0 - 100 })], T0);
    const second = await store.reader.orders({ ...query, after: first.next });
    t.strictSame(
      second.items.map(({ order }) => order.id),
      ['ORDER-B', 'ORDER-C'],
    );
  });

  const wrong = [
    '',
    'x',
    'ORDER-A',
    Buffer.from('[1]').toString('base64url'),
    Buffer.from('["a","b"]').toString('base64url'),
  ];
  for (const after of wrong)
    clause(`a cursor ${JSON.stringify(after)} of nobody's is invalid`, async (t, { store }) => {
      const query = { state: null, reason: null, limit: 1, after };
      await t.rejects(store.reader.orders(query), {
        code: 'invalid',
        message: /after/,
        hint: /next/,
      });
    });

  clause('an order reads with items and payments; none is null', async (t, { store }) => {
    await fiveOrders(store);
    const { order, items, payments } = await caseOf(store, 'ORDER-C');
    t.strictSame(await store.reader.order('ORDER-C'), {
      order,
      items,
      payments,
      nudgeAt: null,
    });
    t.equal(await store.reader.order('ORDER-X'), null);
  });

  clause(
    'the journal comes by order in pages, and whole in its own order',
    async (t, { store }) => {
      await fiveOrders(store);
      const found = await pages((after) => store.reader.journal('ORDER-B', Number(after ?? 0), 1));
      t.strictSame(
        found.map((page) => page.map((row) => [row.version, row.record.kind])),
        [[[1, 'created']], [[2, 'decided']]],
      );
      const all = await store.reader.journalAfter(0, 100);
      t.equal(all.length, 8);
      t.strictSame(await store.reader.journalAfter(all[5]?.seq ?? 0, 1), [all[6]]);
    },
  );

  clause('products and movements come in pages', async (t, { store }) => {
    for (const id of ['pen', 'ink', 'cap'])
      await store.intake.putProduct({ id, name: id, onHand: 1, lowStockAt: null }, T0);
    for (const reference of ['a', 'b']) await store.intake.addStock('pen', 1, reference, T0);
    const products = await pages((after) => store.reader.products(after, 2));
    t.strictSame(
      products.map((page) => page.map(({ id }) => id)),
      [['cap', 'ink'], ['pen']],
    );
    const movements = await pages((after) => store.reader.movements('pen', Number(after ?? 0), 2));
    t.strictSame(
      movements.map((page) => page.map(({ onHand }) => onHand)),
      [[1, 2], [3]],
    );
    t.equal(await store.reader.product('none'), null);
  });

  clause('sweeps come newest first', async (t, { store }) => {
    for (const id of [1, 2, 3]) await store.docket.beginSweep(id, T0 + id);
    const found = await pages((after) => store.reader.sweeps(after, 2));
    t.strictSame(
      found.map((page) => page.map(({ id }) => id)),
      [[3, 2], [1]],
    );
  });

  clause('counts and the oldest due time follow every commit', async (t, { store }) => {
    t.strictSame(await store.reader.counts(), {
      orders: { pending: 0, completed: 0, failed: 0, held: 0 },
      refundsDue: 0,
      unmatched: {},
      deliveries: { pending: {}, dead: {} },
    });
    t.equal(await store.reader.oldestDue(), null);
    await fiveOrders(store);
    t.strictSame((await store.reader.counts()).orders, {
      pending: 2,
      completed: 1,
      failed: 2,
      held: 0,
    });
    t.equal(await store.reader.oldestDue(), T0);
  });

  clause(
    'closing waits for what is being written, then everything is refused',
    async (t, { store, reopen }) => {
      const writing = store.intake.createOrders([newOrder({ id: 'ORDER1' })], T0);
      await Promise.all([store.upkeep.close(), store.upkeep.close()]);
      t.strictSame(await writing, [{ kind: 'created' }]);
      await t.rejects(store.intake.createOrders([newOrder({ id: 'ORDER2' })], T0), {
        code: 'store_closed',
      });
      await t.rejects(store.reader.order('ORDER1'), { code: 'store_closed' });
      const again = await reopen();
      t.not(await again.reader.order('ORDER1'), null);
    },
  );
}
