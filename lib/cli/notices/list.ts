import { type Command, Option } from 'commander';
import type { Config } from '../../config.ts';
import type { DeliveryState } from '../../core/delivery.ts';
import type { Delivery } from '../../store/outbox-port.ts';
import type { Reader } from '../../store/port.ts';
import { momentFormat } from '../../texts/moment.ts';
import { textsOf } from '../../texts.ts';
import { type ListingOptions, MAX_LISTED, printList, takePages } from '../listing.ts';
import { withReader } from '../opening.ts';
import { addSettings, readSettings, type SettingsOptions } from '../settings.ts';
import { wholeNumber } from '../values.ts';
import { noChannel } from './channel.ts';

interface ListOptions extends SettingsOptions, ListingOptions {
  readonly dead?: true;
  readonly pending?: true;
  readonly channel?: string;
}

/** `notices`: the list, as a table or as one JSON object a line. */
export function defineList(command: Command): void {
  command
    .addOption(new Option('--dead', 'only what was given up').conflicts('pending'))
    .option('--pending', 'only what is still to be sent')
    .option('--channel <name>', 'only what is for this channel')
    .option('--limit <n>', 'how many', wholeNumber(1, MAX_LISTED), 100)
    .option('--after <place>', 'go on where the list before ended')
    .option('--json', 'print one JSON object a line, as GET /v1/deliveries has them');
  addSettings(command, ['dataDir', 'timezone', 'locale']).addHelpText(
    'after',
    `
Reads the database, whether a daemon runs or not. The newest come first, a line for each channel that is told.

Examples:
  reconciled notices --dead
  reconciled notices --pending --channel ops
  reconciled notices test ops
  reconciled notices --dead --json | jq .id | xargs -r reconciled notices retry`,
  );
  command.action(async (options: ListOptions) => {
    const config = await readSettings(options, 'ignore');
    const { channel = null } = options;
    const state: DeliveryState | null = options.dead ? 'dead' : options.pending ? 'pending' : null;
    const texts = textsOf(config.locale);
    const { table } = texts.deliveries;
    await withReader(config, async (reader) => {
      await requireChannel(reader, config, channel);
      await printList(
        {
          read: (after, limit) => reader.deliveries({ state, channel, after, limit }),
          body: async () => (await import('../../http/delivery-view.ts')).deliveryBody,
          head: [
            table.id,
            table.at,
            table.topic,
            table.subject,
            table.channel,
            table.state,
            table.attempts,
            table.nextTry,
            table.detail,
          ],
          row: (delivery) => tableRow(delivery, config),
          none: texts.deliveries.none,
        },
        options,
        texts,
      );
    });
  });
}

/** What was for a channel that is not configured any more can be listed too. */
async function requireChannel(
  reader: Reader,
  { channels }: Config,
  channel: string | null,
): Promise<void> {
  const names = channels.map(({ settings }) => settings.name);
  if (channel === null || names.includes(channel)) return;
  let isKnown = false;
  await takePages(
    (after, limit) => reader.deliveries({ state: null, channel, after, limit }),
    { after: null, limit: 1 },
    async (items) => {
      isKnown ||= items.length > 0;
    },
  );
  if (!isKnown) throw noChannel(channel, names);
}

function tableRow(delivery: Delivery, { locale, timezone }: Config): (string | number)[] {
  const { effect, nextAt, detail } = delivery;
  const moment = momentFormat(timezone);
  return [
    delivery.id,
    moment(effect.at),
    effect.topic,
    effect.productId ?? effect.orderId ?? effect.gateway ?? '-',
    delivery.channel,
    textsOf(locale).deliveries.states[delivery.state],
    delivery.attempts,
    nextAt === null ? '-' : moment(nextAt),
    detail === null ? '-' : shorten(detail),
  ];
}

/** The rest is in `--json`: a row should stay on its line. */
function shorten(words: string): string {
  const letters = [...words];
  return letters.length <= MAX_WORDS ? words : `${letters.slice(0, MAX_WORDS - 1).join('')}…`;
}

const MAX_WORDS = 60;
