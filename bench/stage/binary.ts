import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { buildBinary } from '../../build/build.ts';
import { findTarget, HOST } from '../../build/targets.ts';
import { pathOf } from './children.ts';
import { say } from './question.ts';

/** What the one binary is made from. */
const SOURCES = ['lib', 'workers', 'build', 'package.json', 'package-lock.json'];

let fresh: Promise<string> | null = null;

/** The file of the one binary, built anew when a source is younger than it is. */
export function freshBinary(): Promise<string> {
  fresh ??= build();
  return fresh;
}

/** Lets the binary use a database once: the first time it writes the driver's compiled half beside it. */
export function useOnce(binary: string, dataDir: string): void {
  execFileSync(binary, ['orders', '--limit', '1', '--data-dir', dataDir], { stdio: 'ignore' });
}

async function build(): Promise<string> {
  const file = pathOf('dist/reconciled');
  const youngestMs = Math.max(...SOURCES.flatMap((name) => timesOf(pathOf(name))));
  if (existsSync(file) && statSync(file).mtimeMs > youngestMs) return file;
  say('building dist/reconciled …');
  return (await buildBinary(findTarget(HOST), file)).file;
}

function timesOf(path: string): readonly number[] {
  const { mtimeMs } = statSync(path);
  if (!statSync(path).isDirectory()) return [mtimeMs];
  return readdirSync(path, { recursive: true, encoding: 'utf8' }).map(
    (name) => statSync(join(path, name)).mtimeMs,
  );
}
