import { type Command, InvalidArgumentError } from 'commander';
import { asTable } from '../../config/file.ts';
import type { Config } from '../../config.ts';
import { ReconciledError } from '../../errors.ts';
import type { RetryOutcome } from '../../store/outbox-port.ts';
import { textsOf } from '../../texts.ts';
import type { Client } from '../client.ts';
import { EXIT } from '../exit.ts';
import { withStore } from '../opening.ts';
import { addSettings, readSettings, type SettingsOptions } from '../settings.ts';
import { wholeNumber } from '../values.ts';
import { printLines, say } from '../words.ts';
import { hereOrByDaemon } from '../writing.ts';

/** `notices retry`: what was given up is sent again. */
export function defineRetry(command: Command): void {
  command
    .description('send again what was given up')
    .argument('<id...>', 'ids that `reconciled notices --dead` lists', readIds)
    .option('--json', 'print one JSON object a line: id, and outcome (due, not_found, …)');
  addSettings(command, ['dataDir', 'listen', 'locale']).addHelpText(
    'after',
    `
Each is due at once, with all its time before it, and keeps its key: a receiver that has it already can tell. Says for each
what became of it, and ends with 1 when one is not sent again. Beside a running daemon the command goes through it.

Examples:
  reconciled notices retry 17
  reconciled notices retry 17 18 --json
  reconciled notices --dead --json | jq .id | xargs -r reconciled notices retry`,
  );
  command.action(async (ids: readonly number[], options: SettingsOptions & { json?: true }) => {
    const config = await readSettings(options, 'token');
    const texts = textsOf(config.locale).deliveries;
    const outcomes = await hereOrByDaemon(config, {
      here: async () => {
        const settled = await retryHere(config, ids);
        if (settled.includes('due')) say(texts.later);
        return settled;
      },
      byDaemon: (client) => retryThere(client, ids),
    });
    const told = ids.map((id, index) => ({ id, outcome: outcomes[index] ?? 'not_found' }));
    await printLines(
      told.map(({ id, outcome }) =>
        options.json ? JSON.stringify({ id, outcome }) : texts.retried[outcome](id),
      ),
    );
    if (told.some(({ outcome }) => outcome !== 'due')) process.exitCode = EXIT.trouble;
  });
}

/** Reads one id more; one that is named twice is retried once. */
function readIds(written: string, before: readonly number[] | undefined): readonly number[] {
  const id = wholeNumber(1, MAX_ID)(written);
  const ids = [...new Set([...(before ?? []), id])];
  if (ids.length <= MAX_IDS) return ids;
  throw new InvalidArgumentError(`Write at most ${MAX_IDS} ids at once.`);
}

/** The largest number that is written with 15 digits. */
const MAX_ID = 999_999_999_999_999;

/** All of them are one commit, and no commit should take long. */
const MAX_IDS = 10_000;

async function retryHere(config: Config, ids: readonly number[]): Promise<readonly RetryOutcome[]> {
  const { systemClock } = await import('../../clock.ts');
  return withStore(config, 'change', ({ outbox }) => outbox.retry(ids, systemClock.now()));
}

async function retryThere(client: Client, ids: readonly number[]): Promise<RetryOutcome[]> {
  const outcomes: RetryOutcome[] = [];
  for (const id of ids) outcomes.push(await retryOne(client, id));
  return outcomes;
}

async function retryOne(client: Client, id: number): Promise<RetryOutcome> {
  try {
    await client.call('POST', `/v1/deliveries/${id}/retry`);
    return 'due';
  } catch (error) {
    if (!(error instanceof ReconciledError)) throw error;
    if (error.code === 'not_found') return 'not_found';
    if (error.code !== 'conflict') throw error;
  }
  const { body } = await client.call('GET', `/v1/deliveries/${id}`);
  return asTable(body).state === 'dead' ? 'no_channel' : 'not_dead';
}
