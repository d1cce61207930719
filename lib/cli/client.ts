import { asTable } from '../config/file.ts';
import { formatAddress } from '../config/forms.ts';
import { TOKEN_VARIABLE } from '../config/simple.ts';
import type { Address, Config } from '../config.ts';
import { ERROR_CODES, type ErrorCode, ReconciledError } from '../errors.ts';

/** The HTTP interface of the daemon that runs on the same database. */
export interface Client {
  /**
   * Sends JSON and gives the reply, which is a success. Waits as long as it takes.
   * @throws ReconciledError the daemon's problem, `daemon_refused`, or `daemon_unreachable`.
   */
  call(method: Method, path: string, body?: unknown): Promise<Reply>;
  /** The same, but a refusal of what was sent is a text that says what is wrong with it. */
  offer(method: Method, path: string, body: unknown): Promise<Reply | string>;
  close(): Promise<void>;
}

type Method = 'GET' | 'POST' | 'PUT';

/** Statuses that are about what was sent, and not about the one who sent it or the daemon. */
const ABOUT_THE_BODY: readonly number[] = [400, 409, 413, 422];

/** What the daemon answered: 200–299, and its JSON. */
export interface Reply {
  readonly status: number;
  readonly body: unknown;
}

/** Connects to the daemon of this configuration. */
export async function daemonClient(config: Config, connections = 1): Promise<Client> {
  const { Agent, request } = await import('undici');
  // A sweep is waited for until it ended, however long that takes.
  const agent = new Agent({ connections, headersTimeout: 0, bodyTimeout: 0 });
  const origin = `http://${formatAddress(reachable(config.http.listen))}`;
  const headers = {
    'content-type': 'application/json',
    ...(config.http.apiToken === null ? {} : { authorization: `Bearer ${config.http.apiToken}` }),
  };
  const send = async (method: Method, path: string, body?: unknown) => {
    try {
      const reply = await request(`${origin}${path}`, {
        method,
        headers,
        dispatcher: agent,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: reply.statusCode, body: parsed(await reply.body.text()) };
    } catch (cause) {
      throw unreachable(origin, cause);
    }
  };
  return {
    call: async (method, path, body) => {
      const reply = await send(method, path, body);
      if (reply.status < 300) return reply;
      throw refusal(origin, reply);
    },
    offer: async (method, path, body) => {
      const reply = await send(method, path, body);
      if (reply.status < 300) return reply;
      const { detail, hint } = asTable(reply.body);
      if (!ABOUT_THE_BODY.includes(reply.status) || typeof detail !== 'string') {
        throw refusal(origin, reply);
      }
      return typeof hint === 'string' ? `${detail} ${hint}` : detail;
    },
    close: () => agent.close(),
  };
}

/** An address to listen on everywhere is reached on this machine. */
function reachable({ host, port }: Address): Address {
  if (host === '0.0.0.0') return { host: '127.0.0.1', port };
  return host === '::' ? { host: '::1', port } : { host, port };
}

function unreachable(origin: string, cause: unknown): ReconciledError {
  return new ReconciledError(
    'daemon_unreachable',
    `A daemon runs on this database, but none answers at ${origin}.`,
    { hint: 'Give this command the same --config (or --listen) as the daemon.', cause },
  );
}

/** The daemon's own words where it is one of ours, else what came back. */
function refusal(origin: string, { status, body }: Reply): ReconciledError {
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
  const words = [detail, title].find((text) => typeof text === 'string') ?? code;
  return new ReconciledError(isErrorCode(code) ? code : 'daemon_refused', String(words), {
    hint: typeof hint === 'string' ? hint : 'Correct what is named and type the command again.',
  });
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CODES, code);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
