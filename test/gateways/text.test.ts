import t from 'tap';
import { boundedText, MAX_TEXT_LENGTH } from '../../lib/core/text.ts';

t.test('a text from outside becomes one that may be kept', async (t) => {
  const rows: readonly (readonly [string, string])[] = [
    ['정상 승인되었습니다.', '정상 승인되었습니다.'],
    ['', ''],
    ['  around  ', 'around'],
    ['two\r\nlines\tand\u0000more', 'two lines and more'],
    ['half \ud83d', 'half \ufffd'],
    ['1234-5678-9814-1451', '****'],
    ['1234567898141451', '****'],
    ['1234 5678 9814 1451', '****'],
    ['1234.5678.9814.1451', '****'],
    ['1234–5678–9814–1451', '****'],
    ['카드(1234-5678-9814-1451)는 한도초과', '카드(****)는 한도초과'],
    ['two: 4111111111111111, 378282246310005', 'two: ****, ****'],
    ['thirteen 4222222222222', 'thirteen ****'],
    ['inside a longer run 99941111111111111119999', 'inside a longer run ****'],
    ['１２３４-５６７８-９８１４-１４５１', '****'],
    ['1234\u200b5678\u200b9814\u200b1451', '****'],
    ['\u202e1234\u20665678\u20699814\u00ad1451', '\u202e****'],
    ['twelve 123456789012', 'twelve 123456789012'],
    ['₩5,000 on 2025-08-16 for ORDER000001', '₩5,000 on 2025-08-16 for ORDER000001'],
    ['20250816:TR:9577c5', '20250816:TR:9577c5'],
    ['masked already 1234-56**-****-1451', 'masked already 1234-56**-****-1451'],
  ];
  for (const [text, kept] of rows) t.equal(boundedText(text), kept, JSON.stringify(text));
});

t.test('it is at most 500 long, and never half a character', async (t) => {
  t.equal(boundedText('x'.repeat(501)), 'x'.repeat(MAX_TEXT_LENGTH));
  t.equal(boundedText(`${'x'.repeat(499)}😀`), 'x'.repeat(499));
  t.equal(boundedText(`${'x'.repeat(498)}😀😀`), `${'x'.repeat(498)}😀`);
  t.equal(boundedText('한도초과', 2), '한도');
  t.notMatch(
    boundedText(`${'x'.repeat(490)} 1234-5678-9814-1451`),
    '1234',
    'masked before it is cut',
  );
});
