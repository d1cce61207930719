import { on, once } from 'node:events';
import { MessageChannel, Worker } from 'node:worker_threads';
import t, { type Test } from 'tap';
import type { Reply } from '../../lib/pools/messages.ts';
import { FAIL, gatewayConfig, handGateway, inquiry, orderIds } from './gateway.ts';

/** One task in a real thread: orders are asked about in their place, so many lanes at once. */
async function begin(t: Test, count: number, lanes: number, returnAfterMs = 600_000) {
  const gateway = await handGateway();
  const { settings } = gatewayConfig(gateway.baseUrl);
  const thread = new Worker(new URL('./workers/on-message.ts', import.meta.url));
  t.teardown(async () => {
    await thread.terminate();
    await gateway.close();
  });
  const { port1, port2: port } = new MessageChannel();
  t.teardown(() => port1.close());
  await once(thread, 'message');
  const orders = orderIds(count).map((id) => [inquiry(id)]);
  thread.postMessage({ gateway: settings, orders, lanes, returnAfterMs, port }, [port]);
  const messages = on(port1, 'message');
  const replies: Reply[] = [];
  const reply = async (): Promise<Reply | undefined> => {
    if (replies.length === 0) replies.push(...((await messages.next()).value?.[0] ?? []));
    return replies.shift();
  };
  const ended = () => once(thread, 'message');
  return { gateway, reply, ended };
}

t.test('each answer is posted when it is heard', async (t) => {
  const { gateway, reply, ended } = await begin(t, 2, 2);
  const [one, other] = [await gateway.next(), await gateway.next()];
  const [first, second] = one.name < other.name ? [one, other] : [other, one];
  const heardFirst = reply();
  second.captured();
  t.match(await heardFirst, { kind: 'heard', at: 1, answers: [{ kind: 'statement' }] });
  const heardLast = Promise.all([reply(), ended()]);
  first.captured();
  t.match(await heardLast, [{ kind: 'heard', at: 0 }, ['ended']]);
});

t.test('what has not begun when the gateway turns slow goes back', async (t) => {
  const { gateway, reply, ended } = await begin(t, 4, 1, 1);
  const hanging = await gateway.next();
  t.same(await reply(), { kind: 'returned', at: [1, 2, 3] });
  const rest = Promise.all([reply(), ended()]);
  hanging.captured();
  t.match(await rest, [{ kind: 'heard', at: 0 }, ['ended']]);
  t.equal(gateway.seen(), 1);
});

t.test('what has not begun at the first trouble goes back', async (t) => {
  const { gateway, reply } = await begin(t, 4, 1);
  gateway.always((arrival) => arrival.reply(500, FAIL));
  const replies = [await reply()];
  while (replies.at(-1)?.kind !== 'returned') replies.push(await reply());
  t.match(replies[0], { kind: 'heard', at: 0, exchanges: [{ result: 'server_error' }] });
  t.same(replies.slice(1), [{ kind: 'returned', at: [1, 2, 3] }]);
});
