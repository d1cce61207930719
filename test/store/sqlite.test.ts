import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '../../lib/store/sqlite/index.ts';
import { storeContract } from './contract.ts';

storeContract({
  name: 'sqlite',
  open: async (test, clock) => {
    const directory = mkdtempSync(join(tmpdir(), 'reconciled-store-'));
    const open = () =>
      openSqliteStore({ path: join(directory, 'orders.db'), clock, tell: () => {} });
    let store = open();
    test.teardown(async () => {
      await store.upkeep.close();
      rmSync(directory, { recursive: true });
    });
    return {
      store,
      reopen: async () => {
        await store.upkeep.close();
        store = open();
        return store;
      },
    };
  },
});
