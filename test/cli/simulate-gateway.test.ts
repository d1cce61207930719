import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { reconciled } from '../daemon/process.ts';
import { scratchDir } from '../support/scratch-dir.ts';

t.test('a gateway of one’s own: where it is, what it knows, and 0 after Ctrl-C', async (t) => {
  const scratch = scratchDir('gateway');
  t.teardown(scratch.remove);
  const file = join(scratch.path, 'payments.ndjson');
  const known = {
    transactionKey: '20250816:TR:9577c5',
    orderId: 'ORDER000001',
    userId: 'member-7',
  };
  writeFileSync(file, `${JSON.stringify({ ...known, amount: 5000, status: 'SUCCESS' })}\n`);
  const gateway = reconciled(['simulate-gateway', '--port', '0', '--preload', file, '--json']);
  t.teardown(() => gateway.child.kill('SIGKILL'));
  const { url, port } = JSON.parse(await gateway.line(/^\{/));
  t.equal(url, `http://127.0.0.1:${port}`);
  await gateway.line(/^A simulated gateway listens at http:\S+ with 1 payment\. Ctrl-C ends it\.$/);
  const headers = { 'x-user-id': known.userId };
  const reply = await fetch(`${url}/api/v1/payments/${known.transactionKey}`, { headers });
  t.match(await reply.json(), { data: { orderId: known.orderId, status: 'SUCCESS' } });
  t.equal((await fetch(`${url}/__simulator/payments`)).status, 404, 'closed without --admin');
  gateway.child.kill('SIGINT');
  const { code, stdout } = await gateway.ended;
  t.equal(code, 0);
  t.equal(stdout, `${JSON.stringify({ url, port })}\n`, 'words go to standard error');
});
