import t from 'tap';
import { table } from '../../lib/cli/table.ts';

/** Columns stay in line, whatever is in them and however many rows there are. */

t.test('a long table is in line from its first row to its last', async (t) => {
  const rows = Array.from({ length: 1_000 }, (_, row) => [
    `O-${row}`,
    row === 999 ? '녹차 두 통' : 'tea',
    row,
  ]);
  const lines = table(['order', 'what', 'pieces'], rows).split('\n');
  t.equal(lines.length, 1_001);
  t.equal(lines[0], 'order  what        pieces');
  t.equal(lines[1], 'O-0    tea              0');
  t.equal(lines[500], 'O-499  tea            499');
  t.equal(lines[1_000], 'O-999  녹차 두 통     999');
});

t.test('a table without rows is its head', async (t) => {
  t.equal(table(['order', 'what'], []), 'order  what');
});

t.test('a cell does not turn the cells behind it', async (t) => {
  t.equal(table(['order', 'what'], [['\u202eO-1', 'tea\u2069']]), 'order  what\nO-1    tea');
});

t.test('a cell is as wide as it looks, whatever characters it is made of', async (t) => {
  const rows = [
    '녹차',
    '녹차'.normalize('NFD'),
    'thé'.normalize('NFD'),
    '👩‍👩‍👧',
    '🫖',
    '𠀀',
    'tea',
  ];
  const lines = table(
    ['what', 'pieces'],
    rows.map((name) => [name, 1]),
  );
  t.strictSame(lines.split('\n'), [
    'what  pieces',
    '녹차       1',
    `${'녹차'.normalize('NFD')}       1`,
    `${'thé'.normalize('NFD')}        1`,
    '👩‍👩‍👧         1',
    '🫖         1',
    '𠀀         1',
    'tea        1',
  ]);
});
