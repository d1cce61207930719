import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';

/** Idle threads keep no process alive: one that only waits for its first thread would end with nothing said. */
t.test('a process waits for its first thread, and hears when none is ever ready', async (t) => {
  const program = fileURLToPath(new URL('./workers/waiting-main.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [program], {
    env: { PATH: process.env.PATH ?? '' },
  });
  t.equal(stdout, 'no thread was ready within 60 s');
});
