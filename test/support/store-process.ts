import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Test } from 'tap';

/** A directory that is gone when the test ends. */
export function directoryOf(test: Test): string {
  const directory = mkdtempSync(join(tmpdir(), 'reconciled-store-'));
  test.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** The command that runs `store-writer.ts` on a database. */
export function writerCommand(path: string): readonly string[] {
  return [process.execPath, join(import.meta.dirname, 'store-writer.ts'), path];
}

/** A running `store-writer.ts`, spoken to line by line. */
interface WriterProcess {
  readonly child: ChildProcess;
  /** The next line that it says; `null` when it ended. */
  heard(): Promise<string | null>;
  /** Has an order created; what it says to that. */
  create(orderId: string): Promise<string | null>;
  /** Has it close the store and end. */
  end(): Promise<void>;
}

export function startWriterProcess(test: Test, command: readonly string[]): WriterProcess {
  const [program = '', ...parameters] = command;
  const child = spawn(program, parameters, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  test.teardown(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  // A killed process closes its pipe while we write to it.
  child.stdin.on('error', () => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const heard = async () => {
    const line = await lines.next();
    return line.done === true ? null : line.value;
  };
  return {
    child,
    heard,
    create: (orderId) => {
      child.stdin.write(`${orderId}\n`);
      return heard();
    },
    end: () => {
      child.stdin.end();
      return ended;
    },
  };
}
