import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { scratchDir } from '../support/scratch-dir.ts';
import { run } from './run.ts';

/** A command that finds nothing says so and makes nothing; the secrets of channels are the daemon's business. */

const CONFIGURATION = `[[gateway]]
name = "pg"
kind = "pg-simulator"
base_url = "http://127.0.0.1:9"
methods = ["CARD"]
[[channel]]
name = "shop"
kind = "webhook"
url = "http://127.0.0.1:9/hooks"
secrets = [{ env = "NOBODY_SET_IT" }]
allow_private = true
`;

const BY = ['--note', 'looked at it', '--by', 'kim'];
const NO_DATABASE = /^error: There is no database at .*\nhint: ./;

const ROWS: readonly (readonly [args: readonly string[], said: RegExp])[] = [
  [['orders'], NO_DATABASE],
  [['explain', 'ORDER000001'], NO_DATABASE],
  [['report'], NO_DATABASE],
  [['replay'], NO_DATABASE],
  [['check'], NO_DATABASE],
  [['backup', 'copy.db'], /^error: There is no file .*data\/reconciled\.db\.\nhint: ./],
  [['notices'], NO_DATABASE],
  [['notices', 'retry', '1'], NO_DATABASE],
  [['prune', '--older-than', '1d'], NO_DATABASE],
  [['resolve', 'ORDER000001', '--state', 'failed', ...BY], NO_DATABASE],
  [['refunded', 'ORDER000001-1', '--reference', 'R-1', ...BY], NO_DATABASE],
  [['sweep'], NO_DATABASE],
  [['restore', 'none.db'], /^error: There is no file none\.db\.\nhint: ./],
  [['health', '--listen', '127.0.0.1:9'], /^error: No daemon answers at .*\nhint: ./],
];

t.test('without a database, and without the secrets of the channels', async (t) => {
  const scratch = scratchDir('nothing');
  t.teardown(scratch.remove);
  const cwd = scratch.path;
  writeFileSync(join(cwd, 'reconciled.toml'), CONFIGURATION);
  for (const [args, said] of ROWS) {
    const { code, stdout, stderr } = await run(args, { cwd });
    t.match({ code, stdout, stderr }, { code: 1, stdout: '', stderr: said }, args.join(' '));
  }
  t.strictSame(readdirSync(cwd), ['reconciled.toml'], 'nothing was made');
});

t.test('where a database was taken away no command says that it makes one', async (t) => {
  const scratch = scratchDir('gone');
  t.teardown(scratch.remove);
  const cwd = scratch.path;
  writeFileSync(join(cwd, 'reconciled.toml'), CONFIGURATION);
  mkdirSync(join(cwd, 'data'));
  writeFileSync(join(cwd, 'data', 'reconciled.db.lock'), '');
  const env = { NOBODY_SET_IT: `whsec_${'a'.repeat(32)}` };
  for (const args of [['orders'], ['prune', '--older-than', '1d'], ['sweep'], ['serve']]) {
    const { code, stderr } = await run(args, { cwd, env });
    const said = /^error: .*reconciled\.db is gone: .*\nhint: Put the file back/;
    t.match({ code, stderr }, { code: 1, stderr: said }, args.join(' '));
  }
  t.strictSame(
    readdirSync(join(cwd, 'data')).filter((name) => !name.endsWith('.node')),
    ['reconciled.db.lock'],
  );
});
