import type { z } from 'zod';
import type { Config } from '../config.ts';
import { ReconciledError } from '../errors.ts';
import type { CommandOutcome, Commands } from '../flows/port.ts';
import type { OrderView } from '../store/port.ts';
import { textsOf } from '../texts.ts';
import { withStore } from './opening.ts';
import { print } from './words.ts';

/**
 * A person's commands in this process, on a store that is closed afterwards.
 * @throws ReconciledError `store_busy` when a daemon runs, `not_found` without a database, `conflict` when it is refused.
 */
export async function commandHere(
  config: Config,
  missing: Missing,
  command: (commands: Commands) => Promise<CommandOutcome>,
): Promise<Commanded> {
  const { systemClock } = await import('../clock.ts');
  const { createCommands } = await import('../flows/commands.ts');
  const { orderBody } = await import('../http/order-view.ts');
  const { policyOf } = await import('../flows/policy.ts');
  const policy = policyOf(config, []);
  return withStore(config, 'change', async ({ docket }) => {
    const outcome = await command(
      createCommands({
        docket,
        clock: systemClock,
        tell: () => undefined,
        policy: () => policy,
      }),
    );
    const { same, view } = settled(outcome, missing);
    return { same, order: orderBody(view) };
  });
}

/** What a command made of its order, as GET /v1/orders/{id} has it. `same`: it was so before. */
interface Commanded {
  readonly same: boolean;
  readonly order: unknown;
}

/** Tells the outcome: the order as JSON, or a sentence. */
export async function tellCommanded(
  { same, order }: Commanded,
  config: Config,
  asJson: boolean,
): Promise<void> {
  if (asJson) return print(JSON.stringify(order, null, 2));
  const { orderSchema } = await import('../http/order-view.ts');
  const { id, state } = orderSchema.parse(order);
  const { commands, orderStates } = textsOf(config.locale);
  print((same ? commands.same : commands.done)(id, orderStates[state]));
}

/**
 * Reads options by the rules of the HTTP interface; `flags` gives each field its flag.
 * @throws ReconciledError `usage` that names every flag that is off.
 */
export async function readFlags<Rule extends z.ZodType>(
  rule: Rule,
  values: unknown,
  flags: Readonly<Record<string, string>>,
): Promise<z.output<Rule>> {
  const { fieldErrors } = await import('../http/problem.ts');
  const read = rule.safeParse(values);
  if (read.success) return read.data;
  const errors = fieldErrors(read.error);
  const named = errors.map(({ field, message }) => `${flags[field] ?? field}: ${message}`);
  throw new ReconciledError('usage', named.join('; '), {
    hint: errors.map(({ hint }) => hint ?? '').join(' '),
  });
}

/** What is said of an id that the database does not have. */
interface Missing {
  readonly message: string;
  readonly hint: string;
}

function settled(
  outcome: CommandOutcome,
  missing: Missing,
): { readonly same: boolean; readonly view: OrderView } {
  switch (outcome.kind) {
    case 'done':
      return { same: false, view: outcome.view };
    case 'same':
      return { same: true, view: outcome.view };
    case 'not_found':
      throw new ReconciledError('not_found', missing.message, { hint: missing.hint });
    case 'conflict':
      throw new ReconciledError('conflict', `Refused: ${outcome.problem}.`, {
        hint: '`reconciled explain ORDER` tells how the order stands.',
      });
  }
}
