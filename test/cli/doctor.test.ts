import { chmodSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createMailServer } from 'node:net';
import { join } from 'node:path';
import { SMTPServer } from 'smtp-server';
import t, { type Test } from 'tap';
import { openSecretFiles } from '../../lib/cli/doctor/secret-files.ts';
import { addressIn, reconciled } from '../daemon/process.ts';
import { run } from './run.ts';
import { openShop, orderLine, PRODUCTS } from './shop.ts';

interface Finding {
  readonly what: string;
  readonly verdict: string;
  readonly found: string;
  readonly todo: string | null;
}

async function doctor(cwd: string, config = 'reconciled.toml', env = {}) {
  const args = ['doctor', '--config', config, '--locale', 'en', '--json'];
  const ended = await run(args, { cwd, env });
  const { ok, findings }: { ok: boolean; findings: Finding[] } = JSON.parse(ended.stdout);
  const of = (what: string) => findings.find((finding) => finding.what === what);
  return { ...ended, ok, of };
}

t.test('a machine on which all is well', async (t) => {
  const { cwd } = await openShop(t);
  const before = await doctor(cwd);
  t.match([before.ok, before.code], [true, 0], before.stderr);
  t.match(before.of('data_dir'), {
    verdict: 'ok',
    found: /is not there yet; the daemon makes it$/,
  });
  t.match(before.of('database'), { verdict: 'ok', found: /none yet/ });
  t.match(before.of('gateway pg'), { verdict: 'ok', found: /^answers, in \d+ ms$/ });
  t.match(before.of('clock'), { verdict: 'ok', found: /^0 s from that of pg$/ });
  t.match(before.of('daemon'), { verdict: 'warning', todo: /reconciled serve/ });
  t.match(before.of('channel log'), { verdict: 'ok' });
  await run(['import', '--products', '-'], { cwd, input: PRODUCTS });
  await run(['import', '-'], { cwd, input: orderLine(1) });
  const after = await doctor(cwd);
  t.match(after.of('database'), { verdict: 'ok', found: /^1 order; it can be read$/ });
  const words = await run(['doctor', '--locale', 'ko'], { cwd });
  t.match(words.stdout, /^정상 {2}gateway pg: \d+ ms 만에 응답$/m);
  t.match(words.stdout, /할 일이 1가지 있습니다\.\n$/);
});

t.test('what is wrong is named, with what to do', async (t) => {
  const { cwd } = await openShop(t);
  await run(['import', '--products', '-'], { cwd, input: PRODUCTS });
  chmodSync(join(cwd, 'data'), 0o755);
  chmodSync(join(cwd, 'data', 'reconciled.db'), 0o644);
  const late = await listening(t, (_request, response) => {
    response.setHeader('date', new Date(0).toUTCString());
    response.setHeader('content-type', 'application/json');
    response.statusCode = 404;
    const message = '(transactionKey: reconciled-doctor) 결제건이 존재하지 않습니다.';
    response.end(JSON.stringify({ meta: { result: 'FAIL', errorCode: 'Not Found', message } }));
  });
  const locked = await listening(t, (_request, response) => {
    response.statusCode = 401;
    response.end();
  });
  writeFileSync(join(cwd, 'reconciled.toml.secret'), 'hunter2');
  chmodSync(join(cwd, 'reconciled.toml.secret'), 0o644);
  writeFileSync(join(cwd, 'sick.toml'), sick({ late, locked, mail: await silentMail(t) }));
  const found = await doctor(cwd, 'sick.toml');
  t.match([found.ok, found.code], [false, 1]);
  t.match(found.of('permissions'), { verdict: 'warning', todo: /^chmod 600 / });
  t.match(found.of('secrets'), { verdict: 'warning', found: /toml\.secret$/, todo: /^chmod o= / });
  chmodSync(join(cwd, 'reconciled.toml.secret'), 0o640);
  chmodSync(join(cwd, 'data'), 0o700);
  writeFileSync(join(cwd, 'data', 'reconciled.db'), 'no database'.repeat(1_000));
  const then = await doctor(cwd, 'sick.toml');
  t.equal(then.of('secrets'), undefined, 'and then it is well');
  t.match(then.of('permissions'), { verdict: 'ok' }, 'a folder hides what is in it');
  t.match(then.of('database'), { verdict: 'trouble', todo: /./ });
  t.match(found.of('gateway gone'), { verdict: 'trouble', todo: /base_url/ });
  t.match(found.of('gateway locked'), { verdict: 'trouble', found: /refuses us/, todo: /user_id/ });
  t.match(found.of('gateway late'), { verdict: 'ok' });
  t.match(found.of('clock'), { verdict: 'warning', todo: /set-ntp/ });
  t.match(found.of('channel mail'), { verdict: 'trouble', todo: /notices test mail/ });
  t.match(found.of('channel shop'), { verdict: 'trouble', found: /private/ });
});

t.test('a disk that takes no more files is named, whatever room it has', async (t) => {
  const { cwd } = await openShop(t);
  const on = (files: number, ffree: number) => {
    const disk = `const{default:fs}=await import('node:fs');const{statfsSync}=fs;
      fs.statfsSync=(path)=>({...statfsSync(path),files:${files},ffree:${ffree}});
      (await import('node:module')).syncBuiltinESMExports()`;
    const url = `data:text/javascript,${encodeURIComponent(disk)}`;
    return doctor(cwd, 'reconciled.toml', { NODE_OPTIONS: `--import=${url}` });
  };
  const full = await on(10_000, 1);
  t.match([full.ok, full.code], [false, 1], full.stderr);
  const todo = /df -i/;
  t.match(full.of('files'), { verdict: 'trouble', found: /takes 1 more file,/, todo });
  t.match((await on(10_000, 500)).of('files'), { verdict: 'warning', found: /500 more/, todo });
  t.equal((await on(10_000, 5_000)).of('files'), undefined);
  t.equal((await on(0, 0)).of('files'), undefined, 'a file system that counts none');
});

t.test(
  'a secret that anybody may read is named once; one that a container mounts is not',
  async (t) => {
    const folder = t.testdir({
      mounted: { token: 'hunter2' },
      'mounted-not': { token: 'hunter2' },
      open: 'hunter2',
      kept: 'hunter2',
      'reconciled.toml': `
[http]
api_token = { file = "mounted/token" }
[[channel]]
secrets = [{ file = "open" }, { file = "kept" }, { file = "mounted-not/token" }, { file = "gone" }]
[[channel]]
secrets = [{ file = "open" }, { env = "SECRET" }]
`,
    });
    const open = ['mounted/token', 'mounted-not/token', 'open'].map((name) => join(folder, name));
    for (const path of open) chmodSync(path, 0o644);
    chmodSync(join(folder, 'kept'), 0o640);
    t.strictSame(openSecretFiles(join(folder, 'reconciled.toml'), join(folder, 'mounted/')), [
      join(folder, 'open'),
      join(folder, 'mounted-not/token'),
    ]);
  },
);

t.test('what took the address of the daemon is not taken for it', async (t) => {
  const { cwd } = await openShop(t);
  const address = (await listening(t, (_request, response) => void response.end('ok'))).slice(7);
  const ended = await run(['doctor', '--listen', address, '--locale', 'en'], { cwd });
  t.equal(ended.code, 1);
  t.match(ended.stdout, `NO  daemon: what answers at http://${address} is no daemon of this`);
  t.match(ended.stdout, /^ {4}→ give this command the --config \(or --listen\) of its daemon/m);
});

t.test(
  'a daemon that does its work leaves nothing to do; that of another database does',
  async (t) => {
    const { cwd } = await openShop(t);
    const daemon = reconciled(['serve', '--config', join(cwd, 'reconciled.toml')]);
    t.teardown(() => daemon.child.kill('SIGKILL'));
    const listen = (await addressIn(daemon, /listens on/)).replace('http://', '');
    const args = ['doctor', '--listen', listen, '--locale', 'en'];
    const here = await run(args, { cwd });
    t.equal(here.code, 0);
    t.match(here.stdout, `ok  daemon: a daemon runs at http://${listen} and does its work\n`);
    t.match(here.stdout, /\n\nEverything that a daemon needs is there\.\n$/);
    await run(['import', '--products', '-', '--data-dir', 'other'], { cwd, input: PRODUCTS });
    const other = await run([...args, '--data-dir', 'other'], { cwd });
    t.equal(other.code, 1);
    t.match(other.stdout, `NO  daemon: what answers at http://${listen} is no daemon of this`);
  },
);

t.test('without a gateway there is nothing that a daemon could ask', async (t) => {
  const { cwd } = await openShop(t);
  writeFileSync(join(cwd, 'none.toml'), '');
  const found = await doctor(cwd, 'none.toml');
  t.match([found.ok, found.code], [false, 1]);
  t.match(found.of('gateways'), { verdict: 'trouble', todo: /\[\[gateway\]\]/ });
});

t.test('a mail server is greeted, and told nothing', async (t) => {
  const { cwd } = await openShop(t);
  let mails = 0;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    onMailFrom: (_address, _session, done) => {
      mails += 1;
      done();
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close(() => {}));
  const address = server.server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  writeFileSync(join(cwd, 'mail.toml'), mailChannel(port));
  const found = await doctor(cwd, 'mail.toml');
  t.match(found.of('channel mail'), { verdict: 'ok', found: /welcome/ });
  t.equal(mails, 0);
});

t.test('a configuration that is off is the only finding', async (t) => {
  const { cwd } = await openShop(t);
  writeFileSync(join(cwd, 'off.toml'), 'data_dri = "x"\n');
  const found = await doctor(cwd, 'off.toml');
  t.match([found.ok, found.code], [false, 1]);
  t.match(found.of('configuration'), {
    verdict: 'trouble',
    found: /data_dir/,
    todo: /config check/,
  });
});

async function listening(t: Test, answer: Parameters<typeof createServer>[1]): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
}

/** Accepts, and says nothing. */
async function silentMail(t: Test): Promise<number> {
  const server = createMailServer((line) => {
    t.teardown(() => line.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const address = server.address();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

function gateway(name: string, url: string): string {
  return `[[gateway]]
name = "${name}"
kind = "pg-simulator"
base_url = "${url}"
methods = ["CARD"]
`;
}

function mailChannel(port: number): string {
  return `[[channel]]
name = "mail"
kind = "email"
host = "127.0.0.1"
port = ${port}
security = "none"
from = "reconciled@shop.example"
to = ["ops@shop.example"]
timeout = "1s"
`;
}

function sick(where: { readonly late: string; readonly locked: string; readonly mail: number }) {
  return `data_dir = "data"
${gateway('late', where.late)}${gateway('locked', where.locked)}${gateway('gone', 'http://127.0.0.1:9')}
${mailChannel(where.mail)}
[[channel]]
name = "shop"
kind = "webhook"
url = "http://10.0.0.1/hooks"
secrets = [{ file = "reconciled.toml.secret" }]
`;
}
