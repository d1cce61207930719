import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BreakerSettings, GatewayConfig } from '../../lib/config.ts';
import type { Inquiry } from '../../lib/core/gateway.ts';

/** A gateway that speaks the pg-simulator's contract and answers when the test says so. */
interface HandGateway {
  readonly baseUrl: string;
  /** The next request to arrive, oldest first. */
  next(): Promise<Arrival>;
  /** From now on every request is answered like this as it comes, those that wait too. */
  always(answer: (arrival: Arrival) => void): void;
  /** The most requests that were ever open at once. */
  peak(): number;
  /** Requests that ever came. */
  seen(): number;
  /** Connections that ever came. */
  connections(): number;
  close(): Promise<void>;
}

export interface Arrival {
  readonly method: string;
  /** Of a lookup by key: the key; of a listing: the order id. */
  readonly name: string;
  /** `SUCCESS` with the whole transaction, for the key `TR-<orderId>`. */
  captured(): void;
  reply(status: number, body: unknown, headers?: Record<string, string>): void;
  hangUp(): void;
}

export async function handGateway(): Promise<HandGateway> {
  const arrived: Arrival[] = [];
  const waiting: ((arrival: Arrival) => void)[] = [];
  let answer: ((arrival: Arrival) => void) | null = null;
  let open = 0;
  let peak = 0;
  let seen = 0;
  let connections = 0;
  const server = createServer((request, response) => {
    open += 1;
    seen += 1;
    peak = Math.max(peak, open);
    response.once('close', () => {
      open -= 1;
    });
    const arrival = arrivalOf(request.method ?? '', request.url ?? '', response);
    const waiter = waiting.shift();
    if (answer !== null) answer(arrival);
    else if (waiter !== undefined) waiter(arrival);
    else arrived.push(arrival);
  });
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    next: () => {
      const first = arrived.shift();
      return first ? Promise.resolve(first) : new Promise((resolve) => waiting.push(resolve));
    },
    always: (how) => {
      answer = how;
      for (const arrival of arrived.splice(0)) how(arrival);
    },
    peak: () => peak,
    seen: () => seen,
    connections: () => connections,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function arrivalOf(method: string, path: string, response: ServerResponse): Arrival {
  const url = new URL(path, 'http://gateway');
  const key = decodeURIComponent(url.pathname.split('/')[4] ?? '');
  const name = key === '' ? (url.searchParams.get('orderId') ?? '') : key;
  const reply = (status: number, body: unknown, headers: Record<string, string> = {}) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
  return {
    method,
    name,
    reply,
    captured: () =>
      reply(200, {
        meta: { result: 'SUCCESS' },
        data: {
          transactionKey: name,
          orderId: name.replace('TR-', ''),
          cardType: 'SAMSUNG',
          cardNo: '1234-5678-9814-1451',
          amount: 5_000,
          status: 'SUCCESS',
          reason: '정상 승인되었습니다.',
        },
      }),
    hangUp: () => response.destroy(),
  };
}

export const FAIL = { meta: { result: 'FAIL', errorCode: 'Internal Server Error' } };

/** A breaker that does not open in tests about something else. */
const NEVER_OPENS: BreakerSettings = {
  failures: 1,
  windowMs: 30_000,
  minimum: 1_000_000,
  openMs: 10_000,
  halfOpen: 5,
  slowMs: 600_000,
};

export function gatewayConfig(
  baseUrl: string,
  changes: Partial<GatewayConfig> & { readonly name?: string } = {},
): GatewayConfig {
  const { name = 'pg', ...rest } = changes;
  return {
    settings: {
      name,
      kind: 'pg-simulator',
      baseUrl,
      currency: 'KRW',
      userId: 'member',
      callbackUrl: 'http://localhost:8080/callback',
      lookupTimeoutMs: 20_000,
      connectTimeoutMs: 5_000,
      connections: 20,
    },
    methods: ['CARD'],
    maxInFlight: 10,
    paymentWindowMs: 600_000,
    ratePerSecond: null,
    breaker: NEVER_OPENS,
    ...rest,
  };
}

/** "What do you know of this order?", which has the key `TR-<orderId>`. */
export function inquiry(orderId: string, gateway = 'pg'): Inquiry {
  return {
    kind: 'inquire',
    gateway,
    orderId,
    userId: 'member-1',
    keys: [`TR-${orderId}`],
    about: [],
    listAll: false,
  };
}

export function orderIds(count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `ORDER${String(at).padStart(6, '0')}`);
}
