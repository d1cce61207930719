import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t from 'tap';

t.test('the rendered pages say what the code says', async (t) => {
  const render = fileURLToPath(new URL('../../docs/render.ts', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [render, '--check'], { encoding: 'utf8' });
  t.equal(stderr, '');
  t.equal(status, 0);
});
