import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A command of ours as a process of its own, with the ears of a test. */
export interface Running {
  readonly child: ChildProcess;
  /** The first line, of those that were written and those to come, that fits. Rejects when the process ends without it. */
  line(fits: RegExp): Promise<string>;
  /** Hears every line from now on. */
  hear(listener: (line: string) => void): void;
  readonly ended: Promise<Ended>;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts `reconciled ARGS`. */
export function reconciled(args: readonly string[], env: Record<string, string> = {}): Running {
  return program('../../lib/main.ts', args, env);
}

/**
 * Starts a program, named by its path from here. The environment is a clean one: neither the test runner's hooks nor the
 * settings of whoever runs the tests reach the process.
 */
export function program(
  file: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Running {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH ?? '', ...env },
  });
  const written = { stdout: '', stderr: '' };
  const lines: string[] = [];
  const listeners = new Set<(line: string) => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.on('data', (data) => {
      written[name] += data;
    });
    createInterface({ input: child[name] ?? process.stdin }).on('line', (line) => {
      lines.push(line);
      for (const listener of listeners) listener(line);
    });
  }
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, ...written }));
  });
  return {
    child,
    ended,
    hear: (listener) => void listeners.add(listener),
    line: (fits) => {
      const found = lines.find((line) => fits.test(line));
      if (found !== undefined) return Promise.resolve(found);
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      listeners.add((line) => fits.test(line) && resolve(line));
      void ended.then(({ stderr }) => reject(new Error(`it ended without ${fits}: ${stderr}`)));
      return promise;
    },
  };
}

/** The first address in a line that fits. */
export async function addressIn(running: Running, fits: RegExp): Promise<string> {
  const line = await running.line(fits);
  return /http:\/\/[\d.]+:\d+/.exec(line)?.[0] ?? '';
}

/** The file of a daemon on a free port that sweeps at its start and on request only. `more`: further tables. */
export function configuration(gatewayUrl: string, more = ''): string {
  return `data_dir = "."
[http]
listen = "127.0.0.1:0"
[sweep]
cron = "0 0 1 1 *"
[[gateway]]
name = "pg"
kind = "pg-simulator"
base_url = "${gatewayUrl}"
methods = ["CARD"]
${more}`;
}
