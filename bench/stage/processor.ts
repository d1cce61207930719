import { readFileSync } from 'node:fs';

/** A tick of the kernel's accounting, on every Linux that Node runs on. */
const TICK_MS = 10;

/** The processor time that a process has used so far, all its threads together. */
export function processorMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name of the program stands in brackets and may hold anything; user and system time are the 14th and 15th field.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
