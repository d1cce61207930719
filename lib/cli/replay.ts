import type { Command } from 'commander';
import { stepAside } from '../priority.ts';
import { textsOf } from '../texts.ts';
import { EXIT } from './exit.ts';
import { withReader } from './opening.ts';
import { addSettings, readSettings, type SettingsOptions } from './settings.ts';
import { print, say } from './words.ts';

/** `replay`: makes every decision of the journal again and compares. */
export function define(command: Command): void {
  command.option('--json', 'print the result as JSON');
  addSettings(command, ['dataDir', 'locale']).addHelpText(
    'after',
    `
The journal keeps all that each decision was made from. Replay makes the decision again and compares: it has to come out
the same. Decisions that were made by other rules (another version) are left out and counted.
Ends with 0 when all agree, with 1 when not.

Examples:
  reconciled replay
  reconciled restore /backup/2026-08-16.db --data-dir ./look && reconciled replay --data-dir ./look --json`,
  );
  command.action(async (options: SettingsOptions & { json?: true }) => {
    stepAside();
    const config = await readSettings(options, 'ignore');
    const texts = textsOf(config.locale).replay;
    const { replayJournal } = await import('./replaying.ts');
    const { startProgress } = await import('./progress.ts');
    const progress = await startProgress(texts.progress, null);
    const result = await withReader(config, (reader) =>
      replayJournal(reader.journalAfter, progress.at),
    ).finally(() => progress.stop());
    const { agreed, differing, differences, otherRules } = result;
    if (differing > 0) process.exitCode = EXIT.trouble;
    if (options.json) return print(JSON.stringify(result, null, 2));
    for (const [rules, rows] of Object.entries(otherRules)) say(texts.skipped(rows, rules));
    if (differing === 0) return print(texts.agreed(agreed));
    print(texts.disagreed(differing, agreed + differing));
    for (const { seq, orderId, where } of differences) {
      print(`  ${seq}  ${orderId}  ${where.join(', ')}`);
    }
  });
}
