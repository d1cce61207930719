import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';

/** Why a test is skipped where nothing can say what of a file is on the disk; false: it can be said. */
export const cannotTrace: string | false =
  spawnSync('strace', ['--version']).error !== undefined &&
  'strace is not installed: only it can tell what was synced';

/** A database that is all on the disk, and what is written to it from now on. */
interface WatchedDisk {
  /** The command, watched. `inject`: what becomes of its syncs beside the loop, in strace's words. */
  watch(command: readonly string[], inject?: string): readonly string[];
  /** The database as a power cut leaves it now, with what was synced and no more; its path. */
  cut(): string;
}

/** Watches a database that nobody has open. */
export function watchedDisk(path: string): WatchedDisk {
  const trace = `${path}.trace`;
  copyFileSync(path, `${path}.before`);
  return {
    watch: (command, inject) => {
      const calls = ['-e', 'trace=pwrite64,ftruncate,fsync,fdatasync'];
      const faults = inject === undefined ? [] : ['-e', `inject=fdatasync:${inject}`];
      const form = ['-f', '-qq', '-xx', '-y', '-s', '1000000', '-A', '-o', trace];
      // strace counts the calls of each thread by themselves.
      const oneThread = ['-E', 'UV_THREADPOOL_SIZE=1'];
      return ['strace', ...form, ...oneThread, ...calls, ...faults, ...command];
    },
    cut: () => {
      const lines = readFileSync(trace, 'utf8').split('\n');
      const after = `${path}.after`;
      writeFileSync(after, synced(lines, path, readFileSync(`${path}.before`)));
      writeFileSync(`${after}-wal`, synced(lines, `${path}-wal`, Buffer.alloc(0)));
      return after;
    },
  };
}

/**
 * What of a file is on the disk: what a sync that succeeded has found written. What one that failed has found the system takes for
 * written, and never puts on the disk by itself.
 */
function synced(lines: readonly string[], path: string, before: Buffer): Buffer {
  const name = `<${Buffer.from(path).toString('hex').replaceAll(/../g, '\\x$&')}>`;
  /** Threads whose sync of the file has begun. */
  const syncing = new Set<string>();
  let waiting: ((disk: Buffer) => Buffer)[] = [];
  let disk = before;
  for (const line of lines) {
    const [thread = ''] = line.split(' ');
    if (line.includes(name)) {
      const [, text, at] = /pwrite64\(.*, "(.*)", \d+, (\d+)/.exec(line) ?? [];
      const [, size] = /ftruncate\(.*, (\d+)/.exec(line) ?? [];
      if (text !== undefined) waiting.push((on) => put(on, Number(at), bytesOf(text)));
      else if (size !== undefined) waiting.push((on) => on.subarray(0, Number(size)));
      else syncing.add(thread);
    }
    // The end of a sync that others have interrupted has a line of its own, without the name.
    if (!syncing.has(thread) || line.includes('<unfinished')) continue;
    syncing.delete(thread);
    const [, result] = / = (0|-1)/.exec(line) ?? [];
    if (result === '0') for (const write of waiting) disk = write(disk);
    // One whose process died in it has done nothing.
    if (result !== undefined) waiting = [];
  }
  return disk;
}

function bytesOf(escaped: string): Buffer {
  return Buffer.from(escaped.replaceAll('\\x', ''), 'hex');
}

function put(disk: Buffer, at: number, bytes: Buffer): Buffer {
  const longer = Buffer.concat([disk, Buffer.alloc(Math.max(0, at + bytes.length - disk.length))]);
  bytes.copy(longer, at);
  return longer;
}
