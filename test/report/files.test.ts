import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { publishDraft, readWritten, writeDraft } from '../../lib/report/files.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { DAY, openShop, reportOf } from './shop.ts';

t.test('a draft is seen by nobody before it is published, and then whole', async (t) => {
  const shop = await openShop();
  t.teardown(shop.close);
  const scratch = scratchDir('reports');
  t.teardown(scratch.remove);
  const folder = join(scratch.path, 'reports');
  const report = reportOf(shop);
  writeDraft(folder, report, { locale: 'en' });
  t.equal(readWritten(folder, DAY, shop.clock.now()), null);
  t.same(
    readdirSync(folder).filter((name) => !name.startsWith('.')),
    [],
  );
  publishDraft(folder, DAY);
  t.same(readWritten(folder, DAY, shop.clock.now()), report);
  t.same(readdirSync(folder).sort(), [`${DAY}.html`, `${DAY}.json`]);
  publishDraft(folder, DAY);
  t.same(readWritten(folder, DAY, shop.clock.now()), report, 'a second time is nothing new');
  t.equal(statSync(folder).mode & 0o077, 0, 'only for the daemon');
  t.equal(statSync(join(folder, `${DAY}.json`)).mode & 0o077, 0);
});

t.test('a day has its list of numbers only when it has its page', async (t) => {
  const shop = await openShop();
  t.teardown(shop.close);
  const scratch = scratchDir('reports');
  t.teardown(scratch.remove);
  writeDraft(scratch.path, reportOf(shop), { locale: 'en' });
  mkdirSync(join(scratch.path, `${DAY}.html`));
  t.throws(() => publishDraft(scratch.path, DAY), { code: 'EISDIR' });
  t.equal(readWritten(scratch.path, DAY, shop.clock.now()), null);
});

t.test('a file that somebody broke is no report', async (t) => {
  const scratch = scratchDir('reports');
  t.teardown(scratch.remove);
  mkdirSync(scratch.path, { recursive: true });
  for (const content of ['', '{', '[]', 'null', '{"currencies":1}']) {
    writeFileSync(join(scratch.path, `${DAY}.json`), content);
    t.equal(readWritten(scratch.path, DAY, Date.now()), null, content);
  }
});

t.test('on a disk without room nothing is published', async (t) => {
  const scratch = scratchDir('reports');
  t.teardown(scratch.remove);
  const program = fileURLToPath(new URL('./writing.ts', import.meta.url));
  // No file of this process may grow beyond 64 KiB: as on a full disk a part is written before anything is said.
  const limited = spawn(
    'bash',
    ['-c', `ulimit -f 64; exec "$0" "$@"`, process.execPath, program, scratch.path],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  const words = await text(limited.stderr);
  t.match(words, /EFBIG/);
  t.same(readdirSync(scratch.path), [], 'what was begun does not take the last room');
});

t.test('kill -9 at any moment leaves whole files or none', async (t) => {
  const scratch = scratchDir('reports');
  t.teardown(scratch.remove);
  const program = fileURLToPath(new URL('./writing.ts', import.meta.url));
  const seen = { json: 0, html: 0 };
  for (let round = 0; round < 6; round += 1) {
    const child = spawn(process.execPath, [program, scratch.path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    // It says a line for each report that it begins to write; killed in the midst of a later one each time.
    let begun = 0;
    for await (const chunk of child.stdout) {
      begun += String(chunk).split('\n').length - 1;
      if (begun > round) break;
    }
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    for (const name of readdirSync(scratch.path).filter((one) => !one.startsWith('.'))) {
      const text = readFileSync(join(scratch.path, name), 'utf8');
      if (name.endsWith('.json')) {
        t.match(JSON.parse(text), { orders: 0, filling: /^x+$/ });
        // The page is named before, so that who finds the one finds the other.
        t.ok(existsSync(join(scratch.path, name.replace('.json', '.html'))));
        seen.json += 1;
      } else {
        t.ok(text.endsWith('</html>\n'), name);
        seen.html += 1;
      }
    }
  }
  t.ok(seen.json > 0 && seen.html > 0, 'something was written');
});
