import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';

/**
 * A mail server as a program of its own, on a bad day: it does not know the sender yet and greylists the first message (451),
 * drops the line after all of the second attempt has arrived, and takes everything from then on. Prints a line of JSON for
 * each message that arrived whole.
 */

let recipients = 0;
let messages = 0;

const server = new SMTPServer({
  authOptional: true,
  disabledCommands: ['STARTTLS'],
  disableReverseLookup: true,
  logger: false,
  onRcptTo: (_address, _session, done) => {
    recipients += 1;
    if (recipients > 1) return done();
    done(Object.assign(new Error('greylisted, come back later'), { responseCode: 451 }));
  },
  onData: async (stream, session, done) => {
    const raw = await text(stream);
    messages += 1;
    const dropped = messages === 1;
    const to = session.envelope.rcptTo.map(({ address }) => address);
    print({ id: headerOf(raw, 'Message-ID'), to, dropped });
    if (dropped) for (const line of lines) line.destroy();
    else done(null, 'queued as 4711');
  },
});
server.on('error', () => {});

const lines = new Set<Socket>();
server.server.on('connection', (line) => {
  lines.add(line);
  line.on('close', () => lines.delete(line));
});

server.listen(0, '127.0.0.1', () => {
  const address = server.server.address();
  print({ port: typeof address === 'object' ? address?.port : 0 });
});

function headerOf(raw: string, name: string): string {
  return new RegExp(`^${name}: (.*)$`, 'm').exec(raw)?.[1]?.trim() ?? '';
}

function print(line: unknown): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
