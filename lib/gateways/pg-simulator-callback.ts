import { isRecord, readId } from './pg-simulator-reading.ts';
import type { CallbackReading, ReadingFlaw } from './port.ts';

/** A callback of this gateway has about 300 bytes; one longer than this is not from it. */
const MAX_CALLBACK_BYTES = 64 * 1024;

/** It has seven values. V8 takes 30 ms for as many, within one another, as there is room for. */
const MAX_VALUES = 1_000;

/** One for all: making one costs more than reading a callback. */
const strict = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads the bare JSON that the gateway posts once. Only what names a payment is taken; the card number, the amount and
 * every unknown field are left where they are, because a callback decides nothing.
 */
export function readPgSimulatorCallback(body: Uint8Array): CallbackReading {
  if (body.byteLength > MAX_CALLBACK_BYTES) return unreadable('too_large', 'the body is too large');
  if (hasMore(body, MAX_VALUES))
    return unreadable('too_many_values', `the body has more than ${MAX_VALUES} values`);
  let value: unknown;
  try {
    value = JSON.parse(strict.decode(body));
  } catch {
    return unreadable('not_json', 'the body is not JSON in UTF-8');
  }
  if (!isRecord(value)) return unreadable('not_json', 'the body is not a JSON object');
  const key = readId(value.transactionKey);
  const orderId = readId(value.orderId);
  if (key === null && orderId === null)
    return unreadable('names_nothing', 'transactionKey or orderId is needed');
  // A list and not a text with separators: no two different notices may have the same id.
  // Not a hash of it either: the gateway's keys rise with time, so that what is kept next stands beside what was kept last,
  // while every hash would touch a page of the index of its own, and all of them have to be on the disk before the reply.
  const eventId = JSON.stringify([key, orderId, statusWord(value.status)]);
  return { kind: 'notice', eventId, key, orderId };
}

/** True for JSON with more values than this. */
function hasMore(json: Uint8Array, values: number): boolean {
  if (json.byteLength <= values) return false;
  // Each begins behind one of three signs.
  let count = 0;
  let isQuoted = false;
  for (let at = 0; at < json.byteLength && count <= values; at += 1) {
    const byte = json[at];
    if (byte === QUOTE) isQuoted = !isQuoted;
    else if (isQuoted) at += byte === BACKSLASH ? 1 : 0;
    else if (byte === COMMA || byte === BRACE || byte === BRACKET) count += 1;
  }
  return count > values;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const BRACE = 0x7b;
const BRACKET = 0x5b;

/** What stands in place of a status may be anything, a card number too, and the id is kept. */
function statusWord(status: unknown): string | null {
  return typeof status === 'string' && /^[A-Z_]{1,32}$/.test(status) ? status : null;
}

function unreadable(flaw: ReadingFlaw, problem: string): CallbackReading {
  return { kind: 'unreadable', flaw, problem };
}
