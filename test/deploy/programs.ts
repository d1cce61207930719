import { spawnSync } from 'node:child_process';

/** Why a program cannot be asked here; false where it can. */
export function lacks(name: string, ...trial: readonly string[]): string | false {
  const found = spawnSync(name, trial, { stdio: 'ignore' }).error === undefined;
  return found ? false : `this machine has no ${name}`;
}

/** Runs a checker: what it ended with, and everything that it said. */
export function check(
  name: string,
  args: readonly string[],
): { code: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(name, args, { encoding: 'utf8' });
  return { code: status, said: stdout + stderr };
}
