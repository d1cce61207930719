import type { Command } from 'commander';
import { ReconciledError } from '../errors.ts';
import { textsOf } from '../texts.ts';
import { withStore } from './opening.ts';
import { addSettings, readSettings, type SettingsOptions } from './settings.ts';
import { print } from './words.ts';

interface PruneOptions extends SettingsOptions {
  readonly olderThan: string;
  readonly dryRun?: true;
  readonly json?: true;
}

/** `prune`: removes orders that are long done. */
export function define(command: Command): void {
  command
    .requiredOption('--older-than <time>', 'since their last change, such as 730d')
    .option('--dry-run', 'only count them')
    .option('--json', 'print the number as JSON');
  addSettings(command, ['dataDir', 'locale']).addHelpText(
    'after',
    `
Removes orders that are completed or failed, were last changed longer ago than that, and about which nothing is left to
look at, to refund or to tell; with their payments, journal and messages. Never what is unresolved. Their ids stay taken, and
the history of the stock stays whole. A daemon does the same by itself with keep_orders in its configuration; while one
runs this command is refused.

Examples:
  reconciled prune --older-than 730d --dry-run
  reconciled backup /backup/all.db && reconciled prune --older-than 730d`,
  );
  command.action(async (options: PruneOptions) => {
    const config = await readSettings(options, 'ignore');
    const { parseDuration } = await import('../config/forms.ts');
    const ageMs = parseDuration(options.olderThan);
    if (ageMs === null) {
      throw new ReconciledError(
        'usage',
        `--older-than: ${options.olderThan} is not a length of time.`,
        { hint: 'Write a number and a unit (ms, s, m, h, d), for example --older-than 730d.' },
      );
    }
    const { systemClock } = await import('../clock.ts');
    const mode = options.dryRun ? 'count' : 'remove';
    const orders = await withStore(config, 'change', ({ upkeep }) =>
      upkeep.forget(systemClock.now() - ageMs, mode),
    );
    if (options.json) return print(JSON.stringify({ orders, removed: mode === 'remove' }));
    const texts = textsOf(config.locale).care;
    print(mode === 'remove' ? texts.pruned(orders) : texts.wouldPrune(orders));
  });
}
