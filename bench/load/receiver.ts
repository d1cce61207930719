import { createServer } from 'node:http';

/**
 * A receiver of webhooks that takes everything at once and remembers the ids. Prints its address; `GET /` says what came, and
 * a message on its channel, if it has one, is sent at each number of messages that its arguments name.
 */

const times = new Map<string, number>();
const moments = new Set(process.argv.slice(2).map(Number));
let arrived = 0;
let firstMs = 0;
let lastMs = 0;

const server = createServer((request, response) => {
  if (request.method === 'GET') {
    const repeated = arrived - times.size;
    response.end(
      JSON.stringify({ arrived, distinct: times.size, repeated, tookMs: lastMs - firstMs }),
    );
    return;
  }
  request.resume();
  request.on('end', () => {
    const id = String(request.headers['webhook-id']);
    times.set(id, (times.get(id) ?? 0) + 1);
    arrived += 1;
    lastMs = performance.now();
    if (arrived === 1) firstMs = lastMs;
    if (moments.has(arrived)) process.send?.({ arrived });
    response.end();
  });
});

server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}/` })}\n`);
});
