import type { JournalRow, Product, Reader, Store } from '../../store/port.ts';
import { type ReplayResult, replayJournal } from '../replaying.ts';
import type { GatewayStats, GatewayTransaction } from './gateway.ts';
import { type Result, refundDueMinor } from './results.ts';
import type { Scenario } from './scenario.ts';

/** One thing that must hold at the end, with the numbers that say so. */
export interface Check {
  readonly name: CheckName;
  readonly ok: boolean;
  readonly numbers: string;
}

/** What is checked. */
export type CheckName =
  | 'truth'
  | 'once'
  | 'stock'
  | 'money'
  | 'window'
  | 'told'
  | 'file'
  | 'replay';

/** What the checks look at. */
export interface Evidence {
  readonly scenario: Scenario;
  readonly results: readonly Result[];
  readonly store: Pick<Store, 'reader' | 'upkeep'>;
  readonly stats: GatewayStats;
  readonly transactions: readonly GatewayTransaction[];
  readonly maxInFlight: number;
  /** Messages that the daemon has printed. */
  readonly notices: number;
}

/** Proves the run: against the truth and the gateway's own list, and not against the rules. */
export async function checkAll(evidence: Evidence): Promise<readonly Check[]> {
  const { store } = evidence;
  const { items: products } = await store.reader.products(null, 100);
  const journal: JournalRow[] = [];
  const read: Reader['journalAfter'] = async (after, limit) => {
    const page = await store.reader.journalAfter(after, limit);
    journal.push(...page);
    return page;
  };
  const replayed = await replayJournal(read, () => {});
  const say = (name: CheckName, ok: boolean, numbers: string): Check => ({ name, ok, numbers });
  const trouble = await store.upkeep.check();
  return [
    checkTruth(evidence),
    checkOnce(evidence, journal),
    checkStock(evidence, products),
    checkMoney(evidence),
    say(
      'window',
      evidence.stats.maxInFlight <= evidence.maxInFlight,
      `${evidence.stats.maxInFlight} ≤ ${evidence.maxInFlight}`,
    ),
    await checkTold(evidence),
    say('file', trouble.length === 0, trouble.length === 0 ? '' : trouble.join(' ')),
    checkReplay(replayed),
  ];
}

/** Nothing is on its way any more, nothing was given up, and as many messages were printed as there were deliveries. */
async function checkTold({ store, notices }: Evidence): Promise<Check> {
  const every = { state: null, channel: null, after: null, limit: MAX_DELIVERIES };
  const { items } = await store.reader.deliveries(every);
  const delivered = items.filter(({ state }) => state === 'delivered').length;
  const ok = delivered === items.length && delivered === notices;
  return { name: 'told', ok, numbers: `${items.length} / ${notices}` };
}

function checkTruth({ scenario, results }: Evidence): Check {
  const right = results.filter((result) => result.right).length;
  const { length } = scenario.orders;
  return { name: 'truth', ok: right === length, numbers: `${right} / ${length}` };
}

/** Each completed order became so once, on one payment; the journal has no second completion. */
function checkOnce({ results }: Evidence, journal: readonly JournalRow[]): Check {
  const completed = results.filter(({ view }) => view.order.state === 'completed');
  const onePayment = completed.every(
    ({ view }) => view.payments.filter(({ state }) => state === 'succeeded').length === 1,
  );
  const completions = journal.filter(
    ({ record }) =>
      record.kind === 'decided' &&
      record.hearing.case.order.state !== 'completed' &&
      record.decision.order.state === 'completed',
  ).length;
  const ok = onePayment && completions === completed.length;
  return { name: 'once', ok, numbers: `${completions} / ${completed.length}` };
}

/** What was put in is on hand or went to a completed order; of the last pieces none is left while somebody waits. */
function checkStock({ scenario, results }: Evidence, products: readonly Product[]): Check {
  const taken = new Map<string, number>();
  for (const { view } of results) {
    if (view.order.state !== 'completed') continue;
    for (const { productId, quantity } of view.items) {
      taken.set(productId, (taken.get(productId) ?? 0) + quantity);
    }
  }
  const tiesOut = scenario.products.every(({ id, onHand }) => {
    const now = products.find((product) => product.id === id)?.onHand ?? Number.NaN;
    return now >= 0 && now + (taken.get(id) ?? 0) === onHand;
  });
  const wanting = results.filter(({ view }) => view.order.reason === 'out_of_stock');
  const noneLeft = wanting.every(({ view }) =>
    view.items.some(({ productId }) => products.find(({ id }) => id === productId)?.onHand === 0),
  );
  const total = [...taken.values()].reduce((sum, count) => sum + count, 0);
  const put = scenario.products.reduce((sum, { onHand }) => sum + onHand, 0);
  const left = products.reduce((sum, { onHand }) => sum + onHand, 0);
  return { name: 'stock', ok: tiesOut && noneLeft, numbers: `${put} = ${left} + ${total}` };
}

/** What the gateway captured paid for an order, has to go back, or lies with an order that waits for a person. */
function checkMoney({ results, transactions }: Evidence): Check {
  const captured = transactions
    .filter(({ status }) => status === 'SUCCESS')
    .reduce((sum, { amount }) => sum + amount, 0);
  const parts = results.map(({ view }) => {
    const paid = view.order.state === 'completed' ? view.order.amount : 0;
    const held = view.order.state === 'held' ? capturedFor(view.order.id, transactions) : 0;
    return { paid, due: refundDueMinor(view), held };
  });
  const sum = (part: 'paid' | 'due' | 'held') => parts.reduce((total, one) => total + one[part], 0);
  const [paid, due, held] = [sum('paid'), sum('due'), sum('held')];
  return {
    name: 'money',
    ok: captured === paid + due + held,
    numbers: `${captured} = ${paid} + ${due} + ${held}`,
  };
}

function capturedFor(orderId: string, transactions: readonly GatewayTransaction[]): number {
  return transactions
    .filter((one) => one.orderId === orderId && one.status === 'SUCCESS')
    .reduce((sum, { amount }) => sum + amount, 0);
}

/** Every decision of the journal comes out the same when it is made again from what it was made from. */
function checkReplay({ agreed, differing, otherRules }: ReplayResult): Check {
  const others = Object.values(otherRules).reduce((sum, count) => sum + count, 0);
  const all = agreed + differing + others;
  return { name: 'replay', ok: all > 0 && agreed === all, numbers: `${agreed} / ${all}` };
}

/** More than the demo's orders can cause: each at most a handful. */
const MAX_DELIVERIES = 100_000;
