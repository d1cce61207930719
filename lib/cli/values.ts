import { InvalidArgumentError } from 'commander';
import { suggestion } from '../config/closest.ts';

/** Reads an option that is a whole number within bounds. */
export function wholeNumber(least: number, most: number): (written: string) => number {
  return (written) => {
    const value = Number(written);
    if (/^\d{1,15}$/.test(written) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Write a whole number from ${least} to ${most}.`);
  };
}

/** Reads an option that is a share, 0 to 1. */
export function shareOfOne(written: string): number {
  const value = Number(written);
  if (written.trim() !== '' && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError('Write a number from 0 (never) to 1 (always).');
}

/** Reads an option that is one of a few words; a slip of the hand is told which was probably meant. */
export function oneOf<Word extends string>(words: readonly Word[]): (written: string) => Word {
  return (written) => {
    const word = words.find((known) => known === written);
    if (word !== undefined) return word;
    throw new InvalidArgumentError(suggestion(written, words));
  };
}
