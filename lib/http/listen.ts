import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import type { Clock } from '../clock.ts';
import { type Address, formatAddress } from '../config.ts';
import { type DurationMs, MINUTE_MS, SECOND_MS } from '../core/time.ts';
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

/** Requests that a connection may send before the one ahead of them is answered; with more it is closed. Each takes some kilobytes. */
const MAX_AHEAD = 100;

/** A client that takes nothing of its answer for so long is cut off: it would keep its connection for ever. */
const UNTAKEN_MS: DurationMs = 5 * MINUTE_MS;

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
      if (DOTS.test(bindings.incoming.url ?? '')) return unreadable();
      return answering.fetch(request, bindings);
    },
    { errorHandler: unreadable },
  );
  const begin: RequestListener = (incoming, outgoing) => {
    // A connection that is kept alive would go on bringing requests while we close.
    if (!server.listening) outgoing.shouldKeepAlive = false;
    if (answering.take?.(incoming, outgoing) === true) return;
    // Also told while the answer is being made, when there is nothing to take.
    outgoing.on('timeout', () => {
      if (incoming.socket.writableLength > 0) incoming.socket.destroy();
    });
    answer(incoming, outgoing).catch(() => outgoing.destroy());
  };
  const server = createServer(SERVER_OPTIONS, oneByOne(begin));
  server.timeout = UNTAKEN_MS;
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

/**
 * One request of a connection at a time, one in a turn of the event loop, and nothing further is read while one waits. Node hands over
 * all that it finds in 64 KiB at once: their answers would hold the loop and wait in memory for a client that reads none.
 */
function oneByOne(begin: RequestListener): RequestListener {
  const waiting = new WeakMap<Socket, number>();
  return (incoming, outgoing) => {
    const { socket } = incoming;
    // An answer has the connection from when all those before it have left.
    if (outgoing.socket !== null) return begin(incoming, outgoing);
    const ahead = (waiting.get(socket) ?? 0) + 1;
    waiting.set(socket, ahead);
    if (ahead > MAX_AHEAD) return void socket.destroy();
    if (ahead === 1) {
      // Node resumes it whenever it has read a request.
      const pauseAgain = () => {
        if (waiting.get(socket) === 0) socket.off('resume', pauseAgain);
        else socket.pause();
      };
      socket.on('resume', pauseAgain).pause();
    }
    outgoing.once('socket', () =>
      setImmediate(() => {
        const left = (waiting.get(socket) ?? 0) - 1;
        waiting.set(socket, left);
        if (left === 0) socket.resume();
        if (!socket.destroyed) begin(incoming, outgoing);
      }),
    );
  };
}

function listening(server: Server, address: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, address)));
    server.listen({ host: address.host, port: address.port }, resolve);
  });
}

function listenError(error: NodeJS.ErrnoException, address: Address): ReconciledError {
  const where = formatAddress(address);
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

/**
 * A step up or none in a path. Nothing here has one, and `/callbacks/../v1/orders` would be `/v1/orders`: a proxy that lets through what
 * begins with `/callbacks/` must not lead to all the rest.
 */
const DOTS = /^[^?#]*[/\\](?:\.|%2e){1,2}(?:[/\\?#]|$)/i;

/** A request line or Host header from which no address can be made. */
function unreadable(): Response {
  return problemResponse(
    new Refusal('malformed', 'The address or the Host header cannot be read.'),
  );
}

function isHttp1(bindings: unknown): bindings is HttpBindings {
  return typeof bindings === 'object' && bindings !== null && 'incoming' in bindings;
}
