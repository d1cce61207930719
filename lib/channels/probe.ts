import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type Clock, systemClock } from '../clock.ts';
import { type FailureCause, failedReceipt, type Receipt } from '../core/delivery.ts';
import { type DurationMs, SECOND_MS } from '../core/time.ts';
import { ForbiddenAddress, isPrivateAddress, literalAddress, lookupPublic } from './addresses.ts';
import { detailText } from './detail.ts';
import type { ChannelSettings, SlackSettings, WebhookSettings } from './port.ts';

/**
 * Whether a channel's receiver can be reached, without sending it anything: a mail server is greeted and signed in to, the address of a
 * webhook or of Slack is connected to. Never rejects; `delivered` stands for reached.
 */
export async function probeChannel(
  settings: ChannelSettings,
  clock: Clock = systemClock,
): Promise<Receipt> {
  if (settings.kind === 'email')
    return (await import('./email.ts')).greetMailServer(settings, clock);
  return reach(settings, clock);
}

/** Nobody waits longer to hear whether somebody is there. */
const LONGEST_MS: DurationMs = 10 * SECOND_MS;

function reach(settings: WebhookSettings | SlackSettings, clock: Clock): Promise<Receipt> {
  const { protocol, hostname, port } = new URL(settings.url);
  const isOpen = settings.kind === 'slack' || settings.allowPrivate;
  const literal = literalAddress(hostname);
  const failed = (cause: FailureCause, detail: string) =>
    failedReceipt(cause, detailText(settings, detail));
  if (!isOpen && literal !== null && isPrivateAddress(literal)) {
    return Promise.resolve(failed('forbidden_address', `${literal} is a private address`));
  }
  const { promise, resolve } = Promise.withResolvers<Receipt>();
  const where = {
    host: literal ?? hostname,
    port: Number(port) || (protocol === 'https:' ? 443 : 80),
    ...(isOpen || literal !== null ? {} : { lookup: lookupPublic }),
  };
  const servername = isIP(where.host) === 0 ? { servername: where.host } : {};
  const line: Socket =
    protocol === 'https:'
      ? connectTls({ ...where, ...servername, rejectUnauthorized: true })
      : connectPlain(where);
  const cancel = clock.after(Math.min(settings.timeoutMs, LONGEST_MS), () =>
    resolve(failed('timeout', 'nobody answered in time')),
  );
  line.once(protocol === 'https:' ? 'secureConnect' : 'connect', () =>
    resolve({ kind: 'delivered', detail: 'connected' }),
  );
  line.once('error', (error) =>
    resolve(
      failed(error instanceof ForbiddenAddress ? 'forbidden_address' : 'connection', error.message),
    ),
  );
  return promise.finally(() => {
    cancel();
    line.destroy();
  });
}
