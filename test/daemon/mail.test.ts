import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { systemClock } from '../../lib/clock.ts';
import { conditionEffect } from '../../lib/core/announce.ts';
import { openSqliteStore } from '../../lib/store/sqlite/index.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { configuration, program, reconciled } from './process.ts';

/** A real daemon and a real mail server, each a process of its own, on a bad day of the server. */

t.test('a mail comes through greylisting and a line that drops after DATA', async (t) => {
  const scratch = scratchDir('mail');
  t.teardown(scratch.remove);
  const server = program('mail-server.ts');
  t.teardown(() => server.child.kill('SIGKILL'));
  const { port } = JSON.parse(await server.line(/"port"/));
  const path = join(scratch.path, 'reconciled.db');
  const store = openSqliteStore({ path, clock: systemClock, tell: () => {} });
  await store.outbox.subscribe([{ channel: 'mail', topic: 'gateway.down', digestMs: 0 }], 0);
  const now = systemClock.now();
  await store.outbox.announce([conditionEffect('gateway.down', 'pg', now, null)], [], now);
  await store.upkeep.close();

  const configFile = join(scratch.path, 'reconciled.toml');
  writeFileSync(configFile, configuration('http://127.0.0.1:9', mailChannel(port)));
  const daemon = reconciled(['serve', '--config', configFile]);
  t.teardown(() => daemon.child.kill('SIGKILL'));
  const arrived: string[] = [];
  server.hear((line) => arrived.push(line));
  await server.line(/"dropped":false/);
  // Each attempt is told after its commit; what is told of the last one is debug, so its end is the daemon's.
  await daemon.line(/"attempt":2/);
  daemon.child.kill('SIGTERM');
  const { code, stderr } = await daemon.ended;
  t.equal(code, 0);
  t.match(stderr, /"cause":"rejected".*451/, 'it was greylisted');
  t.match(stderr, /"cause":"connection","attempt":2/, 'then the line dropped');

  const mails = arrived.map((line) => JSON.parse(line));
  t.match(mails, [
    { dropped: true, to: ['ops@shop.example'] },
    { dropped: false, to: ['ops@shop.example'] },
  ]);
  t.match(mails[0]?.id, /^<[0-9a-f]+@shop\.example>$/);
  t.equal(mails[0]?.id, mails[1]?.id, 'the second one is the same message');

  const kept = openSqliteStore({ path, readOnly: true, clock: systemClock, tell: () => {} });
  t.teardown(() => kept.upkeep.close());
  const all = { state: null, channel: null, after: null, limit: 10 };
  t.match((await kept.reader.deliveries(all)).items, [
    { channel: 'mail', state: 'delivered', attempts: 3, detail: /queued as 4711/ },
  ]);
});

function mailChannel(port: number): string {
  return `[notify]
first_retry = "100ms"
[[channel]]
name = "mail"
kind = "email"
host = "127.0.0.1"
port = ${port}
security = "none"
from = "reconciled@shop.example"
to = ["ops@shop.example"]
topics = ["gateway.down"]
`;
}
