import type { Command } from 'commander';
import { asTable } from '../config/file.ts';
import type { Config } from '../config.ts';
import { REASONS, type Reason } from '../core/reason.ts';
import type { Sweep } from '../store/port.ts';
import { type Texts, textsOf } from '../texts.ts';
import { EXIT } from './exit.ts';
import { requireDatabase } from './opening.ts';
import { addSettings, readSettings, type SettingsOptions } from './settings.ts';
import { print, say, sayUpgrade } from './words.ts';
import { hereOrByDaemon } from './writing.ts';

/** `sweep`: looks at every order that is due, once, now. */
export function define(command: Command): void {
  command.option('--json', 'print the sweep as JSON, as GET /v1/sweeps/{id} has it');
  addSettings(command).addHelpText(
    'after',
    `
Beside a running daemon it is the daemon that sweeps, and this waits for it; else the sweep runs here. Ctrl-C ends a sweep
that runs here early: what was decided is kept, the rest stays due.

Examples:
  reconciled sweep
  reconciled sweep --json | jq .reasons`,
  );
  command.action(async (options: SettingsOptions & { json?: true }) => {
    const config = await readSettings(options, 'token');
    const texts = textsOf(config.locale).sweep;
    const sweep = await hereOrByDaemon(config, {
      here: () => sweepHere(config, texts),
      byDaemon: async (client) => {
        say(texts.byDaemon);
        const { FOREVER } = await import('./client.ts');
        return readSweep(
          (await client.call('POST', '/v1/sweeps?wait=true', undefined, FOREVER)).body,
        );
      },
    });
    if (options.json) print(JSON.stringify(sweep, null, 2));
    else await printSweep(sweep, config);
  });
}

/** A sweep as people and programs read it: times are ISO 8601. */
interface SweepBody extends Pick<Sweep, 'id' | 'looked' | 'reasons' | 'durationMs'> {
  readonly startedAt: unknown;
  readonly endedAt: unknown;
}

async function sweepHere(config: Config, texts: Texts['sweep']): Promise<SweepBody> {
  const { databasePath } = await import('../config.ts');
  requireDatabase(databasePath(config));
  const { createLogger, logTeller } = await import('../observe/log.ts');
  const { sweepOnce } = await import('../daemon.ts');
  const { toIso } = await import('../clock.ts');
  const { awaitInterruption } = await import('./interruption.ts');
  const { startProgress } = await import('./progress.ts');
  const interruption = awaitInterruption();
  const early = new AbortController();
  void interruption.first.then(() => early.abort());
  // What goes well is in the table; the log tells the rest.
  const level = config.logLevel === 'info' ? 'warn' : config.logLevel;
  const progress = await startProgress(texts.progress, null);
  let looked = 0;
  try {
    const log = logTeller(createLogger(level, { write: (line) => progress.say(line.trimEnd()) }));
    const sweep = await sweepOnce(config, {
      signal: early.signal,
      tell: (event) => {
        if (event.name === 'sweep.started') progress.say(texts.byUs);
        if (event.name === 'order.decided') {
          looked += 1;
          progress.at(looked);
        }
        sayUpgrade(event, progress.say);
        log(event);
      },
    });
    if (early.signal.aborted) {
      process.exitCode = EXIT.trouble;
      progress.say(texts.early);
    }
    const { startedAt, endedAt } = sweep;
    return {
      ...sweep,
      startedAt: toIso(startedAt),
      endedAt: endedAt === null ? null : toIso(endedAt),
    };
  } finally {
    progress.stop();
    interruption.forget();
  }
}

/** What the daemon answered. */
function readSweep(body: unknown): SweepBody {
  const { id, looked, durationMs, reasons, startedAt, endedAt } = asTable(body);
  const counted = asTable(reasons);
  const known = REASONS.filter((reason) => typeof counted[reason] === 'number');
  return {
    id: Number(id),
    startedAt,
    endedAt,
    looked: Number(looked),
    reasons: Object.fromEntries(known.map((reason) => [reason, Number(counted[reason])])),
    durationMs: Number(durationMs),
  };
}

async function printSweep(
  { looked, reasons, durationMs }: SweepBody,
  config: Config,
): Promise<void> {
  const { table } = await import('./table.ts');
  const texts = textsOf(config.locale);
  const rows = REASONS.flatMap((reason: Reason): (string | number)[][] => {
    const count = reasons[reason] ?? 0;
    return count === 0 ? [] : [[count, reason, texts.reasons[reason]]];
  });
  if (rows.length > 0) print(table([texts.table.count, texts.table.reason, ''], rows));
  print(texts.sweep.done(looked, (durationMs / 1000).toFixed(1)));
}
