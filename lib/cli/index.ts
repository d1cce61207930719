import type { Command } from 'commander';
import { describeVersion } from '../version.ts';
import { EXIT } from './exit.ts';

/** A file of this folder that is a command: it adds its options, its examples and what it does. */
interface CommandModule {
  define(command: Command): void;
  /** Begins, before anything else is loaded, what takes long and needs nothing that was typed behind the command. */
  begin?(): void;
}

/** Every command, in the order of the help. Only the one that was typed is loaded: a start must be quick. */
const COMMANDS: Readonly<
  Record<string, { readonly summary: string; readonly load: () => Promise<CommandModule> }>
> = {
  serve: { summary: 'run the daemon', load: () => import('./serve.ts') },
  demo: {
    summary: 'watch a hundred stuck orders being settled, on this machine alone',
    load: () => import('./demo.ts'),
  },
  sweep: { summary: 'look at every order that is due, now', load: () => import('./sweep.ts') },
  import: {
    summary: 'store orders (or products) from a file, one JSON object a line',
    load: () => import('./import.ts'),
  },
  orders: { summary: 'list orders', load: () => import('./orders.ts') },
  explain: { summary: 'tell why an order is as it is', load: () => import('./explain.ts') },
  resolve: { summary: 'end a hold, as a person', load: () => import('./resolve.ts') },
  refunded: {
    summary: 'record a refund that was made by hand',
    load: () => import('./refunded.ts'),
  },
  notices: {
    summary: 'list what people and systems were told, send it again, try a channel',
    load: () => import('./notices.ts'),
  },
  report: {
    summary: 'count the orders of a day, and see that the totals tie out',
    load: () => import('./report.ts'),
  },
  replay: {
    summary: 'make every decision of the journal again and compare',
    load: () => import('./replay.ts'),
  },
  health: {
    summary: 'ask the running daemon whether it does its work',
    load: () => import('./health.ts'),
  },
  backup: {
    summary: 'copy the database into one file, beside a running daemon',
    load: () => import('./backup.ts'),
  },
  restore: { summary: 'put a backup where a daemon finds it', load: () => import('./restore.ts') },
  check: {
    summary: 'look for damage and broken rules in the database',
    load: () => import('./check.ts'),
  },
  doctor: {
    summary: 'look at everything that a daemon needs, and say what to do',
    load: () => import('./doctor.ts'),
  },
  prune: { summary: 'remove orders that are long done', load: () => import('./prune.ts') },
  config: { summary: 'check or show the configuration', load: () => import('./config.ts') },
  'simulate-gateway': {
    summary: 'run a payment gateway on a bad day, for trying things out',
    load: () => import('./simulate-gateway.ts'),
  },
};

/** Runs the command line and gives the exit code. Never rejects: trouble is told on standard error. */
export async function run(argv: readonly string[]): Promise<number> {
  mindOutput(argv.includes('--json'));
  try {
    const program = await buildProgram(argv);
    if (argv.length === 0) {
      program.outputHelp({ error: true });
      return EXIT.usage;
    }
    await program.parseAsync(argv, { from: 'user' });
    return Number(process.exitCode ?? EXIT.ok);
  } catch (error) {
    const { tellTrouble } = await import('./trouble.ts');
    return tellTrouble(error, argv.includes('--json'));
  }
}

/** The program with all commands by name, and the one that was typed in full. */
async function buildProgram(argv: readonly string[]): Promise<Command> {
  const words = argv.filter((word) => !word.startsWith('-'));
  const typed = words[0] === 'help' ? words[1] : words[0];
  const module = await Object.entries(COMMANDS)
    .find(([name]) => name === typed)?.[1]
    .load();
  if (!argv.some((word) => HELP.includes(word))) module?.begin?.();
  const { Command } = await import('commander');
  const program = new Command('reconciled')
    .description(
      'Leaves no payment in doubt: asks the gateway about every stale order and settles it.',
    )
    .version(describeVersion())
    .addHelpText('after', '\nStart with:  reconciled demo\nThen:        reconciled serve --help')
    // What stands behind a command belongs to it, also where a command has commands of its own.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ outputError: () => undefined });
  for (const [name, { summary }] of Object.entries(COMMANDS)) {
    const command = program.command(name).description(summary);
    if (name === typed) module?.define(command);
  }
  return program;
}

/** Whoever types one of these wants to read. */
const HELP = ['help', '-h', '--help'];

/** A reader that has enough (`reconciled orders | head`) is no trouble. Data that cannot be written is, words that cannot are not. */
function mindOutput(asJson: boolean): void {
  process.stdout.on('error', async (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? EXIT.ok);
    process.exitCode = EXIT.trouble;
    const { outputTrouble, tellTrouble } = await import('./trouble.ts');
    process.exit(tellTrouble(outputTrouble(error), asJson));
  });
  process.stderr.on('error', () => undefined);
}
