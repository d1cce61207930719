import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';

t.test('a process that only waits for its first thread does not end meanwhile', async (t) => {
  const program = fileURLToPath(new URL('./workers/waiting-main.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [program], {
    env: { PATH: process.env.PATH ?? '' },
  });
  t.equal(stdout, 'ready\n');
});
