import fc from 'fast-check';
import t from 'tap';
import { History } from './history/history.ts';
import { step } from './history/steps.ts';

/** The same histories on every run; a failure prints its counterexample, which then becomes a row. */
const RUNS = { seed: 20_260_115, numRuns: 3_000 } as const;

const BEGINNINGS = [
  'pending 0m',
  'pending 20m; pg K1 pending',
  'pending 20m; pg keyless pending',
  'pending 20m; wallet K1 pending; pg keyless pending',
  'pending 20m; bank keyless pending',
  'pending 20m; no-gateway K1 pending',
  'pending 20m; pg K1 pending; stock short',
  'pending 0m; nothing to pay; stock short',
] as const;

t.test('whatever happens to an order, no invariant breaks', async (t) => {
  const histories = fc.tuple(
    fc.constantFrom(...BEGINNINGS),
    fc.array(step, { minLength: 1, maxLength: 14 }),
  );
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(histories, ([beginning, steps]) => {
        const history = new History(beginning);
        for (const one of steps) history.take(one);
      }),
      RUNS,
    ),
  );
});
