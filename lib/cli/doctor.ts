import type { Command } from 'commander';
import { ReconciledError } from '../errors.ts';
import { textsOf } from '../texts.ts';
import type { Finding } from './doctor/examine.ts';
import { EXIT } from './exit.ts';
import { addSettings, readSettings, type SettingsOptions } from './settings.ts';
import { print } from './words.ts';

/** `doctor`: looks at everything that a daemon needs. */
export function define(command: Command): void {
  command.option('--json', 'print what was found as JSON');
  addSettings(command, ['dataDir', 'listen', 'locale']).addHelpText(
    'after',
    `
Looks at the configuration, the data directory, the disk, the database, the daemon, the clock, every gateway (it is asked about a
transaction that cannot exist) and every channel (it is connected to; nothing is sent), and says what to do. Changes nothing.
Ends with 1 when the daemon cannot do its work like this, with 0 otherwise. Run it as the user of the daemon, with its environment.

Examples:
  reconciled doctor
  reconciled doctor --config /etc/reconciled/reconciled.toml --json`,
  );
  command.action(async (options: SettingsOptions & { json?: true }) => {
    const { locale, findings } = await examined(options);
    const left = findings.filter(({ verdict }) => verdict !== 'ok').length;
    const isWell = findings.every(({ verdict }) => verdict !== 'trouble');
    if (!isWell) process.exitCode = EXIT.trouble;
    if (options.json) return print(JSON.stringify({ ok: isWell, findings }, null, 2));
    const texts = textsOf(locale).doctor;
    for (const { what, verdict, found, todo } of findings) {
      print(`${texts.verdicts[verdict]}  ${what}: ${found}`);
      if (todo !== null) print(`    → ${todo}`);
    }
    print(`\n${left === 0 ? texts.allWell : texts.todo(left)}`);
  });
}

/** A configuration that is off is a finding too: nothing else can be looked at then. */
async function examined(
  options: SettingsOptions,
): Promise<{ readonly locale: 'ko' | 'en'; readonly findings: readonly Finding[] }> {
  try {
    const config = await readSettings(options);
    const { examine } = await import('./doctor/examine.ts');
    return { locale: config.locale, findings: await examine(config) };
  } catch (error) {
    if (!(error instanceof ReconciledError) || error.code !== 'configuration') throw error;
    const { message, hint } = error;
    const finding: Finding = {
      what: 'configuration',
      verdict: 'trouble',
      found: message,
      todo: hint,
    };
    return { locale: 'en', findings: [finding] };
  }
}
