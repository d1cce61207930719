import { simulate } from '../test/sim/simulation.ts';
import { show, showSpread } from './stage/numbers.ts';
import {
  type Measurement,
  type MeasureOptions,
  type Question,
  runAlone,
  say,
} from './stage/question.ts';

/** How long does the proof take that nothing was lost? */
export const audit: Question = {
  name: 'audit',
  asks: 'a simulated history of 1,000 orders, audited whole',
  measure,
};

async function measure({ rounds, quick }: MeasureOptions): Promise<Measurement> {
  const orders = quick ? 50 : 1_000;
  const auditMs: number[] = [];
  const looks: number[] = [];
  for (let seed = 1; seed <= (rounds ?? (quick ? 1 : 2)); seed += 1) {
    const startedMs = performance.now();
    const outcome = await simulate(seed, { orders, window: 10 });
    const tookS = (performance.now() - startedMs) / 1_000;
    say(`audit ${seed}: ${show(outcome.auditMs, 0)} ms, after ${show(tookS, 0)} s of history`);
    if (outcome.findings.length > 0) say(`audit ${seed}: ${outcome.findings.join('\n')}`);
    auditMs.push(outcome.auditMs);
    looks.push(outcome.looks);
  }
  return {
    table: {
      columns: ['', 'looks in the history', 'audit ms'],
      rows: [[`${show(orders, 0)} orders`, showSpread(looks), showSpread(auditMs)]],
    },
    targets: [
      { what: 'audit', kind: 'less than', bound: 1_000, reached: Math.max(...auditMs), unit: 'ms' },
    ],
    notes: [
      'The history is that of `npm run sim`, with other seeds: hours of faults, crashes and wrong clocks, then fair weather. The last audit reads every order, its whole journal, its effects and every movement of the stock, and holds them against the truth of the gateways. The slowest seed counts.',
    ],
    raw: { auditMs, looks },
  };
}

if (import.meta.main) await runAlone(audit);
