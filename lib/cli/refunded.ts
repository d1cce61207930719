import type { Command } from 'commander';
import type { RefundCommand } from '../flows/port.ts';
import { commandHere, readFlags, tellCommanded } from './commanding.ts';
import { addSettings, readSettings, type SettingsOptions } from './settings.ts';
import { hereOrByDaemon } from './writing.ts';

interface RefundedOptions extends SettingsOptions {
  readonly reference: string;
  readonly note: string;
  readonly by: string;
  readonly json?: true;
}

/** `refunded`: a person records a refund that was made by hand. */
export function define(command: Command): void {
  command
    .argument('<payment>', 'its id (not the id of the order)')
    .requiredOption('--reference <receipt>', 'the receipt of the refund')
    .requiredOption('--note <text>', 'how it was made, for the journal')
    .requiredOption('--by <person>', 'who made it, for the journal')
    .option('--json', 'print the order as JSON');
  addSettings(command, ['dataDir', 'listen', 'locale']).addHelpText(
    'after',
    `
Only for a payment that is due for refund. The same reference again changes nothing. Beside a running daemon the command
goes through it.

Examples:
  reconciled explain ORDER000007
  reconciled refunded ORDER000007-2 --reference R-2026-0001 --note "in the gateway's console" --by kim`,
  );
  command.action(async (paymentId: string, options: RefundedOptions) => {
    const given = await readRefund(options);
    const config = await readSettings(options, 'token');
    const commanded = await hereOrByDaemon(config, {
      here: () =>
        commandHere(config, noPayment(paymentId), (commands) =>
          commands.recordRefund(paymentId, given),
        ),
      byDaemon: async (client) => {
        const path = `/v1/payments/${encodeURIComponent(paymentId)}/refunded`;
        const { body: order } = await client.call('POST', path, given);
        return { same: false, order };
      },
    });
    await tellCommanded(commanded, config, options.json ?? false);
  });
}

function noPayment(id: string) {
  return {
    message: `There is no payment ${id} in this database.`,
    hint: 'It is not the id of the order: `reconciled explain ORDER` names its payments; --config or --data-dir names another database.',
  };
}

async function readRefund(options: RefundedOptions): Promise<RefundCommand> {
  const { z } = await import('zod');
  const { text, words } = await import('../http/forms.ts');
  const rule = z.object({
    reference: text(200, 'R-2026-0001'),
    note: words(500, 'Refunded in the console of the gateway.'),
    by: words(100, 'kim@shop.example'),
  });
  return readFlags(rule, options, { reference: '--reference', note: '--note', by: '--by' });
}
