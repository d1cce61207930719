import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Stands between the daemon and the gateway and counts. */
interface CountingProxy {
  readonly url: string;
  /** Calls back when so many more requests have come. */
  after(requests: number, call: () => void): void;
  close(): void;
}

export async function startCountingProxy(target: string): Promise<CountingProxy> {
  const agent = new Agent({ keepAlive: true });
  let left = 0;
  let call = () => {};
  const server = createServer((incoming, outgoing) => {
    left -= 1;
    if (left === 0) call();
    const { method, headers } = incoming;
    const onward = request(new URL(incoming.url ?? '/', target), { method, headers, agent });
    onward.on('response', (reply) => {
      outgoing.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(outgoing);
    });
    // Whoever asked was killed meanwhile, or the gateway is gone.
    onward.on('error', () => outgoing.destroy());
    incoming.on('error', () => onward.destroy());
    outgoing.on('error', () => onward.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    after: (requests, then) => {
      left = requests;
      call = then;
    },
    close: () => {
      server.close();
      server.closeAllConnections();
      agent.destroy();
    },
  };
}
