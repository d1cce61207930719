import { z } from 'zod';
import { notes, wrong } from './forms.ts';

/** Something that must hold between the settings of one table. */
export interface Relation<Values> {
  /** The setting that the message is about. */
  readonly at: string;
  /** Also true while a value could not be read: that is another mistake. */
  readonly holds: (values: Values) => boolean;
  readonly say: string;
}

/**
 * A table of settings, with what must hold between them. Relations are looked at even when some setting is off, so that one
 * report names everything; a comparison with a value that could not be read is false.
 */
export function section<Shape extends z.ZodRawShape>(
  about: string,
  shape: Shape,
  relations: readonly Relation<z.output<z.ZodObject<Shape, z.core.$strict>>>[],
) {
  let rule = z.strictObject(shape, { error: wrong('a table', '{ }') });
  for (const { at, holds, say } of relations) {
    rule = rule.refine(holds, { path: [at], error: say, when: () => true });
  }
  return rule.register(notes, { text: about, form: 'a table', example: '{ }', standard: null });
}

/** True when no two of a list have the same trait. One without it is another mistake, and like no other. */
export function areDifferent<One>(
  list: readonly One[],
  traitOf: (one: One) => string | undefined,
): boolean {
  const traits = list.map(traitOf).filter((trait) => trait !== undefined);
  return new Set(traits).size === traits.length;
}
