import { execFileSync } from 'node:child_process';
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { cpus, release, tmpdir, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { temporaryFolder } from './children.ts';
import { median, show } from './numbers.ts';

/** On what it was measured, in one sentence. */
export function machine(): string {
  const processors = cpus();
  const model = processors[0]?.model.trim() ?? 'an unknown processor';
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${processors.length} cores of ${model}, ${memory} GiB of memory, ${type()} ${version()}, Node ${process.version}; databases on ${fileSystem()}, an fsync of 4 KiB taking ${fsyncMs()} ms, the first touch of a page of memory ${touchUs()} µs.`;
}

function fileSystem(): string {
  try {
    const told = execFileSync('df', ['--output=fstype', tmpdir()], { encoding: 'utf8' });
    return told.trim().split('\n').at(-1) ?? '';
  } catch {
    return 'an unknown file system';
  }
}

function fsyncMs(): string {
  const { path, remove } = temporaryFolder('fsync');
  const file = openSync(join(path, 'file'), 'w');
  const page = Buffer.alloc(PAGE_BYTES, 1);
  const took = Array.from({ length: 100 }, () => {
    writeSync(file, page);
    const startedMs = performance.now();
    fsyncSync(file);
    return performance.now() - startedMs;
  });
  closeSync(file);
  remove();
  return show(median(took));
}

/** A start does it ten thousands of times. Virtual machines differ in it by the hour, and so does a start. */
function touchUs(): string {
  const memory = Buffer.allocUnsafeSlow(64 * 2 ** 20);
  const startedMs = performance.now();
  for (let at = 0; at < memory.length; at += PAGE_BYTES) memory[at] = 1;
  const tookMs = performance.now() - startedMs;
  return show((tookMs * 1_000) / (memory.length / PAGE_BYTES));
}

const PAGE_BYTES = 4_096;

/** Without what the builder of this kernel has added to it. */
function version(): string {
  return release().replace(/-.*$/, '');
}
