import { join } from 'node:path';
import t from 'tap';
import { addressIn, reconciled } from '../daemon/process.ts';
import { run } from './run.ts';
import { openShop, orderIdOf, orderLine, PRODUCTS } from './shop.ts';

/** A person decides while the daemon runs: the command goes through it, with its token, and is told what it says. */

const TOKEN = { RECONCILED_API_TOKEN: 'a-token-of-thirty-two-characters' };
const BY = ['--note', 'looked at it', '--by', 'kim', '--locale', 'en'];

t.test('resolve and refunded beside a running daemon', async (t) => {
  const { cwd } = await openShop(t);
  const daemon = reconciled(['serve', '--config', join(cwd, 'reconciled.toml')], TOKEN);
  t.teardown(() => daemon.child.kill('SIGKILL'));
  const listen = (await addressIn(daemon, /listens on/)).replace('http://', '');
  const env = { RECONCILED_LISTEN: listen };
  const shop = (args: readonly string[], input = '') =>
    run(args, { cwd, env: { ...env, ...TOKEN }, input });
  await shop(['import', '--products', '-'], PRODUCTS);
  await shop(['import', '-'], [3, 5].map((number) => orderLine(number)).join('\n'));
  const swept = await shop(['sweep', '--locale', 'en']);
  t.equal(swept.stderr, 'The running daemon sweeps …\n');
  t.match(swept.stdout, /^ +1 +mismatched .*\n[\s\S]*^Looked at 2 orders in \d+\.\d s\.\n$/m);

  const failed = ['resolve', orderIdOf(3), '--state', 'failed', ...BY];
  const stranger = await run(failed, { cwd, env });
  t.equal(stranger.code, 1);
  t.match(
    stranger.stderr,
    /^error: The daemon at http:.* wants its token\.\nhint: Set RECONCILED_API_TOKEN to the token/,
  );
  const rows: readonly (readonly [args: readonly string[], code: number, said: RegExp])[] = [
    [[...failed, '--if-version', '99'], 1, /^error: .*not 99.*\nhint: .*reconciled explain ORDER/],
    [failed, 0, /^Done: order ORDER000003 is failed\.\n$/],
    [failed, 1, /^error: .*only a held order can be resolved.*\nhint: .*reconciled explain ORDER/],
    [
      ['resolve', orderIdOf(5), '--state', 'completed', '--payment', `${orderIdOf(5)}-1`, ...BY],
      0,
      /^Done: order ORDER000005 is completed\.\n$/,
    ],
    [
      ['resolve', 'ORDER999999', '--state', 'failed', ...BY],
      1,
      /^error: .*ORDER999999.*\nhint: .*reconciled orders/,
    ],
    [
      ['refunded', 'pg:no/such?one', '--reference', 'R-1', ...BY],
      1,
      /^error: There is no payment of that id\.\nhint: /,
    ],
  ];
  for (const [args, code, said] of rows) {
    const ended = await shop(args);
    t.equal(ended.code, code, args.join(' '));
    t.match(code === 0 ? ended.stdout : ended.stderr, said, args.join(' '));
  }
  const refund = ['refunded', `${orderIdOf(3)}-1`, '--reference', 'R-1', ...BY, '--json'];
  t.match(JSON.parse((await shop(refund)).stdout), {
    id: orderIdOf(3),
    state: 'failed',
    payments: [{ state: 'refunded' }],
  });
  const accepted = JSON.parse((await shop(['explain', orderIdOf(5), '--json'])).stdout);
  t.match(accepted.order, { state: 'completed', payments: [{ state: 'succeeded' }] });
});
