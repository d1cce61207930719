import type { Command } from 'commander';
import { ReconciledError } from '../errors.ts';
import type { JournalRow, Reader } from '../store/port.ts';
import { withReader } from './opening.ts';
import { addSettings, readSettings, type SettingsOptions } from './settings.ts';
import { print } from './words.ts';

/** `explain`: why an order is as it is, in sentences. */
export function define(command: Command): void {
  command
    .argument('<order>', 'its id')
    .option('--json', 'print the order, its journal and what was told, as JSON');
  addSettings(command, ['dataDir', 'timezone', 'locale']).addHelpText(
    'after',
    `
Tells what was asked, heard, held true, decided and told, and when the order is looked at next. Reads the database,
whether a daemon runs or not.

Examples:
  reconciled explain ORDER000001
  reconciled explain ORDER000001 --locale en
  reconciled explain ORDER000001 --json | jq '.journal[].reason'`,
  );
  command.action(async (id: string, options: SettingsOptions & { json?: true }) => {
    const config = await readSettings(options, 'ignore');
    await withReader(config, async (reader) => {
      const view = await reader.order(id);
      if (view === null) throw noOrder(id);
      const journal = await wholeJournal(reader, id);
      const { systemClock, toIso } = await import('../clock.ts');
      if (options.json) {
        const { orderBody } = await import('../http/order-view.ts');
        const dated = <Row extends { readonly at: number }>(row: Row) => ({
          ...row,
          at: toIso(row.at),
        });
        const told = await reader.effects(id);
        const whole = {
          order: orderBody(view),
          journal: journal.map(dated),
          told: told.map(dated),
        };
        return print(JSON.stringify(whole, null, 2));
      }
      const { tellStory } = await import('../texts/story.ts');
      const { locale, timezone } = config;
      const listener = { locale, timezone, now: systemClock.now() };
      print(tellStory(view, journal, await reader.deliveriesOf(id), listener).join('\n'));
    });
  });
}

function noOrder(id: string): ReconciledError {
  return new ReconciledError('not_found', `There is no order ${id} in this database.`, {
    hint: '`reconciled orders` lists them; --config or --data-dir names another database.',
  });
}

/** Rows of the journal read at a time. */
const PAGE = 500;

async function wholeJournal(reader: Reader, orderId: string): Promise<readonly JournalRow[]> {
  const rows: JournalRow[] = [];
  let after = 0;
  while (true) {
    const { items, next } = await reader.journal(orderId, after, PAGE);
    rows.push(...items);
    const last = items.at(-1);
    if (next === null || last === undefined) return rows;
    after = last.seq;
  }
}
