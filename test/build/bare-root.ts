import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A program in a root of its own: the libraries that it needs, itself, and one folder that it may write. */
interface BareRoot {
  /** What a run inside says and ends with. */
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Run;
  /** What was not proven, because the machine does not permit it; `null`: the root is really bare. */
  readonly unproven: string | null;
  /** How the folder that it may write is called inside. */
  readonly data: string;
  remove(): void;
}

export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Nobody, on every Linux. */
const NOBODY = 65_534;

/** Puts a program into a root in this folder; it runs there as a user who may write the data folder only. */
export function bareRoot(binary: string, folder: string): BareRoot {
  const root = join(folder, 'root');
  const name = '/reconciled';
  mkdirSync(join(root, 'data'), { recursive: true });
  for (const file of librariesOf(binary)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    copyFileSync(file, join(root, file));
  }
  copyFileSync(binary, join(root, name));
  chmodSync(join(root, 'data'), 0o777);
  chmodSync(root, 0o555);
  chmodSync(folder, 0o755);
  const remove = () => chmodSync(root, 0o755);
  for (const enter of entrances(root)) {
    if (runIn(enter, [name, '--version'], {}).code !== 0) continue;
    return {
      run: (args, env = {}) => runIn(enter, [name, ...args], env),
      unproven: null,
      data: '/data',
      remove,
    };
  }
  // Nearest to it: no path, no home and no folder of ours around.
  const nowhere = { HOME: '/', TMPDIR: '/proc' };
  return {
    run: (args, env = {}) => runIn([], [binary, ...args], { ...nowhere, ...env }, '/'),
    unproven:
      'this machine lets nobody enter a root of their own: neither chroot nor unshare --user --root works. Run as the user of the tests, with an empty PATH, nothing to write but the data folder, in /',
    data: join(root, 'data'),
    remove,
  };
}

/** As root by chroot, as anybody else by a user namespace. */
function entrances(root: string): readonly (readonly string[])[] {
  const nobody = ['--map-user', String(NOBODY), '--map-group', String(NOBODY)];
  return process.getuid?.() === 0
    ? [['chroot', `--userspec=${NOBODY}:${NOBODY}`, root]]
    : [['unshare', '--user', ...nobody, `--root=${root}`]];
}

function runIn(
  enter: readonly string[],
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  cwd?: string,
): Run {
  const [program = '', ...args] = [...enter, ...command];
  const path = enter.length > 0 ? { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } : {};
  const ended = spawnSync(program, args, {
    encoding: 'utf8',
    env: { ...path, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  return { code: ended.status, stdout: ended.stdout ?? '', stderr: ended.stderr ?? '' };
}

/** The shared libraries that the system loads with it. */
function librariesOf(binary: string): readonly string[] {
  const listed = execFileSync('ldd', [binary], { encoding: 'utf8' });
  return [...listed.matchAll(/(\/[^\s]+)/g)].map(([file]) => file);
}

/** True where this machine can list the libraries of a program. */
export function canListLibraries(): boolean {
  return spawnSync('ldd', ['--version']).error === undefined;
}
