import { type Command, Option } from 'commander';
import type { Config } from '../../config.ts';
import type { DeliveryState } from '../../core/delivery.ts';
import type { Delivery } from '../../store/outbox-port.ts';
import type { Reader } from '../../store/port.ts';
import { momentFormat } from '../../texts/moment.ts';
import { textsOf } from '../../texts.ts';
import { MAX_LISTED, takePages, withReader } from '../reading.ts';
import { addSettings, readSettings, type SettingsOptions } from '../settings.ts';
import { wholeNumber } from '../values.ts';
import { print, printLines, say } from '../words.ts';
import { noChannel } from './channel.ts';

interface ListOptions extends SettingsOptions {
  readonly dead?: true;
  readonly pending?: true;
  readonly channel?: string;
  readonly limit: number;
  readonly after?: string;
  readonly json?: true;
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
  reconciled notices --dead --json | jq .id | xargs reconciled notices retry`,
  );
  command.action(async (options: ListOptions) => {
    const config = await readSettings(options, 'ignore');
    await withReader(config, async (reader) => {
      await requireChannel(reader, config, options.channel);
      await (options.json ? printJson : printTable)(reader, config, options);
    });
  });
}

/** What was for a channel that is not configured any more can be listed too. */
async function requireChannel(
  reader: Reader,
  { channels }: Config,
  channel: string | undefined,
): Promise<void> {
  const names = channels.map(({ settings }) => settings.name);
  if (channel === undefined || names.includes(channel)) return;
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

async function printJson(reader: Reader, config: Config, options: ListOptions): Promise<void> {
  const { deliveryBody } = await import('../../http/delivery-view.ts');
  const next = await eachPage(reader, options, (deliveries) =>
    printLines(deliveries.map((delivery) => JSON.stringify(deliveryBody(delivery)))),
  );
  if (next !== null) say(textsOf(config.locale).orders.more(next));
}

async function printTable(reader: Reader, config: Config, options: ListOptions): Promise<void> {
  const { table } = await import('../table.ts');
  const texts = textsOf(config.locale);
  const rows: (string | number)[][] = [];
  const next = await eachPage(reader, options, async (deliveries) => {
    rows.push(...deliveries.map((delivery) => tableRow(delivery, config)));
  });
  const { id, at, topic, subject, channel, state, attempts, nextTry, detail } =
    texts.deliveries.table;
  if (rows.length === 0) say(texts.deliveries.none);
  else print(table([id, at, topic, subject, channel, state, attempts, nextTry, detail], rows));
  if (next !== null) say(texts.orders.more(next));
}

function eachPage(
  reader: Reader,
  options: ListOptions,
  take: (deliveries: readonly Delivery[]) => Promise<void>,
): Promise<string | null> {
  const state: DeliveryState | null = options.dead ? 'dead' : options.pending ? 'pending' : null;
  const channel = options.channel ?? null;
  return takePages(
    (after, limit) => reader.deliveries({ state, channel, after, limit }),
    { after: options.after ?? null, limit: options.limit },
    take,
  );
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
