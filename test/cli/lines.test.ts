import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { type Line, linesOf, MAX_LINE_BYTES } from '../../lib/cli/lines.ts';

async function* chunks(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

async function read(parts: readonly Uint8Array[]): Promise<readonly Line[]> {
  const lines: Line[] = [];
  for await (const line of linesOf(chunks(parts))) lines.push(line);
  return lines;
}

const bytes = (text: string) => new TextEncoder().encode(text);

t.test('lines are the same however the stream is cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: fc.constantFrom('a', '한', '😀', ' ', '\r') }), { maxLength: 8 }),
      fc.array(fc.nat({ max: 20 }), { maxLength: 12 }),
      async (written, cuts) => {
        const whole = bytes(written.join('\n'));
        const parts: Uint8Array[] = [];
        let at = 0;
        for (const cut of cuts) {
          parts.push(whole.subarray(at, at + cut));
          at = Math.min(whole.length, at + cut);
        }
        parts.push(whole.subarray(at));
        const expected = written
          .map((text, index) => ({ number: index + 1, text }))
          .filter(({ text }) => text.trim() !== '');
        const found = (await read(parts)).map(({ number, text }) => ({ number, text }));
        assert.deepEqual(found, expected);
      },
    ),
    { numRuns: 50 },
  );
});

t.test('the longest line that is read is as long as the bound', async (t) => {
  const longest = new Uint8Array(MAX_LINE_BYTES).fill(0x61);
  const [line] = await read([longest, bytes('\n')]);
  t.equal(line?.text?.length, MAX_LINE_BYTES);
});

t.test('a line that cannot be read is told, and the next one is read', async (t) => {
  const long = new Uint8Array(MAX_LINE_BYTES + 1).fill(0x61);
  const found = await read([
    bytes('one\n'),
    long,
    bytes('\n'),
    Uint8Array.of(0xff, 0x0a),
    bytes('last'),
  ]);
  t.strictSame(
    found.map(({ number, text, problem }) => [number, text, problem]),
    [
      [1, 'one', null],
      [2, null, `longer than ${MAX_LINE_BYTES} bytes`],
      [3, null, 'not UTF-8'],
      [4, 'last', null],
    ],
  );
  t.equal(found.at(-1)?.end, 4 + MAX_LINE_BYTES + 2 + 2 + 4, 'and where each ends is known');
});
