import { connect, type Socket } from 'node:net';
import { percentile } from '../stage/numbers.ts';
import { makeOrders } from '../stage/orders.ts';

/**
 * Sends the callbacks of so many orders over so many connections that are kept alive, each as soon as the one before on its
 * connection is answered, whenever it is told which orders, and says what it took. Arguments: origin, path, connections.
 *
 * No HTTP client: undici's takes three times as much of the processor for a callback as the servers that are measured, and on two cores
 * that would be measured. The requests are made before, and the replies of a connection are read through one buffer.
 */

/** Which orders. */
export interface Flood {
  readonly first: number;
  readonly count: number;
}

/** What it took. */
export interface Sent {
  readonly tookMs: number;
  readonly medianMs: number;
  readonly p99Ms: number;
}

/** What every server here answers; a reply that does not end with it is not whole yet. */
const ACCEPTED = '{"status":"accepted"}';

/** More than a reply. */
const BUFFER_BYTES = 4_096;

const [origin = '', path = '', connections = ''] = process.argv.slice(2);
const { hostname, port, host } = new URL(origin);
let requests: readonly Buffer[] = [];
let next = 0;
let latenciesMs: number[] = [];

/** One connection, and one callback at a time on it. */
class Lane {
  readonly #socket: Socket;
  #reply = '';
  #sentMs = 0;
  #ended = () => {};

  constructor() {
    const buffer = Buffer.alloc(BUFFER_BYTES);
    const callback = (count: number) => this.#read(buffer.toString('latin1', 0, count));
    this.#socket = connect({ host: hostname, port: Number(port), onread: { buffer, callback } });
    this.#socket.once('end', () => fail('the server ended a connection'));
  }

  /** Resolves when no callback is left. */
  send(): Promise<void> {
    return new Promise((resolve) => {
      this.#ended = resolve;
      this.#sendNext();
    });
  }

  #sendNext(): void {
    const request = requests[next];
    if (request === undefined) {
      this.#ended();
      return;
    }
    next += 1;
    this.#sentMs = performance.now();
    this.#socket.write(request);
  }

  #read(piece: string): boolean {
    this.#reply += piece;
    if (!this.#reply.startsWith('HTTP/1.1 200 ')) fail(`a callback was answered ${this.#reply}`);
    if (!this.#reply.endsWith(ACCEPTED)) return true;
    this.#reply = '';
    latenciesMs.push(performance.now() - this.#sentMs);
    this.#sendNext();
    return true;
  }
}

/** The parent hears that this program has ended. */
function fail(why: string): never {
  throw new Error(why);
}

function requestsOf({ first, count }: Flood): readonly Buffer[] {
  return makeOrders(first, count).map(({ id, key, amount }) => {
    const body = JSON.stringify({
      transactionKey: key,
      orderId: id,
      cardType: 'SAMSUNG',
      cardNo: '1234-5678-9814-1451',
      amount,
      status: 'SUCCESS',
      reason: '정상 승인되었습니다.',
    });
    const length = Buffer.byteLength(body);
    return Buffer.from(
      `POST ${path} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n${body}`,
    );
  });
}

const lanes = Array.from({ length: Number(connections) }, () => new Lane());
process.on('message', async (flood: Flood) => {
  requests = requestsOf(flood);
  next = 0;
  latenciesMs = [];
  const startedMs = performance.now();
  await Promise.all(lanes.map((lane) => lane.send()));
  const tookMs = performance.now() - startedMs;
  const sent: Sent = {
    tookMs,
    medianMs: percentile(latenciesMs, 0.5),
    p99Ms: percentile(latenciesMs, 0.99),
  };
  process.send?.(sent);
});
process.on('disconnect', () => process.exit(0));
