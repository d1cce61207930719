import { on, once } from 'node:events';
import { MessageChannel, Worker } from 'node:worker_threads';
import t, { type Test } from 'tap';
import type { Question } from '../../lib/core/gateway.ts';
import type { AskTask, Chunk, Feeding, Reply } from '../../lib/pools/messages.ts';
import { FAIL, gatewayConfig, handGateway, inquiry, orderIds } from './gateway.ts';

/** One task in a real thread: orders are asked about in their place, so many lanes at once. */
async function begin(t: Test, count: number, lanes: number, more: readonly Question[] = []) {
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
  const chunk = (ids: readonly string[], lanes: number): Chunk => ({
    orders: ids.map((id) => [inquiry(id), ...more]),
    lanes,
  });
  const task: AskTask = { gateway: settings, first: chunk(orderIds(count), lanes), port };
  thread.postMessage(task, [port]);
  const feed = (feeding: Feeding) => port1.postMessage(feeding);
  const messages = on(port1, 'message');
  const replies: Reply[] = [];
  const reply = async (): Promise<Reply | undefined> => {
    if (replies.length === 0) replies.push(...((await messages.next()).value?.[0] ?? []));
    return replies.shift();
  };
  const ended = () => once(thread, 'message');
  const give = (ids: readonly string[], lanes: number) => feed(chunk(ids, lanes));
  const again = () => {
    const { port1: ours, port2: port } = new MessageChannel();
    t.teardown(() => ours.close());
    const task: AskTask = { gateway: settings, first: chunk(['ORDER000009'], 1), port };
    thread.postMessage(task, [port]);
  };
  return { gateway, reply, ended, give, again, recall: () => feed('give_back') };
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
  t.match(await heardLast, [{ kind: 'heard', at: 0 }, [2]]);
});

t.test('what it is told to give back goes back, and the rest goes on', async (t) => {
  const { gateway, reply, ended, recall } = await begin(t, 4, 1);
  const hanging = await gateway.next();
  recall();
  t.same(await reply(), { kind: 'returned', at: [1, 2, 3] });
  const rest = Promise.all([reply(), ended()]);
  hanging.captured();
  t.match(await rest, [{ kind: 'heard', at: 0 }, [4]]);
  t.equal(gateway.seen(), 1);
});

t.test('a lane has its next order at hand, and more come while it asks', async (t) => {
  const { gateway, reply, ended, give } = await begin(t, 2, 1);
  const first = await gateway.next();
  give(['ORDER000007', 'ORDER000008'], 2);
  const another = await gateway.next();
  t.equal(another.name, 'TR-ORDER000001', 'a second lane begins at once');
  first.captured();
  t.match(await reply(), { kind: 'heard', at: 0 });
  const third = await gateway.next();
  t.equal(third.name, 'TR-ORDER000007', 'in the order in which they came');
  another.captured();
  t.match(await reply(), { kind: 'heard', at: 1 });
  (await gateway.next()).captured();
  t.match(await reply(), { kind: 'heard', at: 3 });
  third.captured();
  const [last, came] = await Promise.all([reply(), ended()]);
  t.match(last, { kind: 'heard', at: 2 });
  t.same(came, [4]);
  t.equal(gateway.peak(), 2);
});

t.test('what has not begun at the first trouble goes back', async (t) => {
  const { gateway, reply } = await begin(t, 4, 1);
  gateway.always((arrival) => arrival.reply(500, FAIL));
  const replies = [await reply()];
  while (replies.at(-1)?.kind !== 'returned') replies.push(await reply());
  t.match(replies[0], { kind: 'heard', at: 0, exchanges: [{ result: 'server_error' }] });
  t.same(replies.slice(1), [{ kind: 'returned', at: [1, 2, 3] }]);
});

t.test(
  'the questions of an order are asked one after the other, and answered together',
  async (t) => {
    const { gateway, reply, ended, give } = await begin(t, 1, 1, [inquiry('ORDER000009')]);
    const first = await gateway.next();
    give(['ORDER000008'], 2);
    const other = await gateway.next();
    t.equal(other.name, 'TR-ORDER000008', 'the second question waits for the first answer');
    gateway.always((arrival) => arrival.captured());
    const came = ended();
    first.captured();
    other.captured();
    const whole = { kind: 'heard', answers: { length: 2 }, exchanges: { length: 2 } };
    t.match([await reply(), await reply()], [whole, whole]);
    t.same(await came, [2]);
  },
);

t.test(
  'what comes after the end of a task is not asked about: it goes back by itself',
  async (t) => {
    const { gateway, reply, ended, give, again } = await begin(t, 1, 1);
    const heard = Promise.all([reply(), ended()]);
    (await gateway.next()).captured();
    await heard;
    give(['ORDER000008'], 1);
    again();
    const next = await gateway.next();
    t.equal(next.name, 'TR-ORDER000009');
    next.captured();
    await ended();
    t.equal(gateway.seen(), 2);
  },
);
