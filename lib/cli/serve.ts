import type { Command } from 'commander';
import { systemClock } from '../clock.ts';
import type { Config } from '../config.ts';
import type { Daemon } from '../daemon.ts';
import type { Event, Tell } from '../observe/events.ts';
import { type WarmThreads, warmThreads } from '../pools/asking-threads.ts';
import { EXIT } from './exit.ts';
import { awaitInterruption } from './interruption.ts';
import { whenThereIsRoom } from './room.ts';
import { addSettings, readSettings, type SettingsOptions } from './settings.ts';
import { say, sayUpgrade } from './words.ts';

let warm: WarmThreads | null = null;

/** The threads take longest of all that a start needs, and have a core of their own: they load while everything else does. */
export function begin(): void {
  warm = warmThreads();
}

/** `serve`: the daemon, until somebody ends it. */
export function define(command: Command): void {
  addSettings(command).addHelpText(
    'after',
    `
Asks about what is due at once, then whenever the schedule says so. Says where it listens, and writes its log as JSON,
a line each, both to standard error. SIGTERM or Ctrl-C ends it within seconds and with 0: what was decided is committed,
the rest is due again after the next start. A second signal ends it at once.

Examples:
  reconciled serve
  reconciled serve --config /etc/reconciled/reconciled.toml
  reconciled serve --listen 127.0.0.1:9000 --data-dir /var/lib/reconciled --log-level debug`,
  );
  command.action(serve);
}

async function serve(options: SettingsOptions): Promise<void> {
  const interruption = awaitInterruption();
  const daemon = await start(options, interruption.first).finally(() => warm?.drop());
  if (daemon === null) process.exit(EXIT.ok);
  const { environment, formatAddress } = await import('../config.ts');
  const { address, callbackAddress } = daemon;
  const apart =
    callbackAddress === null
      ? ''
      : `, and on http://${formatAddress(callbackAddress)} for callbacks`;
  say(`reconciled listens on http://${formatAddress(address)}${apart}`);
  const { startSupervision } = await import('../daemon/supervision.ts');
  const supervision = startSupervision({ daemon, env: environment(), clock: systemClock, say });
  const signal = await interruption.first;
  supervision.stopping();
  await daemon.stop(signal);
  // Whatever still hangs (a gateway, a client) has had its time.
  process.exit(EXIT.ok);
}

/**
 * The log is not among what the first questions wait for: what is told before it is loaded is kept for it. `null`: a signal ended the
 * wait for room on the disk.
 */
async function start(
  options: SettingsOptions,
  interrupted: Promise<unknown>,
): Promise<Daemon | null> {
  const config = await readSettings(options);
  const { startDaemon } = await import('../daemon.ts');
  const log = lateLog(config.logLevel);
  endOnBug(log.bug);
  const tell: Tell = (event) => {
    // The log is loaded later, and this is about what comes before.
    sayUpgrade(event);
    log.tell(event);
  };
  try {
    const asked = log.load;
    const daemonOptions = { tell, asked, ...(warm === null ? {} : { warm }) };
    return await whenThereIsRoom(() => startDaemon(config, daemonOptions), {
      clock: systemClock,
      tell: ({ message, hint }) => {
        say(`error: ${message}\nhint: ${hint}`);
        void log.load();
      },
      interrupted,
    });
  } finally {
    await log.load();
  }
}

/** The log before it is loaded: keeps events until then, and writes a bug down plainly. */
function lateLog(level: Config['logLevel']) {
  const kept: Event[] = [];
  let isLoaded = false;
  let tell: Tell = (event) => kept.push(event);
  let bug = (error: Error) => {
    for (const event of kept) say(JSON.stringify(event));
    say(String(error.stack ?? error));
  };
  return {
    tell: (event: Event) => tell(event),
    bug: (error: Error) => bug(error),
    load: async () => {
      if (isLoaded) return;
      isLoaded = true;
      const { createLogger, logTeller } = await import('../observe/log.ts');
      const logger = createLogger(level);
      bug = (error) => logger.fatal({ error: String(error.stack ?? error) }, 'daemon.crashed');
      tell = logTeller(logger);
      for (const event of kept.splice(0)) tell(event);
    },
  };
}

/** A bug leaves a state that nobody has thought of. Nothing is lost by starting afresh: what is due is in the database. */
function endOnBug(log: (error: Error) => void): void {
  process.on('uncaughtException', (error) => {
    log(error);
    process.exit(EXIT.bug);
  });
}
