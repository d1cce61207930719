import type { Command } from 'commander';
import { textsOf } from '../texts.ts';
import { addSettings, readSettings, type SettingsOptions } from './settings.ts';
import { print } from './words.ts';

/** `restore`: puts a backup where a daemon finds it. */
export function define(command: Command): void {
  command
    .argument('<file>', 'what `reconciled backup` has written')
    .option('--json', 'print what was restored as JSON');
  addSettings(command, ['dataDir', 'locale']).addHelpText(
    'after',
    `
Looks through the backup first, and writes nothing when it is damaged, of another program, or of a newer version. Refuses
while a daemon runs, and while a database is there: move that one away yourself.
Whatever happened at the gateways since the backup is asked about again once the daemon starts; orders that the shop has
sent since have to be sent again (import is idempotent). What people recorded since has to be recorded again before anybody
pays anything back: refunds made by hand are due once more, holds that were ended are there again, stock that came in is not.

Examples:
  reconciled restore /backup/reconciled-2026-08-16.db
  reconciled restore /backup/2026-08-16.db --data-dir /var/lib/reconciled`,
  );
  command.action(async (file: string, options: SettingsOptions & { json?: true }) => {
    const config = await readSettings(options, 'ignore');
    const { databasePath } = await import('../config.ts');
    const { restore } = await import('../store/sqlite/copying.ts');
    const restored = restore(file, databasePath(config));
    if (options.json) return print(JSON.stringify(restored, null, 2));
    print(textsOf(config.locale).care.restored(restored.path, restored.orders));
  });
}
