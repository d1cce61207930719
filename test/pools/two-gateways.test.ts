import t, { type Test } from 'tap';
import { MINUTE_MS } from '../../lib/core/time.ts';
import { createAsking } from '../../lib/pools/asking.ts';
import { turnedClock } from './clock.ts';
import { FAIL, gatewayConfig, handGateway, inquiry, orderIds } from './gateway.ts';

/** A pool in front of two gateways: `pg` with one slot, `other` with three. */
async function two(t: Test) {
  const clock = turnedClock();
  const own = await handGateway();
  const other = await handGateway();
  const pool = createAsking({
    gateways: [
      gatewayConfig(own.baseUrl, { maxInFlight: 1 }),
      gatewayConfig(other.baseUrl, { name: 'other', maxInFlight: 3 }),
    ],
    threads: 1,
    clock,
    tell: () => {},
    closeWithinMs: 0,
  });
  t.teardown(async () => {
    const closed = pool.close();
    clock.turn(0);
    await Promise.all([closed, own.close(), other.close()]);
  });
  return { clock, own, other, pool };
}

t.test('what may be claimed, whichever gateway it is for', async (t) => {
  const { pool, own } = await two(t);
  t.same([pool.freeSlots(), pool.busy()], [2, []], 'no more than the least of them has room for');
  for (const id of orderIds(2)) void pool.ask([inquiry(id)]);
  t.same([pool.freeSlots(), pool.busy()], [6, ['pg']], 'then what the others have');
  for (const id of orderIds(3)) void pool.ask([inquiry(id)]);
  t.same([pool.freeSlots(), pool.busy()], [3, ['pg']], 'what is too much is taken off them');
  for (const id of orderIds(5)) void pool.ask([inquiry(id, 'other')]);
  t.same([pool.freeSlots(), pool.busy()], [0, ['pg']]);
  own.always((arrival) => arrival.captured());
});

t.test('a gateway that is paused wakes nobody before its time', async (t) => {
  const { clock, pool, own } = await two(t);
  own.always((arrival) => arrival.reply(429, FAIL, { 'retry-after': '3' }));
  await pool.ask([inquiry('ORDER000000')]);
  own.always((arrival) => arrival.captured());
  const asked = orderIds(2).map((id) => pool.ask([inquiry(id)]));
  t.same([pool.freeSlots(), pool.busy(), pool.blocked()], [6, ['pg'], []]);
  let wakes = 0;
  let watches = true;
  const watch = async () => {
    for (; watches; wakes += 1) await pool.whenFree();
  };
  void watch();
  for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
  t.ok(wakes <= 1, 'the end of the first task, and no more: the other one had room before');
  watches = false;
  clock.turn(3_000);
  await Promise.all(asked);
  t.same(pool.busy(), []);
});

t.test('a gateway answers when it has since the look an hour before', async (t) => {
  const { clock, own, other, pool } = await two(t);
  other.always((arrival) => arrival.reply(500, FAIL));
  own.always((arrival) => arrival.captured());
  await Promise.all([
    pool.ask([inquiry('ORDER000000')]),
    pool.ask([inquiry('ORDER000001', 'other')]),
  ]);
  t.same(pool.answering(), ['pg']);
  clock.turn(61 * MINUTE_MS);
  t.same(pool.answering(), ['pg'], 'an order that it is silent about is looked at once an hour');
  clock.turn(5 * MINUTE_MS);
  t.same(pool.answering(), []);
});
