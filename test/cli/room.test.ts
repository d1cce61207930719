import t from 'tap';
import { whenThereIsRoom } from '../../lib/cli/room.ts';
import { type ErrorCode, ReconciledError } from '../../lib/errors.ts';
import { restUntil, TurnedClock, turnUntil } from '../support/turned-clock.ts';

/** A start that meets this trouble, one after the other, and then succeeds. */
function starting(...troubles: readonly ErrorCode[]) {
  const clock = new TurnedClock();
  const told: string[] = [];
  const interruption = Promise.withResolvers<void>();
  let tries = 0;
  const start = async () => {
    const code = troubles[tries];
    tries += 1;
    if (code !== undefined) throw new ReconciledError(code, `${code} ${tries}`, { hint: 'Look.' });
    return `started at ${clock.monotonicMs()}`;
  };
  const started = whenThereIsRoom(start, {
    clock,
    tell: ({ message }) => told.push(message),
    interrupted: interruption.promise,
  });
  started.catch(() => undefined);
  const end = () => turnUntil(clock, () => true, started);
  return { clock, told, end, interrupt: interruption.resolve, tries: () => tries };
}

t.test('a full disk is waited for, and told each time', async (t) => {
  const { told, end } = starting('store_full', 'store_full');
  t.equal(await end(), 'started at 20000');
  t.strictSame(told, ['store_full 1', 'store_full 2']);
});

t.test('whatever else is in the way is not', async (t) => {
  for (const code of ['store_busy', 'store_readonly', 'configuration'] as const) {
    const { told, end } = starting('store_full', code);
    await t.rejects(end(), { code });
    t.strictSame(told, ['store_full 1']);
  }
});

t.test('a signal ends the wait', async (t) => {
  const { clock, end, interrupt, tries } = starting('store_full', 'store_full');
  await restUntil(() => true);
  interrupt();
  t.equal(await end(), null);
  t.equal(tries(), 1);
  t.equal(clock.nextAt(), null, 'nothing is left behind');
});
