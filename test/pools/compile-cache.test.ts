import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { privateCompileCache } from '../../lib/pools/compile-cache.ts';

const POSIX = process.platform !== 'win32';

function parent(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'compile-cache-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  return folder;
}

t.test('a folder of the user’s alone, the same each time', async (t) => {
  const folder = parent(t);
  const made = privateCompileCache(folder);
  t.type(made, 'string');
  if (made !== null && POSIX) t.equal(statSync(made).mode & 0o777, 0o700);
  t.equal(privateCompileCache(folder), made);
});

t.test('none where others could put code into it', async (t) => {
  const rows: readonly [name: string, spoil: (place: string, folder: string) => void][] = [
    [
      'others may write',
      (place) => {
        mkdirSync(place);
        chmodSync(place, 0o777);
      },
    ],
    [
      'a link to elsewhere',
      (place, folder) => {
        mkdirSync(join(folder, 'elsewhere'));
        symlinkSync(join(folder, 'elsewhere'), place);
      },
    ],
    ['a file', (place) => writeFileSync(place, '')],
  ];
  for (const [name, spoil] of POSIX ? rows : rows.slice(2)) {
    const folder = parent(t);
    const place = privateCompileCache(folder) ?? '';
    rmSync(place, { recursive: true });
    spoil(place, folder);
    t.equal(privateCompileCache(folder), null, name);
  }
  t.equal(privateCompileCache(join(tmpdir(), 'not', '\0')), null, 'no such place');
});
