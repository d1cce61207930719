/** Everything that is read from outside is nested four deep; what is not ours in it may be a little more. */
export const MAX_NESTING = 64;

/**
 * True for JSON of brackets within brackets, deeper than `MAX_NESTING`. To be looked at before it is parsed: V8 takes seconds for a
 * megabyte of them, and cannot write down again what it has read.
 */
export function isDeeplyNested(json: string): boolean {
  let depth = 0;
  let isQuoted = false;
  for (let at = 0; at < json.length && depth <= MAX_NESTING; at += 1) {
    const letter = json[at];
    if (letter === '"') isQuoted = !isQuoted;
    else if (isQuoted) at += letter === '\\' ? 1 : 0;
    else if (letter === '[' || letter === '{') depth += 1;
    else if (letter === ']' || letter === '}') depth -= 1;
  }
  return depth > MAX_NESTING;
}
