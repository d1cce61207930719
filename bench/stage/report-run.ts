import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { systemClock } from '../../lib/clock.ts';
import { spanOfDays } from '../../lib/report/days.ts';
import { makeReport } from '../../lib/report/make.ts';
import { openReportSource } from '../../lib/store/sqlite/report.ts';
import { REPORTED_DAY } from './report-fill.ts';

/** Makes one report in a process of its own, or (`whole`) runs its statements over the whole day, and says what it cost. */

const [path = '', how = 'report'] = process.argv.slice(2);

const source = openReportSource(path);
const startedMs = performance.now();
const orders = how === 'whole' ? whole() : reported();
const wallMs = performance.now() - startedMs;
source.close();
// Not `resourceUsage().maxRSS`: Linux counts there what the parent had when it started this one. 1 MB: 1,000,000 bytes.
const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
const peakMb = (Number(kibibytes) * 1_024) / 1_000_000;
process.stdout.write(`${JSON.stringify({ wallMs, peakMb, orders })}\n`);

function reported(): number {
  const days = { from: REPORTED_DAY, to: REPORTED_DAY, timezone: 'UTC' };
  const report = makeReport(source, { ...days, now: systemClock.now() });
  const wrong = report.differences.filter(({ what }) => !what.startsWith('open_'));
  if (wrong.length > 0) throw new Error(`totals differ: ${JSON.stringify(wrong)}`);
  return report.orders;
}

function whole(): number {
  const span = spanOfDays(REPORTED_DAY, REPORTED_DAY, 'UTC');
  return source.snapshot((view) => {
    view.payments(span);
    view.journal(span);
    view.stock(span);
    return view.orders(span).reduce((sum, { count }) => sum + count, 0);
  });
}
