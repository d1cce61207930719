import { createServer } from 'node:http';
import { paymentData, successEnvelope } from '../../lib/simulator/contract.ts';

/**
 * A gateway that answers lookups by key at once and does next to nothing besides, as one on another machine would: the
 * simulator's own work would be measured together with that of whoever asks. Only the bare contract: what it was given is
 * captured, and `POST /__simulator/…` gives it orders as the simulator takes them. Prints its address.
 */

const answers = new Map<string, Buffer>();

const server = createServer((request, response) => {
  const { url = '' } = request;
  if (request.method === 'POST') {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      if (url.endsWith('/reset')) answers.clear();
      else for (const line of Buffer.concat(parts).toString().split('\n')) keep(line);
      response.end('{}');
    });
    return;
  }
  const answer = answers.get(decodeURIComponent(url.slice(url.lastIndexOf('/') + 1)));
  response.statusCode = answer === undefined ? 404 : 200;
  response.setHeader('content-type', 'application/json');
  response.end(answer ?? '{}');
});

function keep(line: string): void {
  const payment = JSON.parse(line);
  const known = { cardType: 'SAMSUNG', cardNo: '1234-****', reason: '정상 승인되었습니다.' };
  const body = JSON.stringify(successEnvelope(paymentData({ ...known, ...payment })));
  answers.set(payment.transactionKey, Buffer.from(body));
}

server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);
});
