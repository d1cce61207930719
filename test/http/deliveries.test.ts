import t, { type Test } from 'tap';
import { conditionEffect } from '../../lib/core/announce.ts';
import type { Delivery } from '../../lib/store/outbox-port.ts';
import { effect } from '../support/store-fixtures.ts';
import { openServing } from './serving.ts';

/** Notifications as programs read them, and as they are sent again. */

/** Three deliveries to `ops`, told one after the other: delivered, dead, pending; and the last one to `mail` too. */
async function openTold(t: Test) {
  const serving = await openServing();
  t.teardown(serving.close);
  const { store, clock } = serving.world;
  const { outbox } = store;
  const now = clock.now();
  const ops = (['gateway.down', 'gateway.up', 'order.held'] as const).map((topic) => ({
    channel: 'ops',
    topic,
    digestMs: 0,
  }));
  await outbox.subscribe([...ops, { channel: 'mail', topic: 'order.held', digestMs: 0 }], now);
  const settle = async (state: 'delivered' | 'dead', detail: string) => {
    const [parcel] = await outbox.claim('ops', 1, now);
    if (parcel === undefined) throw new Error('nothing is due');
    const decision = { state, attempts: 1, nextAt: null };
    await outbox.commit([{ parcel, decision, detail, at: now }]);
  };
  await outbox.announce([conditionEffect('gateway.down', 'pg', now, 'HTTP 500')], [], now);
  await settle('delivered', '200 ok');
  await outbox.announce([conditionEffect('gateway.up', 'pg', now, null)], [], now);
  await settle('dead', '410 gone');
  await serving.world.order('ORDER000001', []);
  const held = effect({
    key: 'order.held:ORDER000001:v2',
    orderId: 'ORDER000001',
    topic: 'order.held',
    reason: 'mismatched',
  });
  await outbox.announce([held], [], now);
  const listed = async (query = '') => {
    const { status, body } = await serving.call('GET', `/v1/deliveries${query}`);
    t.equal(status, 200, query);
    return body.items.map(({ id, channel, state }: Delivery) => `${id} ${channel} ${state}`);
  };
  return { serving, outbox, clock, listed };
}

t.test('deliveries are listed newest first, by state, by channel, by page', async (t) => {
  const { serving, listed } = await openTold(t);
  const all = await listed();
  t.equal(all.length, 4);
  t.match(all.slice(2), ['2 ops dead', '1 ops delivered']);
  const latest = all.slice(0, 2).map((one: string) => one.replace(/^[34] /, ''));
  t.strictSame(new Set(latest), new Set(['ops pending', 'mail pending']));
  t.strictSame(await listed('?state=dead'), ['2 ops dead']);
  t.strictSame(
    await listed('?channel=mail'),
    all.filter((one: string) => one.includes('mail')),
  );
  t.strictSame(await listed('?channel=ops&state=delivered'), ['1 ops delivered']);
  t.strictSame(await listed('?channel=nobody'), []);

  const seen: string[] = [];
  let place: string | null = '';
  while (place !== null) {
    const after = place === '' ? '' : `&after=${encodeURIComponent(place)}`;
    const { body } = await serving.call('GET', `/v1/deliveries?limit=3${after}`);
    seen.push(...body.items.map(({ id, channel, state }: Delivery) => `${id} ${channel} ${state}`));
    place = body.next;
  }
  t.strictSame(seen, all, 'pages tell all of it once');
});

t.test('a delivery reads whole, and as the contract has it', async (t) => {
  const { serving, clock } = await openTold(t);
  const at = new Date(clock.now()).toISOString();
  const { status, body } = await serving.call('GET', '/v1/deliveries/2');
  t.equal(status, 200);
  t.strictSame(body, {
    id: 2,
    channel: 'ops',
    topic: 'gateway.up',
    state: 'dead',
    attempts: 1,
    nextAt: null,
    detail: '410 gone',
    settledAt: at,
    effect: {
      key: `gateway.up:pg:${clock.now()}`,
      orderId: null,
      version: null,
      paymentId: null,
      productId: null,
      gateway: 'pg',
      reason: null,
      text: null,
      amount: null,
      currency: null,
      onHand: null,
      since: at,
      at,
    },
  });
  const pending = await serving.call('GET', '/v1/deliveries?channel=mail');
  t.match(pending.body.items, [
    {
      topic: 'order.held',
      attempts: 0,
      nextAt: at,
      detail: null,
      settledAt: null,
      effect: { key: 'order.held:ORDER000001:v2', version: 2, amount: 5000, currency: 'KRW' },
    },
  ]);
});

t.test('what is dead is sent again, and nothing else is', async (t) => {
  const { serving, outbox, clock, listed } = await openTold(t);
  await serving.world.pass(1_000);
  const again = await serving.call('POST', '/v1/deliveries/2/retry');
  t.equal(again.status, 200);
  const at = new Date(clock.now()).toISOString();
  t.match(again.body, { id: 2, state: 'pending', nextAt: at, settledAt: null });
  t.strictSame(await listed('?state=dead'), []);
  t.match(await outbox.claim('ops', 1, clock.now()), [{ topic: 'order.held' }]);
  t.match(await outbox.claim('ops', 1, clock.now()), [{ deliveryIds: [2] }], 'it is due');

  for (const [id, state] of [
    [1, 'delivered'],
    [2, 'pending'],
    [3, 'pending'],
  ] as const) {
    const { status, body } = await serving.call('POST', `/v1/deliveries/${id}/retry`);
    t.equal(status, 409, `${id}`);
    t.match(body, { code: 'conflict', detail: `It is not dead but ${state}.`, hint: /given up/ });
  }
});

t.test('what was for a channel that is gone stays dead', async (t) => {
  const { serving, outbox, clock, listed } = await openTold(t);
  await outbox.subscribe([{ channel: 'ops', topic: 'order.held', digestMs: 0 }], clock.now());
  const [gone] = await listed('?channel=mail');
  const { status, body } = await serving.call('POST', `/v1/deliveries/${parseInt(gone, 10)}/retry`);
  t.equal(status, 409);
  t.match(body, { code: 'conflict', detail: 'There is no channel mail any more.', hint: /mail/ });
  t.strictSame(await listed('?channel=mail'), [gone]);
});

t.test('what cannot be meant is refused by name', async (t) => {
  const { serving } = await openTold(t);
  const rows: readonly (readonly [method: string, path: string, status: number, said: RegExp])[] = [
    ['GET', '?state=deed', 400, /^state: not one of pending, delivered, dead/],
    ['GET', '?limit=0', 400, /^limit: not a whole number from 1 to 1000/],
    ['GET', '?after=nowhere', 400, /^after: /],
    ['GET', '?channel=', 400, /^channel: /],
    ['GET', '?chanel=ops', 400, /^chanel: there is no such field/],
    ['GET', '/99', 404, /^There is no such delivery/],
    ['GET', '/x', 404, /^There is no such delivery/],
    ['GET', '/1e0', 404, /^There is no such delivery/],
    ['GET', '/99999999999999999999', 404, /^There is no such delivery/],
    ['POST', '/99/retry', 404, /^There is no such delivery/],
    ['POST', '/x/retry', 404, /^There is no such delivery/],
    ['DELETE', '/1', 405, /^This address takes GET, HEAD/],
  ];
  for (const [method, path, status, said] of rows) {
    const reply = await serving.call(method, `/v1/deliveries${path}`);
    t.equal(reply.status, status, `${method} ${path}`);
    t.match(reply.body.detail, said);
  }
});
