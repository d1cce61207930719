/** A line of a file, or why it cannot be read. */
export interface Line {
  /** Counted from 1. */
  readonly number: number;
  /** `null`: it is too long, or no UTF-8. */
  readonly text: string | null;
  readonly problem: string | null;
  /** Where it ends in the file, in bytes. */
  readonly end: number;
}

/** A line longer than this is no order: 500 items and 50 payments need less. */
export const MAX_LINE_BYTES = 1024 * 1024;

/** The lines of a stream, one at a time: memory stays the same however long the stream or a line is. Empty ones are left out. */
export async function* linesOf(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  const reader = new LineReader();
  for await (const chunk of stream) yield* reader.take(Buffer.from(chunk));
  yield* reader.finish();
}

const NEW_LINE = 0x0a;

class LineReader {
  #number = 0;
  #end = 0;
  #parts: Buffer[] = [];
  #length = 0;

  *take(chunk: Buffer): Generator<Line> {
    let start = 0;
    for (let at = chunk.indexOf(NEW_LINE); at !== -1; at = chunk.indexOf(NEW_LINE, start)) {
      this.#keep(chunk.subarray(start, at));
      this.#end += 1;
      yield* this.finish();
      start = at + 1;
    }
    this.#keep(chunk.subarray(start));
  }

  *finish(): Generator<Line> {
    this.#number += 1;
    const length = this.#length;
    const bytes = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#length = 0;
    const place = { number: this.#number, end: this.#end };
    if (length > MAX_LINE_BYTES) {
      yield { ...place, text: null, problem: `longer than ${MAX_LINE_BYTES} bytes` };
      return;
    }
    const text = decoded(bytes);
    if (text === null) yield { ...place, text, problem: 'not UTF-8' };
    else if (text.trim() !== '') yield { ...place, text, problem: null };
  }

  /** What goes beyond the bound is counted and dropped. */
  #keep(part: Buffer): void {
    this.#end += part.length;
    this.#length += part.length;
    if (part.length > 0 && this.#length <= MAX_LINE_BYTES) this.#parts.push(part);
  }
}

const strict = new TextDecoder('utf-8', { fatal: true });

function decoded(bytes: Buffer): string | null {
  try {
    return strict.decode(bytes);
  } catch {
    return null;
  }
}
