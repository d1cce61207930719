import type { Command } from 'commander';
import type { ResolveCommand } from '../flows/port.ts';
import { commandHere, readFlags, tellCommanded } from './commanding.ts';
import { addSettings, readSettings, type SettingsOptions } from './settings.ts';
import { oneOf, wholeNumber } from './values.ts';
import { hereOrByDaemon } from './writing.ts';

interface ResolveOptions extends SettingsOptions {
  readonly state: ResolveCommand['state'];
  readonly payment?: string;
  readonly note: string;
  readonly by: string;
  readonly ifVersion?: number;
  readonly json?: true;
}

const STATES = ['pending', 'completed', 'failed'] as const;

/** `resolve`: a person ends a hold. */
export function define(command: Command): void {
  command
    .argument('<order>', 'its id')
    .requiredOption('--state <state>', `what it becomes: ${STATES.join(', ')}`, oneOf(STATES))
    .option('--payment <id>', 'the payment that is accepted (with --state completed)')
    .requiredOption('--note <text>', 'why, for the journal')
    .requiredOption('--by <person>', 'who decides, for the journal')
    .option('--if-version <n>', 'refuse unless the order has this version', wholeNumber(1, 2 ** 48))
    .option('--json', 'print the order as JSON');
  addSettings(command, ['dataDir', 'listen', 'locale']).addHelpText(
    'after',
    `
completed takes the stock; failed makes every payment that was last found captured due for refund; pending lets the
daemon go on asking. Beside a running daemon the command goes through it.

Examples:
  reconciled resolve ORDER000001 --state completed --payment ORDER000001-1 --note "bank confirmed" --by kim
  reconciled resolve ORDER000002 --state failed --note "customer gave up" --by kim
  reconciled resolve ORDER000003 --state pending --note "gateway repaired" --by kim`,
  );
  command.action(async (orderId: string, options: ResolveOptions) => {
    const given = await readResolve(options);
    const config = await readSettings(options, 'token');
    const commanded = await hereOrByDaemon(config, {
      here: () =>
        commandHere(config, noOrder(orderId), (commands) => commands.resolve(orderId, given)),
      byDaemon: async (client) => {
        const { version, ...rest } = given;
        const wanted = version === null ? rest : given;
        const path = `/v1/orders/${encodeURIComponent(orderId)}/resolve`;
        const { body: order } = await client.call('POST', path, wanted);
        return { same: false, order };
      },
    });
    await tellCommanded(commanded, config, options.json ?? false);
  });
}

function noOrder(id: string) {
  return {
    message: `There is no order ${id} in this database.`,
    hint: '`reconciled orders` lists what there is; --config or --data-dir names another database.',
  };
}

async function readResolve(options: ResolveOptions): Promise<ResolveCommand> {
  const { z } = await import('zod');
  const { storedPaymentId, words } = await import('../http/forms.ts');
  const { state, ifVersion: version = null } = options;
  const rule = z
    .object({
      payment: storedPaymentId('ORDER000001-1').optional(),
      note: words(500, 'The bank confirmed it by telephone.'),
      by: words(100, 'kim@shop.example'),
    })
    .refine(({ payment }) => payment === undefined || state === 'completed', {
      path: ['payment'],
      error: 'not wanted here\nOnly --state completed names the payment that is accepted.',
    });
  const read = await readFlags(rule, options, FLAGS);
  return { state, version, paymentId: read.payment ?? null, note: read.note, by: read.by };
}

const FLAGS = { payment: '--payment', note: '--note', by: '--by' };
