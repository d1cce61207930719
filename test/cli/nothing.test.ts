import { readdirSync, writeFileSync } from 'node:fs';
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
