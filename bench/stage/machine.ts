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
  return `${processors.length} cores of ${model}, ${memory} GiB of memory, ${type()} ${version()}, Node ${process.version}; databases on ${fileSystem()}, an fsync of 4 KiB taking ${fsyncMs()} ms.`;
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
  const page = Buffer.alloc(4_096, 1);
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

/** Without what the builder of this kernel has added to it. */
function version(): string {
  return release().replace(/-.*$/, '');
}
