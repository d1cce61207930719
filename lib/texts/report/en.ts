import { counted } from '../counted.ts';

/** The words of the daily report, in English. */
export const reportEn = {
  title: 'Report of payments',
  days: (from: string, to: string) => (from === to ? from : `${from} – ${to}`),
  facts: {
    days: 'days',
    span: 'from – to',
    zone: 'time zone',
    made: 'made at',
    orders: 'orders',
    settle: 'time to settle',
    ties: 'totals',
  },
  incomplete: 'The last day was not over when this was made.',
  settleTimes: (median: string, p95: string, max: string) =>
    `median ${median}, 95 % within ${p95}, longest ${max}`,
  settleNone: 'no order was settled',
  tiesOut: 'Orders, journal, payments and stock say the same.',
  tiesNot: (differences: number) =>
    `DIFFERENCES: ${differences} of the totals do not agree. See “What does not agree”.`,
  advice:
    'Somebody changed the database by hand, or it is damaged: `reconciled check` and `reconciled replay` tell more.',
  sections: {
    states: (currency: string) => `Orders by state (${currency})`,
    reasons: (currency: string) => `Orders by reason (${currency})`,
    gateways: (currency: string) => `Payments by gateway (${currency})`,
    hours: (currency: string) => `Orders by hour (${currency})`,
    settled: (currency: string) => `Settled by (${currency})`,
    held: 'Held now, of all days',
    refunds: 'Refunds owed now, of all days',
    stock: 'Taken from the stock',
    dead: 'Messages that were given up',
    differences: 'What does not agree',
    ties: 'What was compared',
  },
  columns: {
    state: 'state',
    reason: 'reason',
    meaning: 'meaning',
    orders: 'orders',
    payments: 'payments',
    amount: 'amount',
    gateway: 'gateway',
    hour: 'hour',
    by: 'by',
    completed: 'completed',
    failed: 'failed',
    currency: 'currency',
    oldest: 'the oldest is of',
    product: 'product',
    name: 'name',
    pieces: 'pieces',
    channel: 'channel',
    messages: 'messages',
    inReport: 'in these days',
    what: 'compared',
    refundDue: 'to pay back',
    /** Of a gateway's payments: what waits for it and what was done. */
    refunds: 'to pay back or paid back',
    sides: 'says',
    equal: 'agrees',
  },
  charts: {
    hours: 'Orders by hour and state',
    gateways: 'Payments by gateway and state',
    settled: 'Settled by',
  },
  total: 'total',
  noGateway: '(none)',
  noReason: '(none yet)',
  none: 'None.',
  more: (products: number) => `and ${counted(products, 'more product')}`,
  settledBy: {
    sweep: 'sweep',
    callback: 'callback',
    request: 'our own request',
    person: 'a person',
  },
  ties: {
    created: 'created, against the journal',
    pending: 'pending, against the journal',
    completed: 'completed, against the journal',
    failed: 'failed, against the journal',
    held: 'held, against the journal',
    agreeing: 'each order, against its own journal',
    history: 'changes, against rows of the journal',
    paid: 'completed, against succeeded payments',
    paying: 'each completed order, against its own payment',
    stock: 'pieces of completed orders, against movements',
    open_held: 'held now, against the counter',
    open_refunds: 'refunds owed now, against the counter',
  },
  ledgers: {
    orders: 'orders',
    journal: 'journal',
    payments: 'payments',
    items: 'items',
    movements: 'movements',
    counters: 'counter',
  },
  yes: 'yes',
  no: 'NO',
  /** The sentence that people are told each day. */
  summary: (about: {
    readonly day: string;
    readonly orders: string;
    readonly amounts: string;
    readonly completed: string;
    readonly failed: string;
    readonly held: string;
    readonly pending: string;
  }) =>
    `${about.day}: ${about.orders} ${about.orders === '1' ? 'order' : 'orders'}${about.amounts === '' ? '' : ` (${about.amounts})`} – ${about.completed} completed, ${about.failed} failed, ${about.held} held, ${about.pending} pending.`,
  summaryOpen: (held: string, refunds: string) =>
    `Open: ${held} held, ${refunds} ${refunds === '1' ? 'refund' : 'refunds'} owed.`,
} as const;
