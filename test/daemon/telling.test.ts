import { join } from 'node:path';
import t from 'tap';
import { systemClock } from '../../lib/clock.ts';
import { loadConfig } from '../../lib/config.ts';
import { startTelling } from '../../lib/daemon/telling.ts';
import { openSqliteStore } from '../../lib/store/sqlite/index.ts';
import { scratchDir } from '../support/scratch-dir.ts';

t.test('when the watch over conditions cannot start, nobody sends either', async (t) => {
  const scratch = scratchDir('telling');
  t.teardown(scratch.remove);
  const tell = () => {};
  const path = join(scratch.path, 'reconciled.db');
  const store = openSqliteStore({ path, clock: systemClock, tell });
  t.teardown(() => store.upkeep.close());
  const asked: string[] = [];
  const outbox = new Proxy(store.outbox, {
    get(target, name) {
      asked.push(String(name));
      if (name === 'marks') return () => Promise.reject(new Error('the disk is gone'));
      return Reflect.get(target, name);
    },
  });
  const config = loadConfig({ env: {} });
  const started = startTelling(
    config,
    { store: { ...store, outbox } },
    { clock: systemClock, tell },
  );
  await t.rejects(started, /the disk is gone/);
  t.strictSame(asked, ['marks'], 'no courier has begun to listen or to claim');
});
