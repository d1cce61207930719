import type { DeliveryState, FailureCause } from '../core/delivery.ts';
import type { EffectTopic } from '../core/effect.ts';
import type { SilenceCause, TransactionStatus } from '../core/gateway.ts';
import type { OrderState } from '../core/order.ts';
import type { PaymentState } from '../core/payment.ts';
import type { Reason } from '../core/reason.ts';
import type { Verdict } from '../core/verdict.ts';
import { counted } from './counted.ts';
import { notices } from './notices/en.ts';
import { reportEn } from './report/en.ts';

const orderStates: Readonly<Record<OrderState, string>> = {
  pending: 'pending',
  completed: 'completed',
  failed: 'failed',
  held: 'held',
};

const paymentStates: Readonly<Record<PaymentState, string>> = {
  pending: 'pending',
  succeeded: 'paid',
  failed: 'failed',
  refund_due: 'refund due',
  refunded: 'refunded',
};

const reasons: Readonly<Record<Reason, string>> = {
  nothing_due: 'Nothing was due, so the order needed no payment.',
  captured: 'The gateway captured the payment.',
  out_of_stock: 'The stock did not suffice.',
  mismatched:
    'What the gateway has does not match the order (amount, currency or order id). A person must look.',
  unclear: 'It cannot be learned what became of a payment. A person must look.',
  gateway_silent: 'The gateway gave no usable answer. It is asked again.',
  silent_too_long:
    'The gateway has given no usable answer about this order for too long. A person must look.',
  still_open: 'A payment may still succeed.',
  open_too_long: 'A payment has been open for too long. A person must look.',
  declined: 'The gateway declined the payment.',
  not_at_gateway:
    'The gateway has no such payment, and the time in which it could appear has passed.',
  request_failed: 'The payment request never reached the gateway.',
  watching: 'Nothing is settled by this, and the order stays watched.',
  held: 'A person must decide. What is heard meanwhile is recorded.',
  never_requested: 'No payment was ever requested, neither here nor at the gateway.',
  too_young: 'There is no payment yet, and the order is too young to be given up.',
  duplicate_capture: 'The order was paid already. The money has to go back.',
  late_capture: 'The order has failed, but its payment was captured. The money has to go back.',
  mismatched_capture:
    'The gateway took money that does not match the order. The money has to go back.',
  reversed_after_completion:
    'The payment of the completed order was taken back at the gateway. A person must look.',
  refunded: 'The money went back.',
  refund_underway: 'The refund is under way.',
  refund_refused: 'The gateway refused the refund. A person must make it.',
  refund_by_hand:
    'This gateway cannot refund on request. A person must make the refund and record it with `reconciled refunded`.',
  internal_error: 'A bug in reconciled stopped at this order. A person must look.',
  resolved_by_person: 'A person decided.',
  refunded_at_gateway: 'The payment was refunded at the gateway.',
  attempt_failed: 'The attempt failed, and the time for another has passed.',
  lost_at_gateway: 'The gateway does not know the key that it gave us.',
  cannot_ask: 'The gateway cannot be asked by order id.',
  no_gateway:
    'Its gateway is not configured any more. It is asked again when that is, under the name that it had.',
};

const verdicts: Readonly<Record<Verdict, string>> = {
  captured: 'captured',
  declined: 'declined',
  presumed_declined: 'presumed declined (by its absence)',
  open: 'may still succeed',
  unknown: 'unknown',
  mismatched: 'does not match the order',
  unclear: 'cannot be cleared up by asking',
};

const statuses: Readonly<Record<TransactionStatus, string>> = {
  succeeded: 'captured',
  failed: 'declined',
  cancelled: 'cancelled',
  pending: 'being processed',
  authorised: 'authorised, not captured',
  attempt_failed: 'an attempt failed',
  refunded: 'refunded',
  partly_refunded: 'partly refunded',
  unrecognised: 'in a status that is not known here',
};

const silences: Readonly<Record<SilenceCause, string>> = {
  timeout: 'it took too long',
  connection: 'it could not be reached',
  server_error: 'it had an error of its own',
  rate_limited: 'it wants fewer requests',
  misconfigured: 'it refuses us (look at the configuration)',
  bad_request: 'it did not accept the request',
  unreadable: 'its answer could not be read',
  redirected: 'it answered from somewhere else',
  circuit_open: 'it was left alone after many failures',
  stopping: 'the daemon was stopping',
  internal: 'something failed on our side',
};

const topics: Readonly<Record<EffectTopic, string>> = {
  'order.completed': 'the order is completed',
  'order.failed': 'the order has failed',
  'order.held': 'the order needs a person',
  'order.attention': 'a final order needs a person',
  'refund.due': 'money has to go back',
  'refund.done': 'money went back',
  'sweep.late': 'checks are late',
  'callbacks.stopped': 'callbacks have stopped',
  'gateway.down': 'gateway down',
  'gateway.up': 'gateway up again',
  'gateway.misconfigured': 'gateway refuses access',
  'report.daily': 'daily report',
  'stock.low': 'a product is running low',
};

const deliveryStates: Readonly<Record<DeliveryState, string>> = {
  pending: 'pending',
  delivered: 'delivered',
  dead: 'dead',
};

const failures: Readonly<Record<FailureCause, string>> = {
  timeout: 'it took too long',
  connection: 'it could not be reached',
  rejected: 'it refused the message',
  rate_limited: 'it wants fewer messages',
  server_error: 'it had an error of its own',
  redirected: 'it wants the message somewhere else (look at the address in the configuration)',
  forbidden_address:
    'its address is on this machine or in a private network (allow_private = true allows it)',
  configuration: 'it refuses us (look at its settings)',
  stopping: 'the daemon was stopping',
  internal: 'something failed on our side',
};

/** All words for people, in English. Its shape is the shape of every language. */
export const en = {
  orderStates,
  paymentStates,
  reasons,
  verdicts,
  statuses,
  silences,
  topics,
  /** Of a length of time, behind its number. */
  units: { day: 'd', hour: 'h', minute: 'm', second: 's' },
  notices,
  table: {
    order: 'order',
    state: 'state',
    reason: 'reason',
    amount: 'amount',
    payments: 'payments',
    created: 'created',
    nextLook: 'next look',
    count: 'orders',
  },
  orders: {
    none: 'No order fits.',
    more: (cursor: string) => `There are more: add --after ${cursor}`,
  },
  explain: {
    title: (id: string, state: string, amount: string) => `Order ${id} is ${state} (${amount}).`,
    because: (sentence: string) => `Why: ${sentence}`,
    words: (text: string) => `In the words that were given: ${text}`,
    payments: 'Payments:',
    payment: (id: string, how: string, state: string) => `${id}: ${how}, ${state}`,
    how: (method: string, gateway: string | null, key: string | null) =>
      `${method} at ${gateway ?? 'no gateway'}, ${key === null ? 'no transaction key' : `key ${key}`}`,
    history: 'What happened:',
    created: (amount: string, pieces: number) => `The order came in: ${amount}, pieces: ${pieces}.`,
    paymentAdded: (id: string, how: string) => `Payment ${id} was recorded: ${how}.`,
    asked: (gateway: string, keys: readonly string[]) =>
      keys.length === 0
        ? `Asked ${gateway} what it has for the order.`
        : `Asked ${gateway} about ${keys.join(', ')}.`,
    askedRefund: (gateway: string, key: string, amount: string) =>
      `Asked ${gateway} to give ${amount} of ${key} back.`,
    inTurn: (count: number) => `The same two in turn, ${count} more in all.`,
    notAsked: 'Nobody had to be asked.',
    heard: (key: string, status: string, amount: string, words: string | null) =>
      `Heard: ${key} is ${status}, ${amount}${words === null ? '' : ` (“${words}”)`}.`,
    heardOtherOrder: (key: string, orderId: string) => `Heard: ${key} belongs to order ${orderId}.`,
    heardAbsent: (key: string) => `Heard: there is no ${key}.`,
    heardNothing: 'Heard: there is nothing more for this order.',
    heardSilence: (key: string | null, cause: string) =>
      `Learned nothing${key === null ? '' : ` about ${key}`}: ${cause}.`,
    heardRefund: {
      done: 'Heard: the refund is done.',
      underway: 'Heard: the refund is under way.',
      refused: 'Heard: the refund is refused.',
    },
    held: (id: string, verdict: string) => `Held true of ${id}: ${verdict}.`,
    becomes: (state: string, sentence: string) => `Decided: ${state}. ${sentence}`,
    stays: (state: string, sentence: string) => `Decided: stays ${state}. ${sentence}`,
    paymentBecomes: (id: string, state: string, sentence: string) =>
      `Payment ${id} is ${state} now. ${sentence}`,
    paymentFound: (id: string, key: string) =>
      `The gateway had a payment that nobody recorded: ${key}, kept as ${id}.`,
    took: (productId: string, quantity: number) => `${quantity} of ${productId} left the stock.`,
    told: (topic: string) => `Told: ${topic}.`,
    person: (by: string, note: string | null) =>
      `${by} decided${note === null || note === '' ? '.' : `: “${note}”`}`,
    refundRecorded: (by: string, note: string | null) =>
      `${by} recorded a refund${note === null || note === '' ? '.' : `: “${note}”`}`,
    requested: 'The daemon requested the payment itself.',
    messages: 'Who was told:',
    telling: {
      delivered: (
        topic: string,
        channel: string,
        at: string,
        _detail: string | null,
        _id: number,
      ) => `${channel}: ${topic}, at ${at}.`,
      pending: (topic: string, channel: string, at: string, detail: string | null, _id: number) =>
        `${channel}: ${topic}, not yet; it is sent at ${at}${detail === null ? '' : ` (last time: ${detail})`}.`,
      overdue: (topic: string, channel: string, at: string, detail: string | null, _id: number) =>
        `${channel}: ${topic}, not yet; it has been due since ${at}${detail === null ? '' : ` (last time: ${detail})`}.`,
      dead: (topic: string, channel: string, at: string, detail: string | null, id: number) =>
        `${channel}: ${topic}, given up at ${at}${detail === null ? '' : ` (${detail})`}. Send it again with reconciled notices retry ${id}.`,
    },
    next: {
      never: 'Nothing is unresolved: it is looked at again only when a callback comes.',
      due: (since: string) => `It has been due for a look since ${since}.`,
      at: (at: string, wait: string) => `The next look is at ${at} (in ${wait}).`,
      person: (todo: string) => `It waits for a person: ${todo}`,
    },
    todo: {
      refund: (amount: string, command: string) => `give ${amount} back, then ${command}`,
    },
  },
  sweep: {
    done: (looked: number, seconds: string) =>
      `Looked at ${counted(looked, 'order')} in ${seconds} s.`,
    byDaemon: 'The running daemon sweeps …',
    byUs: 'No daemon runs on this database: sweeping here.',
    progress: 'orders',
    early: 'Ended early: what was decided is kept, the rest stays due.',
  },
  imported: {
    progress: 'importing',
    lines: (read: number, bad: number) => `${counted(read, 'line')} read, ${bad} of them bad.`,
    outcomes: {
      created: 'stored',
      same: 'there already',
      updated: 'updated',
    },
    badLine: (line: number, problem: string) => `line ${line}: ${problem}`,
  },
  replay: {
    progress: 'replaying',
    agreed: (rows: number) => `${counted(rows, 'decision')} made again, all the same.`,
    disagreed: (rows: number, of: number) =>
      `${rows} of ${counted(of, 'decision')} came out differently:`,
    skipped: (rows: number, rules: string) =>
      `${counted(rows, 'decision was', 'decisions were')} made by other rules (${rules}) and left out.`,
  },
  care: {
    copying: 'copying',
    checking: 'checking',
    backedUp: (path: string, orders: number, bytes: string) =>
      `${path}: ${counted(orders, 'order')}, ${bytes}. It was looked through and is sound.`,
    restored: (path: string, orders: number) =>
      `${path}: ${counted(orders, 'order is', 'orders are')} back. Record again what people recorded since (refunds made by hand, ended holds, stock that came in), then start the daemon; it asks about whatever is due.`,
    pruned: (orders: number) =>
      `${counted(orders, 'order was', 'orders were')} removed. ${orders === 1 ? 'Its id stays' : 'Their ids stay'} taken.`,
    wouldPrune: (orders: number) => `${counted(orders, 'order')} would be removed.`,
    sound: (orders: number, decisions: number) =>
      `The database is sound: ${counted(orders, 'order')}, ${counted(decisions, 'decision')} made again, all the same.`,
    unsound: (troubles: number) => `${counted(troubles, 'trouble')} found:`,
    differs: (orderId: string, seq: number, where: string) =>
      `Row ${seq} of the journal, about ${orderId}, comes out differently when it is decided again: ${where}.`,
  },
  doctor: {
    verdicts: { ok: 'ok', warning: 'look', trouble: 'NO' },
    allWell: 'Everything that a daemon needs is there.',
    todo: (count: number) => `${count} ${count === 1 ? 'thing needs' : 'things need'} doing.`,
    configuration: (file: string | null) =>
      file === null ? 'no file; the defaults hold' : `${file} has no mistake`,
    noGateway: 'no gateway is configured',
    noGatewayTodo: 'add a [[gateway]] table; docs/configuration.md has an example',
    folder: (path: string) => `${path} can be written`,
    folderMissing: (path: string) => `${path} is not there yet; the daemon makes it`,
    folderLocked: (path: string) => `${path} cannot be written by this user`,
    folderLockedTodo: (path: string) =>
      `chown it to the user of the daemon: chown -R reconciled ${path}`,
    disk: (free: string) => `${free} are free`,
    diskTodo:
      'make room: remove old backups and reports, or enlarge the disk (reconciled prune only keeps the database from growing, and needs room itself)',
    files: (count: number) => `the disk takes ${counted(count, 'more file')}, whatever room it has`,
    filesTodo:
      'remove files that nobody needs (df -i shows what is left, du --inodes where they are)',
    secret: 'other users of this machine cannot read the database',
    open: (path: string) => `other users of this machine can read ${path}`,
    openTodo: (path: string) => `chmod 600 ${path}*`,
    secretTodo: (path: string) => `chmod o= ${path}`,
    database: (orders: number) => `${counted(orders, 'order')}; it can be read`,
    noDatabase: 'there is none yet; the daemon makes it',
    daemon: (origin: string) => `a daemon runs at ${origin} and does its work`,
    daemonNotReady: (origin: string) => `a daemon runs at ${origin} and is not ready`,
    daemonNotReadyTodo: 'reconciled health says why',
    otherDaemon: (origin: string) => `what answers at ${origin} is no daemon of this database`,
    otherDaemonTodo:
      'give this command the --config (or --listen) of its daemon; or end what took the address',
    noDaemon: (origin: string) => `no daemon answers at ${origin}`,
    noDaemonTodo: 'start it: systemctl start reconciled, or reconciled serve',
    clock: (gateway: string, seconds: string) => `${seconds} s from that of ${gateway}`,
    clockTodo: 'let the system keep its clock: timedatectl set-ntp true',
    gateway: (ms: number) => `answers, in ${ms} ms`,
    gatewayTodo: {
      misconfigured: 'look at base_url and user_id of this gateway',
      others: 'look at base_url, and whether this machine may connect to it (curl -v)',
    },
    channel: (detail: string) => `can be reached: ${detail}`,
    channelLog: 'prints to the log of the daemon',
    channelTodo: (name: string) => `correct it, then reconciled notices test ${name}`,
  },
  commands: {
    done: (id: string, state: string) => `Done: order ${id} is ${state}.`,
    same: (id: string, state: string) => `It was so already: order ${id} is ${state}.`,
  },
  report: reportEn,
  deliveries: {
    states: deliveryStates,
    failures,
    table: {
      id: 'id',
      at: 'when',
      topic: 'topic',
      subject: 'about',
      channel: 'channel',
      state: 'state',
      attempts: 'attempts',
      nextTry: 'next try',
      detail: 'last words',
    },
    none: 'No notification fits.',
    retried: {
      due: (id: number) => `${id}: it is sent again.`,
      not_found: (id: number) => `${id}: there is no such notification.`,
      not_dead: (id: number) => `${id}: it is not dead, and stays as it is.`,
      no_channel: (id: number) =>
        `${id}: its channel is not configured any more, and it stays dead.`,
    },
    later: 'No daemon runs on this database: the next one sends.',
    taken: (channel: string, detail: string) => `${channel} took the test message: ${detail}`,
    refused: (channel: string, failure: string, detail: string) =>
      `${channel} did not take the test message, ${failure}: ${detail}`,
  },
} as const;
