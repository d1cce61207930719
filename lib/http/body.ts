import type { Context, MiddlewareHandler } from 'hono';
import { isDeeplyNested, MAX_NESTING } from '../core/nesting.ts';
import { Refusal } from './problem.ts';

/** The largest body of a request to /v1: an order with all its items and payments has a tenth of it. */
const MAX_BODY_BYTES = 1024 * 1024;

/** The largest callback: that of a known gateway has less than a kilobyte. */
export const MAX_CALLBACK_BYTES = 64 * 1024;

/**
 * Reads a bounded JSON body once, before the schemas look at it, so that trouble with it names the place.
 * A request without a body passes.
 */
export const readJson: MiddlewareHandler = async (c, next) => {
  if (c.req.method === 'POST' || c.req.method === 'PUT') {
    const bytes = await readBytes(c, MAX_BODY_BYTES);
    const text = bytes.byteLength === 0 ? '' : checkedJson(c, bytes);
    // What Hono reads of the body from here on; its type has the text, its code waits for a promise.
    Object.assign(c.req.bodyCache, { text: Promise.resolve(text) });
  }
  await next();
};

/**
 * The whole body.
 * @throws Refusal `too_large` as soon as it is known to have more bytes than `maxBytes`.
 */
export async function readBytes(c: Context, maxBytes: number): Promise<Uint8Array> {
  const length = c.req.header('content-length');
  // The parser hands on no more than the length that was announced; that read is the fast one.
  if (length !== undefined) {
    if (Number(length) > maxBytes) throw tooLarge(maxBytes);
    return new Uint8Array(await c.req.raw.arrayBuffer().catch(cutOff));
  }
  if (c.req.header('transfer-encoding') === undefined) return new Uint8Array();
  return readChunks(c.req.raw.body, maxBytes);
}

async function readChunks(
  body: ReadableStream<Uint8Array> | null,
  maxBytes: number,
): Promise<Uint8Array> {
  const reader = body?.getReader();
  const gathered = new Gathered();
  for (;;) {
    const read = await reader?.read().catch(cutOff);
    if (read === undefined || read.done) return gathered.bytes();
    if (gathered.size + read.value.byteLength > maxBytes) throw tooLarge(maxBytes);
    gathered.add(read.value);
  }
}

/** One for all: making one takes a third as long as parsing a callback. */
const NOTHING = new Uint8Array();

/** A body as it comes. Kept one by one, pieces of a byte each would take five hundred times the memory of what is in them. */
export class Gathered {
  #bytes: Uint8Array = NOTHING;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(piece: Uint8Array): void {
    const size = this.#size + piece.byteLength;
    if (this.#size === 0) {
      // Mostly it comes in one piece.
      this.#bytes = piece;
    } else {
      if (size > this.#bytes.byteLength) {
        const grown = new Uint8Array(2 * size);
        grown.set(this.bytes());
        this.#bytes = grown;
      }
      this.#bytes.set(piece, this.#size);
    }
    this.#size = size;
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#size);
  }
}

/** The caller went away, or sent so slowly that it was cut off: hardly anybody reads this. */
function cutOff(): never {
  throw new Refusal('malformed', 'The body ended too early.');
}

/** The refusal of a body that has more bytes than `maxBytes`. */
export function tooLarge(maxBytes: number): Refusal {
  return new Refusal('too_large', `The body has more than ${maxBytes} bytes.`, {
    // What is left of the body is not read.
    headers: { connection: 'close' },
  });
}

/** The refusal of a body, even an empty one, that is said to be something else than JSON. */
export function notJson(): Refusal {
  return new Refusal('unsupported_media_type', 'The content type is not application/json.', {
    hint: 'Send the header content-type: application/json.',
    headers: { accept: 'application/json' },
  });
}

/** Nothing is unpacked: a kilobyte could become a gigabyte. */
function compressed(): Refusal {
  return new Refusal('unsupported_media_type', 'The body has a content encoding.', {
    hint: 'Send it as it is, without compressing it and without the header content-encoding.',
    headers: { 'accept-encoding': 'identity' },
  });
}

function checkedJson(c: Context, bytes: Uint8Array): string {
  if (!isJson(c.req.header('content-type'))) throw notJson();
  if (isEncoded(c.req.header('content-encoding'))) throw compressed();
  const text = decode(bytes);
  if (isDeeplyNested(text)) {
    throw new Refusal('malformed', `The body is nested more than ${MAX_NESTING} deep.`);
  }
  checkJson(text);
  return text;
}

/** True when the header `content-encoding` says that the body is not as it was. */
export function isEncoded(encoding: string | undefined): boolean {
  return !/^(identity)?$/i.test(encoding ?? '');
}

function isJson(contentType: string | undefined): boolean {
  return /^application\/([\w.-]+\+)?json\s*(;|$)/i.test(contentType ?? '');
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Refusal('malformed', 'The body is not UTF-8.');
  }
}

function checkJson(text: string): void {
  try {
    JSON.parse(text);
  } catch {
    const before = text.slice(0, brokenAt(text));
    const line = before.split('\n').length;
    const column = before.length - before.lastIndexOf('\n');
    throw new Refusal(
      'malformed',
      `The body is not JSON: it breaks at line ${line}, column ${column}.`,
    );
  }
}

/** Characters in which the exact place of a mistake is searched for; the search parses them up to 16 times. */
const MAX_SEARCHED = 64 * 1024;

/**
 * Where a text stops being the beginning of any JSON. The parser's own messages show the text around the place, which may be
 * a card number, and often no position; so the place is found by halving.
 */
function brokenAt(text: string): number {
  let whole = 0;
  let broken = Math.min(text.length, MAX_SEARCHED);
  while (whole < broken) {
    const middle = Math.ceil((whole + broken) / 2);
    if (couldGoOn(text.slice(0, middle))) whole = middle;
    else broken = middle - 1;
  }
  return whole;
}

function couldGoOn(beginning: string): boolean {
  try {
    JSON.parse(beginning);
    return true;
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    const position = /at position (\d+)/.exec(message)?.[1];
    return /end of JSON input/.test(message) || Number(position) === beginning.length;
  }
}
