import t from 'tap';
import { search } from './every/search.ts';
import { beginning, type Once } from './every/world.ts';
import { AMOUNT } from './words.ts';

/** [what is stored, the transactions that are to come, what can happen once] */
const BEGINNINGS: readonly (readonly [
  stored: string,
  amounts: Readonly<Record<string, number>>,
  left: readonly Once[],
])[] = [
  ['pending 0m; planned in 10m; pg K1 pending', { K1: AMOUNT, K2: AMOUNT }, []],
  ['pending 0m; planned in 10m; pg keyless pending', { K1: AMOUNT, K2: AMOUNT }, ['pays again']],
  ['pending 0m; planned in 10m; bank keyless pending', { K1: AMOUNT }, ['pays again']],
  ['pending 0m; planned in 10m; pg K1 pending; stock short', { K1: AMOUNT }, ['learns to refund']],
  [
    'pending 0m; planned in 10m; wallet K1 pending',
    { K1: AMOUNT - 1, K2: AMOUNT },
    ['asks once more'],
  ],
  [
    'held internal_error 1h; pg K1 pending; told internal_error',
    { K1: AMOUNT },
    ['asks once more', 'assert'],
  ],
  ['held unclear 1d; wallet keyless pending', { K1: AMOUNT, K2: AMOUNT }, ['pays again']],
  [
    'completed by K1 0m; planned in 1h; never listed; pg K1 succeeded',
    { K2: AMOUNT },
    ['pays again'],
  ],
  [
    'failed out_of_stock 0m; planned in 1h; never listed; stock short; wallet K1 refund_due',
    { K2: AMOUNT },
    ['pays again'],
  ],
  [
    'failed out_of_stock 1d; stock short; pg K1 refund_due 5000 out_of_stock, told refund_by_hand',
    { K2: AMOUNT - 1 },
    ['pays again', 'learns to refund'],
  ],
  [
    'failed not_at_gateway 0m; planned in 1h; pg keyless presumed not_at_gateway',
    { K1: AMOUNT },
    ['pays again'],
  ],
];

/** Seconds on an ordinary machine; each further step takes two to three times as long. */
const MOST_STEPS = 5;

t.test('whatever happens in whatever order, no money is forgotten', async (t) => {
  for (const [stored, amounts, left] of BEGINNINGS) {
    const { worlds, counterexample } = search(beginning(stored, amounts, left), MOST_STEPS);
    t.same(counterexample, null, `${stored}: ${worlds} worlds`);
  }
});
