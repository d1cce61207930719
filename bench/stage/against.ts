import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pathOf, temporaryFolder } from './children.ts';
import { median, showRatio, showSpread } from './numbers.ts';
import type { Table } from './question.ts';

/** This repository as it was at a commit, measured by the benchmark of today. */
export interface Checkout {
  /** Its short hash. */
  readonly commit: string;
  readonly path: string;
  remove(): void;
}

/**
 * Checks a commit out into a folder of its own: with the benchmark that is here, so that both are measured alike, and with its own
 * packages, which are installed only when they are others. `null`: there is no such commit.
 */
export function checkOut(revision: string): Checkout | null {
  const commit = shortHash(revision);
  if (commit === null) return null;
  const { path, remove } = temporaryFolder('against');
  git(path, 'clone', '--quiet', '--shared', '--no-checkout', pathOf('.'), path);
  git(path, 'checkout', '--quiet', '--detach', commit);
  rmSync(join(path, 'bench'), { recursive: true });
  cpSync(pathOf('bench'), join(path, 'bench'), { recursive: true });
  const lock = 'package-lock.json';
  if (readFileSync(join(path, lock), 'utf8') === readFileSync(pathOf(lock), 'utf8'))
    symlinkSync(pathOf('node_modules'), join(path, 'node_modules'));
  else execFileSync('npm', ['ci', '--silent'], { cwd: path, stdio: 'inherit' });
  return { commit, path, remove };
}

/**
 * Every number that a question has measured, there and here, by its place in what it gave. `there` and `here` hold what it gave each
 * time that it was asked, in the same order: the ratio is of two that were measured one after the other.
 */
export function comparison(
  commit: string,
  there: readonly unknown[],
  here: readonly unknown[],
): Table {
  const before = there.map(numbersOf);
  const now = here.map(numbersOf);
  const places = [...(now[0]?.keys() ?? [])].filter((place) => before[0]?.has(place));
  const at = (one: ReadonlyMap<string, number> | undefined, place: string) =>
    one?.get(place) ?? Number.NaN;
  return {
    columns: ['', commit, 'here', `here / ${commit}`],
    rows: places.map((place) => [
      place,
      spread(before.map((one) => at(one, place))),
      spread(now.map((one) => at(one, place))),
      showRatio(median(now.map((one, time) => at(one, place) / at(before[time], place)))),
    ]),
  };
}

/** Small numbers differ behind the point. */
function spread(values: readonly number[]): string {
  return showSpread(values, median(values) < 100 ? 2 : 0);
}

/** Numbers by their place, `ours.tookMs`; of a list the median. */
function numbersOf(raw: unknown): ReadonlyMap<string, number> {
  const found = new Map<string, number[]>();
  const walk = (value: unknown, place: readonly string[]) => {
    if (Array.isArray(value)) for (const one of value) walk(one, place);
    else if (typeof value === 'object' && value !== null)
      for (const [name, one] of Object.entries(value)) walk(one, [...place, name]);
    else if (typeof value === 'number') {
      const name = place.join('.');
      const others = found.get(name);
      if (others === undefined) found.set(name, [value]);
      else others.push(value);
    }
  };
  walk(raw, []);
  return new Map([...found].map(([name, values]) => [name, median(values)]));
}

function shortHash(revision: string): string | null {
  try {
    return git(pathOf('.'), 'rev-parse', '--quiet', '--verify', '--short', `${revision}^{commit}`);
  } catch {
    return null;
  }
}

function git(folder: string, ...args: readonly string[]): string {
  return execFileSync('git', [...args], { cwd: folder, encoding: 'utf8' }).trim();
}
