/** The longest text of a gateway that is kept: the schema and every page have room for it. */
export const MAX_TEXT_LENGTH = 500;

/**
 * A text from outside as it may be stored, logged and shown: one line, at most `limit` UTF-16 units, well-formed, and
 * every run of digits that could be a card number replaced by `****`.
 */
export function boundedText(text: string, limit = MAX_TEXT_LENGTH): string {
  // On one line first: what stands between the digits is a space only then.
  return bounded(maskCardNumbers(onOneLine(text)), limit);
}

/** The same for what is no card number however long its digits are: ids, names of products. */
export function oneLine(text: string, limit = MAX_TEXT_LENGTH): string {
  return bounded(onOneLine(text), limit);
}

/** A text without what turns the direction of what follows: an amount behind it would be read from its end. */
export function withoutTurns(text: string): string {
  return text.replace(TURNING, '');
}

const TURNING = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

function onOneLine(text: string): string {
  return text.toWellFormed().replace(CONTROL_CHARACTERS, ' ').trim();
}

function bounded(line: string, limit: number): string {
  if (line.length <= limit) return line;
  // A cut through a surrogate pair would leave half a character behind.
  const end = isHighSurrogate(line.charCodeAt(limit - 1)) ? limit - 1 : limit;
  return line.slice(0, end);
}

/**
 * Replaces what could be a card number: 13 digits or more (the shortest card numbers have 13), alone or with a single
 * space, dot, dash or invisible character between them. Longer runs are masked whole, because a card number may stand inside them.
 */
function maskCardNumbers(text: string): string {
  return text.replace(CARD_LIKE, '****');
}

const CARD_LIKE = /\p{Nd}(?:[\s.\-\u2010-\u2015\u2212\p{Cf}]?\p{Nd}){12,}/gu;

const CONTROL_CHARACTERS = /[\p{Cc}\u2028\u2029]+/gu;

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
