import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import t from 'tap';
import type { Event } from '../../lib/observe/events.ts';
import { openSqliteStore } from '../../lib/store/sqlite/index.ts';
import { change, newOrder, notice, T0, testClock, unchanged } from '../support/store-fixtures.ts';
import { directoryOf, startWriterProcess, writerCommand } from '../support/store-process.ts';
import { caseOf } from './contract.ts';

const ORDERS = Array.from({ length: 20 }, (_, index) => `ORDER${String(index).padStart(6, '0')}`);

function isMissing(program: string): boolean {
  return spawnSync(program, ['--version']).error !== undefined;
}

t.test('what was acknowledged survives kill -9, and the lock does not', async (t) => {
  const path = join(directoryOf(t), 'orders.db');
  for (const round of [1, 2]) {
    const writer = startWriterProcess(t, writerCommand(path));
    t.equal(await writer.heard(), 'ready', 'nobody holds the database');
    for (const id of ORDERS) await writer.create(`${id}-${round}`);
    // One more is under way when it dies: it may be there or not.
    const underway = writer.create(`${ORDERS[0]}-underway-${round}`);
    writer.child.kill('SIGKILL');
    await underway;
    // The system closes its pipes before its locks: only when it is gone are they free.
    await writer.end();
  }
  const store = openSqliteStore({ path, clock: testClock(), tell: () => {} });
  t.teardown(() => store.upkeep.close());
  for (const round of [1, 2]) {
    for (const id of ORDERS) t.not(await store.docket.load(`${id}-${round}`), null);
  }
  t.strictSame(await store.upkeep.check(), []);
});

t.test(
  'every write that is acknowledged by itself was synced to the disk by itself',
  { skip: isMissing('strace') && 'strace is not installed: only it can count fsyncs' },
  async (t) => {
    const directory = directoryOf(t);
    const trace = join(directory, 'trace');
    const strace = ['strace', '-f', '-qq', '-e', 'trace=fsync,fdatasync', '-o', trace];
    const command = [...strace, ...writerCommand(join(directory, 'orders.db'))];
    const writer = startWriterProcess(t, command);
    const syncs = () => readFileSync(trace, 'utf8').match(/(fsync|fdatasync)\(.*= 0/g)?.length ?? 0;
    await writer.heard();
    let before = syncs();
    for (const id of ORDERS) {
      t.equal(await writer.create(id), id);
      const after = syncs();
      t.ok(after > before, `${id} was synced before it was acknowledged`);
      before = after;
    }
    await writer.end();
  },
);

t.test('writes one at a time are one transaction each', async (t) => {
  const { rows, store } = observed(directoryOf(t));
  t.teardown(() => store.upkeep.close());
  for (const id of ORDERS) await store.intake.createOrders([newOrder({ id })], T0);
  t.strictSame(
    rows,
    ORDERS.map(() => 1),
  );
});

t.test('writes of one turn share transactions of a hundred', async (t) => {
  const { rows, store } = observed(directoryOf(t));
  t.teardown(() => store.upkeep.close());
  const ids = Array.from({ length: 250 }, (_, index) => `ORDER${index}`);
  await Promise.all(ids.map((id) => store.intake.createOrders([newOrder({ id })], T0)));
  t.strictSame(rows, [100, 100, 50]);
});

t.test('callbacks wait one turn more for those that follow, other writes do not', async (t) => {
  const { rows, store } = observed(directoryOf(t));
  t.teardown(() => store.upkeep.close());
  /** One now, the other in the next turn. */
  const inTwoTurns = (work: (id: string) => Promise<unknown>) =>
    Promise.all([work('ORDER1'), setImmediate().then(() => work('ORDER2'))]);
  await inTwoTurns((orderId) => store.intake.admit(notice({ eventId: orderId, orderId })));
  t.strictSame(rows.splice(0), [2]);
  await inTwoTurns((id) => store.intake.createOrders([newOrder({ id })], T0));
  t.strictSame(rows, [1, 1]);
});

t.test(
  'large writes of one turn are a transaction each: the loop goes on between them',
  async (t) => {
    const { rows, store } = observed(directoryOf(t));
    t.teardown(() => store.upkeep.close());
    const products = Array.from({ length: 500 }, (_, index) => `p${index}`);
    await Promise.all(
      products.map((id) =>
        store.intake.putProduct({ id, name: id, onHand: 9, lowStockAt: null }, T0),
      ),
    );
    t.strictSame(rows.splice(0), [100, 100, 100, 100, 100]);
    const ids = ['ORDER1', 'ORDER2', 'ORDER3'];
    const items = products.map((productId) => ({ productId, quantity: 1, unitPrice: 1 }));
    await store.intake.createOrders(
      ids.map((id) => newOrder({ id, items })),
      T0,
    );
    t.strictSame(rows.splice(0), [1, 1, 1]);
    const take = products.map((productId) => ({ productId, quantity: 1 }));
    const cases = await Promise.all(ids.map((id) => caseOf(store, id)));
    t.strictSame(
      await store.docket.commit(cases.map((one) => change(one, { take }))),
      ids.map(() => 'applied'),
    );
    t.strictSame(rows.splice(0), [1, 1, 1]);
  },
);

t.test(
  'a disk that fails inside COMMIT: the write is in doubt, the next one succeeds',
  {
    skip:
      isMissing('prlimit') &&
      'prlimit (util-linux) is not installed: it makes the file stop growing',
  },
  async (t) => {
    const path = join(directoryOf(t), 'orders.db');
    // Without tap's hooks in the process: with them the system's signal about the limit would end it.
    const command = ['env', '-u', 'NODE_OPTIONS', ...writerCommand(path)];
    const writer = startWriterProcess(t, command);
    await writer.heard();
    t.equal(await writer.create('ORDER1'), 'ORDER1');
    const limit = (size: string) =>
      execFileSync('prlimit', ['--pid', String(writer.child.pid), `--fsize=${size}:`]);
    limit('4096');
    const failed = await writer.create('ORDER2');
    t.match(failed, /^ORDER2 store_(failed|full) .*not known whether/);
    limit('unlimited');
    t.equal(await writer.create('ORDER3'), 'ORDER3');
    await writer.end();
    const store = openSqliteStore({ path, clock: testClock(), tell: () => {} });
    t.teardown(() => store.upkeep.close());
    t.not(await store.reader.order('ORDER1'), null);
    t.not(await store.reader.order('ORDER3'), null);
    t.strictSame(await store.upkeep.check(), []);
  },
);

t.test('a full database refuses what does not fit, and goes on', async (t) => {
  const path = join(directoryOf(t), 'orders.db');
  const events: Event[] = [];
  const options = { path, clock: testClock(), tell: (event: Event) => events.push(event) };
  const bounded = openSqliteStore({ ...options, maxPages: 50 });
  const full = { code: 'store_full', message: /orders\.db/, hint: /Free space/, retryable: true };
  const memberId = 'm'.repeat(40_000);
  const large = ['ORDER1', 'ORDER2', 'ORDER3'].map((id) => newOrder({ id, memberId }));
  await t.rejects(bounded.intake.createOrders(large, T0), full);
  t.match(events.at(-1), { name: 'store.failed', error: /store_full/ });
  t.equal(await bounded.reader.order('ORDER1'), null, 'nothing of the group was written');
  t.match(await bounded.intake.createOrders([newOrder({ id: 'ORDER4' })], T0), [
    { kind: 'created' },
  ]);
  const known = await caseOf(bounded, 'ORDER4');
  const long = change(known, { order: { reasonText: memberId.repeat(5) } });
  const small = unchanged(known);
  await t.rejects(bounded.docket.commit([long]), full, 'no decision is refused for want of room');
  t.strictSame(await bounded.docket.commit([small]), ['applied']);
  await bounded.upkeep.close();

  const roomy = openSqliteStore(options);
  t.teardown(() => roomy.upkeep.close());
  t.match(
    await roomy.intake.createOrders(large, T0),
    large.map(() => ({ kind: 'created' })),
  );
  t.strictSame(await roomy.upkeep.check(), []);
});

function observed(directory: string) {
  const rows: number[] = [];
  const store = openSqliteStore({
    path: join(directory, 'orders.db'),
    clock: testClock(),
    tell: (event) => {
      if (event.name === 'store.committed') rows.push(event.rows);
    },
  });
  return { rows, store };
}
