import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { compile } from './binary/program.ts';
import { BINARY_FLAGS } from './binary-flags.ts';

/**
 * V8 writes its numbers of this process into what it compiles: a seed against attacks on its tables, which is drawn anew for
 * each process, and the functions that happened to run. With these flags it writes the same each time.
 */
const FLAGS = [
  '--hash-seed=1',
  '--no-lazy',
  // What is collected meanwhile, and when, depends on the moment: nothing is, there is room for all of it.
  '--single-threaded',
  '--no-flush-bytecode',
  '--min-semi-space-size=512',
  '--max-semi-space-size=512',
];

/**
 * Where a cache says with which flags it was made. V8 refuses one that was made with others; ours change how a cache is made
 * and not what it means, so that the mark of a Node with those of the binary is put there, and it is checked that such a Node takes it.
 */
const FLAGS_MARK = { from: 12, to: 16 } as const;

/** Compiles every script of the folder on this Node, and writes the code beside each, as `NAME.cache`. */
export function compileScripts(node: string, folder: string): void {
  // An empty environment: options and loaders of whoever builds would leave their traces.
  const run = (...args: string[]) => execFileSync(node, args, { env: {}, encoding: 'utf8' });
  const mark = run(...BINARY_FLAGS, import.meta.filename, 'mark');
  run(...FLAGS, import.meta.filename, 'compile', folder, mark);
  run(...BINARY_FLAGS, import.meta.filename, 'check', folder);
}

/** The three steps, each a process of its own: with the flags for compiling or with those of the binary. */
function step([name, folder = '', mark = '']: readonly string[]): void {
  if (name === 'mark') {
    const { from, to } = FLAGS_MARK;
    process.stdout.write(new Script('').createCachedData().toString('hex', from, to));
    return;
  }
  for (const script of readdirSync(folder).sort()) {
    // The first one is run by Node itself.
    if (!script.endsWith('.js') || script === 'start.js') continue;
    const source = readFileSync(join(folder, script));
    const file = join(folder, `${script}.cache`);
    if (name === 'check') {
      if (compile(script, source, readFileSync(file)).cacheTaken) continue;
      throw new Error(`this Node does not take the compiled code of ${script}`);
    }
    const cache = compile(script, source, undefined).cache();
    Buffer.from(mark, 'hex').copy(cache, FLAGS_MARK.from);
    writeFileSync(file, cache);
  }
}

if (import.meta.main) step(process.argv.slice(2));
