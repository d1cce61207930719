import net from 'node:net';

/** What a server does with a request that has arrived: it writes raw bytes, or does worse. */
export type Behaviour = (socket: net.Socket) => void;

export interface MisbehavingServer {
  readonly url: string;
  /** Request lines in the order of their arrival, with the number of the connection they came on. */
  readonly seen: {
    readonly line: string;
    readonly connection: number;
    readonly head: string;
    readonly body: string;
  }[];
  close(): Promise<void>;
}

/** A server that says this to whoever connects, before it was asked anything. */
export async function startSpeakingFirst(
  text: string,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    // What comes is thrown away; unread, it would keep the connection from closing.
    socket.resume();
    socket.end(text);
  });
  return {
    url: await listen(server),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** A real server on a real socket that answers each request as it is told to. */
export async function startMisbehaving(
  behave: (line: string, nth: number, connection: number) => Behaviour,
): Promise<MisbehavingServer> {
  const seen: { line: string; connection: number; head: string; body: string }[] = [];
  const sockets = new Set<net.Socket>();
  let connections = 0;
  const server = net.createServer((socket) => {
    connections += 1;
    const connection = connections;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      const end = received.indexOf('\r\n\r\n');
      if (end === -1) return;
      const length = Number(/content-length: (\d+)/i.exec(received)?.[1] ?? 0);
      if (received.length < end + 4 + length) return;
      const line = received.slice(0, received.indexOf('\r\n'));
      seen.push({
        line,
        connection,
        head: received.slice(0, end + 2),
        body: received.slice(end + 4),
      });
      received = '';
      behave(line, seen.length, connection)(socket);
    });
  });
  return {
    url: await listen(server),
    seen,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function listen(server: net.Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no address');
  return `http://127.0.0.1:${address.port}`;
}

/** A well-formed reply. */
export function reply(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Behaviour {
  const bytes = body instanceof Uint8Array ? body : Buffer.from(toText(body));
  const all = {
    'content-type': 'application/json',
    'content-length': String(bytes.length),
    ...headers,
  };
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  const start = Buffer.from(`HTTP/1.1 ${status} Whatever\r\n${head.join('')}\r\n`);
  return (socket) => {
    socket.write(Buffer.concat([start, bytes]));
  };
}

/** Bytes as they are; then the connection stays open. */
export function raw(text: string): Behaviour {
  return (socket) => {
    socket.write(text);
  };
}

/** Bytes as they are; then the connection is closed in order. */
export function rawThenClose(text: string): Behaviour {
  return (socket) => {
    socket.end(text);
  };
}

/** A reset, after these bytes. */
export function rawThenReset(text: string): Behaviour {
  return (socket) => {
    if (text === '') socket.resetAndDestroy();
    else socket.write(text, () => socket.resetAndDestroy());
  };
}

/** Never a byte. */
export const hang: Behaviour = () => undefined;

/** The reply, one byte every ten milliseconds: no silence is ever long, and yet it does not end. */
export function dribble(body: string): Behaviour {
  return (socket) => {
    socket.write(
      `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`,
    );
    let sent = 0;
    const timer = setInterval(() => {
      socket.write(body.charAt(sent));
      sent += 1;
    }, 10);
    socket.on('close', () => clearInterval(timer));
  };
}

function toText(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}
