import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Clock } from '../clock.ts';
import { type DurationMs, SECOND_MS } from '../core/time.ts';
import type { Daemon } from '../daemon.ts';
import { messageOf } from '../errors.ts';

/** What tells a service manager how the daemon is. */
interface Supervision {
  /** Says that it stops, and feeds the watchdog no more. */
  stopping(): void;
}

/** What supervision is given. */
interface Supervised {
  readonly daemon: Pick<Daemon, 'readiness'>;
  /** `NOTIFY_SOCKET` and `WATCHDOG_USEC` as systemd sets them for a service of `Type=notify`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Hears once when the service manager cannot be told. */
  readonly say: (line: string) => void;
}

/** So often within the time of the watchdog: two in a row may be missed. systemd itself recommends twice or more. */
const FEEDS = 3;

/** Without a watchdog the status line of `systemctl status` is renewed this often. */
const STATUS_EVERY_MS: DurationMs = 30 * SECOND_MS;

/** A service manager that takes longer is not waited for. */
const TOLD_WITHIN_MS: DurationMs = 5 * SECOND_MS;

/**
 * Tells systemd that the daemon is ready, how it is, and that it lives: the watchdog is fed only while the checks of
 * `/readyz` hold. Does nothing unless the environment names `NOTIFY_SOCKET`. It speaks through the program
 * `systemd-notify`, which is wherever systemd is, because Node has no datagram sockets of that kind; the unit needs
 * `NotifyAccess=all` for it.
 */
export function startSupervision({ daemon, env, clock, say }: Supervised): Supervision {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: watchdogUs } = env;
  if (socket === undefined || socket === '') return { stopping: () => undefined };
  const tell = teller(env, say);
  const watchdogMs = Math.floor(Number(watchdogUs ?? 0) / 1_000);
  const pauseMs = watchdogMs > 0 ? Math.ceil(watchdogMs / FEEDS) : STATUS_EVERY_MS;
  let isOver = false;
  let isTold = false;
  let cancel = () => {};
  const round = async () => {
    const { ready, checks } = await daemon.readiness();
    if (isOver) return;
    const failing = checks.filter(({ ok }) => !ok).map(({ text }) => text);
    const status = `STATUS=${ready ? 'Every check holds.' : failing.join(' ')}`;
    const fed = ready && watchdogMs > 0 ? ['WATCHDOG=1'] : [];
    // Until it has been told once: systemd ends a service that never said so.
    const started = isTold ? [] : ['READY=1'];
    isTold = (await tell([...started, ...fed, status])) || isTold;
    if (!isOver) cancel = clock.after(pauseMs, () => void round());
  };
  // What it is not ready for yet (a first sweep of many orders) keeps no other service waiting: it listens.
  void tell(['READY=1']).then((told) => {
    isTold = told;
    return round();
  });
  return {
    stopping: () => {
      isOver = true;
      cancel();
      void tell(['STOPPING=1', 'STATUS=Commits what was decided and gives the rest back.']);
    },
  };
}

/**
 * Runs `systemd-notify`; resolves when it ended, however: false when systemd was not told. The first failure is said. Of the environment
 * it gets no secret.
 */
function teller({ PATH, NOTIFY_SOCKET }: Supervised['env'], say: Supervised['say']) {
  const run = promisify(execFile);
  const options = { env: { PATH, NOTIFY_SOCKET }, timeout: TOLD_WITHIN_MS };
  let isSaid = false;
  return async (assignments: readonly string[]): Promise<boolean> => {
    try {
      // Throws at once where the system has no memory for another process.
      await run('systemd-notify', [...assignments], options);
      return true;
    } catch (error) {
      if (isSaid) return false;
      isSaid = true;
      say(`systemd cannot be told how the daemon is: ${messageOf(error).trim()}`);
      say('hint: Install systemd-notify, or use Type=exec without WatchdogSec in the unit.');
      return false;
    }
  };
}
