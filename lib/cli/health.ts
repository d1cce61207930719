import type { Command } from 'commander';
import { asTable } from '../config/file.ts';
import { type DurationMs, SECOND_MS } from '../core/time.ts';
import { ReconciledError } from '../errors.ts';
import { originOf } from './client.ts';
import { EXIT } from './exit.ts';
import { addSettings, readSettings, type SettingsOptions } from './settings.ts';
import { print } from './words.ts';

/** A daemon that takes longer to say how it is is not well. Container tools wait five seconds for a check. */
const PATIENCE_MS: DurationMs = 3 * SECOND_MS;

/** `health`: what `/readyz` says, for tools that watch by running a command. */
export function define(command: Command): void {
  command.option('--json', 'print what the daemon answered as JSON, as GET /readyz has it');
  addSettings(command).addHelpText(
    'after',
    `
Asks GET /readyz at the configured address, and ends with 0 when the daemon does its work, with 1 when it does not or does
not answer within ${PATIENCE_MS / SECOND_MS} seconds. It needs no token. The HEALTHCHECK of the container image is this command.

Examples:
  reconciled health
  reconciled health --listen 127.0.0.1:9000 --json`,
  );
  command.action(async (options: SettingsOptions & { json?: true }) => {
    const origin = originOf(await readSettings(options, 'ignore'));
    const { ready, body } = await askReadiness(origin);
    if (options.json) print(JSON.stringify(body, null, 2));
    else for (const line of linesOf(body)) print(line);
    if (!ready) process.exitCode = EXIT.trouble;
  });
}

async function askReadiness(origin: string): Promise<{ ready: boolean; body: unknown }> {
  try {
    const reply = await fetch(`${origin}/readyz`, { signal: AbortSignal.timeout(PATIENCE_MS) });
    const body: unknown = await reply.json();
    const { status } = asTable(body);
    if (status === 'ready' || status === 'not_ready') return { ready: reply.ok, body };
    throw new TypeError(`${reply.status} from something else`);
  } catch (cause) {
    const isSilent = cause instanceof Error && cause.name === 'TimeoutError';
    if (isSilent) throw silent(origin, cause);
    throw new ReconciledError('daemon_unreachable', `No daemon answers at ${origin}/readyz.`, {
      hint: 'Start it with `reconciled serve`, or give this command the same --config (or --listen).',
      cause,
    });
  }
}

/** Somebody is there: a second daemon would be refused. */
function silent(origin: string, cause: Error): ReconciledError {
  return new ReconciledError(
    'daemon_unreachable',
    `No daemon answers at ${origin}/readyz within ${PATIENCE_MS / SECOND_MS} seconds.`,
    {
      hint: 'It hangs, or has far too much to do: end it and start it again. Or give this command the same --config (or --listen).',
      cause,
    },
  );
}

/** A line for each check: whether it holds, and what it says. */
function linesOf(body: unknown): readonly string[] {
  const { checks } = asTable(body);
  if (!Array.isArray(checks)) return [];
  return checks
    .map(asTable)
    .map(({ name, ok, text }) => `${ok === true ? 'ok ' : 'NOT'}  ${name}: ${text}`);
}
