#!/usr/bin/env node
// What npx starts, on whatever Node is there: the program itself runs on the pinned one that came with it. Plain JavaScript,
// because it has to run before that one is found.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The first Node that runs what is in here. */
const OLDEST = 24;

if (Number.parseInt(process.versions.node, 10) >= OLDEST) {
  await import('./sources.js');
  await import('../lib/main.ts');
} else {
  const node = pinnedNode();
  if (node === null) {
    tell(
      `reconciled needs Node ${OLDEST} or newer, and this is ${process.version}.`,
      'Install it again without --omit=optional: the right Node comes with it where there is one. Or use the one binary.',
    );
  } else {
    runOn(node);
  }
}

/** Node as an optional package of this platform brings it; null where there is none. */
function pinnedNode() {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
    const file = join(dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return existsSync(file) ? file : null;
  } catch {
    return null;
  }
}

/** Runs this very file there as if it ran here: its input and output, its signals, its end. */
function runOn(node) {
  const file = fileURLToPath(import.meta.url);
  const child = spawn(node, [file, ...process.argv.slice(2)], { stdio: 'inherit' });
  // A terminal sends Ctrl-C to both; a second one would end the daemon before it has committed.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.once('error', (error) =>
    tell(`${node} cannot be run: ${error.message}.`, 'Install it again.'),
  );
  child.once('exit', (code, signal) => {
    process.exitCode = code ?? 1;
    if (signal === null) return;
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function tell(problem, hint) {
  process.stderr.write(`error: ${problem}\nhint: ${hint}\n`);
  process.exitCode = 1;
}
