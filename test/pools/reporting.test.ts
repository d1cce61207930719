import { join } from 'node:path';
import t from 'tap';
import type { Event } from '../../lib/observe/events.ts';
import { createReporting } from '../../lib/pools/reporting.ts';

t.test('a thread that cannot start ends what was asked of it, each time', async (t) => {
  const told: Event[] = [];
  const reporting = createReporting({
    database: join(t.testdir(), 'reconciled.db'),
    folder: t.testdir(),
    timezone: 'UTC',
    locale: 'en',
    tell: (event) => told.push(event),
    workerUrl: new URL('workers/cannot-start.ts', import.meta.url).href,
    compileCacheDir: null,
  });
  t.teardown(() => reporting.close());
  for (let time = 0; time < 2; time += 1) {
    const asked = [
      reporting.report('2025-06-01', 0),
      reporting.orders('2025-06-01', null, null),
      reporting.missing(0),
    ];
    for (const one of await Promise.allSettled(asked))
      t.match(one, {
        status: 'rejected',
        reason: {
          code: 'store_failed',
          retryable: true,
          message: 'The report could not be made: this thread cannot start.',
        },
      });
  }
  t.match(told[0], { name: 'pool.failed', pool: 'reporting', error: 'this thread cannot start' });
});
