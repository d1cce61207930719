import { once } from 'node:events';
import { Agent, get, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { systemClock } from '../../lib/clock.ts';
import { type Answering, listen } from '../../lib/http/listen.ts';
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

/** Answers each request when it is let, and says which were begun. */
async function openGates(t: Test) {
  const begun: string[] = [];
  const gates = new Map<string, () => void>();
  const connections: Socket[] = [];
  const answering: Answering = {
    fetch: async (request, { incoming }) => {
      const { pathname } = new URL(request.url);
      connections.push(incoming.socket);
      begun.push(pathname);
      await new Promise<void>((resolve) => gates.set(pathname, resolve));
      return new Response(`this is ${pathname}`);
    },
  };
  const listener = await listen(answering, HERE, systemClock);
  t.teardown(() => listener.close(0));
  const client = connect(listener.address.port, '127.0.0.1').setEncoding('utf8');
  t.teardown(() => client.destroy());
  let heard = '';
  client
    .on('error', () => undefined)
    .on('data', (text) => {
      heard += text;
    });
  return {
    begun,
    client,
    listener,
    /** The server's end of the connection of the request that was begun last. */
    connection: () => connections.at(-1),
    heard: () => heard.match(/this is \/\d+/g) ?? [],
    /** What each answer says becomes of the connection. */
    kept: () => heard.match(/(?<=^(?:connection|keep-alive): ).*/gim) ?? [],
    ask: (count: number) =>
      client.write(
        Array.from(
          { length: count },
          (_, index) => `GET /${index + 1} HTTP/1.1\r\nHost: x\r\n\r\n`,
        ).join(''),
      ),
    until: async (holds: () => boolean) => {
      while (!holds()) await nextTurn();
    },
    open: (path: string) => gates.get(path)?.(),
  };
}

t.test('requests that are sent ahead of an answer are begun one by one', async (t) => {
  const { begun, heard, ask, until, open, connection } = await openGates(t);
  ask(3);
  await until(() => begun.length > 0);
  await nextTurn();
  t.strictSame(begun, ['/1'], 'all came in one piece, and the others wait');
  t.equal(connection()?.isPaused(), true, 'and nothing further is read');
  open('/1');
  await until(() => begun.length > 1);
  await until(() => heard().length > 0);
  t.strictSame(begun, ['/1', '/2'], 'an answer does not begin all that wait for it');
  t.equal(connection()?.isPaused(), true);
  open('/2');
  await until(() => begun.length > 2);
  t.equal(connection()?.isPaused(), false, 'none waits any more');
  open('/3');
  await until(() => heard().length > 2);
  t.strictSame(heard(), ['this is /1', 'this is /2', 'this is /3']);
});

t.test('a request that is begun while it closes is the last one of its connection', async (t) => {
  const { begun, client, listener, kept, ask, until, open } = await openGates(t);
  ask(2);
  await until(() => begun.length > 0);
  const closed = listener.close(60_000);
  open('/1');
  await until(() => begun.length > 1);
  open('/2');
  await Promise.all([closed, once(client, 'close')]);
  t.strictSame(kept(), ['keep-alive', 'timeout=65', 'close'], 'longer than proxies keep one');
});

t.test('a connection that sends more than a hundred requests ahead is closed', async (t) => {
  for (const [ahead, isClosed] of [
    [100, false],
    [101, true],
  ] as const) {
    const { begun, client, ask, until, connection } = await openGates(t);
    ask(1 + ahead);
    await until(() => begun.length > 0);
    if (isClosed) await once(client, 'close');
    t.equal(connection()?.destroyed, isClosed, `${ahead} ahead`);
    t.strictSame(begun, ['/1']);
  }
});

t.test(
  'who takes nothing of an answer is cut off, but nobody whose answer is being made',
  async (t) => {
    const { promise: arrived, resolve: arrive } = Promise.withResolvers<ServerResponse>();
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    // More than the system keeps for a client on its own machine.
    const large = new Uint8Array(32 * 1024 * 1024);
    const answering: Answering = {
      fetch: async (_, { outgoing }) => {
        if (!('assignSocket' in outgoing)) throw new TypeError('not HTTP/1.1');
        arrive(outgoing);
        await gate;
        return new Response(large);
      },
    };
    const listener = await listen(answering, HERE, systemClock);
    t.teardown(() => listener.close(0));
    const client = connect(listener.address.port, '127.0.0.1');
    t.teardown(() => client.destroy());
    client.on('error', () => undefined).pause();
    client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    const outgoing = await arrived;
    const { socket } = outgoing;
    t.equal(socket?.timeout, 5 * 60_000);
    const bounds = { headersTimeout: 10_000, requestTimeout: 30_000, maxConnections: 2_000 };
    t.match(Reflect.get(socket ?? {}, 'server'), bounds, 'nor does anybody else take for ever');
    // What Node says when so long nothing has come or gone.
    socket?.emit('timeout');
    t.equal(socket?.destroyed, false);
    open();
    while (outgoing.writableEnded === false) await nextTurn();
    socket?.emit('timeout');
    t.equal(socket?.destroyed, true);
  },
);
