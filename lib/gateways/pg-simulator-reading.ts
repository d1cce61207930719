import type { Transaction, TransactionStatus } from '../core/gateway.ts';
import { type AmountMinor, isAmount } from '../core/money.ts';
import { boundedText } from '../core/text.ts';

/** What a listing by order id names. `whole`: every line of it could be read. */
export interface Listing {
  /** Oldest first, each once. */
  readonly keys: readonly string[];
  readonly whole: boolean;
}

/** No key or order id of any gateway is longer; the same bound holds for callbacks. */
const MAX_ID_LENGTH = 200;

/** The words of the 500 that the gateway answers before it records anything. */
const NOTHING_RECORDED = '현재 서버가 불안정합니다';

/**
 * Reads the reply to a lookup by key; `null`: it tells nothing about that key. Only the gateway's own word makes a key
 * absent. The full card number that a reply carries is not even looked at.
 */
export function readLookup(
  status: number,
  body: unknown,
  key: string,
  currency: string,
): Transaction | 'absent' | null {
  if (saysNotFound(status, body, key)) return 'absent';
  const data = successData(status, body);
  // A reply about another key than the one asked tells nothing about ours.
  if (data === null || data.transactionKey !== key) return null;
  const orderId = readId(data.orderId);
  const state = readStatus(data.status);
  const amount = readAmount(data.amount);
  if (orderId === null || state === null || amount === null) return null;
  const reason = readText(data.reason);
  const transaction = { key, orderId, status: state, amount, currency };
  return reason === null ? transaction : { ...transaction, reason };
}

/** Reads the reply to a listing by order id; `null`: it tells nothing about that order id. */
export function readListing(status: number, body: unknown, orderId: string): Listing | null {
  if (saysNotFound(status, body, orderId)) return { keys: [], whole: true };
  const data = successData(status, body);
  const lines = data?.transactions;
  if (data?.orderId !== orderId || !Array.isArray(lines)) return null;
  const keys = lines.map((line) => (isRecord(line) ? readId(line.transactionKey) : null));
  // The gateway names the newest first.
  const readable = keys.filter((key) => key !== null).reverse();
  return { keys: [...new Set(readable)], whole: readable.length === keys.length };
}

/** The key that the gateway gave to a payment request; `null`: the reply names none. */
export function readAcceptedKey(status: number, body: unknown): string | null {
  return readId(successData(status, body)?.transactionKey);
}

/** Why the gateway refuses a request, in its words; `null`: it does not say that it does. */
export function readRefusal(status: number | null, body: unknown): string | null {
  const meta = failure(body);
  if (status !== 400 || meta === null) return null;
  return readText(meta.message) ?? 'Bad Request';
}

/** True for the 500 that comes before anything is recorded. */
export function saysNothingRecorded(status: number | null, body: unknown): boolean {
  const message = failure(body)?.message;
  return status === 500 && typeof message === 'string' && message.startsWith(NOTHING_RECORDED);
}

/** A key or an order id: a text that is not empty, bounded, and can be sent back to the gateway. */
export function readId(value: unknown): string | null {
  const fits = typeof value === 'string' && value !== '' && value.length <= MAX_ID_LENGTH;
  return fits && value.isWellFormed() && !/\p{Cc}/u.test(value) ? value : null;
}

/** True for a JSON object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Absence in the gateway's own words. An unknown route answers 404 too, but names nothing that we asked for. */
function saysNotFound(status: number, body: unknown, subject: string): boolean {
  const meta = failure(body);
  const message = meta?.message;
  return (
    status === 404 &&
    meta?.errorCode === 'Not Found' &&
    typeof message === 'string' &&
    names(message, subject)
  );
}

/** True when the subject stands in the message by itself: `ORDER0000012` does not name `ORDER000001`. */
function names(message: string, subject: string): boolean {
  for (let at = message.indexOf(subject); at !== -1; at = message.indexOf(subject, at + 1)) {
    const before = message.charAt(at - 1);
    const after = message.charAt(at + subject.length);
    if (!PART_OF_ID.test(before) && !PART_OF_ID.test(after)) return true;
  }
  return false;
}

const PART_OF_ID = /^[A-Za-z0-9_-]$/;

function failure(body: unknown): Readonly<Record<string, unknown>> | null {
  const meta = isRecord(body) ? body.meta : null;
  return isRecord(meta) && meta.result === 'FAIL' ? meta : null;
}

function successData(status: number, body: unknown): Readonly<Record<string, unknown>> | null {
  if (status < 200 || status > 299 || !isRecord(body)) return null;
  const { meta, data } = body;
  return isRecord(meta) && meta.result === 'SUCCESS' && isRecord(data) ? data : null;
}

function readStatus(value: unknown): TransactionStatus | null {
  if (typeof value !== 'string') return null;
  switch (value) {
    case 'SUCCESS':
      return 'succeeded';
    case 'FAILED':
      return 'failed';
    case 'PENDING':
      return 'pending';
    default:
      return 'unrecognised';
  }
}

/** An int64 in won, as a number or as a text; beyond what a number holds exactly it cannot be read. */
function readAmount(value: unknown): AmountMinor | null {
  const amount = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;
  return isAmount(amount) ? amount : null;
}

function readText(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? boundedText(value) : null;
}
