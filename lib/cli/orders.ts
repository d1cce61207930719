import type { Command } from 'commander';
import type { Config } from '../config.ts';
import { formatMoney } from '../core/money.ts';
import { ORDER_STATES, type OrderState } from '../core/order.ts';
import { REASONS, type Reason } from '../core/reason.ts';
import type { OrderView } from '../store/port.ts';
import { momentFormat } from '../texts/moment.ts';
import { textsOf } from '../texts.ts';
import { type ListingOptions, MAX_LISTED, printList } from './listing.ts';
import { withReader } from './opening.ts';
import { addSettings, readSettings, type SettingsOptions } from './settings.ts';
import { oneOf, wholeNumber } from './values.ts';

interface OrdersOptions extends SettingsOptions, ListingOptions {
  readonly state?: OrderState;
  readonly reason?: Reason;
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
    const { state = null, reason = null } = options;
    const texts = textsOf(config.locale);
    const { table } = texts;
    await withReader(config, (reader) =>
      printList(
        {
          read: (after, limit) => reader.orders({ state, reason, after, limit }),
          body: async () => (await import('../http/order-view.ts')).orderBody,
          head: [
            table.order,
            table.state,
            table.reason,
            table.amount,
            table.payments,
            table.created,
            table.nextLook,
          ],
          row: (view) => tableRow(view, config),
          none: texts.orders.none,
        },
        options,
        texts,
      ),
    );
  });
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
