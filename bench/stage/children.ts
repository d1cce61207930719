import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A process that was started for a measurement. Whatever happens, it does not outlive the benchmark. */
export interface Child {
  readonly process: ChildProcess;
  /** The wall clock right before it was spawned. */
  readonly spawnedAt: number;
  /** Asks it to end with SIGTERM, kills it after a while; resolves when it is gone. */
  stop(): Promise<void>;
}

/** A process that does not end when it is asked to is killed after this. */
const STOP_WITHIN_MS = 12_000;

const children = new Set<ChildProcess>();
const folders = new Set<string>();

process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

/** A program that runs another one, with its own arguments; `null`: nothing but itself. */
export type Under = readonly string[] | null;

/** Starts a program of this repository, named by its path from the root, on this very Node. */
export function startProgram(
  program: string,
  args: readonly string[],
  options: {
    readonly stdio: SpawnOptions['stdio'];
    readonly nodeFlags?: readonly string[];
    readonly under?: Under;
  },
): Child {
  const node = [process.execPath, ...(options.nodeFlags ?? []), pathOf(program), ...args];
  const [file = process.execPath, ...command] = [...(options.under ?? []), ...node];
  return start(file, command, options.stdio);
}

/** Starts an executable. */
export function start(file: string, args: readonly string[], stdio: SpawnOptions['stdio']): Child {
  const spawnedAt = Date.now();
  const child = spawn(file, [...args], { stdio: stdio ?? 'ignore', env: cleanEnvironment() });
  children.add(child);
  child.once('exit', () => children.delete(child));
  return { process: child, spawnedAt, stop: () => stopChild(child) };
}

/** The absolute path of a file of this repository. */
export function pathOf(file: string): string {
  return fileURLToPath(new URL(`../../${file}`, import.meta.url));
}

/**
 * A line of what the program prints for which `read` gives something.
 * Rejects when the program ends first.
 */
export async function lineOf<T>(child: Child, read: (line: string) => T | undefined): Promise<T> {
  const { stdout, stderr } = child.process;
  if (stdout === null) throw new Error('standard output is not a pipe');
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const lines = createInterface({ input: stdout });
  lines.on('line', (line) => {
    const value = read(line);
    if (value !== undefined) resolve(value);
  });
  let complaint = '';
  stderr?.on('data', (data: Buffer) => {
    complaint = `${complaint}${data}`.slice(-2_000);
  });
  child.process.once('error', reject);
  child.process.once('exit', (code) => reject(new Error(`ended with ${code}: ${complaint}`)));
  try {
    return await promise;
  } finally {
    lines.removeAllListeners('line');
  }
}

/**
 * The next message of a program that was started with `ipc`.
 * Rejects when the program ends first.
 */
export async function messageOf<T>({ process: child }: Child): Promise<T> {
  const { promise: gone, reject } = Promise.withResolvers<never>();
  const ended = (code: number | null) => reject(new Error(`it ended with ${code}`));
  child.once('exit', ended);
  const [message]: T[] = await Promise.race([once(child, 'message'), gone]);
  child.off('exit', ended);
  if (message === undefined) throw new Error('it said nothing');
  return message;
}

/** A folder on the disk that temporary files go to, removed at the end. */
export function temporaryFolder(name: string): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), `reconciled-bench-${name}-`));
  folders.add(path);
  return {
    path,
    remove: () => {
      rmSync(path, { recursive: true, force: true });
      folders.delete(path);
    },
  };
}

/** A daemon configured on this machine is none of the benchmark's business. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('RECONCILED_')),
  );
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
  await gone;
  clearTimeout(killer);
}
