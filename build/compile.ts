import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { compile } from './binary/program.ts';

/**
 * V8 writes its numbers of this process into what it compiles: a seed against attacks on its tables, which is drawn anew for
 * each process, and the functions that happened to run. With these two flags it writes the same each time.
 */
const FLAGS = ['--hash-seed=1', '--no-lazy'];

/**
 * Where a cache says with which flags it was made. V8 refuses one that was made with others; ours change how a cache is made
 * and not what it means, so that the mark of a Node without flags is put there. `compileScripts` checks that it is taken.
 */
const FLAGS_MARK = { from: 12, to: 16 } as const;

/** Compiles every script of the folder on this Node, and writes the code beside each, as `NAME.cache`. */
export function compileScripts(node: string, folder: string): void {
  const mark = new Script('').createCachedData().subarray(FLAGS_MARK.from, FLAGS_MARK.to);
  execFileSync(node, [...FLAGS, import.meta.filename, folder, mark.toString('hex')]);
  for (const name of scriptsIn(folder)) {
    const cache = readFileSync(join(folder, `${name}.cache`));
    const { cacheTaken } = compile(name, readFileSync(join(folder, name)), cache);
    if (!cacheTaken) throw new Error(`this Node does not take the compiled code of ${name}`);
  }
}

function scriptsIn(folder: string): readonly string[] {
  return readdirSync(folder).filter((name) => name.endsWith('.js') && name !== 'start.js');
}

if (import.meta.main) {
  const [folder = '', mark = ''] = process.argv.slice(2);
  for (const name of scriptsIn(folder)) {
    const cache = compile(name, readFileSync(join(folder, name)), undefined).cache();
    Buffer.from(mark, 'hex').copy(cache, FLAGS_MARK.from);
    writeFileSync(join(folder, `${name}.cache`), cache);
  }
}
