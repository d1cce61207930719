import { mock } from 'node:test';
import t from 'tap';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../lib/core/time.ts';
import { cronWaits, startSchedule } from '../../lib/flows/schedule.ts';
import { TurnedClock, turnTo } from '../support/turned-clock.ts';

/** Ticks at every full hour of the clock on the wall, which stands at a full one. */
function hourly(tick: () => Promise<unknown> = async () => {}) {
  const clock = new TurnedClock();
  const ticks: string[] = [];
  const schedule = startSchedule({
    clock,
    untilNextMs: () => HOUR_MS - (clock.now() % HOUR_MS),
    tick: () => {
      ticks.push(new Date(clock.now()).toISOString().slice(5, 16));
      return tick();
    },
  });
  const pass = (forMs: number) => turnTo(clock, () => true, clock.trueNow() + forMs);
  return { clock, ticks, pass, schedule };
}

t.test('a tick at every time of the schedule, until it is stopped', async (t) => {
  const { ticks, pass, schedule } = hourly();
  await pass(3 * HOUR_MS);
  t.strictSame(ticks, ['08-16T01:00', '08-16T02:00', '08-16T03:00']);
  await schedule.stop();
  await pass(DAY_MS);
  t.equal(ticks.length, 3);
});

t.test('a clock that is put back puts nothing off', async (t) => {
  const { clock, ticks, pass } = hourly();
  await pass(90 * MINUTE_MS);
  clock.misset(-DAY_MS);
  await pass(HOUR_MS);
  t.strictSame(ticks, ['08-16T01:00', '08-15T01:31', '08-15T02:00']);
});

t.test('what a clock that is put forward jumps over is one tick, within a minute', async (t) => {
  const { clock, ticks, pass } = hourly();
  await pass(30 * MINUTE_MS);
  clock.misset(26 * 365 * DAY_MS);
  await pass(MINUTE_MS);
  t.equal(ticks.length, 1);
  await pass(29 * MINUTE_MS);
  t.equal(ticks.length, 2, 'then it goes on as before');
});

t.test('a tick is left out while the last one still works', async (t) => {
  const held = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let begun = 0;
  const { ticks, pass } = hourly(() => {
    const one = held[begun];
    begun += 1;
    return one?.promise ?? Promise.resolve();
  });
  await pass(3 * HOUR_MS);
  t.equal(ticks.length, 1);
  held[0]?.resolve();
  await pass(HOUR_MS);
  t.equal(ticks.length, 2);
});

t.test('a reckoning that does not get on ticks no faster than the clock', async (t) => {
  const clock = new TurnedClock();
  let ticks = 0;
  const tick = async () => {
    ticks += 1;
  };
  const schedule = startSchedule({ clock, untilNextMs: () => -HOUR_MS, tick });
  await turnTo(clock, () => true, clock.trueNow() + 10);
  await schedule.stop();
  t.equal(ticks, 10);
});

/** In which zone, which schedule, at which moment → its next tick. */
const times: readonly (readonly [string, string, string, string])[] = [
  ['Asia/Seoul', '* * * * * *', '2026-11-24T14:59:59.500Z', '2026-11-24T15:00:00.000Z'],
  ['Asia/Seoul', '* * * * *', '2026-11-24T14:59:00.000Z', '2026-11-24T15:00:00.000Z'],
  ['Asia/Seoul', '0 * * * *', '2026-11-24T14:00:00.000Z', '2026-11-24T15:00:00.000Z'],
  ['Asia/Seoul', '0 3 * * *', '2026-11-24T15:00:00.000Z', '2026-11-24T18:00:00.000Z'],
  // Two in the morning of summer time is one once more.
  ['America/New_York', '* * * * *', '2026-11-01T05:58:10.000Z', '2026-11-01T05:59:00.000Z'],
  ['America/New_York', '* * * * *', '2026-11-01T05:59:00.000Z', '2026-11-01T06:00:00.000Z'],
  ['America/New_York', '* * * * *', '2026-11-01T06:00:00.000Z', '2026-11-01T06:01:00.000Z'],
  ['America/New_York', '* * * * *', '2026-11-01T06:59:59.999Z', '2026-11-01T07:00:00.000Z'],
  ['America/New_York', '*/20 * * * *', '2026-11-01T05:40:00.000Z', '2026-11-01T06:00:00.000Z'],
  ['America/New_York', '*/20 * * * * *', '2026-11-01T06:00:40.000Z', '2026-11-01T06:01:00.000Z'],
  ['America/New_York', '30 * * * * *', '2026-11-01T05:59:30.000Z', '2026-11-01T06:00:30.000Z'],
  ['America/New_York', '30 * * * * *', '2026-11-01T06:00:30.000Z', '2026-11-01T06:01:30.000Z'],
  ['America/New_York', '20,40 * * * * *', '2026-11-01T05:59:20.000Z', '2026-11-01T05:59:40.000Z'],
  ['America/New_York', '30 0 * * * *', '2026-11-01T05:00:30.000Z', '2026-11-01T06:00:30.000Z'],
  ['America/New_York', '0 * * * *', '2026-11-01T05:00:00.000Z', '2026-11-01T06:00:00.000Z'],
  ['Australia/Lord_Howe', '* * * * *', '2026-04-04T14:59:00.000Z', '2026-04-04T15:00:00.000Z'],
  // And in spring it is three at once.
  ['America/New_York', '* * * * *', '2026-03-08T06:59:00.000Z', '2026-03-08T07:00:00.000Z'],
];
t.test('the times of a schedule', (t) => {
  t.teardown(() => mock.timers.reset());
  for (const [timezone, cron, from, next] of times) {
    mock.timers.enable({ apis: ['Date'], now: Date.parse(from) });
    const waitMs = cronWaits(cron, timezone)();
    mock.timers.reset();
    const at = new Date(Date.parse(from) + waitMs).toISOString();
    t.equal(at, next, `${cron} in ${timezone} at ${from}`);
  }
  t.end();
});
