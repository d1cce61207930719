import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from './root.ts';
import { type Shipped, shippedPackages } from './shipped.ts';

/**
 * The licences of everything that is in the one binary, word for word: most of them ask that whoever passes a copy on passes them on
 * with it. `node`: the program of the pinned Node, whose own text (with those of V8, OpenSSL and all else in it) lies in its package.
 */
export function licensesOf(node: string): string {
  const nodeText = readFileSync(join(dirname(node), '..', 'LICENSE'), 'utf8');
  const own = readFileSync(join(ROOT, 'LICENSE'), 'utf8');
  return [
    section('reconciled (Apache-2.0)', own),
    section('Node.js (MIT, and what it is made of)', nodeText),
    section('SQLite (public domain)', 'https://www.sqlite.org/copyright.html'),
    ...shippedPackages()
      .filter(({ folder }) => existsSync(folder))
      .map((shipped) => section(titleOf(shipped), textOf(shipped))),
  ].join('\n');
}

function section(title: string, text: string): string {
  return `${'='.repeat(80)}\n${title}\n${'='.repeat(80)}\n\n${text.trim()}\n`;
}

function titleOf({ name, version, license }: Shipped): string {
  return `${name} ${version} (${license})`;
}

/** A few packages forgot theirs; what they name is told in its place. */
function textOf({ folder, license }: Shipped): string {
  const texts = readdirSync(folder)
    .filter((name) => /^(licen[cs]e|copying|notice)/i.test(name))
    .sort()
    .map((name) => readFileSync(join(folder, name), 'utf8').trim());
  if (texts.length > 0) return texts.join('\n\n');
  return `The package has no text of its own. It names ${license}: https://spdx.org/licenses/${license}.html`;
}
