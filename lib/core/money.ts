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
 * An amount as people write it: `₩5,000`, `$12.34`, and `CA$12.34`, so that no two currencies look alike. The number of decimals is the
 * currency's own (ISO 4217), and every digit is exact: it is never divided. A sum may be larger than any amount.
 */
export function formatMoney(
  amountMinor: AmountMinor | bigint,
  currency: string,
  locale: 'ko' | 'en',
): string {
  const decimals = decimalsOf(currency);
  const format = new Intl.NumberFormat(locale === 'ko' ? 'ko-KR' : 'en-US', {
    style: 'currency',
    currency,
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
  return format.format(`${amountMinor}e-${decimals}` as `${number}`);
}

/**
 * The platform has the decimals of cash instead where nobody pays with the smaller coins any more (HUF, IDR, COP, IQD): the minor unit
 * would be told as the major one, a hundred times or a thousand times the amount.
 */
function decimalsOf(currency: string): number {
  for (const [decimals, currencies] of DECIMALS) if (currencies.has(currency)) return decimals;
  return 2;
}

/** Minor units of ISO 4217, other than two. */
const DECIMALS: readonly (readonly [number, ReadonlySet<string>])[] = [
  [0, new Set('BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'.split(' '))],
  [3, new Set('BHD IQD JOD KWD LYD OMR TND'.split(' '))],
  [4, new Set('CLF UYW'.split(' '))],
];
