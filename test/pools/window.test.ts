import t from 'tap';
import type { GatewayConfig } from '../../lib/config.ts';
import type { Exchange } from '../../lib/gateways/port.ts';
import { layThreads } from '../../lib/pools/asking-threads.ts';
import { atHand, leastRoom, RecentLatency, readAhead } from '../../lib/pools/chunks.ts';
import { type Feed, GatewayWindow, type Job } from '../../lib/pools/window.ts';
import { gatewayConfig, inquiry, orderIds } from './gateway.ts';

t.test('orders that a thread has at hand beyond those that it asks about', async (t) => {
  const rows: readonly [
    waiting: number,
    threads: number,
    medianMs: number | null,
    lanes: number,
    orders: number,
  ][] = [
    [1_000, 2, null, 5, 5],
    [1_000, 2, 5, 5, 5],
    [1_000, 2, 300, 3, 3],
    [1, 2, 1, 5, 5],
    [40, 2, 1, 5, 5],
    [41, 2, 1, 5, 6],
    [100, 2, 1, 1, 13],
    [100, 10, 1, 1, 3],
    [400, 2, 4.9, 5, 50],
    [100_000, 2, 0.1, 5, 50],
    [100_000, 2, 0.1, 60, 60],
  ];
  for (const [waiting, threads, medianMs, lanes, orders] of rows) {
    const name = `${waiting} waiting, ${threads} threads, ${medianMs} ms, ${lanes} lanes`;
    t.equal(atHand(waiting, threads, medianMs, lanes), orders, name);
  }
});

t.test('orders at hand beyond those in flight', async (t) => {
  t.equal(readAhead(10, 2, null), 10);
  t.equal(readAhead(1, 2, 300), 1);
  t.equal(readAhead(10, 2, 1), 400, 'enough for chunks of fifty');
  t.equal(readAhead(1_000, 1, 1), 1_000, 'and a window in any case');
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
  add(90, 1);
  add(31, 300);
  t.equal(latency.median(), 300, 'the early ones are forgotten');
  add(11, 9);
  add(10, 10);
  add(10, 100);
  t.equal(latency.median(), 10, 'lengths are numbers and no texts');
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

/** A minute long: nothing of these tests depends on when. */
const NOW_MS = 60_000;

function exchange(changes: Partial<Exchange> = {}): Exchange {
  return {
    kind: 'lookup',
    durationMs: 1,
    result: 'answered',
    status: 200,
    retryAfterMs: null,
    ...changes,
  };
}

function job(orderId: string): Job {
  return { kind: 'ask', orderId, questions: [inquiry(orderId)] };
}

function request(orderId: string): Job {
  const of = { gateway: 'pg', orderId, userId: 'member-1', amount: 1, cardType: 'KB', cardNo: '' };
  return { kind: 'request', orderId, request: of, untilMs: NOW_MS };
}

/** A window of ten with so many orders waiting. */
function windowOf(waiting: number, changes: Partial<GatewayConfig> = {}): GatewayWindow {
  const window = new GatewayWindow(gatewayConfig('http://127.0.0.1:1', changes));
  for (const id of orderIds(waiting)) window.add(job(id));
  return window;
}

/** The same at a gateway that is known to answer at once. */
function quickWindow(waiting: number, changes: Partial<GatewayConfig> = {}): GatewayWindow {
  const window = windowOf(10, changes);
  for (let second = 0; window.waiting > 0; second += 1) {
    const { leaving } = window.leave(NOW_MS + second * 1_000, THREADS);
    for (const [feed, jobs] of leaving) answer(feed, [...jobs.keys()]);
  }
  for (const feed of feedsOf(window)) window.close(feed);
  for (const id of orderIds(waiting)) window.add(job(id));
  return window;
}

function leave(window: GatewayWindow, threads = THREADS) {
  return [...window.leave(NOW_MS, threads).leaving];
}

/** What left, as [orders, lanes, at hand] for each task. */
function shape(left: ReturnType<typeof leave>) {
  return left.map(([feed, jobs]) => [jobs.length, feed.lanes, feed.spare]);
}

function feedsOf(window: GatewayWindow): readonly Feed[] {
  return leave(window).map(([feed]) => feed);
}

function answer(feed: Feed, places: readonly number[], what = exchange()): void {
  for (const at of places) {
    const given = feed.settle(at);
    if (given !== undefined) {
      feed.window.heard(given.permit, given.job.orderId, [what], NOW_MS);
    }
  }
}

t.test('every slot asks, and each thread has as many orders again at hand', async (t) => {
  const window = windowOf(100);
  t.same(shape(leave(window)), [
    [10, 5, 5],
    [10, 5, 5],
  ]);
  t.same([window.inFlight, window.waiting], [10, 80]);
  t.same(leave(window), [], 'the window is full, and so are the threads');
});

t.test('a thread goes on by itself, and is given more when half of that is gone', async (t) => {
  const window = windowOf(100);
  const [[feed] = []] = leave(window, 1);
  if (feed === undefined) throw new Error('nothing left');
  t.same([feed.lanes, feed.spare], [10, 10]);
  answer(feed, [0, 1, 2, 3]);
  t.same([feed.lanes, feed.spare, window.inFlight], [10, 6, 10], 'its lanes are all busy');
  t.same(leave(window, 1), []);
  answer(feed, [4]);
  t.same(shape(leave(window, 1)), [[5, 10, 10]]);
});

t.test('a task holds no more slots than orders are left', async (t) => {
  const window = windowOf(12);
  const [[feed] = []] = leave(window, 1);
  if (feed === undefined) throw new Error('nothing left');
  answer(feed, [0, 1]);
  t.equal(window.inFlight, 10);
  answer(feed, [2]);
  t.equal(window.inFlight, 9);
  answer(feed, [2]);
  t.equal(window.inFlight, 9, 'the same answer again changes nothing');
  window.add(job('ORDER000100'));
  t.same(shape(leave(window, 1)), [[1, 10, 0]], 'a slot that is free goes to the same task');
  t.same(feed.open(), [3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  answer(feed, feed.open());
  window.add(job('ORDER000101'));
  const [[another] = []] = leave(window, 1);
  t.not(another, feed, 'a task without orders is at its end');
});

t.test(
  'a gateway that answers at once: many at hand, and all back when it turns slow',
  async (t) => {
    const window = quickWindow(300);
    const left = leave(window, 1);
    t.same(shape(left), [[60, 10, 50]]);
    const [[feed] = []] = left;
    if (feed === undefined) throw new Error('nothing left');
    t.same(window.overfed(NOW_MS), []);
    answer(feed, [...Array(16).keys()], exchange({ durationMs: 900 }));
    t.same(window.overfed(NOW_MS), [feed]);
    const back = feed.open().slice(10);
    window.takeBack(back.flatMap((at) => feed.settle(at)?.job ?? []));
    t.same([feed.lanes, feed.spare], [10, 0]);
    t.equal(shape(leave(window, 1))[0]?.[0], 10, 'and then as many as lanes');
  },
);

t.test('a task that has ended is given nothing more', async (t) => {
  const window = windowOf(20);
  const [[feed] = []] = leave(window, 1);
  if (feed === undefined) throw new Error('nothing left');
  window.close(feed);
  answer(feed, feed.open().slice(0, -5));
  for (const id of orderIds(10)) window.add(job(id));
  t.notOk(leave(window, 1).some(([another]) => another === feed));
});

t.test('orders that come back are the next to leave', async (t) => {
  const window = windowOf(40);
  const [[feed] = []] = leave(window, 1);
  if (feed === undefined) throw new Error('nothing left');
  const back = feed
    .open()
    .slice(10)
    .flatMap((at) => feed.settle(at)?.job ?? []);
  window.takeBack(back);
  const [[, again] = []] = leave(window, 1);
  t.same(again, back);
});

t.test('nothing is given ahead', async (t) => {
  t.test('of a payment request, which travels alone', async (t) => {
    const window = windowOf(12);
    window.add(request('ORDER000100'));
    for (const id of orderIds(60)) window.add(job(id));
    const [[feed, jobs] = []] = leave(window, 1);
    if (feed === undefined) throw new Error('nothing left');
    t.same([jobs?.length, feed.spare], [12, 2], 'what was there before it');
    answer(feed, [0, 1]);
    t.same(leave(window, 1), [], 'nothing overtakes it');
    answer(feed, [2]);
    const [[alone, left] = []] = leave(window, 1);
    t.same(left, [request('ORDER000100')]);
    t.not(alone, feed);
  });

  t.test('where requests a second are counted', async (t) => {
    const window = windowOf(40, { ratePerSecond: 1_000 });
    const left = leave(window, 1);
    t.equal(left.length, 10);
    t.same(new Set(shape(left).map(String)), new Set(['1,1,0']));
    const { leaving, waitMs } = windowOf(40, { ratePerSecond: 10 }).leave(NOW_MS, 1);
    t.same([leaving.size, waitMs], [1, 100], 'the next one by time alone');
  });

  t.test('while the gateway asks for a pause', async (t) => {
    const window = windowOf(40);
    const [[feed] = []] = leave(window, 1);
    if (feed === undefined) throw new Error('nothing left');
    answer(feed, [0], exchange({ result: 'rate_limited', retryAfterMs: 2_000 }));
    answer(feed, [1, 2, 3, 4, 5]);
    t.same(window.leave(NOW_MS, 1).leaving.size, 0);
    t.equal(window.leave(NOW_MS + 2_000, 1).leaving.get(feed)?.length, 6);
    answer(feed, [6], exchange({ result: 'rate_limited', retryAfterMs: 60_000 }));
    t.same(window.overfed(NOW_MS), [feed], 'a long one: what it has at hand comes back');
  });
});

t.test('a gateway that answers at once has room where requests a second are counted', async (t) => {
  const window = quickWindow(0, { ratePerSecond: 25 });
  t.equal(window.room(NOW_MS, THREADS), 50, 'two seconds’ worth');
  for (const id of orderIds(25)) window.add(job(id));
  t.equal(window.room(NOW_MS, THREADS), 25);
  window.add(job('ORDER000100'));
  t.equal(window.room(NOW_MS, THREADS), 0, 'more when half of them are gone');
});

t.test('where less than one request a second is allowed whole orders are held', async (t) => {
  t.equal(windowOf(0, { ratePerSecond: 0.7 }).room(NOW_MS, THREADS), 2);
  t.equal(windowOf(0, { ratePerSecond: 0.001 }).room(NOW_MS, THREADS), 1);
});

t.test('room for more orders', async (t) => {
  const window = windowOf(12);
  t.equal(window.room(NOW_MS, THREADS), 8, 'the window, and as many ahead');
  for (const id of orderIds(11)) window.add(job(id));
  t.equal(window.room(NOW_MS, THREADS), -3, 'there are more than were wanted');
  const [[feed] = []] = leave(window, 1);
  if (feed === undefined) throw new Error('nothing left');
  answer(feed, [0, 1, 2, 3, 4]);
  t.equal(window.room(NOW_MS, THREADS), 2);
  t.notOk(window.answeredSince(NOW_MS + 1));
  t.ok(window.answeredSince(NOW_MS));
  answer(feed, [5], exchange({ result: 'rate_limited', retryAfterMs: 60_000 }));
  t.equal(window.room(NOW_MS, THREADS), 0, 'none while it must not be asked');
});

t.test('while the circuit is tried there is room for the trials', async (t) => {
  const window = windowOf(5);
  for (const [feed] of leave(window))
    answer(feed, feed.open(), exchange({ result: 'misconfigured' }));
  t.equal(window.room(NOW_MS, THREADS), 0, 'it is open');
  const later = NOW_MS + 60_000;
  window.turn(later);
  const room = window.room(later, THREADS);
  t.equal(room, gatewayConfig('').breaker.halfOpen);
  window.add(job('ORDER000100'));
  t.equal(window.room(later, THREADS), room - 1, 'who waits already has one of them');
});

t.test('a payment request that waited for too long is taken out, and nothing else', async (t) => {
  const window = windowOf(3);
  window.suspect([job('ORDER000100')]);
  window.add(request('ORDER000100'));
  window.add(job('ORDER000101'));
  t.same(window.overdue(NOW_MS), []);
  t.same(window.overdue(NOW_MS + 1), [request('ORDER000100')]);
  t.equal(window.waiting, 4);
  t.equal(window.room(NOW_MS, THREADS), 16);
  const left = leave(window).flatMap(([, jobs]) => jobs.map(({ orderId }) => orderId));
  t.same(left.toSorted(), [...orderIds(3), 'ORDER000101'].toSorted());
});

t.test('a queue has an end', async (t) => {
  const window = windowOf(0);
  const taken = orderIds(3_000).filter((id) => window.add(job(id)));
  t.equal(taken.length, 2_000);
  t.equal(window.drain().length, 2_000);
  t.equal(window.room(0, THREADS), 20, 'and what was turned away is forgotten');
});

t.test('orders that were in a thread when it ended are asked about one by one', async (t) => {
  const window = windowOf(0);
  const ids = orderIds(3);
  window.suspect([...ids.map(job), request('ORDER-request')]);
  for (const id of [...ids, 'ORDER-request']) window.add(job(id));
  const [[first] = [], [others, left] = []] = leave(window);
  t.ok(first?.isAlone);
  t.notOk(others?.isAlone);
  t.same(
    left?.map(({ orderId }) => orderId),
    ['ORDER-request'],
    'the others do not wait for them',
  );
  t.equal(window.waiting, 2);
  t.equal(window.room(NOW_MS, THREADS), 18, 'and they take no room of others');
  t.same(leave(window), [], 'one at a time');
  if (first !== undefined) {
    answer(first, [0]);
    window.close(first);
  }
  const [[second] = []] = leave(window);
  t.ok(second?.isAlone);
  window.add(job(ids[0] ?? ''));
  const [[again] = []] = leave(window);
  t.notOk(again?.isAlone, 'what was heard of since is like any other');
  t.equal(window.drain().length, 1);
  t.equal(window.drain().length, 0, 'and is gone');
});

t.test('of those so many are remembered, the latest', async (t) => {
  const window = windowOf(0);
  const [first = '', ...others] = orderIds(251);
  window.suspect([first, ...others].map(job));
  for (const id of [first, ...others.slice(0, 1)]) window.add(job(id));
  t.same(
    leave(window).map(([feed, jobs]) => [feed.isAlone, jobs.map(({ orderId }) => orderId)]),
    [
      [true, others.slice(0, 1)],
      [false, [first]],
    ],
  );
});
