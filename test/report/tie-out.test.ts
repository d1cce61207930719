import t from 'tap';
import { Ledgers } from '../../lib/report/ledgers.ts';
import { tieOut } from '../../lib/report/tie-out.ts';

/** Of each product: its pieces in completed orders, and those that left the stock. → What is told. */
const STOCKS: readonly (readonly [readonly (readonly [number, number])[], object | undefined])[] = [
  [[], undefined],
  [
    [
      [2, 2],
      [5, 5],
    ],
    {
      equal: true,
      sides: [
        { of: 'items', count: 7 },
        { of: 'movements', count: 7 },
      ],
    },
  ],
  // Those that differ, and neither hides the other.
  [
    [
      [2, 1],
      [1, 2],
      [5, 5],
    ],
    {
      equal: false,
      sides: [
        { of: 'items', count: 3 },
        { of: 'movements', count: 3 },
      ],
    },
  ],
  [
    [
      [2, 1],
      [5, 5],
    ],
    {
      equal: false,
      sides: [
        { of: 'items', count: 2 },
        { of: 'movements', count: 1 },
      ],
    },
  ],
];

t.test('the stock ties out product by product', async (t) => {
  const counters = { held: 0, refundsOwed: 0 };
  const open = { held: [], refundsOwed: [], counters, deadDeliveries: [] };
  for (const [products, told] of STOCKS) {
    const ledgers = new Ledgers();
    for (const [at, [due, taken]] of products.entries()) {
      ledgers.addStock({ productId: `product-${at}`, due, taken });
    }
    const tie = tieOut(ledgers, open).find(({ what }) => what === 'stock');
    if (told === undefined) t.equal(tie, undefined);
    else t.match(tie, { what: 'stock', currency: null, ...told }, JSON.stringify(products));
  }
});
