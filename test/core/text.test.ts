import t from 'tap';
import { boundedText, MAX_TEXT_LENGTH, oneLine } from '../../lib/core/text.ts';

t.test('a text from outside as it may be kept', async (t) => {
  const rows = [
    ['한도초과입니다. 다른 카드를 선택해주세요.', '한도초과입니다. 다른 카드를 선택해주세요.'],
    ['  two\r\nlines\u2028and more\t', 'two lines and more'],
    ['card 4111111111111111 refused', 'card **** refused'],
    ['4111-1111-1111-1111', '****'],
    ['4111 1111 1111 1111', '****'],
    ['4111.1111.1111.1', '****'],
    ['4111\r\n1111\r\n1111\r\n1111', '****'],
    ['4111\u00001111\u00001111\u00001111', '****'],
    ['٤١١١١١١١١١١١١١١١', '****'],
    ['12345678901234567890123', '****'],
    // Shorter runs are no card numbers: amounts, keys and dates stay readable.
    ['key 20250816:TR:9577c5, 5000 won', 'key 20250816:TR:9577c5, 5000 won'],
    ['123456789012', '123456789012'],
    ['half a pair \ud83d.', 'half a pair \ufffd.'],
    ['', ''],
  ] as const;
  for (const [text, kept] of rows) t.equal(boundedText(text), kept, `kept as "${kept}"`);
});

t.test('it is bounded, and no character is cut in half', async (t) => {
  t.equal(boundedText('a'.repeat(600)).length, MAX_TEXT_LENGTH);
  t.equal(boundedText('abc', 2), 'ab');
  t.equal(boundedText('a😀', 2), 'a');
  t.equal(boundedText('a😀', 3), 'a😀');
  t.equal(boundedText('a\u{10000}', 2), 'a', 'the first pair');
  t.equal(boundedText('a\u{10ffff}', 2), 'a', 'the last pair');
  t.equal(boundedText('a！b', 2), 'a！', 'no pair');
});

t.test('an id or a name is one line as well, and keeps its digits', async (t) => {
  t.equal(oneLine('8801234567890'), '8801234567890');
  t.equal(oneLine(' two\r\nlines\u2028more '), 'two lines more');
  t.equal(oneLine('a😀', 2), 'a');
  t.equal(oneLine('a'.repeat(600)).length, MAX_TEXT_LENGTH);
});
