import t from 'tap';
import type { Exchange } from '../../lib/gateways/port.ts';
import { layThreads } from '../../lib/pools/asking-threads.ts';
import { chunkSize, leastRoom, RecentLatency, readAhead } from '../../lib/pools/chunks.ts';
import { Chunk, GatewayWindow, type Job } from '../../lib/pools/window.ts';
import { gatewayConfig, inquiry, orderIds } from './gateway.ts';

t.test('orders in one task', async (t) => {
  const rows: readonly [
    waiting: number,
    threads: number,
    medianMs: number | null,
    free: number,
    size: number,
  ][] = [
    [1_000, 2, null, 10, 5],
    [1_000, 2, 5, 10, 5],
    [1_000, 2, 300, 3, 3],
    [1_000, 2, 300, 1, 1],
    [1_000, 2, 300, 0, 1],
    [1, 2, 1, 10, 5],
    [2, 2, 1, 10, 5],
    [40, 2, 1, 10, 5],
    [41, 2, 1, 10, 6],
    [100, 2, 1, 1, 13],
    [100, 10, 1, 10, 5],
    [400, 2, 4.9, 10, 50],
    [100_000, 2, 0.1, 10, 50],
  ];
  for (const [waiting, threads, medianMs, free, size] of rows) {
    t.equal(
      chunkSize(waiting, threads, medianMs, { share: 5, free }),
      size,
      `${waiting} waiting, ${threads} threads, ${medianMs} ms, ${free} free slots`,
    );
  }
});

t.test('orders at hand beyond those in flight', async (t) => {
  t.equal(readAhead(10, 2, null), 10);
  t.equal(readAhead(1, 2, 300), 1);
  t.equal(readAhead(10, 2, 1), 400, 'enough for chunks of fifty');
});

t.test('the least room that is worth a claim', async (t) => {
  t.equal(leastRoom(5, null), 1);
  t.equal(leastRoom(5, 300), 1, 'a slow gateway gets its next order as soon as one is answered');
  t.equal(leastRoom(400, 1), 200, 'a fast one gets many at a time');
});

t.test('the median of the last exchanges', async (t) => {
  const latency = new RecentLatency();
  const add = (times: number, durationMs: number) => {
    for (let time = 0; time < times; time += 1) latency.add(durationMs);
  };
  add(9, 1);
  t.equal(latency.median(), null, 'nine are not enough to tell');
  add(1, 900);
  t.equal(latency.median(), 1, 'one straggler does not count');
  add(31, 300);
  t.equal(latency.median(), 300, 'the early ones are forgotten');
  latency.forget();
  t.equal(latency.median(), null);
});

t.test('threads', async (t) => {
  const rows: readonly [inFlight: number, threads: number, count: number, each: number][] = [
    [10, 10, 1, 10],
    [1, 10, 1, 1],
    [25, 10, 1, 25],
    [26, 10, 2, 13],
    [100, 10, 4, 25],
    [100, 1, 1, 100],
    [1_000, 10, 10, 100],
    [0, 10, 1, 1],
  ];
  for (const [inFlight, threads, count, each] of rows) {
    const name = `${inFlight} in flight, ${threads} threads`;
    const layout = layThreads(inFlight, threads);
    t.same(layout, { minThreads: count, maxThreads: count, concurrentTasksPerWorker: each }, name);
    t.ok(count * each >= inFlight, 'nothing has to queue');
  }
});

const THREADS = 2;

const QUICK: Exchange = {
  kind: 'lookup',
  durationMs: 1,
  result: 'answered',
  status: 200,
  retryAfterMs: null,
};

function job(orderId: string): Job {
  return { kind: 'ask', orderId, questions: [inquiry(orderId)] };
}

/** A window of ten with so many orders waiting, at a gateway that is known to answer at once. */
function quickWindow(waiting: number): GatewayWindow {
  const window = new GatewayWindow(gatewayConfig('http://127.0.0.1:1'));
  for (const id of orderIds(10)) {
    window.add(job(id));
    const chunk = next(window);
    answer(chunk, [0]);
  }
  for (const id of orderIds(waiting)) window.add(job(id));
  return window;
}

function next(window: GatewayWindow): Chunk {
  const chunk = window.next(0, THREADS);
  if (!(chunk instanceof Chunk)) throw new Error('nothing may leave');
  return chunk;
}

function answer(chunk: Chunk, places: readonly number[]): void {
  for (const at of places) {
    const settled = chunk.settle(at);
    if (settled !== undefined) chunk.window.heard(chunk.permit, settled.orderId, [QUICK], 0);
  }
}

t.test(
  'a chunk holds as many slots as it has lanes, and no more than orders are left',
  async (t) => {
    const window = quickWindow(100);
    const first = next(window);
    t.same([first.jobs.length, first.lanes, window.inFlight], [13, 5, 5]);
    const second = next(window);
    t.same([second.jobs.length, second.lanes, window.inFlight], [11, 5, 10]);
    t.equal(window.next(0, THREADS), null, 'the window is full');
    answer(first, [0, 1, 2, 3, 4, 5, 6, 7]);
    t.equal(window.inFlight, 10, 'five are left on five lanes');
    answer(first, [8]);
    t.equal(window.inFlight, 9);
    answer(first, [8]);
    t.equal(window.inFlight, 9, 'the same answer again changes nothing');
    t.same(first.open(), [9, 10, 11, 12]);
  },
);

t.test('a chunk waits until all slots of a thread are free', async (t) => {
  const window = quickWindow(100);
  const [first] = [next(window), next(window)];
  answer(first, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  t.equal(window.inFlight, 6);
  t.equal(window.next(0, THREADS), null, 'four slots are free, the fifth will be in a moment');
  answer(first, [12]);
  t.equal(next(window).lanes, 5);
});

t.test('orders that come back are the next to leave, each on a slot of its own', async (t) => {
  const window = quickWindow(100);
  const chunk = next(window);
  const back = [5, 6, 7].flatMap((at) => chunk.settle(at) ?? []);
  window.takeBack(back);
  const again = next(window);
  t.same(again.jobs.slice(0, 3), back);
  t.equal(again.lanes, again.jobs.length);
});

t.test('a payment request travels alone', async (t) => {
  const window = quickWindow(3);
  const request: Job = {
    kind: 'request',
    orderId: 'ORDER000100',
    request: {
      gateway: 'pg',
      orderId: 'ORDER000100',
      userId: 'member-1',
      amount: 1,
      cardType: 'KB',
      cardNo: '',
    },
  };
  window.add(request);
  for (const id of orderIds(60)) window.add(job(id));
  const before = next(window);
  t.equal(before.jobs.length, 3, 'what was there before it');
  t.same(next(window).jobs, [request]);
});

t.test('no chunks where requests a second are counted', async (t) => {
  const window = new GatewayWindow(gatewayConfig('http://127.0.0.1:1', { ratePerSecond: 1_000 }));
  for (const id of orderIds(40)) window.add(job(id));
  for (const _ of orderIds(10)) {
    const chunk = next(window);
    t.equal(chunk.jobs.length, 1);
    answer(chunk, [0]);
  }
  t.equal(next(window).jobs.length, 1);
});

t.test('a queue has an end', async (t) => {
  const window = new GatewayWindow(gatewayConfig('http://127.0.0.1:1'));
  const taken = orderIds(3_000).filter((id) => window.add(job(id)));
  t.equal(taken.length, 2_000);
  t.equal(window.drain().length, 2_000);
  t.equal(window.room(0, THREADS), 20, 'and what was turned away is forgotten');
});
