import { connect } from 'node:net';
import t from 'tap';
import { Gathered } from '../../lib/http/body.ts';
import { anOrder, openServing } from './serving.ts';

t.test('pieces of a byte each take little more memory than what is in them', (t) => {
  const text = '0123456789'.repeat(6_400);
  const gathered = new Gathered();
  for (const letter of text) gathered.add(Buffer.from(letter));
  const bytes = gathered.bytes();
  t.equal(Buffer.from(bytes).toString(), text);
  t.equal(gathered.size, text.length);
  t.ok(bytes.buffer.byteLength <= 2 * text.length);
  t.end();
});

t.test('a body is the same in whatever pieces it comes', async (t) => {
  const serving = await openServing();
  t.teardown(serving.close);
  const rows: readonly (readonly [path: string, body: object, status: number])[] = [
    ['/callbacks/pg', { eventId: 'e-1', key: 'k', orderId: 'ORDER000001' }, 200],
    ['/callbacks/pg?from=pg', { eventId: 'e-2', key: 'k', orderId: 'ORDER000001' }, 200],
    ['/v1/orders', anOrder(), 201],
  ];
  for (const [path, body, status] of rows) {
    const chunks = [...JSON.stringify(body)].map((letter) => `1\r\n${letter}\r\n`).join('');
    const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const reply = await new Promise<string>((resolve, reject) => {
      let heard = '';
      const socket = connect(serving.port, '127.0.0.1', () =>
        socket.write(`${head}${chunks}0\r\n\r\n`),
      );
      socket.setEncoding('utf8').on('data', (more) => {
        heard += more;
      });
      socket.on('close', () => resolve(heard)).on('error', reject);
    });
    t.match(reply, new RegExp(`^HTTP/1\\.1 ${status} `), path);
  }
});
