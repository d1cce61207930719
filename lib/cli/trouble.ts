import { CommanderError } from 'commander';
import { type ErrorCode, ReconciledError } from '../errors.ts';
import { EXIT } from './exit.ts';

/** Tells the trouble on standard error, as two lines or as JSON, and gives the exit code for it. */
export function tellTrouble(error: unknown, asJson: boolean): number {
  if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
  // A command that needs another word: its help was shown on standard error already.
  if (error instanceof CommanderError && error.code === 'commander.help') return EXIT.usage;
  const { code, message, hint } = readTrouble(error);
  const told = asJson
    ? JSON.stringify({ error: { code, message, hint } })
    : `error: ${message}\nhint: ${hint}`;
  process.stderr.write(`${told}\n`);
  return exitCode(code);
}

/** Standard output takes nothing more. */
export function outputTrouble(cause: Error): ReconciledError {
  return new ReconciledError(
    'output_failed',
    `Standard output cannot be written (${cause.message}).`,
    {
      hint: 'Look at where it is sent to, and at the room there. What the command did is done.',
      cause,
    },
  );
}

/** The shop chooses its ids, and may begin them like options. */
const ID_HINT = ' An id that begins with - stands at the end, behind a --.';

interface Trouble {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

function readTrouble(error: unknown): Trouble {
  if (error instanceof ReconciledError) return error;
  if (error instanceof CommanderError) {
    return {
      code: 'usage',
      message: error.message.replace(/^error: /, '').replace('\n', ' '),
      hint: `\`reconciled --help\` lists the commands, \`reconciled COMMAND --help\` tells what each takes.${/option '-(?!-)/.test(error.message) ? ID_HINT : ''}`,
    };
  }
  return {
    code: 'internal',
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    hint: 'This is a bug in reconciled. Nothing was left half written; please report it with the lines above.',
  };
}

function exitCode(code: ErrorCode): number {
  if (code === 'usage') return EXIT.usage;
  if (code === 'configuration') return EXIT.configuration;
  return code === 'internal' ? EXIT.bug : EXIT.trouble;
}
