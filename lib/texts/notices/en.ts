import type { EffectTopic } from '../../core/effect.ts';

/** What the headline of a notice may name; what does not apply is empty. */
interface NoticeNames {
  readonly order: string;
  readonly amount: string;
  readonly product: string;
  readonly left: string;
  readonly gateway: string;
  /** Of a condition: when it began. */
  readonly since: string;
  /** Of a report: the day in a sentence. */
  readonly words: string;
}

/** Says what happened, once. */
type Headline = (names: NoticeNames) => string;

/** Says what happened so many times. */
type ManyHeadline = (count: string) => string;

const headlines: Readonly<Record<EffectTopic, Headline>> = {
  'order.completed': ({ order, amount }) => `Order ${order} (${amount}) is completed.`,
  'order.failed': ({ order, amount }) => `Order ${order} (${amount}) has failed.`,
  'order.held': ({ order, amount }) => `Order ${order} (${amount}) is held and needs a person.`,
  'order.attention': ({ order, amount }) =>
    `Order ${order} is final already, and ${amount} of it needs a person.`,
  'refund.due': ({ order, amount }) => `${amount} of order ${order} has to go back.`,
  'refund.done': ({ order, amount }) => `${amount} of order ${order} went back.`,
  'stock.low': ({ product, left }) => `${product} is running low: ${left} left.`,
  'sweep.late': ({ since }) =>
    `Orders are looked at late: the one that waits longest has been due since ${since}.`,
  'callbacks.stopped': ({ gateway, since }) =>
    `${gateway} has not called back since ${since}. Its orders are settled by asking, which takes longer.`,
  'gateway.down': ({ gateway, since }) =>
    `${gateway} has been failing since ${since}. Its orders wait.`,
  'gateway.up': ({ gateway, since }) => `${gateway} answers again. The trouble began at ${since}.`,
  'gateway.misconfigured': ({ gateway, since }) =>
    `${gateway} has been refusing us since ${since}. Its orders wait.`,
  'report.daily': ({ words }) => words,
};

const many: Readonly<Record<EffectTopic, ManyHeadline>> = {
  'order.completed': (count) => `${count} orders are completed.`,
  'order.failed': (count) => `${count} orders have failed.`,
  'order.held': (count) => `${count} orders are held and need a person.`,
  'order.attention': (count) => `${count} times a final order needs a person.`,
  'refund.due': (count) => `${count} payments have to go back.`,
  'refund.done': (count) => `${count} payments went back.`,
  'stock.low': (count) => `${count} products are running low.`,
  'sweep.late': (count) => `${count} times orders were looked at late.`,
  'callbacks.stopped': (count) => `${count} times callbacks have stopped.`,
  'gateway.down': (count) => `${count} times a gateway failed.`,
  'gateway.up': (count) => `${count} times a gateway answered again.`,
  'gateway.misconfigured': (count) => `${count} times a gateway refused us.`,
  'report.daily': (count) => `${count} daily reports.`,
};

/** What messages for people say, in English. Its shape is the shape of every language. */
export const notices = {
  headlines,
  many,
  test: 'TEST',
  testNote: 'This is a test: nothing of this happened.',
  subject: (topic: string, about: string) => `${topic}: ${about}`,
  times: (count: string) => `${count} ×`,
  span: (from: string, to: string) => `${from} to ${to}`,
  more: (count: string) => `and ${count} more`,
  names: (first: string, more: string) => `${first} and ${more} more`,
  open: 'Open the order',
  footer: 'Sent by reconciled.',
  labels: {
    order: 'Order',
    payment: 'Payment',
    amount: 'Amount',
    reason: 'Why',
    words: 'In the words given',
    product: 'Product',
    productId: 'Product id',
    left: 'Left',
    gateway: 'Gateway',
    since: 'Since',
    at: 'When',
    todo: 'What to do',
  },
  todo: {
    explain: (explain: string) => `${explain} tells what happened`,
    listHeld: (resolve: string) =>
      `reconciled orders --state held lists them. For each: ${resolve}`,
    held: (explain: string, resolve: string) => `${explain} tells what was found; then ${resolve}`,
    refundDue: (explain: string, refund: string) =>
      `if ${explain} says that it waits for a person (else the gateway refunds by itself): ${refund}`,
    eachRefund: 'the amount of the row',
    restock: (product: string) =>
      `restock, then record what came in: POST /v1/products/${product}/stock`,
    restockMany: 'restock, then record what came in: POST /v1/products/…/stock',
    sweepLate:
      'look whether a gateway is down or slow, and at /readyz and the log of the daemon. No order is lost, they are only late',
    callbacksStopped: (gateway: string) =>
      `look whether the shop or the proxy still passes callbacks on to /callbacks/${gateway}, and at the address that the gateway calls`,
    gatewayDown:
      'nothing, if it is back soon: it is tried again by itself. Otherwise ask whoever runs the gateway',
    gatewayMisconfigured: (gateway: string) =>
      `look at the address, user and rights of the gateway ${gateway} in reconciled.toml, then reconciled config check, and start the daemon again`,
    report: (day: string) => `reconciled report --date ${day} shows all of it`,
  },
} as const;
