import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';

/** Everything that is said in Korean, as it is written. */
const WRITTEN = [
  'lib/texts/ko.ts',
  'lib/texts/notices/ko.ts',
  'lib/texts/report/ko.ts',
  'lib/cli/demo/words.ts',
  'docs/topic-texts.ts',
].map((path) => ({ path, text: readFileSync(join(import.meta.dirname, '../..', path), 'utf8') }));

t.test(
  'no particle follows a name or a number: which one it is depends on how that ends',
  async (t) => {
    const particle = /\$\{[^}]*\}[`'"”]?(?:은|는|이|가|을|를|과|와|로|으로)(?![가-힣])/g;
    for (const { path, text } of WRITTEN) {
      const found = [...text.matchAll(particle)].map(([words]) => words);
      t.strictSame(found, [], path);
    }
  },
);

t.test('everything is said in one level of politeness', async (t) => {
  for (const { path, text } of WRITTEN) t.notMatch(text, /십시오|하시오|[해돼]요[.`']/, path);
});
