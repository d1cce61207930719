import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { EXIT } from '../../lib/cli/exit.ts';
import { STOP_WITHIN_MS } from '../../lib/daemon.ts';
import { MAX_CALLBACK_BYTES } from '../../lib/http/body.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { ROOT, read } from './image.ts';
import { check, lacks } from './programs.ts';

/** What the machine around the daemon is given: the unit of systemd, and proxies that show callbacks to the internet. */

const unit = read('deploy/reconciled.service');
const setting = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1] ?? '';

t.test('the unit agrees with the program', async (t) => {
  t.equal(setting('RestartPreventExitStatus'), String(EXIT.configuration));
  t.ok(Number.parseInt(setting('TimeoutStopSec'), 10) * 1_000 > STOP_WITHIN_MS, 'it may finish');
  t.equal(setting('Type'), 'notify');
  t.equal(setting('NotifyAccess'), 'all', 'systemd-notify is a process of its own');
  t.equal(setting('Restart'), 'always', 'it ends with 0 whoever sends the signal');
  t.equal(setting('WatchdogSignal'), 'SIGTERM', 'what was decided is committed');
  const filters = [...unit.matchAll(/^SystemCallFilter=(.*)$/gm)].map(([, filter]) => filter);
  t.equal(
    filters.at(-1),
    'setpriority',
    'reports step aside (lib/priority.ts), and @resources has it',
  );
  t.equal(setting('MemoryDenyWriteExecute'), '', 'JavaScript is compiled while it runs');
});

t.test(
  'systemd takes the unit as it is',
  { skip: lacks('systemd-analyze', '--version') },
  async (t) => {
    const scratch = scratchDir('unit');
    t.teardown(scratch.remove);
    const file = join(scratch.path, 'reconciled.service');
    // It wants to see the program and the page, which are installed only at a customer's.
    writeFileSync(file, unit.replace('/usr/local/bin/reconciled', '/bin/true'));
    const verified = check('systemd-analyze', ['verify', '--man=no', file]);
    t.same(verified, { code: 0, said: '' });
  },
);

const systemd = lacks('systemd-analyze', '--version') || tooOld();

t.test('it is exposed as little as a network service can be', { skip: systemd }, async (t) => {
  const file = join(ROOT, 'deploy/reconciled.service');
  // 0 is nothing, 10 is everything; above 2 systemd itself says MEDIUM for most units of a distribution.
  const judged = check('systemd-analyze', ['security', '--offline=true', '--threshold=20', file]);
  t.equal(judged.code, 0, judged.said);
});

t.test('proxies show callbacks and nothing else', async (t) => {
  for (const file of ['deploy/nginx.conf', 'deploy/Caddyfile']) {
    const text = read(file);
    const upstreams = [...text.matchAll(/^[^#]*?127\.0\.0\.1:(\d+)/gm)].map(([, port]) => port);
    t.same(upstreams, ['8091'], `${file} knows the listener for callbacks only`);
    const [, kilobytes] = /(?:max_body_size|max_size) (\d+)K/i.exec(text) ?? [];
    t.equal(Number(kilobytes) * 1024, MAX_CALLBACK_BYTES, `${file} takes what the daemon takes`);
    const [, pattern = ''] = /(?:location ~|path_regexp) (\S+)/.exec(text) ?? [];
    for (const path of ['/callbacks/pg', '/callbacks/card-gateway_2'])
      t.match(path, new RegExp(pattern));
    for (const path of ['/v1/orders', '/metrics', '/callbacks/', '/callbacks/pg/../../v1/orders']) {
      t.notMatch(path, new RegExp(pattern));
    }
  }
});

t.test(
  'nginx takes its example',
  { skip: lacks('nginx', '-v') || lacks('openssl', 'version') },
  async (t) => {
    const scratch = scratchDir('nginx');
    t.teardown(scratch.remove);
    const place = (name: string) => join(scratch.path, name);
    const subject = ['-subj', '/CN=pay.shop.example', '-days', '1', '-nodes'];
    const made = ['-keyout', place('privkey.pem'), '-out', place('fullchain.pem')];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', ...subject, ...made], {
      stdio: 'ignore',
    });
    const server = read('deploy/nginx.conf').replaceAll('/etc/ssl/reconciled', scratch.path);
    writeFileSync(
      place('nginx.conf'),
      `pid ${place('pid')}; error_log stderr; events {} http { access_log off;
client_body_temp_path ${place('a')}; proxy_temp_path ${place('b')}; fastcgi_temp_path ${place('c')};
uwsgi_temp_path ${place('d')}; scgi_temp_path ${place('e')};
${server} }`,
    );
    const { code, said } = check('nginx', ['-t', '-p', scratch.path, '-c', place('nginx.conf')]);
    t.equal(code, 0, said);
    t.notMatch(said, /\[(warn|emerg|error)\]/);
  },
);

t.test('Caddy takes its example', { skip: lacks('caddy', 'version') }, async (t) => {
  const args = ['--config', join(ROOT, 'deploy/Caddyfile'), '--adapter', 'caddyfile'];
  const { code, said } = check('caddy', ['validate', ...args]);
  t.equal(code, 0, said);
});

/** `security --offline` came with systemd 250. */
function tooOld(): string | false {
  const [, version = '0'] =
    /systemd (\d+)/.exec(check('systemd-analyze', ['--version']).said) ?? [];
  return Number(version) >= 250 ? false : `systemd ${version} judges running units only`;
}
