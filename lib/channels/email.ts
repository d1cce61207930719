import { createHash } from 'node:crypto';
import { domainToASCII } from 'node:url';
import { createTransport } from 'nodemailer';
import { type Clock, systemClock } from '../clock.ts';
import { type FailureCause, failedReceipt, type Receipt } from '../core/delivery.ts';
import { SECOND_MS } from '../core/time.ts';
import { detailText } from './detail.ts';
import { letterOf } from './letter.ts';
import type { Channel, EmailSettings, Message, Style } from './port.ts';
import { wordingOf } from './wording.ts';

/**
 * A mail server that takes our messages, over connections that are kept while they are used. A second send of a message has the
 * same Message-ID, by which mailboxes tell a repeat. Only what the server says for ever of this message is permanent: a password that
 * is refused waits for a person.
 */
export function openEmail(
  settings: EmailSettings,
  style: Style,
  clock: Clock = systemClock,
): Channel {
  const transport = createTransport(poolOptions(settings));
  let closed = false;
  return {
    async send(message) {
      if (closed) return failedReceipt('stopping', 'the channel is closed');
      const giveUp = new AbortController();
      // The library's own time-outs are for one step each; a server may be slow at all of them.
      const cancelDeadline = clock.after(settings.timeoutMs, () => giveUp.abort());
      try {
        const sent = await transport.sendMail({
          ...mailOf(message, settings, style),
          signal: giveUp.signal,
        });
        const detail = detailText(settings, takenWords(sent));
        // Who was put off is told with the next attempt; the others know it for a repeat by its Message-ID.
        if (sent.rejectedErrors?.some(isForNow)) return failedReceipt('rejected', detail);
        return { kind: 'delivered', detail };
      } catch (error) {
        if (closed) return failedReceipt('stopping', 'the channel was closed meanwhile');
        return giveUp.signal.aborted
          ? failedReceipt('timeout', `not taken within ${settings.timeoutMs / SECOND_MS} s`)
          : refusal(error, settings);
      } finally {
        cancelDeadline();
      }
    },
    close() {
      closed = true;
      transport.close({ force: true });
    },
  };
}

/** Connects, greets and signs in, and sends nothing. Never rejects; `delivered` stands for welcome. */
export async function greetMailServer(settings: EmailSettings, clock: Clock): Promise<Receipt> {
  const transport = createTransport({ ...poolOptions(settings), maxRequeues: 0 });
  const { promise: late, resolve } = Promise.withResolvers<Receipt>();
  const seconds = settings.timeoutMs / SECOND_MS;
  const cancel = clock.after(settings.timeoutMs, () =>
    resolve(failedReceipt('timeout', `no greeting within ${seconds} s`)),
  );
  const greeted = transport.verify().then(
    (): Receipt => ({ kind: 'delivered', detail: 'welcome' }),
    (error: unknown) => refusal(error, settings),
  );
  try {
    return await Promise.race([greeted, late]);
  } finally {
    cancel();
    transport.close({ force: true });
  }
}

function poolOptions(settings: EmailSettings) {
  const { host, port, security, user, password, timeoutMs } = settings;
  return {
    pool: true,
    maxConnections: settings.connections,
    // A server may close a connection that rested, before it hears of the message: another one is tried, once.
    maxRequeues: 1,
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    tls: { rejectUnauthorized: settings.verifyCertificate },
    ...(user === null ? {} : { auth: { user, pass: password ?? '' } }),
    dnsTimeout: timeoutMs,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    // What is closed is over: nothing of a message that was given up may still arrive.
    socketCloseTimeout: 0,
    maxResponseSize: MAX_RESPONSE_BYTES,
    // Nothing of a message is ever read from a file or an address, whatever stands in it.
    disableFileAccess: true,
    disableUrlAccess: true,
  } as const;
}

/** An answer of a mail server is a few lines; RFC 5321 has 512 bytes for one. */
const MAX_RESPONSE_BYTES = 64 * 1024;

// --- what is sent

function mailOf(message: Message, settings: EmailSettings, style: Style) {
  const { subject, text, html } = letterOf(wordingOf(message, style), message.id);
  return {
    from: settings.from,
    to: [...(settings.topicTo[message.topic] ?? settings.to)],
    subject,
    text,
    html,
    messageId: messageIdOf(message, settings),
    headers: {
      // Answering machines leave it alone (RFC 3834).
      'Auto-Submitted': 'auto-generated',
      'X-Reconciled-Key': message.id,
    },
  };
}

/** The channel is part of it: a mailbox that two channels write to must not take one message for a repeat of the other. */
function messageIdOf({ id }: Message, { name, from }: EmailSettings): string {
  const hash = createHash('sha256').update(`${name}\n${id}`).digest('hex').slice(0, 32);
  const domain = domainToASCII(/@([^@>\s]+)>?\s*$/.exec(from)?.[1] ?? '');
  return `<${hash}@${domain === '' ? 'reconciled.invalid' : domain}>`;
}

// --- what came of it

/** A recipient was not refused but put off (greylisting). */
function isForNow({ responseCode = 0 }: SmtpError): boolean {
  return responseCode >= 400 && responseCode < 500;
}

function takenWords(sent: {
  readonly response: string;
  readonly rejected: readonly unknown[];
  readonly rejectedErrors?: readonly SmtpError[] | undefined;
}): string {
  if (sent.rejected.length === 0) return sent.response;
  const refused = (sent.rejectedErrors ?? []).map(
    ({ recipient, response }) => `${recipient ?? ''} (${response ?? ''})`,
  );
  return `${sent.response}; refused: ${refused.join(', ')}`;
}

/** What the library knows of a failure. */
interface SmtpError {
  readonly code?: string | undefined;
  readonly originalCode?: string | undefined;
  readonly responseCode?: number | undefined;
  readonly response?: string | undefined;
  readonly recipient?: string | undefined;
}

/** All of it is optional, so that any error is one. */
function isSmtpError(error: unknown): error is Error & SmtpError {
  return error instanceof Error;
}

function refusal(error: unknown, settings: EmailSettings): Receipt {
  if (!isSmtpError(error)) return failedReceipt('internal', detailText(settings, String(error)));
  const status = error.responseCode ?? null;
  const cause = causeOf(error, status);
  return {
    kind: 'failed',
    cause,
    permanent: cause === 'rejected' && status !== null && status >= 500,
    retryAfterMs: null,
    detail: detailText(settings, error.response ?? error.message),
  };
}

/** Said of us and not of the message: sign in, sign in otherwise, wrong password, encrypt first. */
const ABOUT_US: readonly number[] = [530, 534, 535, 538];

/** Said of the server: it goes away, it is full, it cannot check passwords now. 503 is a session that went wrong. */
const ABOUT_ITSELF: readonly number[] = [421, 452, 454, 503];

function causeOf({ code, originalCode }: SmtpError, status: number | null): FailureCause {
  if (status !== null && ABOUT_US.includes(status)) return 'configuration';
  if (status !== null && ABOUT_ITSELF.includes(status)) return 'server_error';
  switch (code) {
    case 'EENVELOPE':
    case 'EMESSAGE':
      // Without an answer it is ours: an address that is none.
      return status === null ? 'configuration' : 'rejected';
    case 'EAUTH':
    case 'ENOAUTH':
      return 'configuration';
    case 'ETIMEDOUT':
    case 'EABORT':
      return 'timeout';
    case 'ETLS':
    case 'ESOCKET':
      // No STARTTLS where it is required, or a certificate that nobody vouches for.
      return status !== null || isAboutTls(originalCode) ? 'configuration' : 'connection';
    case 'ECONNECTION':
    case 'EDNS':
      return status === null ? 'connection' : 'server_error';
    case 'EPROTOCOL':
      return 'server_error';
    default:
      return 'internal';
  }
}

/** Of OpenSSL's words for what is wrong with a certificate, and Node's for what is wrong with TLS. */
function isAboutTls(code: string | undefined): boolean {
  return code !== undefined && /CERT|SELF_SIGNED|UNABLE_TO_|^ERR_(TLS|SSL)/.test(code);
}
