import type { Command } from 'commander';
import { stepAside } from '../priority.ts';
import { textsOf } from '../texts.ts';
import { addSettings, readSettings, type SettingsOptions } from './settings.ts';
import { print } from './words.ts';

/** `backup`: copies the database into one file. */
export function define(command: Command): void {
  command.argument('<file>', 'the new file').option('--json', 'print what was copied as JSON');
  addSettings(command, ['dataDir', 'locale']).addHelpText(
    'after',
    `
Copies the database of one moment, whether a daemon runs or not; a running one is not held up. The copy is looked
through, needs no other file beside it, and never replaces one.

Examples:
  reconciled backup /backup/reconciled-2026-08-16.db
  reconciled backup /backup/$(date +%F).db --config /etc/reconciled/reconciled.toml --json`,
  );
  command.action(async (file: string, options: SettingsOptions & { json?: true }) => {
    stepAside();
    const config = await readSettings(options, 'ignore');
    const texts = textsOf(config.locale).care;
    const { databasePath } = await import('../config.ts');
    const { backUp } = await import('../store/sqlite/copying.ts');
    const { startProgress } = await import('./progress.ts');
    const progress = await startProgress(texts.copying, PARTS);
    const copied = await backUp(databasePath(config), file, (share) =>
      progress.at(Math.floor(share * PARTS)),
    ).finally(() => progress.stop());
    if (options.json) return print(JSON.stringify(copied, null, 2));
    print(texts.backedUp(copied.path, copied.orders, megabytes(copied.bytes)));
  });
}

/** Steps of the bar. */
const PARTS = 1_000;

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
