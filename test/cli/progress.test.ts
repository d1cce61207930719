import { spawnSync } from 'node:child_process';
import t from 'tap';

/** A bar changes how the terminal behaves, and has to change it back whatever ends it. */

const NODE = process.execPath;

// A process that has nothing to do would be gone before it hears the signal.
const signalled = (signal: string) =>
  `setInterval(() => {}, 1_000); process.kill(process.pid, '${signal}');`;

// A signal that came twice would have been heard by then.
const LATER = 'setImmediate(() => setImmediate(() => process.exit(heard - 1)));';

for (const [end, by] of [
  ['progress.stop();', null],
  [signalled('SIGTERM'), 'SIGTERM'],
  [signalled('SIGHUP'), 'SIGHUP'],
  [
    `let heard = 0; process.on('SIGINT', () => { heard += 1; ${LATER} }); ${signalled('SIGINT')}`,
    null,
  ],
] as const) {
  t.test(`the terminal is as it was after ${end}`, async (t) => {
    const program = `
      import { startProgress } from '${new URL('../../lib/cli/progress.ts', import.meta.url)}';
      process.stderr.isTTY = true;
      const progress = await startProgress('copying', 10);
      ${end}
    `;
    // Without what the runner puts into every process: it listens to signals as well.
    const { signal, status, stderr } = spawnSync(
      'sh',
      ['-c', 'unset NODE_OPTIONS; exec "$0" --input-type=module --eval "$1"', NODE, program],
      { encoding: 'utf8', timeout: 30_000, killSignal: 'SIGKILL' },
    );
    t.equal(signal, by, 'what ends it ends it still');
    t.equal(status, by === null ? 0 : null, 'and whoever listens hears it once');
    for (const [what, hidden, shown] of [
      ['the cursor', '\u001b[?25l', '\u001b[?25h'],
      ['the wrapping of lines', '\u001b[?7l', '\u001b[?7h'],
    ] as const) {
      t.ok(stderr.includes(hidden), `${what} was switched off`);
      t.ok(stderr.lastIndexOf(shown) > stderr.lastIndexOf(hidden), `${what} is on again`);
    }
  });
}

t.test('every line is written, also those that are said right before the end', async (t) => {
  const program = `
    import { startProgress } from '${new URL('../../lib/cli/progress.ts', import.meta.url)}';
    process.stderr.isTTY = true;
    const progress = await startProgress('importing', 10);
    progress.at(1);
    progress.say('line 1: not JSON');
    progress.say('line 2: not JSON');
    progress.stop();
  `;
  const { status, stderr } = spawnSync(NODE, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  t.equal(status, 0);
  t.match(stderr, /line 1: not JSON\n.*line 2: not JSON\n/s);
});
