import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import type { Test } from 'tap';
import { openEmail } from '../../lib/channels/email.ts';
import type { EmailSettings } from '../../lib/channels/port.ts';
import type { Behaviour, Receiver } from './contract.ts';
import { ENGLISH } from './messages.ts';

export const PASSWORD = 'a password with 한글';

/** A mail as it arrived. */
interface Arrived {
  readonly from: string;
  readonly to: readonly string[];
  /** Whether the line was encrypted. */
  readonly secure: boolean;
  readonly user: string | null;
  readonly raw: string;
}

/** A mail server and a channel to it. */
interface MailReceiver extends Receiver {
  readonly arrived: readonly Arrived[];
  /** Connections that were ever made. */
  connections(): number;
  /** Closes them as a server does that has waited long enough; resolves when they are closed. */
  closeLines(): Promise<void>;
}

/** Fails as a mail server does, with a code and words. */
export function smtpError(responseCode: number, words: string): Error {
  return Object.assign(new Error(words), { responseCode });
}

/** A real SMTP server on this machine that behaves as `options` say, otherwise takes everything; it ends with the test. */
export async function mailReceiver(
  t: Test,
  options: SMTPServerOptions = {},
  over: Partial<EmailSettings> = {},
  lines = new Set<Socket>(),
): Promise<MailReceiver> {
  const arrived: Arrived[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: over.security === undefined ? ['STARTTLS'] : [],
    allowInsecureAuth: true,
    disableReverseLookup: true,
    closeTimeout: 1,
    logger: false,
    onAuth: (_auth, _session, done) => done(null, { user: 'signed in' }),
    onData: async (stream, session, done) => {
      const raw = await text(stream);
      const { mailFrom, rcptTo } = session.envelope;
      arrived.push({
        from: mailFrom === false ? '' : mailFrom.address,
        to: rcptTo.map(({ address }) => address),
        secure: session.secure,
        user: session.user ?? null,
        raw,
      });
      done(null, 'queued as 4711');
    },
    ...options,
  });
  // A client that is given up resets its line: that is no trouble of the server's.
  server.on('error', () => {});
  return receiver(t, await listen(t, server.server, lines), arrived, over);
}

/** As the contract says. */
export async function mailPeer(
  t: Test,
  behaviour: Behaviour,
  timeoutMs: number,
): Promise<Receiver> {
  const over = { timeoutMs, user: 'reconciled', password: PASSWORD };
  switch (behaviour) {
    case 'takes':
      return mailReceiver(t, {}, over);
    case 'refuses for ever':
      return mailReceiver(t, { onRcptTo: refusing(550, 'no such mailbox') }, over);
    case 'refuses for now':
      return mailReceiver(t, { onRcptTo: refusing(451, 'greylisted, come back') }, over);
    case 'hangs':
      return mailReceiver(t, { onData: (stream) => void stream.resume() }, over);
    case 'talks garbage':
      return rawReceiver(t, (socket) => socket.end('what?\r\n<html>\r\n'), over);
    case 'drops the line':
      return dropping(t, over);
    case 'repeats what it heard':
      return mailReceiver(t, { onAuth: repeating }, over);
  }
}

const refusing =
  (code: number, words: string): NonNullable<SMTPServerOptions['onRcptTo']> =>
  (_address, _session, done) =>
    done(smtpError(code, words));

const repeating: NonNullable<SMTPServerOptions['onAuth']> = (
  { username, password },
  _session,
  done,
) => {
  const plain = Buffer.from(`\0${username}\0${password}`).toString('base64');
  const login = Buffer.from(password ?? '').toString('base64');
  done(smtpError(535, `heard ${plain} ${login} ${password}`));
};

/** Takes all of the message, and closes the line instead of an answer. */
async function dropping(t: Test, over: Partial<EmailSettings>): Promise<Receiver> {
  const lines = new Set<Socket>();
  const onData: NonNullable<SMTPServerOptions['onData']> = async (stream) => {
    await text(stream);
    for (const line of lines) line.destroy();
  };
  return mailReceiver(t, { onData }, over, lines);
}

/** Something that listens where a mail server should. */
export async function rawReceiver(
  t: Test,
  talk: (socket: Socket) => void,
  over: Partial<EmailSettings> = {},
): Promise<MailReceiver> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    talk(socket);
  });
  return receiver(t, await listen(t, server, new Set()), [], over);
}

async function listen(t: Test, server: Server, lines: Set<Socket>) {
  let connections = 0;
  server.on('connection', (line) => {
    connections += 1;
    lines.add(line);
    line.on('close', () => lines.delete(line));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // The channel closes its lines before; to destroy one below TLS here would bring the process down.
  t.teardown(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const closeLines = async () => {
    await Promise.all([...lines].map((line) => once(line.end(), 'close')));
  };
  return { port, connections: () => connections, closeLines };
}

function receiver(
  t: Test,
  { port, ...listening }: Awaited<ReturnType<typeof listen>>,
  arrived: readonly Arrived[],
  over: Partial<EmailSettings>,
): MailReceiver {
  const channel = openEmail({ ...SETTINGS, port, ...over }, ENGLISH);
  t.teardown(() => channel.close());
  const ids = () => arrived.map(({ raw }) => headerOf(raw, 'Message-ID'));
  return { channel, ids, arrived, ...listening };
}

/** A header of a mail, unfolded. */
export function headerOf(raw: string, name: string): string {
  const [head = ''] = raw.split('\r\n\r\n');
  const lines = head.replace(/\r\n[ \t]+/g, ' ').split('\r\n');
  const start = `${name.toLowerCase()}: `;
  return lines.find((line) => line.toLowerCase().startsWith(start))?.slice(start.length) ?? '';
}

const SETTINGS: EmailSettings = {
  kind: 'email',
  name: 'mail',
  host: '127.0.0.1',
  port: 0,
  security: 'none',
  verifyCertificate: true,
  user: null,
  password: null,
  from: 'reconciled <no-reply@shop.example>',
  to: ['ops@shop.example'],
  topicTo: {},
  connections: 2,
  timeoutMs: 20_000,
};
