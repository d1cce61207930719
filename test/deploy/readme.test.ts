import t from 'tap';
import { read } from './image.ts';

/** README.ko.md says all that README.md says: what is added to one has to be added to the other. */

const english = partsOf(read('README.md'));
const korean = partsOf(read('README.ko.md'));

t.test('the same headings at the same levels', async (t) => {
  t.same(korean.levels, english.levels);
});

t.test('the same blocks of code, with the same commands and settings', async (t) => {
  t.same(
    korean.blocks.map(({ language }) => language),
    english.blocks.map(({ language }) => language),
  );
  english.blocks.forEach((block, index) => {
    t.same(commandsOf(korean.blocks[index]), commandsOf(block), `block ${index + 1}`);
  });
});

t.test('the same tables, row by row', async (t) => {
  t.same(korean.rows, english.rows);
});

t.test('the topics are those of docs/topics.md, in its words', async (t) => {
  const known = cellsOf(read('docs/topics.md')).map(([topic, , when, told]) => [topic, when, told]);
  for (const page of ['README.md', 'README.ko.md']) {
    const shown = cellsOf(read(page)).filter(([topic = '']) => /^`\w+\.\w+`$/.test(topic));
    t.ok(shown.length > 10, page);
    for (const row of shown)
      t.ok(
        known.some((one) => `${one}` === `${row}`),
        `${page}: ${row}`,
      );
  }
});

function cellsOf(page: string): readonly (readonly string[])[] {
  const rows = page.split('\n').filter((line) => line.startsWith('| '));
  return rows.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

t.test('the same links, but for the way to each other', async (t) => {
  const others = ({ links }: typeof english) => links.filter((link) => !link.startsWith('README'));
  t.same(others(korean), others(english));
  t.ok(english.links.includes('README.ko.md'));
  t.ok(korean.links.includes('README.md'));
});

t.test('nothing was left in English', async (t) => {
  for (const paragraph of korean.paragraphs) t.match(paragraph, /[가-힣]/, paragraph.slice(0, 60));
});

interface Block {
  readonly language: string;
  readonly lines: readonly string[];
}

function partsOf(page: string) {
  const code = /^```(\w*)\n([\s\S]*?)^```$/gm;
  const blocks = [...page.matchAll(code)].map(
    ([, language = '', text = '']): Block => ({ language, lines: text.split('\n') }),
  );
  const prose = page.replace(code, '');
  const lines = prose.split('\n');
  return {
    blocks,
    levels: lines.flatMap((line) => /^(#+) /.exec(line)?.[1] ?? []),
    // What is code in a row is the same in every language.
    rows: lines
      .filter((line) => line.startsWith('|'))
      .map((line) => [...line.matchAll(/`[^`]+`/g)].map(([word]) => word)),
    links: [...prose.matchAll(/\]\(([^)]+)\)/g)].map(([, target = '']) => target).sort(),
    paragraphs: prose
      .split(/\n\s*\n/)
      .map((paragraph) => paragraph.trim())
      .filter((paragraph) => !/^(#.*|`[^`\n]*`:|\[English\].*|)$/.test(paragraph)),
  };
}

/** What is typed or written into a file: without comments, which are translated, and without output. */
function commandsOf(block: Block | undefined): readonly string[] {
  const lines = block?.lines ?? [];
  if (block?.language !== '') return lines.map(withoutComment);
  const typed: string[] = [];
  for (const line of lines) {
    const goesOn = /(\\|\{|,|\[|\])$/.test(typed.at(-1) ?? '') && line.startsWith('    ');
    if (/^(\$|npm) /.test(line) || goesOn) typed.push(withoutComment(line));
  }
  return typed;
}

function withoutComment(line: string): string {
  return line.replace(/\s+# .*$/, '');
}
