import { systemClock } from '../clock.ts';
import { asTable } from '../config/file.ts';
import { TOKEN_VARIABLE } from '../config/simple.ts';
import { type Address, type Config, databasePath, formatAddress } from '../config.ts';
import { type DurationMs, MINUTE_MS, SECOND_MS } from '../core/time.ts';
import { ERROR_CODES, type ErrorCode, ReconciledError } from '../errors.ts';
import { databaseId } from '../store/sqlite/in-place.ts';

/** The HTTP interface of the daemon that runs on the same database. */
export interface Client {
  /**
   * Resolves when the daemon answers; one that has just been started is waited for.
   * @throws ReconciledError `daemon_unreachable`; `daemon_refused` when it is that of another database, or none.
   */
  ready(): Promise<void>;
  /**
   * Sends JSON and gives the reply, which is a success. `waitMs`: `ANSWER_MS` unless said; `FOREVER`: as long as it takes.
   * @throws ReconciledError the daemon's problem, `daemon_refused`, or `daemon_unreachable`.
   */
  call(method: Method, path: string, body?: unknown, waitMs?: DurationMs): Promise<Reply>;
  /** The same, but a refusal of what was sent is a text that says what is wrong with it. */
  offer(method: Method, path: string, body: unknown): Promise<Reply | string>;
  close(): Promise<void>;
}

type Method = 'GET' | 'POST' | 'PUT';

/** Statuses that are about what was sent, and not about the one who sent it or the daemon. */
const ABOUT_THE_BODY: readonly number[] = [400, 409, 413, 422];

/** A daemon takes the lock first and answers a second or two later, on a slow machine. One that takes longer hangs. */
const PATIENCE_MS: DurationMs = 5 * SECOND_MS;
const TRY_EVERY_MS: DurationMs = 200;

/** What is not a sweep is answered within seconds, also in a flood. systemd ends a daemon that has done nothing for as long. */
const ANSWER_MS: DurationMs = 2 * MINUTE_MS;

/** Of a sweep nobody knows how long it takes. */
export const FOREVER: DurationMs = 0;

/** What the daemon answered: 200–299, and its JSON. */
export interface Reply {
  readonly status: number;
  readonly body: unknown;
}

/** Connects to the daemon of this configuration. `answerMs`: how long it has for an answer. */
export async function daemonClient(
  config: Config,
  connections = 1,
  answerMs: DurationMs = ANSWER_MS,
): Promise<Client> {
  const { Agent, request } = await import('./requesting.ts');
  const agent = new Agent({ connections });
  const origin = originOf(config);
  const token = config.http.apiToken;
  const ask = async (method: Method, path: string, body?: unknown, options: Asking = {}) => {
    const { signal, waitMs = answerMs } = options;
    // Whoever answers at /healthz has yet to show that it is the daemon, and must not be told the token.
    const isForV1 = token !== null && path.startsWith('/v1/');
    const reply = await request(`${origin}${path}`, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(isForV1 ? { authorization: `Bearer ${token}` } : {}),
      },
      dispatcher: agent,
      headersTimeout: waitMs,
      bodyTimeout: waitMs,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
    return { status: reply.statusCode, body: parsed(await reply.body.text()) };
  };
  const send = (method: Method, path: string, body?: unknown, waitMs = answerMs) =>
    ask(method, path, body, { waitMs }).catch((cause: unknown) => {
      throw isTimeout(cause) ? stuck(origin, waitMs, cause) : lost(origin, cause);
    });
  return {
    ready: async () => {
      const patience = AbortSignal.timeout(PATIENCE_MS);
      for (;;) {
        try {
          return requireSame(
            origin,
            await ask('GET', '/healthz', undefined, { signal: patience }),
            config,
          );
        } catch (cause) {
          if (cause instanceof ReconciledError) throw cause;
          if (patience.aborted) throw unreachable(origin, cause);
        }
        await new Promise<void>((resolve) => systemClock.after(TRY_EVERY_MS, resolve));
      }
    },
    call: async (method, path, body, waitMs) => {
      const reply = await send(method, path, body, waitMs);
      if (reply.status < 300) return reply;
      throw refusal(origin, reply);
    },
    offer: async (method, path, body) => {
      const reply = await send(method, path, body);
      if (reply.status < 300) return reply;
      const problem = ABOUT_THE_BODY.includes(reply.status) ? problemText(reply) : null;
      if (problem === null) throw refusal(origin, reply);
      return problem;
    },
    close: () => agent.close(),
  };
}

interface Asking {
  readonly signal?: AbortSignal;
  readonly waitMs?: DurationMs;
}

/** Where the daemon of this configuration is reached from its own machine. */
export function originOf({ http }: Config): string {
  return `http://${formatAddress(reachable(http.listen))}`;
}

/** An address to listen on everywhere is reached on this machine. */
function reachable({ host, port }: Address): Address {
  if (host === '0.0.0.0') return { host: '127.0.0.1', port };
  return host === '::' ? { host: '::1', port } : { host, port };
}

function unreachable(origin: string, cause: unknown): ReconciledError {
  return new ReconciledError(
    'daemon_unreachable',
    `This database is in use, but no daemon answers at ${origin}.`,
    {
      hint: 'Give this command the same --config (or --listen) as the daemon. If another command uses it (an import), wait for its end. A daemon that hangs has to be ended.',
      cause,
    },
  );
}

/** It was there a moment ago. */
function lost(origin: string, cause: unknown): ReconciledError {
  return new ReconciledError(
    'daemon_unreachable',
    `The daemon at ${origin} went away before it had answered: nobody knows whether it did what was sent last.`,
    {
      hint: 'See that it runs (`reconciled health`), then give the command again: what is done already is not done twice.',
      cause,
    },
  );
}

function isTimeout(cause: unknown): boolean {
  const code = cause instanceof Error && 'code' in cause ? cause.code : '';
  return code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT';
}

/** It is there, and does nothing. */
function stuck(origin: string, waitedMs: DurationMs, cause: unknown): ReconciledError {
  return new ReconciledError(
    'daemon_unreachable',
    `The daemon at ${origin} has not answered for ${waitedMs / SECOND_MS} seconds: nobody knows whether it did what was sent last.`,
    {
      hint: 'It hangs, or its disk does: look at that and start it anew, then give the command again: what is done already is not done twice.',
      cause,
    },
  );
}

/** Another daemon would do what it is told just as well, with its own orders. */
function requireSame(origin: string, reply: Reply, config: Config): void {
  const { status, database } = asTable(reply.body);
  if (status !== 'ok') throw refusal(origin, reply);
  const path = databasePath(config);
  if (database === databaseId(path)) return;
  throw new ReconciledError(
    'daemon_refused',
    `The daemon at ${origin} works on another database than ${path}.`,
    { hint: 'Give this command the same --config (or --listen) as the daemon of this database.' },
  );
}

/** The daemon's own words where it is one of ours, else what came back. */
export function refusal(origin: string, { status, body }: Reply): ReconciledError {
  const { code, detail, hint, title } = asTable(body);
  if (status === 401) {
    return new ReconciledError('daemon_refused', `The daemon at ${origin} wants its token.`, {
      hint: `Set ${TOKEN_VARIABLE} to the token that the daemon was given.`,
    });
  }
  if (typeof code !== 'string') {
    return new ReconciledError(
      'daemon_refused',
      `Something else answered ${status} at ${origin}.`,
      {
        hint: 'Give this command the same --config (or --listen) as the daemon.',
      },
    );
  }
  const known = isErrorCode(code) ? code : 'daemon_refused';
  const words = [detail, title].find((text) => typeof text === 'string') ?? code;
  return new ReconciledError(known, String(words), {
    hint:
      typeof hint === 'string' ? hint : (HINTS[known] ?? 'Look at what is named and try again.'),
  });
}

/** Where the daemon itself has no hint. */
const HINTS: Readonly<Partial<Record<ErrorCode, string>>> = {
  not_found: '`reconciled orders` lists what there is.',
  conflict: '`reconciled explain ORDER` tells how the order stands.',
};

/**
 * What a problem says is wrong with what was sent, field by field; `null`: it is no problem of ours. Of a conflict the sentence tells more:
 * what is stored already.
 */
function problemText({ status, body }: Reply): string | null {
  const { detail, hint, errors } = asTable(body);
  if (typeof detail !== 'string') return null;
  if (status === 409 || !Array.isArray(errors)) return sentence(detail, hint);
  return errors
    .map(asTable)
    .map(({ field, message, hint: what }) => sentence(`${field}: ${message}`, what))
    .join('; ');
}

/** Two sentences that somebody else goes on writing after. */
function sentence(problem: string, hint: unknown): string {
  const words = typeof hint === 'string' ? `${problem.replace(/\.$/, '')}. ${hint}` : problem;
  return words.replace(/\.$/, '');
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CODES, code);
}

/** What was answered; `null`: it is no JSON. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
