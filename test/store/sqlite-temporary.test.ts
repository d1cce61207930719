import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openConnection } from '../../lib/store/sqlite/connection.ts';
import { MIGRATIONS } from '../../lib/store/sqlite/migrations.ts';
import { admitNotices } from '../../lib/store/sqlite/notices.ts';
import { startWriter } from '../../lib/store/sqlite/writer.ts';
import { notice, testClock } from '../support/store-fixtures.ts';
import { directoryOf } from '../support/store-process.ts';
import { syncHere } from '../support/syncing.ts';

/** In a container only the data directory can be written, and a temporary folder that is full must not keep callbacks out. */

t.test(
  'a flood of callbacks makes no temporary file',
  { skip: !existsSync('/proc/self/fd') && 'there is no /proc here' },
  async (t) => {
    const connection = openConnection({
      path: join(directoryOf(t), 'orders.db'),
      readOnly: false,
      maxPages: null,
      migrations: MIGRATIONS,
      upgrading: () => undefined,
      syncFile: syncHere,
    });
    t.teardown(() => connection.close());
    const writer = startWriter(connection, testClock(), () => undefined);
    // Their ids stand all over the index: each of those that follow changes a page of its own.
    await writer.write((session) =>
      session.run(`
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
        INSERT INTO notices (gateway, event_id, received_at) SELECT 'pg', printf('%04x', i * 40503 % 65536), 0 FROM n`),
    );
    const flood = Array.from({ length: 100 }, (_, index) =>
      notice({
        eventId: `${(index * 655).toString(16).padStart(4, '0')}-again`,
        orderId: 'ORDER1',
      }),
    );
    const { outcomes, open } = await writer.write((session) => ({
      outcomes: admitNotices(session, flood),
      open: openFiles(),
    }));
    t.strictSame(new Set(outcomes), new Set(['kept']));
    t.strictSame(
      open.filter((name) => name.endsWith('(deleted)')),
      [],
    );
  },
);

/** What this process has open, by name. */
function openFiles(): readonly string[] {
  return readdirSync('/proc/self/fd').flatMap((file) => {
    try {
      return [readlinkSync(`/proc/self/fd/${file}`)];
    } catch {
      // The descriptor by which the folder was listed.
      return [];
    }
  });
}
