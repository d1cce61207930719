import type { Command } from 'commander';
import type { Config } from '../config.ts';
import { formatMoney } from '../core/money.ts';
import { ORDER_STATES, type OrderState } from '../core/order.ts';
import { REASONS, type Reason } from '../core/reason.ts';
import type { OrderView, Reader } from '../store/port.ts';
import { momentFormat } from '../texts/moment.ts';
import { textsOf } from '../texts.ts';
import { MAX_LISTED, takePages, withReader } from './reading.ts';
import { addSettings, readSettings, type SettingsOptions } from './settings.ts';
import { oneOf, wholeNumber } from './values.ts';
import { print, printLines, say } from './words.ts';

interface OrdersOptions extends SettingsOptions {
  readonly state?: OrderState;
  readonly reason?: Reason;
  readonly limit: number;
  readonly after?: string;
  readonly json?: true;
}

/** `orders`: the list, as a table or as one JSON object a line. */
export function define(command: Command): void {
  command
    .option(
      '--state <state>',
      `only orders that are ${ORDER_STATES.join(', ')}`,
      oneOf(ORDER_STATES),
    )
    .option('--reason <code>', 'only orders with this reason, such as captured', oneOf(REASONS))
    .option('--limit <n>', 'how many', wholeNumber(1, MAX_LISTED), 100)
    .option('--after <place>', 'go on where the list before ended')
    .option('--json', 'print one JSON object a line, as GET /v1/orders has them');
  addSettings(command, ['dataDir', 'timezone', 'locale']).addHelpText(
    'after',
    `
Reads the database, whether a daemon runs or not. Oldest orders come first.

Examples:
  reconciled orders --state held
  reconciled orders --state failed --reason out_of_stock --limit 20
  reconciled orders --json --limit 1000000 | jq -r 'select(.amount > 100000) | .id'`,
  );
  command.action(async (options: OrdersOptions) => {
    const config = await readSettings(options, 'ignore');
    await withReader(config, (reader) =>
      options.json ? printJson(reader, config, options) : printTable(reader, config, options),
    );
  });
}

async function printJson(reader: Reader, config: Config, options: OrdersOptions): Promise<void> {
  const { orderBody } = await import('../http/order-view.ts');
  const next = await eachPage(reader, options, (views) =>
    printLines(views.map((view) => JSON.stringify(orderBody(view)))),
  );
  if (next !== null) say(textsOf(config.locale).orders.more(next));
}

async function printTable(reader: Reader, config: Config, options: OrdersOptions): Promise<void> {
  const { table } = await import('./table.ts');
  const texts = textsOf(config.locale);
  const rows: string[][] = [];
  const next = await eachPage(reader, options, async (views) => {
    rows.push(...views.map((view) => tableRow(view, config)));
  });
  const { order, state, reason, amount, payments, created, nextLook } = texts.table;
  if (rows.length === 0) say(texts.orders.none);
  else print(table([order, state, reason, amount, payments, created, nextLook], rows));
  if (next !== null) say(texts.orders.more(next));
}

/** Reads up to the limit, a page at a time, and gives the place where to go on. */
function eachPage(
  reader: Reader,
  options: OrdersOptions,
  take: (views: readonly OrderView[]) => Promise<void>,
): Promise<string | null> {
  const state = options.state ?? null;
  const reason = options.reason ?? null;
  return takePages(
    (after, limit) => reader.orders({ state, reason, after, limit }),
    { after: options.after ?? null, limit: options.limit },
    take,
  );
}

function tableRow({ order, payments }: OrderView, { locale, timezone }: Config): string[] {
  const texts = textsOf(locale);
  const moment = momentFormat(timezone);
  return [
    order.id,
    texts.orderStates[order.state],
    order.reason ?? '-',
    formatMoney(order.amount, order.currency, locale),
    payments.map(({ method, state }) => `${method} ${texts.paymentStates[state]}`).join(', ') ||
      '-',
    moment(order.createdAt),
    order.lookAt === null ? '-' : moment(order.lookAt),
  ];
}
