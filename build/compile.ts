import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { compile, loader, type Program } from './binary/program.ts';
import { BINARY_FLAGS } from './binary-flags.ts';
import { EXERCISES } from './exercises.ts';

/**
 * V8 writes its numbers of this process into what it compiles: a seed against attacks on its tables, which is drawn anew for
 * each process, and the functions that happened to run. With these flags it writes the same each time.
 */
const FLAGS = [
  '--hash-seed=1',
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
  run(...FLAGS, '--no-lazy', import.meta.filename, 'compile', folder, mark);
  for (const name of Object.keys(EXERCISES)) {
    run(...FLAGS, import.meta.filename, 'exercise', folder, mark, name);
  }
  run(...BINARY_FLAGS, import.meta.filename, 'check', folder);
}

/** The steps, each a process of its own, with the flags that it needs. */
async function step([
  name,
  folder = '',
  mark = '',
  exercise = '',
]: readonly string[]): Promise<void> {
  // The first script is run by Node itself.
  const scripts = name === 'mark' ? [] : readdirSync(folder).sort().filter(isCompiled);
  const sourceOf = (script: string) => readFileSync(join(folder, script));
  const cacheOf = (script: string) => join(folder, `${script}.cache`);
  const keep = (script: string, cache: Buffer) => {
    Buffer.from(mark, 'hex').copy(cache, FLAGS_MARK.from);
    writeFileSync(cacheOf(script), cache);
  };
  switch (name) {
    case 'mark': {
      const { from, to } = FLAGS_MARK;
      process.stdout.write(new Script('').createCachedData().toString('hex', from, to));
      return;
    }
    case 'compile':
      for (const script of scripts)
        keep(script, compile(script, sourceOf(script), undefined).cache());
      return;
    case 'exercise': {
      const used = new Map<string, Program>();
      const compiled = (script: string) => {
        if (!scripts.includes(script)) return undefined;
        const program = compile(script, sourceOf(script), undefined);
        used.set(script, program);
        return program;
      };
      await EXERCISES[exercise]?.(loader(compiled, createRequire(import.meta.url)), folder);
      for (const [script, program] of used) {
        const cache = program.cache();
        if (cache.length < MOST_OF_IT * statSync(cacheOf(script)).size) keep(script, cache);
      }
      process.exit();
      return;
    }
    case 'check':
      for (const script of scripts) {
        const { cacheTaken } = compile(script, sourceOf(script), readFileSync(cacheOf(script)));
        if (!cacheTaken) throw new Error(`this Node does not take the compiled code of ${script}`);
      }
      return;
  }
}

/**
 * Of a script of which an exercise runs less than this only that is kept: to read code that never runs takes a start longer than
 * to compile a little later (zod, undici). All others are kept whole.
 */
const MOST_OF_IT = 0.5;

function isCompiled(file: string): boolean {
  return file.endsWith('.js') && file !== 'start.js';
}

if (import.meta.main) await step(process.argv.slice(2));
