import { spawnSync } from 'node:child_process';
import type { DurationMs } from '../../lib/core/time.ts';

/** About what a sync takes on a disk that waits until the data are there; many take longer. */
export const USUAL_SYNC_MS: DurationMs = 1;

/**
 * A program that makes each fsync of another one take that much longer, and touches nothing else: the disks of virtual machines say that
 * data are written before they are. `null` where there is no strace. The program itself stays the child that was started.
 */
export function slowDisk(syncMs: DurationMs): readonly string[] | null {
  if (spawnSync('strace', ['-V']).status !== 0) return null;
  const calls = 'fsync,fdatasync';
  return [
    ...['strace', '-D', '-f', '--seccomp-bpf', '-qq', '-o', '/dev/null'],
    ...['-e', `trace=${calls}`, '-e', `inject=${calls}:delay_exit=${syncMs * 1_000}`],
  ];
}
