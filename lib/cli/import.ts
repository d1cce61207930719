import { createReadStream, fstat } from 'node:fs';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Command } from 'commander';
import type { Config } from '../config.ts';
import { messageOf, ReconciledError } from '../errors.ts';
import { textsOf } from '../texts.ts';
import { EXIT } from './exit.ts';
import type { Outcome, Storing } from './importing.ts';
import { addSettings, readSettings, type SettingsOptions } from './settings.ts';
import { print } from './words.ts';
import { hereOrByDaemon } from './writing.ts';

interface ImportOptions extends SettingsOptions {
  readonly products?: true;
  readonly json?: true;
}

/** Requests that the daemon gets at one moment: enough to fill its commits, too few to push callbacks aside. */
const CONNECTIONS = 16;

/** `import`: orders or products from a file, one JSON object a line. */
export function define(command: Command): void {
  command
    .argument('<file>', 'one JSON object a line; - for standard input')
    .option('--products', 'the lines are products, not orders')
    .option('--json', 'print the counts, and each bad line, as JSON');
  addSettings(command, ['dataDir', 'listen', 'locale']).addHelpText(
    'after',
    `
A line is an order as POST /v1/orders takes it, or with --products {"id", "name", "onHand", "lowStockAt"}. What is there
already with the same content stays as it is, so orders can be imported again; an order with other content is a bad line.
A product is set to what its line says: the onHand of an old file would bring back what was sold since. Bad lines are told
with their numbers, all others are stored; ends with 1 if any line was bad. Beside a running daemon all goes through it.

Examples:
  reconciled import --products products.ndjson
  reconciled import orders.ndjson
  mysql -Nr -e "SELECT JSON_OBJECT(…) FROM orders WHERE status = 'PENDING'" shop | reconciled import -

A line:
  {"id":"ORDER000001","memberId":"member-7","currency":"KRW","amount":5000,"items":[{"productId":"tea","quantity":1,"unitPrice":5000}],"payments":[{"method":"CARD","amount":5000,"transactionKey":"20250816:TR:9577c5"}],"createdAt":"2026-08-16T00:00:00Z"}`,
  );
  command.action(async (file: string, options: ImportOptions) => {
    const config = await readSettings(options, 'token');
    const source = await openSource(file);
    const { storeHere, storeByDaemon } = await import('./importing.ts');
    const what = options.products ? 'products' : 'orders';
    await hereOrByDaemon(config, {
      here: () =>
        storeHere(config, what, (storing) => importLines(source, storing, config, options)),
      byDaemon: (client) =>
        importLines(source, storeByDaemon(client, what, CONNECTIONS), config, options),
      connections: CONNECTIONS,
    });
  });
}

interface Source {
  readonly stream: () => AsyncIterable<Uint8Array>;
  /** In bytes; `null`: nobody knows. */
  readonly size: number | null;
}

async function openSource(file: string): Promise<Source> {
  const isInput = file === '-';
  const name = isInput ? 'Standard input' : file;
  const found = await (isInput ? promisify(fstat)(process.stdin.fd) : stat(file)).catch(() => null);
  if (found === null || found.isDirectory()) {
    throw new ReconciledError('usage', `${name} is no file that can be read.`, {
      hint: 'Name a file with one JSON object a line, or - for standard input.',
    });
  }
  if (isInput) return { stream: () => readable(process.stdin, name), size: null };
  // A pipe has no size that means anything.
  return {
    stream: () => readable(createReadStream(file), file),
    size: found.isFile() ? found.size : null,
  };
}

/** What the system says when it cannot be read (its rights, a bad disk) is no bug of ours. */
async function* readable(
  stream: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<Uint8Array> {
  try {
    yield* stream;
  } catch (cause) {
    const said = messageOf(cause);
    throw new ReconciledError('usage', `${name} cannot be read (${said}).`, {
      hint: 'Look at what it is and who may read it, then import it again: what is stored already stays as it is.',
      cause,
    });
  }
}

async function importLines(
  source: Source,
  storing: Storing,
  config: Config,
  { json }: ImportOptions,
): Promise<void> {
  const { batchesOf } = await import('./importing.ts');
  const { startProgress } = await import('./progress.ts');
  const texts = textsOf(config.locale).imported;
  const progress = await startProgress(texts.progress, source.size);
  const counts = { created: 0, updated: 0, same: 0, bad: 0 };
  let read = 0;
  const tell = (line: number, outcome: Outcome) => {
    counts[outcome.kind] += 1;
    if (outcome.kind !== 'bad') return;
    const { problem } = outcome;
    progress.say(json ? JSON.stringify({ line, problem }) : texts.badLine(line, problem));
  };
  try {
    for await (const { lines, end } of batchesOf(source.stream())) {
      const outcomes = await storing(lines.map(({ reading }) => reading));
      lines.forEach(({ number }, index) => {
        tell(number, outcomes[index] ?? { kind: 'bad', problem: 'no outcome' });
      });
      read += lines.length;
      progress.at(source.size === null ? read : end);
    }
  } finally {
    progress.stop();
  }
  if (counts.bad > 0) process.exitCode = EXIT.trouble;
  if (json) return print(JSON.stringify({ read, ...counts }));
  const told = (['created', 'updated', 'same'] as const)
    .filter((kind) => counts[kind] > 0)
    .map((kind) => `${texts.outcomes[kind]}: ${counts[kind]}`);
  print([texts.lines(read, counts.bad), ...told].join(' '));
}
