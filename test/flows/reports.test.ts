import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { systemClock } from '../../lib/clock.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../lib/core/time.ts';
import { makeMissing, type ReportsGround, startReports } from '../../lib/flows/reports.ts';
import type { Event } from '../../lib/observe/events.ts';
import { createReporting, type ReportingPool } from '../../lib/pools/reporting.ts';
import { MADE_UP_DAYS } from '../../lib/report/port.ts';
import { DAY, openShop, ZONE } from '../report/shop.ts';
import type { FlowWorld } from '../support/flow-world.ts';

/** A shop, the thread for its reports, and the ground of the flow. */
interface Reported {
  readonly shop: FlowWorld;
  readonly folder: string;
  readonly reporting: ReportingPool;
  readonly ground: ReportsGround;
  readonly events: Event[];
  /** The names of the files that are to be seen. */
  files(): readonly string[];
  /** What the channel was told, oldest first. */
  told(): Promise<readonly string[]>;
}

async function openReported(t: Test): Promise<Reported> {
  const shop = await openShop();
  t.teardown(shop.close);
  const folder = join(dirname(shop.path), 'reports');
  const events: Event[] = [];
  const tell = (event: Event) => void events.push(event);
  const reporting = createReporting({
    database: shop.path,
    folder,
    timezone: ZONE,
    locale: 'en',
    clock: systemClock,
    tell,
  });
  t.teardown(() => reporting.close());
  const { clock, store } = shop;
  await store.outbox.subscribe(
    [{ channel: 'ops', topic: 'report.daily', digestMs: 0 }],
    clock.now(),
  );
  mkdirSync(folder);
  return {
    shop,
    folder,
    reporting,
    events,
    ground: { reporting, outbox: store.outbox, clock, tell },
    files: () => readdirSync(folder).sort(),
    told: async () => {
      const page = await store.reader.deliveries({
        state: null,
        channel: 'ops',
        after: null,
        limit: 100,
      });
      return page.items.map(({ effect }) => effect.key).reverse();
    },
  };
}

/** It is ten in the morning when the shop is as it is: so much later it is the first minute of the next day. */
const TO_MIDNIGHT_MS = 14 * HOUR_MS;

t.test('a day is reported when it has ended, and told once', async (t) => {
  const { shop, ground, events, files, told } = await openReported(t);
  await makeMissing(ground);
  t.same(files(), [], 'today is not over');
  await shop.pass(TO_MIDNIGHT_MS);
  await makeMissing(ground);
  await makeMissing(ground);
  t.same(files(), [`${DAY}.html`, `${DAY}.json`]);
  t.same(await told(), [`report.daily:${DAY}`]);
  t.match(
    events.filter(({ name }) => name === 'report.made'),
    [{ day: DAY, orders: 8, tiesOut: true, differences: 0 }],
  );
  const { items } = await shop.store.reader.deliveries({
    state: 'pending',
    channel: 'ops',
    after: null,
    limit: 1,
  });
  t.match(items[0]?.effect, {
    topic: 'report.daily',
    orderId: null,
    since: Date.UTC(2025, 7, 15, 15),
    text: /^2025-08-16: 8 orders/,
  });
});

t.test(
  'days that were missed are made up for, a day without orders only as the last one',
  async (t) => {
    const { shop, ground, files, told } = await openReported(t);
    await shop.pass(TO_MIDNIGHT_MS + 3 * DAY_MS);
    await makeMissing(ground);
    t.same(files(), [`${DAY}.html`, `${DAY}.json`, '2025-08-19.html', '2025-08-19.json']);
    t.same(await told(), [`report.daily:${DAY}`, 'report.daily:2025-08-19']);
  },
);

t.test('what was missed too long ago is left', async (t) => {
  for (const [later, days] of [
    [MADE_UP_DAYS - 1, [DAY, '2025-09-12']],
    [MADE_UP_DAYS, ['2025-09-13']],
  ] as const) {
    const { shop, ground, files } = await openReported(t);
    await shop.pass(TO_MIDNIGHT_MS + later * DAY_MS);
    await makeMissing(ground);
    const names = days.flatMap((day) => [`${day}.html`, `${day}.json`]);
    t.same(files(), names, `${later} days later`);
  }
});

t.test(
  'a daemon that ended between telling and naming makes the day again and tells nothing new',
  async (t) => {
    const { shop, ground, reporting, files, told } = await openReported(t);
    await shop.pass(TO_MIDNIGHT_MS);
    const died = new Error('the daemon died here');
    const die = () => Promise.reject(died);
    for (const dying of [
      { outbox: { announce: die } },
      { reporting: { ...reporting, publish: die } },
    ]) {
      await makeMissing({ ...ground, ...dying });
      t.same(
        files().filter((name) => !name.startsWith('.')),
        [],
      );
    }
    await makeMissing(ground);
    t.same(files(), [`${DAY}.html`, `${DAY}.json`]);
    t.same(await told(), [`report.daily:${DAY}`]);
  },
);

t.test('trouble is told, and the next tick tries again', async (t) => {
  const { shop, ground, folder, events, files } = await openReported(t);
  await shop.pass(TO_MIDNIGHT_MS);
  const blind = { ...ground.reporting, missing: () => Promise.reject(new Error('no thread')) };
  await makeMissing({ ...ground, reporting: blind });
  t.match(events.pop(), { name: 'report.failed', day: null, error: 'no thread' });
  // A folder in the place of the draft.
  mkdirSync(join(folder, `.${DAY}.html.draft`));
  await makeMissing(ground);
  t.match(
    events.filter(({ name }) => name === 'report.failed'),
    [{ day: DAY, error: /EISDIR/ }],
  );
  const { rmdirSync } = await import('node:fs');
  rmdirSync(join(folder, `.${DAY}.html.draft`));
  await makeMissing(ground);
  t.same(files(), [`${DAY}.html`, `${DAY}.json`]);
});

t.test('a day that cannot be made does not keep the next one from its report', async (t) => {
  const { shop, ground, reporting, events, files } = await openReported(t);
  await shop.pass(TO_MIDNIGHT_MS);
  const before = '2025-08-01';
  const withBefore = { ...reporting, missing: async () => [before, DAY] };
  const failing = {
    ...withBefore,
    draft: (day: string, now: number) =>
      day === before ? Promise.reject(new Error('too much')) : reporting.draft(day, now),
  };
  await makeMissing({ ...ground, reporting: failing });
  t.match(
    events.filter(({ name }) => name === 'report.failed'),
    [{ day: before, error: 'too much' }],
  );
  t.same(files(), [`${DAY}.html`, `${DAY}.json`]);
});

t.test('books that do not agree are told of', async (t) => {
  const { shop, ground, events, told } = await openReported(t);
  const hand = new Database(shop.path);
  hand.exec("UPDATE orders SET amount = amount + 1 WHERE id = 'ORDER-1'");
  hand.close();
  await shop.pass(TO_MIDNIGHT_MS);
  await makeMissing(ground);
  const [made] = events.filter((event) => event.name === 'report.made');
  t.match(made, { day: DAY, orders: 8, tiesOut: false });
  t.ok(made && made.differences > 0, `${made?.differences} differences`);
  t.same(await told(), [`report.daily:${DAY}`], 'and the report is told all the same');
});

t.test('a written report stays as it was written', async (t) => {
  const { shop, ground, reporting, folder } = await openReported(t);
  await shop.pass(TO_MIDNIGHT_MS);
  await makeMissing(ground);
  const written = await reporting.report(DAY, shop.clock.now());
  const page = await reporting.page(DAY, shop.clock.now());
  await shop.pass(HOUR_MS);
  t.equal(await reporting.report(DAY, shop.clock.now()), written);
  t.equal(await reporting.page(DAY, shop.clock.now()), page);
  writeFileSync(join(folder, `${DAY}.json`), 'broken');
  const again = await reporting.report(DAY, shop.clock.now());
  t.not(
    JSON.parse(again).madeAt,
    JSON.parse(written).madeAt,
    'one that somebody broke is counted again',
  );
});

t.test('what a clock that was ahead wrote of a day that was not over is no report', async (t) => {
  const { shop, ground, reporting, folder } = await openReported(t);
  const readReport = async () => JSON.parse(await reporting.report(DAY, shop.clock.now()));
  await reporting.draft(DAY, shop.clock.now() + DAY_MS);
  await reporting.publish(DAY);
  await shop.pass(HOUR_MS);
  await shop.order('ORDER-9', []);
  t.match(await readReport(), { orders: 9, complete: false }, 'it is counted now');
  await shop.pass(TO_MIDNIGHT_MS);
  await makeMissing(ground);
  const { orders } = JSON.parse(readFileSync(join(folder, `${DAY}.json`), 'utf8'));
  t.equal(orders, 9);
  t.match(await readReport(), { orders: 9, complete: true });
});

t.test('the days of a zone further west are as long as those before', async (t) => {
  const { shop, ground, folder, files, told } = await openReported(t);
  await shop.pass(TO_MIDNIGHT_MS);
  await makeMissing(ground);
  await shop.order('ORDER-9', []);
  const timezone = 'America/New_York';
  const { tell } = ground;
  const reporting = createReporting({
    database: shop.path,
    folder,
    timezone,
    locale: 'en',
    clock: systemClock,
    tell,
  });
  t.teardown(() => reporting.close());
  await makeMissing({ ...ground, reporting });
  await shop.pass(13 * HOUR_MS);
  await makeMissing({ ...ground, reporting });
  const written = ['2025-08-15', DAY].map((day) =>
    JSON.parse(readFileSync(join(folder, `${day}.json`), 'utf8')),
  );
  t.match(written, [
    { timezone, orders: 8 },
    { timezone, orders: 1 },
  ]);
  const seen = files();
  await makeMissing({ ...ground, reporting });
  t.same(files(), seen);
  t.same(await told(), [`report.daily:${DAY}`, 'report.daily:2025-08-15'], 'a day is told once');
});

t.test('the schedule ticks and ends', async (t) => {
  const { shop, ground, files } = await openReported(t);
  const ticks = Promise.withResolvers<void>();
  let asked = 0;
  const reporting = {
    ...ground.reporting,
    missing: (now: number) => {
      asked += 1;
      if (asked === 2) ticks.resolve();
      return ground.reporting.missing(now);
    },
  };
  await shop.pass(TO_MIDNIGHT_MS);
  const schedule = await startReports(
    { ...ground, reporting },
    { timezone: ZONE, cron: '* * * * * *' },
  );
  await shop.pass(MINUTE_MS);
  await ticks.promise;
  await schedule.stop();
  t.same(files(), [`${DAY}.html`, `${DAY}.json`], 'the first time is at the start');
});

t.test('what the end of the daemon interrupts is no failure', async (t) => {
  const { ground, events } = await openReported(t);
  const begun = Promise.withResolvers<void>();
  const drafted = Promise.withResolvers<never>();
  const reporting = {
    ...ground.reporting,
    missing: async () => [DAY],
    draft: () => {
      begun.resolve();
      return drafted.promise;
    },
  };
  const schedule = await startReports({ ...ground, reporting }, { timezone: ZONE });
  await begun.promise;
  await schedule.stop();
  drafted.reject(new Error('the thread has ended'));
  await nextTurn();
  t.notOk(events.some(({ name }) => name === 'report.failed'));
});
