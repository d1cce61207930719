import type { DayTask, TaskResult } from '../../../lib/report/tasks.ts';

let made = 0;

/** Says of which day it is, and how many its thread has made. Ends its thread over one day, and stands still over another. */
export function report({ day }: DayTask): TaskResult<string> {
  if (day === '2025-06-13') process.exit(1);
  if (day === '2025-06-14') for (;;);
  made += 1;
  return { kind: 'done', value: `${day} ${made}` };
}
