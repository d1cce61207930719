import { connect } from 'node:net';

/** More than a socket brings at once. */
const BUFFER_BYTES = 256 * 1024;

/** What is asked for, and the bytes that a whole answer ends with. */
export interface Read {
  readonly accept: string;
  readonly end: string;
}

/**
 * Reads an answer to its end and throws it away, all through one buffer: a client with a garbage collector on the cores of the daemon
 * would be measured together with it.
 * @throws when the answer is not a whole 200.
 */
export function readAway(url: string, read: Read): Promise<void> {
  const { hostname, port, host, pathname } = new URL(url);
  const buffer = Buffer.alloc(BUFFER_BYTES);
  let status = '';
  let end = '';
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: hostname,
      port: Number(port),
      onread: {
        buffer,
        callback: (count: number) => {
          if (status === '') status = buffer.toString('latin1', 0, 12);
          end = (end + buffer.toString('latin1', Math.max(0, count - 5), count)).slice(-5);
          return true;
        },
      },
    });
    socket.once('connect', () =>
      socket.write(
        `GET ${pathname} HTTP/1.1\r\nhost: ${host}\r\naccept: ${read.accept}\r\nconnection: close\r\n\r\n`,
      ),
    );
    socket.once('error', reject);
    socket.once('close', () => {
      if (status === 'HTTP/1.1 200' && end.endsWith(read.end)) resolve();
      else reject(new Error(`${url}: ${status}, and it ended with ${JSON.stringify(end)}`));
    });
  });
}
