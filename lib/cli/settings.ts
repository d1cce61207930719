import type { Command } from 'commander';
import { SIMPLE_SETTINGS, type SimpleSetting } from '../config/simple.ts';
import type { Config, Sources } from '../config.ts';

/** What commander makes of the options that `addSettings` adds. */
export interface SettingsOptions extends Partial<Record<SimpleSetting, string>> {
  readonly config?: string;
}

const TEXTS: Readonly<Record<SimpleSetting, string>> = {
  dataDir: 'where the database lives',
  listen: 'where the daemon listens',
  timezone: 'the time zone of days and times',
  locale: 'the language of what people read',
  logLevel: 'the least important lines of the log',
};

/** Adds `--config` and those flags that stand for a setting; without `names` all of them. */
export function addSettings(
  command: Command,
  names: readonly SimpleSetting[] = SIMPLE_SETTINGS.map(({ name }) => name),
): Command {
  command.optionsGroup('Configuration:');
  command.option(
    '--config <file>',
    'the configuration file (default: reconciled.toml, where there is one)',
  );
  for (const { name, flag, value, variable } of SIMPLE_SETTINGS) {
    if (names.includes(name))
      command.option(`${flag} <${value}>`, `${TEXTS[name]} (or ${variable})`);
  }
  return command;
}

/**
 * Reads the configuration that a command was given.
 * @throws ReconciledError `configuration`.
 */
export async function readSettings(
  options: SettingsOptions,
  secrets: NonNullable<Sources['secrets']> = 'require',
): Promise<Config> {
  const { environment, loadConfig } = await import('../config.ts');
  return loadConfig({ file: options.config, env: environment(), flags: options, secrets });
}
