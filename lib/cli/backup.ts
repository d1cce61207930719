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
    const { awaitInterruption } = await import('./interruption.ts');
    const interruption = awaitInterruption();
    const early = new AbortController();
    void interruption.first.then((signal) => early.abort(signal));
    const progress = await startProgress(texts.copying, PARTS);
    const tell = (share: number) => progress.at(Math.floor(share * PARTS));
    const copied = await backUp(databasePath(config), file, tell, early.signal)
      .catch((error: unknown) => {
        if (error !== early.signal.reason) throw error;
        return null;
      })
      .finally(() => {
        progress.stop();
        interruption.forget();
      });
    // Nothing is left of the copy, and the signal does what it does where nobody listens.
    if (copied === null) return void process.kill(process.pid, await interruption.first);
    if (options.json) return print(JSON.stringify(copied, null, 2));
    print(texts.backedUp(copied.path, copied.orders, megabytes(copied.bytes)));
  });
}

/** Steps of the bar. */
const PARTS = 1_000;

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
