/**
 * What the one binary runs first, in the process itself and in each of its threads: it takes scripts out of the binary,
 * with their compiled code where there is some, and runs them.
 */
import { createRequire } from 'node:module';
import { getAssetKeys, getRawAsset } from 'node:sea';
import { isMainThread } from 'node:worker_threads';
import { startEarly } from './early-thread.ts';
import { comesLater } from './later.ts';
import { compile, loader } from './program.ts';

// Node itself ignores it here, but each new thread would be refused for an option that it does not know.
delete process.env.NODE_OPTIONS;

const builtIn = createRequire(process.execPath);
const inside = new Set(getAssetKeys());

function asset(key: string): Buffer | undefined {
  return inside.has(key) ? Buffer.from(getRawAsset(key)) : undefined;
}

/** Scripts of the binary by their name; everything else is Node's own. */
const load = loader(
  (key) => {
    const source = asset(key);
    return source === undefined ? undefined : compile(key, source, asset(`${key}.cache`));
  },
  (name) => worker(name) ?? (comesLater(name) ? later(name) : builtIn(name)),
);

/** A part of Node that is loaded when something of it is used; it is its own `default`, see `asScript` in build/bundle.ts. */
function later(name: string): unknown {
  let part: object | undefined;
  const loadedPart = () => {
    part ??= Object(builtIn(name));
    return part ?? {};
  };
  return new Proxy(
    {},
    {
      get: (_, key) => (key === 'default' ? loadedPart() : Reflect.get(loadedPart(), key)),
      has: (_, key) => Reflect.has(loadedPart(), key),
      ownKeys: () => Reflect.ownKeys(loadedPart()),
      getOwnPropertyDescriptor: (_, key) => {
        const found = Reflect.getOwnPropertyDescriptor(loadedPart(), key);
        // A proxy may not say of what it stands for that it cannot be changed.
        return found === undefined ? undefined : { ...found, configurable: true };
      },
    },
  );
}

/** Piscina asks for the file of a kind of thread, as `…/workers/NAME.ts`. */
function worker(file: string): unknown {
  const name = /\/workers\/([\w-]+)\.ts$/.exec(file)?.[1];
  return name === undefined ? undefined : load(`./worker-${name}.js`);
}

if (isMainThread && process.argv[2] === 'serve') startEarly(process.env);
load(isMainThread ? 'main.js' : 'threads.js');
