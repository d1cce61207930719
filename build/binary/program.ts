import { Script } from 'node:vm';

/** `require` as a script is given it. */
export type Require = (name: string) => unknown;

/** What a script leaves in `module.exports`. */
export type Exports = Readonly<Record<string, unknown>>;

/** A script of the one binary, compiled. */
export interface Program {
  /** Runs it. It gets `require` from here, because a script in memory has no place to load from. */
  run(require: Require, module: { exports: Exports }): void;
  /** Its code as V8 keeps it. Given back to `compile`, nothing of it is compiled again. */
  cache(): Buffer;
  /** False when V8 did not want the cache: it came from another Node. */
  readonly cacheTaken: boolean;
}

/** Compiles a script of the one binary, from its source and from the cache that was made of it. */
export function compile(name: string, source: Buffer, cachedData: Buffer | undefined): Program {
  // Latin-1, because the scripts are written in ASCII: a string of bytes is half as large and made at once.
  const text = `(function (require, module, exports) {${source.toString('latin1')}\n})`;
  const script = new Script(text, {
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
