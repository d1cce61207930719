import { Script } from 'node:vm';

/** `require` as a bundle is given it. */
export type Require = (name: string) => unknown;

/** What a bundle leaves in `module.exports`. */
export type Exports = Readonly<Record<string, unknown>>;

/** A bundle, compiled. */
export interface Program {
  /** Runs it. It gets `require` from here, because a bundle in memory has no place to load from. */
  run(require: Require): Exports;
  /** Its code as V8 keeps it: whatever has run so far. Given back to `compile`, nothing of that is compiled again. */
  cache(): Buffer;
  /** False when V8 did not want the cache: it came from another Node. */
  readonly cacheTaken: boolean;
}

/** Compiles a bundle of the one binary, from its source and from the cache that was made of it. */
export function compile(name: string, source: Buffer, cachedData: Buffer | undefined): Program {
  // Latin-1, because bundles are written in ASCII: a string of bytes is half as large and made at once.
  const script = new Script(
    `(function (require, module, exports) {${source.toString('latin1')}\n})`,
    { filename: name, ...(cachedData === undefined ? {} : { cachedData }) },
  );
  return {
    run: (require) => {
      const module: { exports: Exports } = { exports: {} };
      script.runInThisContext()(require, module, module.exports);
      return module.exports;
    },
    cache: () => script.createCachedData(),
    cacheTaken: script.cachedDataRejected === false,
  };
}
