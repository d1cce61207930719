import type { Event } from '../lib/observe/events.ts';

/** What every event means and what it carries. The compiler sees that none is missing, and no field of one. */
export const EVENT_TEXTS: EventTexts = {
  'daemon.started': {
    text: 'The daemon listens.',
    fields: {
      version: 'its version',
      listen: 'where',
      callbackListen: 'where callbacks come to, if elsewhere',
    },
  },
  'daemon.stopping': { text: 'The daemon ends itself.', fields: { signal: 'why' } },
  'daemon.stopped': { text: 'Everything is closed.', fields: {} },
  'order.created': { text: 'A new order is stored.', fields: { orderId: 'the order' } },
  'order.decided': {
    text: 'A look at an order, or a person, came to a decision.',
    fields: {
      orderId: 'the order',
      from: 'its state before',
      to: 'its state after',
      reason: 'the row of the decision table',
      changed: 'false: the look changed nothing',
      gateways: 'where its payments are',
      trigger: 'what brought it: `sweep`, `callback`, `request`, `person`',
      outcome:
        '`applied`; `stale`: the order changed meanwhile and is decided again; `refused`: a transaction belongs to another order',
    },
  },
  'order.poisoned': {
    text: 'A bug was met inside one order: it is held, the others go on.',
    fields: { orderId: 'the order', error: 'what was thrown' },
  },
  'sweep.started': { text: 'A sweep began.', fields: { sweepId: 'the sweep' } },
  'sweep.ended': {
    text: 'A sweep ended.',
    fields: {
      sweepId: 'the sweep',
      looked: 'orders that were looked at',
      durationMs: 'how long it took',
    },
  },
  'sweep.failed': {
    text: 'A sweep could not go on; the next one begins as planned.',
    fields: { error: 'why' },
  },
  'gateway.exchanged': {
    text: 'One request to a gateway ended.',
    fields: {
      gateway: 'its name',
      orderId: 'the order that it was about',
      exchange: 'kind, duration, result, status',
    },
  },
  'gateway.circuit': {
    text: 'A gateway is left alone for a while, tried, or asked again.',
    fields: { gateway: 'its name', state: '`open`, `half_open`, `closed`', cause: 'why' },
  },
  'gateway.misconfigured': {
    text: 'A gateway refuses all we ask: its settings are wrong.',
    fields: { gateway: 'its name', status: 'the HTTP status' },
  },
  'callback.received': {
    text: 'A gateway called.',
    fields: {
      gateway: 'the name in the path',
      outcome:
        '`kept`; `duplicate`; `dropped`: too many are not matched yet; `invalid`; `failed`: it could not be kept',
      cause:
        'why it is `invalid`: `not_json`, `names_nothing` (no key, no order), `compressed`, `too_large`, `too_many_values`, `cut_off`',
      durationMs: 'until the reply, the commit included',
    },
  },
  'callback.matched': {
    text: 'It was found out what a callback means that was kept: right after its reply, in a flood when there is room for a look.',
    fields: {
      gateway: 'its name',
      outcome:
        '`admitted`: its order is asked about; `unmatched`: its order is not there yet; `dropped`: the same, and too many wait',
    },
  },
  'payment.requested': {
    text: 'The daemon requested a payment.',
    fields: { orderId: 'the order', outcome: 'what became of the request' },
  },
  notice: {
    text: 'The channel `log`: what is told, in a sentence.',
    fields: {
      channel: 'its name',
      topic: 'what it is about',
      key: 'the key of the effect, or of a digest',
      text: 'the sentence',
    },
  },
  'delivery.attempted': {
    text: 'A message was sent, or could not be.',
    fields: {
      channel: 'where to',
      topic: 'what it is about',
      outcome: '`delivered`; `failed`: it is tried again; `dead`: it is not',
      cause: 'why not',
      attempt: 'the how manieth attempt',
      durationMs: 'how long it took',
      detail: 'what the receiver said',
    },
  },
  'report.made': {
    text: 'The report of a day is written.',
    fields: {
      day: 'which',
      orders: 'orders that were created on it',
      tiesOut: 'whether orders, journal, payments and stock say the same',
      differences: 'how many totals do not',
      durationMs: 'how long it took',
    },
  },
  'report.failed': {
    text: 'A report could not be made; it is tried again in an hour.',
    fields: { day: 'which, null when not even that is known', error: 'what went wrong' },
  },
  'deliveries.abandoned': {
    text: 'Messages to channels that are not configured any more were given up.',
    fields: { count: 'how many' },
  },
  'store.upgrading': {
    text: 'The database is of an older version: it is copied, then its layout is changed. The daemon begins after that.',
    fields: { from: 'its layout', to: 'the layout of this version' },
  },
  'store.committed': {
    text: 'A transaction is on the disk.',
    fields: { rows: 'writes that shared it', durationMs: 'how long it took' },
  },
  'store.failed': { text: 'The database failed.', fields: { error: 'how' } },
  'http.failed': {
    text: 'A bug was met while a request was answered.',
    fields: { method: 'its method', route: 'its route', error: 'what was thrown' },
  },
  'pool.failed': {
    text: 'A thread failed; what it had is silent and asked again.',
    fields: {
      pool: 'which pool; `asking_alone`: over an order that is asked about alone, because a thread had ended over it and others',
      error: 'how',
    },
  },
  'pool.recovered': {
    text: 'Another thread took the place of one that failed, and can ask.',
    fields: { pool: 'which pool' },
  },
};

type EventTexts = {
  readonly [Name in Event['name']]: {
    readonly text: string;
    readonly fields: Readonly<
      Record<Exclude<keyof Extract<Event, { readonly name: Name }>, 'name'>, string>
    >;
  };
};
