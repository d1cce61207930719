/**
 * An amount in the minor unit of its currency (KRW: won, USD: cents): a whole number, never a float.
 * The currency stands beside it, on the order or the transaction.
 */
export type AmountMinor = number;

/** The largest amount or count that a plain number holds exactly; the schema has a CHECK on the same bound. */
export const MAX_AMOUNT_MINOR: AmountMinor = Number.MAX_SAFE_INTEGER;

/** True for a whole, non-negative number that a plain number holds exactly. */
export function isAmount(value: unknown): value is AmountMinor {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/**
 * An amount as people write it: `₩5,000`, `$12.34`. The number of decimals is the currency's own (ISO 4217).
 * The division is for the eye only: nothing is computed with its result.
 */
export function formatMoney(
  amountMinor: AmountMinor,
  currency: string,
  locale: 'ko' | 'en',
): string {
  const format = new Intl.NumberFormat(locale === 'ko' ? 'ko-KR' : 'en-US', {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
  });
  const decimals = format.resolvedOptions().maximumFractionDigits ?? 0;
  return format.format(amountMinor / 10 ** decimals);
}
