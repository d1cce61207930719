import t from 'tap';
import type { z } from 'zod';
import {
  address,
  addressOrNone,
  count,
  duration,
  durationOrForever,
  formatDuration,
  neededList,
  neededText,
  notes,
  parseDuration,
  rate,
  secret,
  secretSource,
  share,
  withStandard,
} from '../../lib/config/forms.ts';

/** What each kind of setting takes, at its bounds, and what is said of everything else. */

const text = '';

const length = duration({ text, standard: '5s', least: '1s', most: '1m' });
const kept = durationOrForever({ text, least: '1d', most: '30d' });
const number = count({ text, standard: 5, least: 2, most: 9 });
const part = share({ text, standard: 0.5, least: 0.1 });
const requests = rate({ text, most: 100 });
const at = address({ text, standard: '127.0.0.1:80' });
const atOrNone = addressOrNone({ text, example: '127.0.0.1:80' });
const word = neededText({ text, form: 'a word', example: 'x', holds: (one) => one === 'x' });
const words = neededList({ text, each: word, of: 'words', example: '["x"]', most: 2 });

const LENGTH = 'is not a length of time from 1s to 1m (ms, s, m, h, d). Write, for example, "5s".';
const KEPT = 'is not a length of time from 1d to 30d, or "forever". Write, for example, "730d".';
const RATE =
  'is not "none" or a number of requests a second up to 100. Write, for example, "25/s".';
const ADDRESS =
  'is not an address host:port, the port from 0 (any free one) to 65535. Write, for example, "127.0.0.1:80".';

/** A rule, what is written, and what is read or said. */
const ROWS: readonly (readonly [z.ZodType, unknown, unknown])[] = [
  [length, undefined, 5_000],
  [length, '1s', 1_000],
  [length, '999ms', `"999ms" ${LENGTH}`],
  [length, '1m', 60_000],
  [length, '60001ms', `"60001ms" ${LENGTH}`],
  [length, '1min', `"1min" ${LENGTH}`],
  [length, 'x'.repeat(57), `"${'x'.repeat(57)}" is not `],
  [length, 'x'.repeat(58), `"${'x'.repeat(58)}" is not `],
  [length, 'x'.repeat(59), `"${'x'.repeat(56)}… is not `],
  [kept, undefined, null],
  [kept, 'forever', null],
  [kept, '1d', 86_400_000],
  [kept, '23h', `"23h" ${KEPT}`],
  [kept, '30d', 30 * 86_400_000],
  [kept, '721h', `"721h" ${KEPT}`],
  [number, undefined, 5],
  [number, 1, '1 is not a whole number from 2 to 9. Write, for example, 5.'],
  [number, 2, 2],
  [number, 9, 9],
  [number, 10, '10 is not a whole number from 2 to 9.'],
  [part, 0.09, '0.09 is not a number from 0.1 to 1. Write, for example, 0.5.'],
  [part, 0.1, 0.1],
  [part, 1, 1],
  [part, 1.01, '1.01 is not '],
  [requests, undefined, null],
  [requests, 'none', null],
  [requests, '0.001/s', 0.001],
  [requests, '0/s', `"0/s" ${RATE}`],
  [requests, '100/s', 100],
  [requests, '100.001/s', `"100.001/s" ${RATE}`],
  [requests, '5/sec', `"5/sec" ${RATE}`],
  [at, '127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
  [at, 'Shop.example:65535', { host: 'Shop.example', port: 65_535 }],
  [at, 'shop.example:65536', `"shop.example:65536" ${ADDRESS}`],
  [at, '[2001:DB8::1]:80', { host: '2001:DB8::1', port: 80 }],
  [at, '', `"" ${ADDRESS}`],
  [atOrNone, undefined, null],
  [atOrNone, '', null],
  [atOrNone, '[::1]:80', { host: '::1', port: 80 }],
  [words, ['x', 'x'], ['x', 'x']],
  [words, [], '[] is not a list of 1 to 2 words. Write, for example, ["x"].'],
  [words, ['x', 'x', 'x'], '["x","x","x"] is not a list of 1 to 2 words.'],
  [words, undefined, 'missing. Write a list of 1 to 2 words, such as ["x"].'],
];

t.test('what is written is read, or told with what to write', async (t) => {
  for (const [rule, written, expected] of ROWS) {
    const { success, data, error } = rule.safeParse(written);
    const name = `${JSON.stringify(written)} → ${JSON.stringify(expected)}`;
    if (success) t.same(data, expected, name);
    else t.equal(error.issues[0]?.message.slice(0, String(expected).length), expected, name);
  }
});

t.test('where a secret is to be found', async (t) => {
  for (const source of [{ env: 'A_1' }, { env: '_a' }, { file: 'x' }])
    t.ok(secretSource.safeParse(source).success, JSON.stringify(source));
  for (const source of [
    { env: '1A' },
    { env: 'A-B' },
    { env: '' },
    { file: '' },
    { env: 'A', x: 1 },
  ])
    t.notOk(secretSource.safeParse(source).success, JSON.stringify(source));
});

t.test('what holds when nothing is written is told', async (t) => {
  const standardOf = (rule: z.ZodType) => notes.get(rule)?.standard;
  t.equal(standardOf(length), '"5s"');
  t.equal(standardOf(secret({ text, variable: 'A', standard: 'no token' })), 'no token');
  t.equal(standardOf(withStandard(words, ['x', 'x'])), '["x", "x"]');
  t.equal(standardOf(withStandard(words, ['x'], 'one word')), 'one word');
  t.equal(standardOf(words), null);
});

t.test('a length is written with its largest unit, and read with up to nine digits', async (t) => {
  for (const [lengthMs, written] of [
    [0, '0s'],
    [1, '1ms'],
    [1_500, '1500ms'],
    [90_000, '90s'],
    [5_400_000, '90m'],
    [172_800_000, '2d'],
  ] as const)
    t.equal(formatDuration(lengthMs), written);
  t.equal(parseDuration('999999999ms'), 999_999_999);
  t.equal(parseDuration('1000000000ms'), null);
});
