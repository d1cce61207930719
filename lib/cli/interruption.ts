import { EXIT } from './exit.ts';

/** Ctrl-C, or SIGTERM from whoever runs us. */
interface Interruption {
  /** Resolves with the first signal. */
  readonly first: Promise<NodeJS.Signals>;
  /** Leaves signals to Node again. */
  forget(): void;
}

/** From now on the first signal is told and the second one ends the process at once. */
export function awaitInterruption(): Interruption {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  let signals = 0;
  const received = (signal: NodeJS.Signals) => {
    signals += 1;
    if (signals > 1) process.exit(EXIT.trouble);
    resolve(signal);
  };
  process.on('SIGINT', received);
  process.on('SIGTERM', received);
  return {
    first: promise,
    forget: () => {
      process.off('SIGINT', received);
      process.off('SIGTERM', received);
    },
  };
}
