/**
 * What the one binary runs first, in the process itself and in each of its threads: it takes the bundle out of the
 * binary, with its compiled code where there is some, and runs it.
 */
import { createRequire } from 'node:module';
import { getAssetKeys, getRawAsset } from 'node:sea';
import { isMainThread } from 'node:worker_threads';
import { compile, type Exports } from './program.ts';

// Node itself ignores it here, but each new thread would be refused for an option that it does not know.
delete process.env.NODE_OPTIONS;

const name = isMainThread ? 'main' : 'threads';

function asset(key: string): Buffer {
  return Buffer.from(getRawAsset(key));
}

const builtIn = createRequire(process.execPath);
const cache = getAssetKeys().includes(`${name}.cache`) ? asset(`${name}.cache`) : undefined;
const program = compile(`reconciled/${name}.js`, asset(`${name}.js`), cache);
let bundle: Exports = {};
bundle = program.run((wanted) => {
  // Piscina asks for the file of a kind of thread; it is part of the bundle.
  const workers = bundle.workers as ReadonlyMap<string, () => unknown> | undefined;
  return workers?.get(wanted)?.() ?? builtIn(wanted);
});
