import type { Command } from 'commander';
import type { Config } from '../config.ts';
import { stepAside } from '../priority.ts';
import { textsOf } from '../texts.ts';
import { EXIT } from './exit.ts';
import { withStore } from './opening.ts';
import { addSettings, readSettings, type SettingsOptions } from './settings.ts';
import { print, say } from './words.ts';

/** `check`: looks for damage and broken rules. */
export function define(command: Command): void {
  command.option('--json', 'print what was found as JSON');
  addSettings(command, ['dataDir', 'locale']).addHelpText(
    'after',
    `
Looks through every page of the database, holds its rules against what it holds (stock against its movements, orders
against the journal, counters against what they count), and makes every decision of the journal again, but those of a
version that decided differently, which are counted. Reads only, whether a daemon runs or not. Ends with 0 when all
is well, with 1 when not.

Examples:
  reconciled check
  reconciled restore /backup/2026-08-16.db --data-dir ./look && reconciled check --data-dir ./look --json`,
  );
  command.action(async (options: SettingsOptions & { json?: true }) => {
    stepAside();
    const config = await readSettings(options, 'ignore');
    const { troubles, orders, decisions, otherRules } = await look(config);
    if (troubles.length > 0) process.exitCode = EXIT.trouble;
    if (options.json) {
      const ok = troubles.length === 0;
      return print(JSON.stringify({ ok, orders, decisions, otherRules, troubles }, null, 2));
    }
    const { care: texts, replay } = textsOf(config.locale);
    for (const [rules, rows] of Object.entries(otherRules)) say(replay.skipped(rows, rules));
    if (troubles.length === 0) return print(texts.sound(orders, decisions));
    print(texts.unsound(troubles.length));
    for (const trouble of troubles) print(`  ${trouble}`);
  });
}

interface Found {
  /** In sentences; empty: sound. */
  readonly troubles: readonly string[];
  readonly orders: number;
  /** That were made again. */
  readonly decisions: number;
  /** Decisions by other rules, left out, by the name of those. */
  readonly otherRules: Readonly<Record<string, number>>;
}

async function look(config: Config): Promise<Found> {
  const { replayJournal } = await import('./replaying.ts');
  const { startProgress } = await import('./progress.ts');
  const texts = textsOf(config.locale).care;
  return withStore(config, 'read', async ({ upkeep, reader }) => {
    const progress = await startProgress(texts.checking, null);
    try {
      const broken = await upkeep.check();
      const { agreed, differing, differences, otherRules } = await replayJournal(
        reader.journalAfter,
        progress.at,
      );
      const differ = differences.map(({ orderId, seq, where }) =>
        texts.differs(orderId, seq, where.join(', ')),
      );
      const { orders } = await reader.counts();
      return {
        troubles: [...broken, ...differ],
        orders: Object.values(orders).reduce((sum, count) => sum + count, 0),
        decisions: agreed + differing,
        otherRules,
      };
    } finally {
      progress.stop();
    }
  });
}
