import { Script } from 'node:vm';

/** `require` as a script is given it. */
export type Require = (name: string) => unknown;

/** What a script leaves in `module.exports`. */
type Exports = Readonly<Record<string, unknown>>;

/** A script of the one binary, compiled. */
export interface Program {
  /** Runs it. It gets `require` from here, because a script in memory has no place to load from. */
  run(require: Require, module: { exports: Exports }): void;
  /** Its code as V8 keeps it, with what was compiled until now. Given back to `compile`, nothing of that is compiled again. */
  cache(): Buffer;
  /** False when V8 did not want the cache: it came from another Node. */
  readonly cacheTaken: boolean;
}

/** A script as it lies in the binary: a function, so that nothing has to be put around it at a start: V8 would copy all of it. */
export function asFunction(code: string): string {
  return `(function (require, module, exports) {${code}\n})`;
}

/** Compiles a script of the one binary, from its source (`asFunction`) and from the cache that was made of it. */
export function compile(name: string, source: Buffer, cachedData: Buffer | undefined): Program {
  // Latin-1, because the scripts are written in ASCII: a string of bytes is half as large and made at once.
  const script = new Script(source.toString('latin1'), {
    filename: `reconciled/${name}`,
    ...(cachedData === undefined ? {} : { cachedData }),
  });
  return {
    run: (require, module) => {
      script.runInThisContext()(require, module, module.exports);
    },
    cache: () => script.createCachedData(),
    cacheTaken: script.cachedDataRejected === false,
  };
}

/** Loads scripts by their names, as they name each other, each once. `compiled` gives a script, `elsewhere` what is none of them. */
export function loader(
  compiled: (key: string) => Program | undefined,
  elsewhere: Require,
): Require {
  const loaded = new Map<string, { readonly exports: Exports }>();
  const load = (name: string): unknown => {
    const key = name.startsWith('./') ? name.slice(2) : name;
    const known = loaded.get(key);
    if (known !== undefined) return known.exports;
    const program = compiled(key);
    if (program === undefined) return elsewhere(name);
    const module = { exports: {} };
    loaded.set(key, module);
    program.run(load, module);
    return module.exports;
  };
  return load;
}
