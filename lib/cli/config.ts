import type { Command } from 'commander';
import { addSettings, readSettings, type SettingsOptions } from './settings.ts';
import { print, say } from './words.ts';

/** `config check` and `config show`. */
export function define(command: Command): void {
  defineCheck(command.command('check'));
  defineShow(command.command('show'));
  command.addHelpText(
    'after',
    `
Examples:
  reconciled config check --config /etc/reconciled/reconciled.toml
  reconciled config show --json`,
  );
}

function defineCheck(command: Command): void {
  command.description('say everything that is wrong with the configuration, or that nothing is');
  command.option('--json', 'print the result as JSON');
  addSettings(command).addHelpText(
    'after',
    `
Ends with 0 when all is right, with 78 when not.

Examples:
  reconciled config check
  reconciled config check --config /etc/reconciled/reconciled.toml`,
  );
  command.action(async (options: SettingsOptions & { json?: true }) => {
    const config = await readSettings(options);
    const source = config.file ?? 'defaults, flags and variables (no file was read)';
    if (options.json) return print(JSON.stringify({ ok: true, file: config.file }));
    const names = (list: readonly { readonly settings: { readonly name: string } }[]) =>
      list.map(({ settings }) => settings.name).join(', ') || 'none';
    print(
      `ok: ${source}; gateways: ${names(config.gateways)}; channels: ${names(config.channels)}`,
    );
    if (config.gateways.length === 0) {
      say('No gateway is configured yet: `reconciled serve` will ask for one.');
    }
  });
}

function defineShow(command: Command): void {
  command.description('print every setting as it holds, defaults included, secrets as "(set)"');
  command.option('--json', 'print JSON instead of TOML');
  addSettings(command).addHelpText(
    'after',
    `
Examples:
  reconciled config show
  RECONCILED_LOCALE=en reconciled config show --json`,
  );
  command.action(async (options: SettingsOptions & { json?: true }) => {
    const config = await readSettings(options);
    const { configTable } = await import('../config/show.ts');
    if (options.json) return print(JSON.stringify(configTable(config), null, 2));
    const { stringify } = await import('smol-toml');
    print(`# from ${config.file ?? 'defaults, flags and variables; no file was read'}`);
    print(stringify(configTable(config)).trimEnd());
  });
}
