import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import type { Clock } from '../clock.ts';
import type { Address } from '../config.ts';
import { type DurationMs, SECOND_MS } from '../core/time.ts';
import { ReconciledError } from '../errors.ts';
import { problemResponse, Refusal } from './problem.ts';

/** What answers requests: an application of `createApps`. */
export interface Answering {
  fetch(request: Request, bindings: HttpBindings): Response | Promise<Response>;
  /** Is asked first; without it everything goes to `fetch`. */
  readonly take?: Take;
}

/** Answers a request of Node's itself, sooner or later. False: it is for `fetch`, and was not touched. */
export type Take = (incoming: IncomingMessage, outgoing: ServerResponse) => boolean;

/** An address that is listened on. */
export interface Listener {
  /** With the port that the system chose when 0 was asked for. */
  readonly address: Address;
  /**
   * Takes no new connection, lets requests that run end, and cuts off those that still run after the grace. Resolves when
   * no connection is left; a second call waits for the same end.
   */
  close(graceMs: DurationMs): Promise<void>;
}

/** Bounds on what a caller may take: sockets, and time for sending a request. */
const SERVER_OPTIONS = {
  headersTimeout: 10 * SECOND_MS,
  requestTimeout: 30 * SECOND_MS,
  /** Longer than the minute after which common proxies drop idle connections: they must be the ones who end them. */
  keepAliveTimeout: 65 * SECOND_MS,
  /** How often the bounds above are looked at. */
  connectionsCheckingInterval: 5 * SECOND_MS,
} as const;

/** More connections than this are dropped at once: each costs memory. */
const MAX_CONNECTIONS = 2_000;

/** While it closes: how often connections that became idle are ended. */
const CLOSING_STEP_MS: DurationMs = 50;

/**
 * Listens on an address.
 * @throws ReconciledError `port_in_use`, or `configuration` when the address is not one of this machine's.
 */
export async function listen(
  answering: Answering,
  address: Address,
  clock: Clock,
): Promise<Listener> {
  const answer = getRequestListener(
    (request, bindings) => {
      // This server speaks HTTP/1.1 only; the library's type leaves room for HTTP/2.
      if (!isHttp1(bindings)) throw new TypeError('not HTTP/1.1');
      return answering.fetch(request, bindings);
    },
    { errorHandler: unreadable },
  );
  const server = createServer(SERVER_OPTIONS, (incoming, outgoing) => {
    // A connection that is kept alive would go on bringing requests while we close.
    if (!server.listening) outgoing.shouldKeepAlive = false;
    if (answering.take?.(incoming, outgoing) === true) return;
    answer(incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.maxConnections = MAX_CONNECTIONS;
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await listening(server, address);
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
  let closed: Promise<void> | null = null;
  return {
    address: { host: address.host, port },
    close: (graceMs) => {
      closed ??= closing(server, sockets, graceMs, clock);
      return closed;
    },
  };
}

function listening(server: Server, address: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, address)));
    server.listen({ host: address.host, port: address.port }, resolve);
  });
}

function listenError(error: NodeJS.ErrnoException, { host, port }: Address): ReconciledError {
  const where = `${host}:${port}`;
  if (error.code === 'EADDRINUSE') {
    return new ReconciledError('port_in_use', `Another program listens on ${where}.`, {
      hint: 'End it, or set another address (http.listen, http.callback_listen).',
      cause: error,
    });
  }
  const why = error.code === 'EACCES' ? 'is not allowed to this user' : 'is not possible here';
  return new ReconciledError('configuration', `Listening on ${where} ${why} (${error.code}).`, {
    hint: 'Set another address (http.listen, http.callback_listen): 127.0.0.1 with a port above 1023 always works.',
    cause: error,
  });
}

function closing(
  server: Server,
  sockets: ReadonlySet<Socket>,
  graceMs: DurationMs,
  clock: Clock,
): Promise<void> {
  return new Promise((resolve) => {
    let isClosed = false;
    server.close(() => {
      isClosed = true;
      cancelCut();
      resolve();
    });
    const cancelCut = clock.after(graceMs, () => server.closeAllConnections());
    const step = () => {
      if (isClosed) return;
      server.closeIdleConnections();
      // Opened ahead and never used (browsers and proxies do that): not idle in the server's eyes.
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
      clock.after(CLOSING_STEP_MS, step);
    };
    step();
  });
}

/** A request line or Host header from which no address can be made. */
function unreadable(): Response {
  return problemResponse(
    new Refusal('malformed', 'The address or the Host header cannot be read.'),
  );
}

function isHttp1(bindings: unknown): bindings is HttpBindings {
  return typeof bindings === 'object' && bindings !== null && 'incoming' in bindings;
}
