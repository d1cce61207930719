import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { systemClock } from '../../lib/clock.ts';
import type { Event } from '../../lib/observe/events.ts';
import { createReporting, type ReportingOptions } from '../../lib/pools/reporting.ts';
import { turnedClock } from './clock.ts';

const worker = (name: string) => new URL(`workers/${name}.ts`, import.meta.url).href;

function pool(t: Test, options: Partial<ReportingOptions> = {}) {
  const told: Event[] = [];
  const reporting = createReporting({
    database: join(t.testdir(), 'reconciled.db'),
    folder: t.testdir(),
    timezone: 'UTC',
    locale: 'en',
    clock: systemClock,
    tell: (event) => told.push(event),
    workerUrl: worker('reports'),
    compileCacheDir: null,
    ...options,
  });
  t.teardown(() => reporting.close());
  return { reporting, told };
}

function failed(message: string) {
  return {
    status: 'rejected',
    reason: {
      code: 'store_failed',
      retryable: true,
      message: `The report could not be made: ${message}.`,
    },
  };
}

t.test('a thread that cannot start ends what was asked of it, each time', async (t) => {
  const { reporting, told } = pool(t, { workerUrl: worker('cannot-start') });
  for (let time = 0; time < 2; time += 1) {
    const asked = [
      reporting.report('2025-06-01', 0),
      reporting.orders('2025-06-01', null, null),
      reporting.missing(0),
    ];
    for (const one of await Promise.allSettled(asked))
      t.match(one, failed('this thread cannot start'));
  }
  t.match(told[0], { name: 'pool.failed', pool: 'reporting', error: 'this thread cannot start' });
});

t.test('where the system has no thread left nothing is made later', async (t) => {
  const { reporting } = pool(t);
  const { NODE_OPTIONS: options = '' } = process.env;
  // With that Node throws as it does where the system has no thread left.
  process.env.NODE_OPTIONS = '--no-such-option';
  const asked = await Promise.allSettled([reporting.report('2025-06-01', 0)]);
  process.env.NODE_OPTIONS = options;
  t.match(asked, [{ status: 'rejected', reason: { code: 'store_failed', retryable: true } }]);
  t.equal(await reporting.report('2025-06-02', 0), '2025-06-02 1');
  t.equal(await reporting.report('2025-06-03', 0), '2025-06-03 2');
});

t.test('reports are made in the order in which they are asked for', async (t) => {
  const { reporting } = pool(t);
  const days = ['2025-06-01', '2025-06-02', '2025-06-03', '2025-06-04'] as const;
  const made = await Promise.all(days.map((day) => reporting.report(day, 0)));
  t.same(made, ['2025-06-01 1', '2025-06-02 2', '2025-06-03 3', '2025-06-04 4']);
});

t.test('a thread that dies over a report ends those that wait behind it', async (t) => {
  const { reporting } = pool(t);
  await reporting.report('2025-06-01', 0);
  const asked = ['2025-06-13', '2025-06-02'] as const;
  const ends = await Promise.allSettled(asked.map((day) => reporting.report(day, 0)));
  t.match(ends, [failed('worker exited with code: 1'), failed('the thread has ended')]);
  t.equal(await reporting.report('2025-06-03', 0), '2025-06-03 1', 'by a new thread');
});

t.test('a thread that stands still is ended', async (t) => {
  const clock = turnedClock();
  const { reporting } = pool(t, { clock });
  await reporting.report('2025-06-01', 0);
  const asked = ['2025-06-14', '2025-06-02'] as const;
  const ends = Promise.allSettled(asked.map((day) => reporting.report(day, 0)));
  clock.turn(60 * 60_000 - 1);
  clock.turn(5_000);
  const early = await Promise.race([ends, setImmediate('not for an hour and a moment')]);
  t.equal(early, 'not for an hour and a moment');
  clock.turn(5_000);
  for (const end of await ends) t.match(end, { status: 'rejected', reason: { retryable: true } });
  t.equal(await reporting.report('2025-06-03', 0), '2025-06-03 1', 'by a new thread');
});
