import t from 'tap';
import { formatMoney, isAmount } from '../../lib/core/money.ts';

t.test('an amount as people write it, with the decimals of its currency', async (t) => {
  const rows = [
    [5_000, 'KRW', 'ko', '₩5,000'],
    [5_000, 'KRW', 'en', '₩5,000'],
    [0, 'KRW', 'ko', '₩0'],
    [1_234, 'USD', 'en', '$12.34'],
    [1_234, 'USD', 'ko', 'US$12.34'],
    [1_234, 'CAD', 'en', 'CA$12.34'],
    [5, 'USD', 'en', '$0.05'],
    [123_456_789, 'EUR', 'en', '€1,234,567.89'],
    [1_234, 'JPY', 'en', '¥1,234'],
    // Many have only their code, set apart by a no-break space.
    [1_234, 'KWD', 'en', 'KWD\u00a01.234'],
    [50, 'KWD', 'en', 'KWD\u00a00.050'],
    // Decimals are those of ISO 4217, also where the platform has those of cash.
    [1_234_567, 'IDR', 'en', 'IDR\u00a012,345.67'],
    [1_234_567, 'HUF', 'ko', 'HUF\u00a012,345.67'],
    [1_234_567, 'IQD', 'en', 'IQD\u00a01,234.567'],
    [12_345, 'CLF', 'en', 'CLF\u00a01.2345'],
    [12_345, 'ISK', 'en', 'ISK\u00a012,345'],
    [Number.MAX_SAFE_INTEGER, 'KRW', 'en', '₩9,007,199,254,740,991'],
    [Number.MAX_SAFE_INTEGER, 'USD', 'en', '$90,071,992,547,409.91'],
    [Number.MAX_SAFE_INTEGER, 'KWD', 'en', 'KWD\u00a09,007,199,254,740.991'],
  ] as const;
  for (const [amount, currency, locale, text] of rows) {
    t.equal(formatMoney(amount, currency, locale), text, `${amount} ${currency} ${locale}`);
  }
});

t.test('no two currencies look alike', async (t) => {
  const currencies = Intl.supportedValuesOf('currency');
  for (const locale of ['ko', 'en'] as const) {
    const texts = currencies.map((currency) =>
      formatMoney(0, currency, locale).replace(/[\d.]+/, ''),
    );
    t.equal(new Set(texts).size, currencies.length, locale);
  }
});

t.test('an amount is a whole number that a plain number holds exactly', async (t) => {
  for (const amount of [0, 1, 5_000, Number.MAX_SAFE_INTEGER]) t.ok(isAmount(amount), `${amount}`);
  const others = [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '5000', null, undefined];
  for (const other of others) t.notOk(isAmount(other), `${other}`);
});
