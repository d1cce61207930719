import { closest } from '../../config/closest.ts';
import { ReconciledError } from '../../errors.ts';

/** Nobody is configured under that name; the hint says who was probably meant. */
export function noChannel(written: string, names: readonly string[]): ReconciledError {
  const near = closest(written, names);
  return new ReconciledError('not_found', `No channel ${written} is configured.`, {
    hint:
      near === null
        ? `There are ${names.join(', ')}; each is a [[channel]] of the configuration.`
        : `Did you mean ${near}?`,
  });
}
