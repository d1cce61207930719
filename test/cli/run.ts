import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What a finished command left behind. */
interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  /** The working directory: a folder of the test's own, so that no configuration of ours is found. */
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input; it is closed after that. */
  readonly input?: string;
  /** Open files that take the place of the input and of what is left behind. */
  readonly stdin?: number | undefined;
  readonly stdout?: number;
  readonly stderr?: number;
}

const MAIN = fileURLToPath(new URL('../../lib/main.ts', import.meta.url));

/** Runs `reconciled ARGS` as a process of its own, in a clean environment, until it ends. */
export function run(
  args: readonly string[],
  { cwd, env, input = '', stdin, stdout, stderr }: RunOptions,
): Promise<Finished> {
  const { promise, resolve, reject } = Promise.withResolvers<Finished>();
  const child: ChildProcess = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    stdio: [stdin ?? 'pipe', stdout ?? 'pipe', stderr ?? 'pipe'],
    env: { PATH: process.env.PATH ?? '', ...env },
  });
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (data) => {
      written[name] += data;
    });
  }
  child.once('error', reject);
  child.once('close', (code) => resolve({ code, ...written }));
  child.stdin?.end(input);
  return promise;
}
