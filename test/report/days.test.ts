import t from 'tap';
import { dayAfter, dayOf, isDay, sliceAt, spanOfDays } from '../../lib/report/days.ts';

const HOUR = 3_600_000;

/** A day, its zone, when it begins in UTC, how many hours it has, and the hours that its clock shows. */
const DAYS: readonly (readonly [string, string, string, number, string])[] = [
  ['2026-11-23', 'UTC', '2026-11-23T00:00:00.000Z', 24, '0-23'],
  ['2026-11-23', 'Asia/Seoul', '2026-11-22T15:00:00.000Z', 24, '0-23'],
  ['2026-11-23', 'Asia/Kolkata', '2026-11-22T18:30:00.000Z', 24, '0-23'],
  ['2026-11-23', 'Asia/Kathmandu', '2026-11-22T18:15:00.000Z', 24, '0-23'],
  ['2026-11-23', 'Pacific/Kiritimati', '2026-11-22T10:00:00.000Z', 24, '0-23'],
  ['2026-11-23', 'Pacific/Pago_Pago', '2026-11-23T11:00:00.000Z', 24, '0-23'],
  // Forward at two o'clock, and back at two or three.
  ['2026-03-29', 'Europe/Berlin', '2026-03-28T23:00:00.000Z', 23, '0-1,3-23'],
  ['2026-10-25', 'Europe/Berlin', '2026-10-24T22:00:00.000Z', 25, '0-23'],
  ['2026-03-08', 'America/New_York', '2026-03-08T05:00:00.000Z', 23, '0-1,3-23'],
  ['2026-11-01', 'America/New_York', '2026-11-01T04:00:00.000Z', 25, '0-23'],
  // By half an hour.
  ['2026-04-05', 'Australia/Lord_Howe', '2026-04-04T13:00:00.000Z', 24.5, '0-23'],
  ['2026-10-04', 'Australia/Lord_Howe', '2026-10-03T13:30:00.000Z', 23.5, '0-23'],
  // At midnight: the day begins at one, and the day before has 25 hours when it goes back.
  ['2026-04-24', 'Africa/Cairo', '2026-04-23T22:00:00.000Z', 23, '1-23'],
  ['2026-10-29', 'Africa/Cairo', '2026-10-28T21:00:00.000Z', 25, '0-23'],
  ['2018-11-04', 'America/Sao_Paulo', '2018-11-04T03:00:00.000Z', 23, '1-23'],
  // A day that never was.
  ['2011-12-30', 'Pacific/Apia', '2011-12-30T10:00:00.000Z', 0, ''],
];

for (const [day, zone, begins, hours, shown] of DAYS) {
  t.test(`${day} in ${zone}`, async (t) => {
    const { from, until } = spanOfDays(day, day, zone);
    t.equal(new Date(from).toISOString(), begins);
    t.equal((until - from) / HOUR, hours);
    const next = spanOfDays(dayAfter(day), dayAfter(day), zone);
    t.equal(next.from, until, 'no instant is of two days or of none');
    if (hours === 0) return;
    t.equal(dayOf(from, zone), day);
    t.equal(dayOf(until - 1, zone), day);
    t.not(dayOf(from - 1, zone), day);
    t.equal(shownHours(from, until, zone), shown);
  });
}

function shownHours(from: number, until: number, zone: string): string {
  const hours = new Set<number>();
  let covered = from;
  while (covered < until) {
    const slice = sliceAt(covered, { from, until }, zone);
    if (slice.from !== covered || slice.until <= slice.from) throw new Error('slices have a gap');
    // A slice lies within one hour of the clock on the wall.
    if (sliceHour(slice.from, zone) !== sliceHour(slice.until - 1, zone))
      throw new Error('a slice lies in two hours');
    hours.add(slice.hour);
    covered = slice.until;
  }
  return runs([...hours].sort((one, other) => one - other));
}

function sliceHour(at: number, zone: string): number {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit' });
  return Number(format.format(at));
}

/** `0-1,3-23`. */
function runs(numbers: readonly number[]): string {
  const ends = numbers.filter((number) => !numbers.includes(number + 1));
  const starts = numbers.filter((number) => !numbers.includes(number - 1));
  return starts.map((start, index) => `${start}-${ends[index]}`).join(',');
}

t.test('a day of the calendar, and nothing else', async (t) => {
  for (const day of ['2026-11-23', '2024-02-29', '2000-02-29', '9999-12-30']) t.ok(isDay(day), day);
  for (const text of [
    '2026-02-29',
    '1900-02-29',
    '2026-13-01',
    '2026-00-10',
    '2026-11-31',
    '2026-1-2',
    '26-11-23',
    '2026-11-23T00:00:00Z',
    '../../etc',
    // The day after it has five digits: whoever counted on to it by comparing texts never came there.
    '9999-12-31',
    '',
  ])
    t.notOk(isDay(text), text);
});

t.test(
  'several days reach from the first instant of the first to the end of the last',
  async (t) => {
    const { from, until } = spanOfDays('2026-03-28', '2026-03-30', 'Europe/Berlin');
    t.equal(new Date(from).toISOString(), '2026-03-27T23:00:00.000Z');
    t.equal(new Date(until).toISOString(), '2026-03-30T22:00:00.000Z');
  },
);

t.test('the days after and before', async (t) => {
  t.equal(dayAfter('2026-12-31'), '2027-01-01');
  t.equal(dayAfter('2024-02-28'), '2024-02-29');
  t.equal(dayAfter('2026-03-01', -1), '2026-02-28');
  t.equal(dayAfter('2026-03-29', 366), '2027-03-30');
});
