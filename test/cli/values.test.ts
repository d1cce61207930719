import t from 'tap';
import { originOf } from '../../lib/cli/client.ts';
import { languageOf } from '../../lib/cli/demo/words.ts';
import { shareOfOne, wholeNumber } from '../../lib/cli/values.ts';
import { loadConfig } from '../../lib/config.ts';

/** What is typed, and what it is taken for. */

t.test('a whole number lies within its bounds, both of them allowed', async (t) => {
  const read = wholeNumber(1, 1_000);
  t.equal(read('1'), 1);
  t.equal(read('1000'), 1_000);
  for (const written of ['0', '1001', '-1', '1.5', '1e2', '', ' ', '0x10', '9'.repeat(16)]) {
    t.throws(() => read(written), /Write a whole number from 1 to 1000\./, `"${written}"`);
  }
});

t.test('a share is 0 to 1, both of them allowed', async (t) => {
  for (const [written, share] of [
    ['0', 0],
    ['0.4', 0.4],
    ['1', 1],
  ] as const) {
    t.equal(shareOfOne(written), share);
  }
  for (const written of ['', ' ', '-0.1', '1.01', '40', 'half']) {
    t.throws(() => shareOfOne(written), /Write a number from 0 \(never\) to 1/, `"${written}"`);
  }
});

t.test('a daemon that listens everywhere is reached on its own machine', async (t) => {
  for (const [listen, origin] of [
    ['127.0.0.1:8090', 'http://127.0.0.1:8090'],
    ['0.0.0.0:8090', 'http://127.0.0.1:8090'],
    ['[::]:8090', 'http://[::1]:8090'],
  ] as const) {
    const env = { RECONCILED_LISTEN: listen, RECONCILED_API_TOKEN: 'a-token-of-the-test' };
    t.equal(originOf(loadConfig({ env })), origin, listen);
  }
});

t.test('the demo speaks Korean where the terminal does', async (t) => {
  for (const [env, language] of [
    [{}, 'en'],
    [{ LANG: 'ko_KR.UTF-8' }, 'ko'],
    [{ LANG: 'de_DE.UTF-8' }, 'en'],
    [{ LANG: 'en_US.UTF-8', LC_MESSAGES: 'ko_KR.UTF-8' }, 'ko'],
    [{ LANG: 'ko_KR.UTF-8', LC_ALL: 'C.UTF-8' }, 'en'],
    [{ LANG: 'ko_KR.UTF-8', LC_ALL: '' }, 'ko'],
  ] as const) {
    t.equal(languageOf(env), language, JSON.stringify(env));
  }
});
