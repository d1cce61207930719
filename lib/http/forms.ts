import { z } from '@hono/zod-openapi';
import { fromIso } from '../clock.ts';
import { suggestion } from '../config/closest.ts';
import { MAX_AMOUNT_MINOR } from '../core/money.ts';
import { boundedText } from '../core/text.ts';

/**
 * An object that may hold these fields and no other: an unknown one is refused by name, because a misspelt field would
 * otherwise be lost in silence.
 */
export function closed<Shape extends z.ZodRawShape>(shape: Shape) {
  const known = Object.keys(shape);
  const notAnObject = says('a JSON object', '{ }');
  const hintFor = (key: string) =>
    known.length === 0 ? 'Leave it out: this address takes no parameters.' : suggestion(key, known);
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? ['there is no such field', ...issue.keys.map(hintFor)].join('\n')
        : notAnObject(issue),
  });
}

/** Of a route that takes no parameters: one that is ignored may have been meant to make a difference. */
export const NO_QUERY = closed({});

/** An amount in the minor unit of its currency. */
export function amount() {
  return count(0);
}

/** A whole number that a plain number holds exactly. */
export function count(least: number, most = MAX_AMOUNT_MINOR) {
  const error = says(`a whole number from ${least} to ${most}`, String(Math.max(least, 5)));
  return z.int({ error }).min(least, { error }).max(most, { error });
}

/** The id of an order: it is the gateway's order id too, and goes into paths and logs as it is. */
export function orderId() {
  const error = says('6 to 64 letters, digits, "_" or "-"', '"ORDER000001"');
  return z.string({ error }).regex(/^[A-Za-z0-9_-]{6,64}$/, { error });
}

/** Any other id, and the name of a payment method. */
export function id(example: string) {
  const error = says(
    '1 to 64 visible characters, without a space at either end',
    JSON.stringify(example),
  );
  const visible = '[\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}]';
  const form = new RegExp(
    `^(?!\\.{1,2}$)${visible}(?:[${visible.slice(1, -1)} ]{0,62}${visible})?$`,
    'u',
  );
  // JSON Schema has no flags: what is derived from the expression would end with "/u", and nothing would fit.
  return z.string({ error }).regex(form, { error }).openapi({ example, pattern: form.source });
}

/** What messages and `explain` leave open in the lines to type: pasted as it is, it would be the receipt of a refund. */
const PLACE = '…';

/** A text of one line that people read or that another system gave. */
export function text(most: number, example: string) {
  const error = says(`a text of 1 to ${most} characters on one line`, JSON.stringify(example));
  // The length comes first: no pattern may walk over a megabyte.
  const holds = (written: string) =>
    written.length <= most && written.trim() !== '' && !/[\p{Cc}\p{Cs}\u2028\u2029]/u.test(written);
  const notFilledIn = says(`what belongs in the place of the "${PLACE}"`, JSON.stringify(example));
  return z
    .string({ error })
    .refine(holds, { error })
    .refine((written) => written.trim() !== PLACE, { error: notFilledIn })
    .openapi({ example, minLength: 1, maxLength: most, description: 'On one line.' });
}

/** The id of a payment that is stored: the shop's, or one that was made of a gateway's name and its key of up to 200 characters. */
export function storedPaymentId(example: string) {
  return text(300, example);
}

/** A person's words, a name too: what looks like a card number is masked before anything keeps it. */
export function words(most: number, example: string) {
  return text(most, example).transform((written) => boundedText(written));
}

/** A currency code of ISO 4217 that is in use. */
export function currency() {
  const known = new Set(Intl.supportedValuesOf('currency'));
  const error = says('a currency code of ISO 4217 in capitals', '"KRW"');
  return z
    .string({ error })
    .refine((code) => known.has(code), { error })
    .openapi({ example: 'KRW', description: 'A code of ISO 4217 in capitals.' });
}

/** A moment as ISO 8601 with its zone; becomes an instant. */
export function instant(description: string) {
  const error = says('a moment in ISO 8601 with its zone', '"2026-08-16T00:00:00.000Z"');
  return z
    .string({ error })
    .transform((written, context) => {
      const read = fromIso(written);
      if (read !== null && read >= 0) return read;
      context.addIssue({ code: 'custom', message: error({ input: written }) });
      return z.NEVER;
    })
    .openapi({ type: 'string', format: 'date-time', description });
}

/** One of a few words. */
export function oneOf<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.enum(words, { error: says(`one of ${words.join(', ')}`, JSON.stringify(words[0])) });
}

/** True or false in a query. */
export function flag(description: string) {
  return oneOf(['true', 'false']).optional().openapi({ description });
}

/** Items on a page. */
export function limit() {
  const error = says('a whole number from 1 to 1000', '100');
  return z
    .string({ error })
    .regex(/^([1-9]\d{0,2}|1000)$/, { error })
    .transform(Number)
    .default(100)
    .openapi({
      type: 'integer',
      minimum: 1,
      maximum: 1000,
      default: 100,
      description: 'The most items on the page.',
    });
}

/** The place where the page before ended. */
export function after() {
  const error = says('the `next` of a page', 'what the page before said');
  return z
    .string({ error })
    .min(1, { error })
    .max(500, { error })
    .optional()
    .openapi({ description: 'The `next` of the page before.' });
}

/** What is wrong on the first line, what to write instead on the second. What was written is never said back. */
export function says(form: string, example: string) {
  return (issue: { readonly input?: unknown }): string =>
    issue.input === undefined
      ? `missing\nWrite ${form}, such as ${example}.`
      : `not ${form}\nWrite, for example, ${example}.`;
}
