import { execFileSync, spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { spanOfDays } from '../lib/report/days.ts';
import {
  GROUP_JOURNAL,
  GROUP_ORDERS,
  GROUP_PAYMENTS,
  GROUP_STOCK,
} from '../lib/store/sqlite/report.ts';
import { pathOf, temporaryFolder } from './stage/children.ts';
import { median, show, showSpread } from './stage/numbers.ts';
import {
  type Measurement,
  type MeasureOptions,
  type Question,
  runAlone,
  say,
} from './stage/question.ts';
import { fillDay, REPORTED_DAY } from './stage/report-fill.ts';

/** How long does the daily report take, and does its memory grow? */
export const report: Question = {
  name: 'report',
  asks: 'the report of a day with many orders, beside the sqlite3 shell grouping the same',
  measure,
};

/** Orders of the day. The large one needs 7 GB of disk and some minutes. */
const SIZES = { small: 1_000_000, large: 10_000_000 } as const;

interface Run {
  readonly wallMs: number;
  readonly peakMb: number;
}

interface Size {
  readonly orders: number;
  readonly fileMb: number;
  readonly ours: readonly Run[];
  readonly peer: readonly number[];
}

async function measure({ rounds, quick }: MeasureOptions): Promise<Measurement> {
  const small = measureSize(quick ? 20_000 : SIZES.small, rounds ?? (quick ? 1 : 3));
  const large = measureSize(quick ? 50_000 : SIZES.large, rounds ?? 1);
  const sizes = [small, large];
  const ratio = ({ ours, peer }: Size) => median(peer) / median(ours.map(({ wallMs }) => wallMs));
  const peak = ({ ours }: Size) => median(ours.map(({ peakMb }) => peakMb));
  return {
    table: {
      columns: [
        'orders of the day',
        'file MB',
        'ours s',
        `${PEER} s`,
        'peer / ours',
        'our peak MB',
      ],
      rows: sizes.map((size) => [
        show(size.orders, 0),
        show(size.fileMb, 0),
        showSpread(
          size.ours.map(({ wallMs }) => wallMs / 1_000),
          1,
        ),
        showSpread(
          size.peer.map((wallMs) => wallMs / 1_000),
          1,
        ),
        show(ratio(size)),
        show(peak(size), 0),
      ]),
    },
    targets: [
      ...sizes.map((size) => ({
        what: `speed at ${show(size.orders, 0)}, peer / ours`,
        kind: 'at least' as const,
        bound: 0.8,
        reached: ratio(size),
        unit: '×',
      })),
      {
        what: `memory at ${show(large.orders, 0)} beyond that at ${show(small.orders, 0)}`,
        kind: 'at most' as const,
        bound: 20,
        reached: peak(large) - peak(small),
        unit: 'MB',
      },
    ],
    notes: [
      'Each run is a fresh process; contenders take turns on the same file, which is in the memory of the system after it was made. Ours makes the whole report (groups, ties, percentiles) in slices of a quarter of an hour; the peer runs the same four GROUP BY statements over the whole day, with the same 16 MB of cache.',
      'Peak: VmHWM of /proc/PID/status, the largest resident memory of the process, Node and all (1 MB: 1,000,000 bytes). Records of the journal are shorter than in life, so that ten million orders fit.',
    ],
    raw: sizes,
  };
}

function measureSize(orders: number, rounds: number): Size {
  const { path: folder, remove } = temporaryFolder('report');
  try {
    const path = join(folder, 'reconciled.db');
    fillDay(path, orders);
    const ours: Run[] = [];
    const peer: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const turns = [
        () => ours.push(runProgram(path, 'report', orders)),
        () => peer.push(runPeer(path)),
      ];
      for (const turn of round % 2 === 0 ? turns : turns.reverse()) turn();
      say(`report ${orders} ${round + 1}: ${JSON.stringify(ours.at(-1))}, peer ${peer.at(-1)}`);
    }
    return { orders, fileMb: statSync(path).size / 1_000_000, ours, peer };
  } finally {
    remove();
  }
}

function runProgram(path: string, how: 'report' | 'whole', expected: number | null): Run {
  const program = pathOf('bench/stage/report-run.ts');
  const text = execFileSync(process.execPath, [program, path, how], { encoding: 'utf8' });
  const read: Run & { readonly orders: number } = JSON.parse(text);
  if (expected !== null && read.orders !== expected) throw new Error(`${read.orders} were counted`);
  return read;
}

const HAS_SHELL = spawnSync('sqlite3', ['--version']).status === 0;

/** Where there is no shell, the driver runs the same statements over the whole day in a process of its own. */
const PEER = HAS_SHELL ? 'sqlite3 shell' : 'better-sqlite3';

function runPeer(path: string): number {
  if (!HAS_SHELL) return runProgram(path, 'whole', null).wallMs;
  const { from, until } = spanOfDays(REPORTED_DAY, REPORTED_DAY, 'UTC');
  const statements = [GROUP_ORDERS, GROUP_PAYMENTS, GROUP_JOURNAL, GROUP_STOCK];
  const input = [
    'PRAGMA cache_size = -16000;',
    '.parameter init',
    `.parameter set :from ${from}`,
    `.parameter set :until ${until}`,
    '.timer on',
    ...statements.map((statement) => `${statement};`),
  ].join('\n');
  const { stdout } = spawnSync('sqlite3', ['-readonly', '-bail', path], {
    input,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const times = [...stdout.matchAll(/^Run Time: real ([\d.]+)/gm)].map(([, real]) => Number(real));
  if (times.length !== statements.length)
    throw new Error(`the shell ran ${times.length} statements`);
  return times.reduce((sum, seconds) => sum + 1_000 * seconds, 0);
}

if (import.meta.main) await runAlone(report);
