import { type Answer, TRANSACTION_STATUSES, type Transaction } from '../../lib/core/gateway.ts';
import { AMOUNT, CURRENCY, duration, match, NOW, ORDER_ID, oneOf, split } from './words.ts';

/** `K1 failed "no limit", K2 absent, nothing else`, or `silent timeout`. */
export function parseAnswer(text: string): Answer {
  const parts = split(text, ',');
  return parseSilence(parts) ?? parseStatement(parts);
}

/** `done 5000`, `underway`, `refused "too old"`, or `silent timeout`. */
export function parseRefund(text: string): Answer {
  const silence = parseSilence([text]);
  if (silence !== null) return silence;
  const [, outcome, amount, reason] = match(
    text,
    /^(done|underway|refused)(?: (\d+))?(?: "(.*)")?$/,
  );
  return {
    kind: 'refund',
    outcome: oneOf(['done', 'underway', 'refused'] as const, outcome),
    refundedMinor: Number(amount ?? 0),
    ...(reason === undefined ? {} : { reason }),
  };
}

const CAUSES = ['timeout', 'connection', 'server_error', 'circuit_open', 'stopping'] as const;

function parseSilence([first = '', ...rest]: readonly string[]): Answer | null {
  const cause = /^silent (\w+)$/.exec(first)?.[1];
  if (cause === undefined) return null;
  const silent = { kind: 'silent', cause: oneOf(CAUSES, cause) } as const;
  if (rest.length === 0) return silent;
  const [, wait = ''] = match(rest.join(', '), /^retry after (\w+)$/);
  return { ...silent, retryAfterMs: duration(wait) };
}

function parseStatement(parts: readonly string[]): Answer {
  const transactions: Transaction[] = [];
  const absentKeys: string[] = [];
  const silentKeys: string[] = [];
  let complete = false;
  for (const part of parts) {
    if (part === 'listing silent') continue;
    if (part === 'nothing' || part === 'nothing else') complete = true;
    else if (/^K\d absent$/.test(part)) absentKeys.push(part.slice(0, 2));
    else if (/^K\d silent$/.test(part)) silentKeys.push(part.slice(0, 2));
    else transactions.push(parseTransaction(part));
  }
  return { kind: 'statement', transactions, absentKeys, silentKeys, complete };
}

function parseTransaction(text: string): Transaction {
  const [, key = '', status, amount, currency, other, expiry, expired, reason] = match(
    text,
    /^(K\d) ([a-z_]+)(?: (\d+))?(?: ([A-Z]{3}))?( of another order)?(?: until in (\w+)| until (\w+) ago)?(?: "(.*)")?$/,
  );
  const ends = expiry === undefined ? NOW - duration(expired ?? '0s') : NOW + duration(expiry);
  return {
    key,
    orderId: other === undefined ? ORDER_ID : 'ORDER000002',
    status: oneOf(TRANSACTION_STATUSES, status),
    amount: amount === undefined ? AMOUNT : Number(amount),
    currency: currency ?? CURRENCY,
    ...(reason === undefined ? {} : { reason }),
    ...(expiry === undefined && expired === undefined ? {} : { expiresAt: ends }),
  };
}
