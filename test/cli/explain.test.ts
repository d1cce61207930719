import t, { type Test } from 'tap';
import type { Payment } from '../../lib/core/payment.ts';
import { HOUR_MS, type Instant, MINUTE_MS } from '../../lib/core/time.ts';
import type { Delivery } from '../../lib/store/outbox-port.ts';
import { commands } from '../../lib/texts/shell-word.ts';
import { tellStory } from '../../lib/texts/story.ts';
import { happened } from '../channels/messages.ts';
import { openFlowWorld } from '../support/flow-world.ts';
import { FAIR_WEATHER } from '../support/model-asking.ts';
import { foundPayment, pendingOrder, T0 } from '../support/store-fixtures.ts';

const ORDER = pendingOrder({ id: 'ORDER000001', lookAt: T0 + HOUR_MS });

interface Planned {
  readonly lookAt: Instant | null;
  readonly nudgeAt: Instant | null;
}

const STATES = 'completed|failed|pending';

/** The last lines of `explain`: who has to do what, and the line to type. */
function whatNext(
  state: 'completed' | 'held',
  payments: readonly Payment[],
  { lookAt, nudgeAt }: Planned = { lookAt: ORDER.lookAt, nudgeAt: null },
  locale: 'ko' | 'en' = 'en',
): readonly string[] {
  const listener = { locale, timezone: 'UTC', now: T0 };
  const view = { order: { ...ORDER, state, lookAt }, items: [], payments, nudgeAt };
  const lines = tellStory(view, [], [], listener);
  return lines.slice(lines.lastIndexOf('') + 1);
}

const due = (id: string, escalated: Payment['escalated']) =>
  foundPayment({ id, state: 'refund_due', refundDue: 5_000, escalated });

t.test('what the gateway gives back by itself waits for nobody', async (t) => {
  const payments = [due('a', []), due('b', ['refund_by_hand']), due('c', ['refund_refused'])];
  t.strictSame(whatNext('completed', payments), [
    'It waits for a person: give ₩5,000 back, then reconciled refunded b --reference … --note … --by …',
    'It waits for a person: give ₩5,000 back, then reconciled refunded c --reference … --note … --by …',
    'The next look is at 2025-08-16 04:00:00 (in 1h).',
  ]);
});

t.test('lengths of time are told in the language of the reader', async (t) => {
  const planned = { lookAt: T0 + 25 * HOUR_MS + MINUTE_MS, nudgeAt: null };
  t.match(whatNext('completed', [], planned, 'en'), [
    'The next look is at 2025-08-17 04:01:00 (in 1d 1h).',
  ]);
  t.match(whatNext('completed', [], planned, 'ko'), [
    '다음 확인: 2025-08-17 04:01:00 (1일 1시간 뒤).',
  ]);
});

t.test('an id that is a command in a shell is quoted where it is to be typed', async (t) => {
  const [line] = whatNext('completed', [due("결제 'A' $(x) #1", ['refund_by_hand'])]);
  t.match(line, "then reconciled refunded '결제 '\\''A'\\'' $(x) #1' --reference …");
});

t.test('an id that begins like an option is told behind a --', async (t) => {
  const payments = [due('-O0001', ['refund_by_hand']), due('-#1', ['refund_by_hand'])];
  t.match(
    whatNext('completed', payments).join(),
    /reconciled refunded --reference … --note … --by … -- -O0001,.* --by … -- '-#1',/,
  );
  t.equal(commands.resolve('-O1'), `reconciled resolve --state ${STATES} --note … --by … -- -O1`);
  t.equal(commands.explain('-O1'), 'reconciled explain -- -O1');
  t.equal(commands.explain('ORDER-1'), 'reconciled explain ORDER-1');
});

t.test('a hold waits for a person', async (t) => {
  const [line] = whatNext('held', []);
  t.match(line, /^It waits for a person: reconciled resolve ORDER000001 --state /);
});

t.test('a key that turns the direction of what follows turns no amount', async (t) => {
  const [line] = whatNext('completed', [due('pg:key\u202e\u2066', ['refund_by_hand'])]);
  t.match(line, /give ₩5,000 back, then reconciled refunded '?pg:key'? --reference/);
});

t.test('a callback that waits to be answered is what comes next', async (t) => {
  const next = (lookAt: Instant | null, nudgeAt: Instant | null) =>
    whatNext('completed', [], { lookAt, nudgeAt });
  const inAMinute = ['The next look is at 2025-08-16 03:01:00 (in 1m).'];
  t.strictSame(next(null, null), [
    'Nothing is unresolved: it is looked at again only when a callback comes.',
  ]);
  t.strictSame(next(null, T0 + MINUTE_MS), inAMinute);
  t.strictSame(next(T0 + HOUR_MS, T0 + MINUTE_MS), inAMinute);
  t.strictSame(next(T0 + MINUTE_MS, T0 + HOUR_MS), inAMinute);
  t.strictSame(next(null, T0), ['It has been due for a look since 2025-08-16 03:00:00.']);
});

/** What `explain` says of a message that is not sent yet and is to be sent at `nextAt`. */
function notSent(nextAt: Instant, locale: 'ko' | 'en' = 'en'): string | undefined {
  const delivery: Delivery = {
    id: 1,
    channel: 'ops',
    state: 'pending',
    attempts: 1,
    nextAt,
    detail: 'HTTP 503',
    settledAt: null,
    effect: { ...happened('order.held'), at: T0 },
  };
  const view = { order: ORDER, items: [], payments: [], nudgeAt: null };
  const lines = tellStory(view, [], [delivery], { locale, timezone: 'UTC', now: T0 });
  return lines.find((line) => line.startsWith('  ops: '));
}

t.test('a message whose time has come is not told as one that is sent later', async (t) => {
  const told = '  ops: the order needs a person, not yet;';
  t.equal(
    notSent(T0 + MINUTE_MS),
    `${told} it is sent at 2025-08-16 03:01:00 (last time: HTTP 503).`,
  );
  t.equal(notSent(T0), `${told} it has been due since 2025-08-16 03:00:00 (last time: HTTP 503).`);
  t.match(notSent(T0, 'ko'), /아직 전달 전이며 2025-08-16 03:00:00부터 전송을 기다리고 있습니다/);
});

/** The history of an order whose gateway answers at every second look and at no other. */
async function flapping(t: Test, looks: number): Promise<readonly string[]> {
  let isSilent = false;
  const silence = () => (isSilent ? ({ cause: 'timeout', reached: false } as const) : null);
  const world = await openFlowWorld({ weather: { ...FAIR_WEATHER, silence } });
  t.teardown(world.close);
  await world.order('ORDER-1', [{ transactionKey: 'key-1' }]);
  world.transaction({ key: 'key-1', steps: [{ at: world.clock.trueNow(), status: 'pending' }] });
  for (let look = 0; look < looks; look += 1) {
    await world.sweep();
    isSilent = !isSilent;
    await world.pass(HOUR_MS);
  }
  const { reader } = world.store;
  const view = await reader.order('ORDER-1');
  const { items } = await reader.journal('ORDER-1', 0, 100);
  t.equal(items.length, looks + 1, 'the journal has each');
  if (view === null) throw new Error('there is no such order');
  const lines = tellStory(view, items, [], { locale: 'en', timezone: 'UTC', now: T0 });
  return lines.slice(lines.indexOf('What happened:') + 1, lines.lastIndexOf(''));
}

const decisions = (history: readonly string[]) =>
  history.filter((line) => /Decided|in turn/.test(line)).map((line) => line.trim());

t.test('a gateway that flaps is told once, and how it ended', async (t) => {
  const open = /stays pending\. A payment may still succeed\.$/;
  const silent = /stays pending\. The gateway gave no usable answer\./;
  t.match(decisions(await flapping(t, 6)), [open, silent, open, silent, open, silent]);
  const long = await flapping(t, 21);
  t.match(decisions(long), [open, silent, 'The same two in turn, 18 more in all.', open]);
  t.equal(decisions(long).length, 4);
  const at = long.findIndex((line) => line.includes('in turn'));
  t.match(long.slice(at - 1, at + 2), [/^ {2}20.*:..$/, /./, /^ {2}20.*:..$/]);
});
