import { connect } from 'node:net';

/** More than a socket brings at once. */
const BUFFER_BYTES = 256 * 1024;

const END_OF_HEAD = '\r\n\r\n';

/** What ends a body whose length was not announced. */
const LAST_CHUNK = '0\r\n\r\n';

/**
 * Reads an answer to its end and throws it away, all through one buffer: a client with a garbage collector on the cores of the daemon
 * would be measured together with it.
 * @throws when the answer is not a whole 200: of the length that it announces, or with its last chunk.
 */
export function readAway(url: string, accept: string): Promise<void> {
  const { hostname, port, host, pathname } = new URL(url);
  const buffer = Buffer.alloc(BUFFER_BYTES);
  let head = '';
  let bytes = 0;
  let end = '';
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: hostname,
      port: Number(port),
      onread: {
        buffer,
        callback: (count: number) => {
          if (!head.includes(END_OF_HEAD)) head += buffer.toString('latin1', 0, count);
          end = (end + buffer.toString('latin1', Math.max(0, count - 5), count)).slice(-5);
          bytes += count;
          return true;
        },
      },
    });
    socket.once('connect', () =>
      socket.write(
        `GET ${pathname} HTTP/1.1\r\nhost: ${host}\r\naccept: ${accept}\r\nconnection: close\r\n\r\n`,
      ),
    );
    socket.once('error', reject);
    socket.once('close', () => {
      const length = /\r\ncontent-length: (\d+)\r\n/i.exec(head)?.[1];
      const bodyBytes = bytes - head.indexOf(END_OF_HEAD) - END_OF_HEAD.length;
      const isWhole = length === undefined ? end === LAST_CHUNK : bodyBytes === Number(length);
      if (head.startsWith('HTTP/1.1 200') && isWhole) resolve();
      else
        reject(new Error(`${url}: ${head.slice(0, 12)}, and it ended with ${JSON.stringify(end)}`));
    });
  });
}
