import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { configuration, reconciled } from '../daemon/process.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { run } from './run.ts';
import { orderLine } from './shop.ts';

t.test(
  'Ctrl-C ends a sweep that runs here early: it ends with 1, the rest stays due',
  async (t) => {
    const scratch = scratchDir('sweep');
    t.teardown(scratch.remove);
    const cwd = scratch.path;
    const asked = Promise.withResolvers<void>();
    // Takes a question and never answers.
    const gateway = createServer(() => asked.resolve());
    await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
    t.teardown(() => {
      gateway.close();
      gateway.closeAllConnections();
    });
    const { port } = gateway.address() as AddressInfo;
    const file = join(cwd, 'reconciled.toml');
    writeFileSync(file, configuration(`http://127.0.0.1:${port}`, 'lookup_timeout = "60s"'));
    await run(['import', '-'], { cwd, input: orderLine(1, { items: [] }) });

    const sweep = reconciled(['sweep', '--config', file, '--json']);
    t.teardown(() => sweep.child.kill('SIGKILL'));
    await asked.promise;
    sweep.child.kill('SIGINT');
    const { code, stdout, stderr } = await sweep.ended;
    t.equal(code, 1);
    t.match(stderr, '도중에 끝냈습니다. 결정한 것은 저장되었고, 나머지는 다음에 확인합니다.');
    t.match(JSON.parse(stdout), { startedAt: /Z$/, endedAt: /Z$/ }, 'what was done is told');
    const { stdout: left } = await run(['orders', '--json'], { cwd });
    t.match(JSON.parse(left), { state: 'pending', reason: null, nextLookAt: /Z$/ });
  },
);
