import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Test } from 'tap';
import type { Behaviour } from './contract.ts';

/** A request as it arrived. */
export interface Request {
  readonly path: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** What a receiver does with a request. */
export type Answer = (response: ServerResponse, request: IncomingMessage, body: string) => void;

/** Answers so. */
export function says(
  status: number,
  body = '',
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return (response) => response.writeHead(status, headers).end(body);
}

/** A real HTTP server on this machine; it ends with the test. */
export async function httpReceiver(t: Test, answer: Answer) {
  const requests: Request[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    requests.push({ path: request.url ?? '', headers: request.headers, body });
    answer(response, request, body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, requests };
}

/** As the contract says, for receivers that HTTP reaches. */
export const ANSWERS: Readonly<Record<Behaviour, Answer>> = {
  takes: says(200, 'ok'),
  'refuses for ever': says(410, 'channel_is_archived'),
  'refuses for now': says(500, `trouble\r\n${'of many words '.repeat(200)}`),
  hangs: () => {},
  'talks garbage': (_response, { socket }) => socket.end('what?\r\n\r\n'),
  'drops the line': (_response, { socket }) => socket.destroy(),
  'repeats what it heard': (response, { url, headers }, body) =>
    response.writeHead(500).end(`${url} ${headers.host}${url} ${body.slice(0, 100)}`),
};
