import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { scratchDir } from '../support/scratch-dir.ts';
import { run } from './run.ts';

/** A command whose exit code is what container tools believe. */

const HELD = { name: 'store', ok: true, text: 'The database answers.' };
const BROKEN = { name: 'pool', ok: false, text: 'The threads that ask have failed.' };

const scratch = scratchDir('health');
t.teardown(scratch.remove);
const cwd = scratch.path;

t.test('what answers at /readyz decides the exit code', async (t) => {
  const rows: readonly (readonly [string, number, unknown, number, string, RegExp])[] = [
    [
      'ready',
      200,
      { status: 'ready', checks: [HELD] },
      0,
      'ok   store: The database answers.\n',
      /^$/,
    ],
    [
      'not ready',
      503,
      { status: 'not_ready', checks: [HELD, BROKEN] },
      1,
      'ok   store: The database answers.\nNOT  pool: The threads that ask have failed.\n',
      /^$/,
    ],
    ['another program', 200, { hello: 'world' }, 1, '', /^error: No daemon answers at http/],
    ['ready, says what answers 500', 500, { status: 'ready', checks: [] }, 1, '', /^$/],
  ];
  for (const [name, status, body, code, stdout, stderr] of rows) {
    const ended = await run(['health', '--listen', await answering(t, status, body)], { cwd });
    t.equal(ended.code, code, name);
    t.equal(ended.stdout, stdout, name);
    t.match(ended.stderr, stderr, name);
  }
});

t.test('--json prints what the daemon answered', async (t) => {
  const body = { status: 'not_ready', checks: [BROKEN] };
  const listen = await answering(t, 503, body);
  const { code, stdout } = await run(['health', '--json', '--listen', listen], { cwd });
  t.equal(code, 1);
  t.same(JSON.parse(stdout), body);
});

t.test('nobody there, and somebody who never answers', async (t) => {
  const silent = await listening(t, () => undefined);
  for (const [listen, words] of [
    ['127.0.0.1:1', '.\nhint: Start it with'],
    [silent, ' within 3 seconds.\nhint: It hangs'],
  ] as const) {
    const { code, stdout, stderr } = await run(['health', '--listen', listen], { cwd });
    t.equal(code, 1, listen);
    t.equal(stdout, '', listen);
    t.match(stderr, `error: No daemon answers at http://${listen}/readyz${words}`);
  }
});

t.test('a daemon that listens everywhere is asked here; no secret is needed', async (t) => {
  const listen = await answering(t, 200, { status: 'ready', checks: [HELD] });
  const everywhere = listen.replace('127.0.0.1', '0.0.0.0');
  const env = { RECONCILED_API_TOKEN: 'token' };
  t.equal((await run(['health', '--listen', everywhere], { cwd, env })).code, 0);
});

function answering(t: Test, status: number, body: unknown): Promise<string> {
  return listening(t, (path) => (path === '/readyz' ? [status, body] : [404, {}]));
}

/** An address that answers so, or not at all. */
async function listening(
  t: Test,
  answer: (path: string) => readonly [number, unknown] | undefined,
): Promise<string> {
  const server = createServer((request, response) => {
    const [status, body] = answer(request.url ?? '') ?? [];
    if (status === undefined) return;
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return `127.0.0.1:${port}`;
}
