import type { Test } from 'tap';
import type { Channel } from '../../lib/channels/port.ts';
import { AT, told } from './messages.ts';

/** What a receiver does with everything that comes, in words of all channels. */
export type Behaviour =
  | 'takes'
  | 'refuses for ever'
  | 'refuses for now'
  | 'hangs'
  | 'talks garbage'
  | 'drops the line'
  | 'repeats what it heard';

/** A real receiver, started for one test, and a channel to it. */
export interface Receiver {
  readonly channel: Channel;
  /** By which a receiver tells a repeat, of each message that arrived whole, in the order of arrival. */
  ids(): readonly string[];
}

/** Receivers of one kind of channel. */
interface Peer {
  /** They end with the test. A channel that has no more time than `timeoutMs`. */
  open(t: Test, behaviour: Behaviour, timeoutMs: number): Promise<Receiver>;
  /** What no receipt may say. */
  readonly secrets: readonly string[];
}

/** More than any receiver on this machine needs. */
const AMPLE_MS = 20_000;

const SHORT_MS = 150;

/** What every kind of channel promises, tried with a real receiver. */
export function channelContract(t: Test, peer: Peer): void {
  const message = told('order.failed');

  for (const [behaviour, receipt] of [
    ['takes', { kind: 'delivered', detail: /\w/ }],
    ['refuses for ever', { kind: 'failed', cause: 'rejected', permanent: true, detail: /\w/ }],
    ['refuses for now', { kind: 'failed', permanent: false, detail: /\w/ }],
    ['talks garbage', { kind: 'failed', permanent: false, detail: /\w/ }],
    ['drops the line', { kind: 'failed', cause: 'connection', permanent: false, detail: /\w/ }],
  ] satisfies readonly (readonly [Behaviour, object])[]) {
    t.test(`a receiver that ${behaviour}`, async (t) => {
      const { channel } = await peer.open(t, behaviour, AMPLE_MS);
      t.match(await channel.send(message), receipt);
    });
  }

  t.test('a receiver that hangs is a time-out, and the next message has its own', async (t) => {
    const { channel } = await peer.open(t, 'hangs', SHORT_MS);
    const timeout = { kind: 'failed', cause: 'timeout', permanent: false, detail: /0\.15 s/ };
    t.match(await channel.send(message), timeout);
    const both = await Promise.all([channel.send(message), channel.send(told('stock.low'))]);
    t.match(both, [timeout, timeout]);
  });

  t.test('a second send has the same id, another message another', async (t) => {
    const { channel, ids } = await peer.open(t, 'takes', AMPLE_MS);
    await channel.send(message);
    await channel.send(message);
    await channel.send(told('order.failed', { key: 'order.failed:ORDER000004:v2' }));
    const [first, second, third, ...others] = ids();
    t.ok(first);
    t.equal(second, first);
    t.not(third, first);
    t.strictSame(others, []);
  });

  t.test('no receipt says a secret, whatever the receiver repeats', async (t) => {
    const { channel } = await peer.open(t, 'repeats what it heard', AMPLE_MS);
    const receipt = await channel.send(message);
    t.match(receipt, { kind: 'failed', detail: /\*\*\*\*/ }, 'it did repeat');
    for (const secret of peer.secrets) t.notOk(receipt.detail.includes(secret));
  });

  t.test('what a receiver says is one line, and bounded', async (t) => {
    for (const behaviour of ['refuses for ever', 'refuses for now', 'talks garbage'] as const) {
      const { channel } = await peer.open(t, behaviour, AMPLE_MS);
      const { detail } = await channel.send(message);
      t.notMatch(detail, /[\r\n]/);
      t.ok(detail.length <= 500);
    }
  });

  t.test('what cannot be written is a receipt, too', async (t) => {
    const { channel, ids } = await peer.open(t, 'takes', AMPLE_MS);
    const receipt = await channel.send(told('order.failed', { at: AT, currency: 'no currency' }));
    if (receipt.kind === 'failed') t.match(receipt, { cause: 'internal', permanent: false });
    else t.equal(ids().length, 1, 'it needed no words');
  });

  t.test('a closed channel sends nothing, and can be closed again', async (t) => {
    const { channel, ids } = await peer.open(t, 'takes', AMPLE_MS);
    await channel.send(message);
    channel.close();
    t.match(await channel.send(message), { kind: 'failed', cause: 'stopping', permanent: false });
    channel.close();
    t.equal(ids().length, 1);
  });

  t.test('what is being sent when it closes has a receipt', async (t) => {
    const { channel } = await peer.open(t, 'hangs', AMPLE_MS);
    const sending = channel.send(message);
    channel.close();
    t.match(await sending, { kind: 'failed', cause: 'stopping', permanent: false });
  });
}
