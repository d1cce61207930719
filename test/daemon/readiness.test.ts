import { join } from 'node:path';
import t from 'tap';
import { loadConfig } from '../../lib/config.ts';
import { MINUTE_MS } from '../../lib/core/time.ts';
import { startWatch } from '../../lib/daemon/readiness.ts';
import type { Event } from '../../lib/observe/events.ts';
import { openSqliteStore } from '../../lib/store/sqlite/index.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { TurnedClock } from '../support/turned-clock.ts';

/** What `/readyz` makes of what was told. */

const EVERY_MINUTE = loadConfig({ env: {} }).sweep;

const failed = (pool: string): Event => ({ name: 'pool.failed', pool, error: 'out of memory' });
const recovered: Event = { name: 'pool.recovered', pool: 'asking' };
const answered: Event = {
  name: 'gateway.exchanged',
  gateway: 'pg',
  orderId: 'ORDER000001',
  exchange: { kind: 'lookup', durationMs: 1, result: 'answered', status: 200, retryAfterMs: null },
};
const swept: Event = { name: 'sweep.ended', sweepId: 1, looked: 0, durationMs: 1 };

const unwritten: Event = { name: 'store.failed', error: 'store_full: There is no room' };
const written: Event = { name: 'store.committed', rows: 1, durationMs: 1 };

/** What is told, a minute apart → the checks that do not hold. */
const rows: readonly (readonly [string, readonly (Event | null)[], readonly string[]])[] = [
  ['nothing yet', [], []],
  ['a thread that asks failed', [failed('asking')], ['pool']],
  ['and then a gateway was heard', [failed('asking'), answered], []],
  ['and then another took its place', [failed('asking'), recovered], []],
  ['a thread that sends failed', [failed('sending')], []],
  ['a change could not be written', [unwritten], ['store']],
  ['and then another one could', [unwritten, written], []],
  [
    'and then none could for as long as sweeps may fail',
    [unwritten, null, null, null],
    ['store', 'schedule'],
  ],
  ['three minutes without a sweep', [null, null, null], []],
  ['four minutes without a sweep', [null, null, null, null], ['schedule']],
  ['four minutes with one in between', [null, swept, null, null], []],
];

t.test('a schedule of every minute', async (t) => {
  const scratch = scratchDir('readiness');
  const clock = new TurnedClock();
  const path = join(scratch.path, 'reconciled.db');
  const store = openSqliteStore({ path, clock, tell: () => undefined });
  t.teardown(async () => {
    await store.upkeep.close();
    scratch.remove();
  });
  for (const [what, told, failing] of rows) {
    const watch = startWatch(EVERY_MINUTE, 'Asia/Seoul', store.reader, clock);
    for (const event of told) {
      clock.goTo(clock.trueNow() + MINUTE_MS);
      if (event !== null) watch.heard(event);
    }
    const { ready, checks } = await watch.readiness();
    t.same(
      checks.filter(({ ok }) => !ok).map(({ name }) => name),
      failing,
      what,
    );
    t.equal(ready, failing.length === 0, what);
  }
});

t.test('a database that is closed does not answer', async (t) => {
  const scratch = scratchDir('readiness');
  t.teardown(scratch.remove);
  const clock = new TurnedClock();
  const path = join(scratch.path, 'reconciled.db');
  const store = openSqliteStore({ path, clock, tell: () => undefined });
  const watch = startWatch(EVERY_MINUTE, 'Asia/Seoul', store.reader, clock);
  await store.upkeep.close();
  const { ready, checks } = await watch.readiness();
  t.equal(ready, false);
  t.match(checks, [{ name: 'store', ok: false, text: 'The database does not answer.' }]);
});
