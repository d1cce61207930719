import { Agent, get } from 'node:http';
import { connect } from 'node:net';
import t from 'tap';
import { systemClock } from '../../lib/clock.ts';
import { listen } from '../../lib/http/listen.ts';
import { call } from './serving.ts';

const HERE = { host: '127.0.0.1', port: 0 };

const hello = { fetch: () => new Response('hello') };

t.test('the system chooses a port where none is given', async (t) => {
  const listener = await listen(hello, HERE, systemClock);
  t.ok(listener.address.port > 0);
  t.match(await call('GET', '/', { port: listener.address.port }), { status: 200, body: 'hello' });
  await listener.close(0);
  await t.rejects(call('GET', '/', { port: listener.address.port }), { code: 'ECONNREFUSED' });
});

t.test('an address that cannot be had is told with what to do', async (t) => {
  const first = await listen(hello, HERE, systemClock);
  t.teardown(() => first.close(0));
  const { port } = first.address;
  await t.rejects(listen(hello, first.address, systemClock), {
    code: 'port_in_use',
    message: `Another program listens on 127.0.0.1:${port}.`,
    hint: /http\.listen/,
  });
  await t.rejects(listen(hello, { host: '192.0.2.1', port: 1 }, systemClock), {
    code: 'configuration',
    message: /192\.0\.2\.1:1 is not possible here/,
  });
});

t.test('a request that runs may end within the grace; idle connections go at once', async (t) => {
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const slow = {
    fetch: async () => {
      arrive();
      await gate;
      return new Response('done');
    },
  };
  const listener = await listen(slow, HERE, systemClock);
  const { port } = listener.address;
  const idle = connect(port, '127.0.0.1');
  const ended = new Promise((resolve) => idle.once('close', resolve));
  idle.resume();
  const agent = new Agent({ keepAlive: true });
  const reply = new Promise<string>((resolve, reject) => {
    get({ host: '127.0.0.1', port, agent }, (incoming) => {
      incoming.setEncoding('utf8').on('data', resolve);
    }).on('error', reject);
  });
  await arrived;
  const closed = listener.close(60_000);
  t.equal(listener.close(0), closed, 'a second call waits for the same end');
  await ended;
  open();
  t.equal(await reply, 'done');
  await closed;
  agent.destroy();
});

t.test('what runs longer than the grace is cut off', async (t) => {
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
  const never = {
    fetch: () => {
      arrive();
      return new Promise<Response>(() => {});
    },
  };
  const listener = await listen(never, HERE, systemClock);
  const reply = call('GET', '/', { port: listener.address.port });
  const cut = t.rejects(reply, { code: 'ECONNRESET' });
  await arrived;
  await listener.close(10);
  await cut;
});

t.test('what cannot be read as a request is refused', async (t) => {
  const listener = await listen(hello, HERE, systemClock);
  t.teardown(() => listener.close(0));
  const send = (text: string) =>
    new Promise<string>((resolve, reject) => {
      const socket = connect(listener.address.port, '127.0.0.1', () => socket.end(text));
      let heard = '';
      socket.setEncoding('utf8').on('data', (chunk) => {
        heard += chunk;
      });
      socket.on('close', () => resolve(heard)).on('error', reject);
    });
  t.match(await send('no HTTP\r\n\r\n'), /^HTTP\/1\.1 400 /);
  t.match(await send('GET / HTTP/1.1\r\n\r\n'), /^HTTP\/1\.1 400 /);
  t.match(
    await send('GET / HTTP/1.1\r\nHost: a b\r\n\r\n'),
    /application\/problem\+json[\s\S]*malformed/,
  );
  t.match(
    await send(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`),
    /^HTTP\/1\.1 431 /,
  );
});
