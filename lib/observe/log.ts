import { type DestinationStream, destination, type Logger, pino, stdTimeFunctions } from 'pino';
import { type Clock, systemClock } from '../clock.ts';
import { REPORT_TOPIC, TOPICS_FOR_PEOPLE } from '../core/effect.ts';
import { boundedText } from '../core/text.ts';
import { type DurationMs, type Instant, MINUTE_MS } from '../core/time.ts';
import type { Event, Tell } from './events.ts';

/** The least important lines that are kept. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

const STDERR = 2;

/**
 * The log: one JSON object a line, on stderr unless `to` is given. Nothing that is private should ever reach it; should
 * something, the names that such things have are struck out.
 */
export function createLogger(level: LogLevel, to?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      // Not `redact`: with wildcards it costs many times what the line itself does.
      formatters: { level: (label) => ({ level: label }), log: (fields) => struckOut(fields) },
    },
    to ?? together(standardError()),
  );
}

/** What waits while standard error takes nothing: many minutes of a busy daemon. What comes beyond it is lost, and not the memory. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;

/** A reader that is only slow gets the last lines: it is waited for so often, a tenth of a second each time. */
const WAITS_AT_END = 10;

/**
 * A log that nobody takes, on a full disk or by a reader that stopped or went away, must neither end nor hold what settles payments. It
 * goes on with the next line for which there is room.
 */
function standardError() {
  // From when Node has opened a pipe or a socket as its own stream a write to it no longer waits for room.
  void process.stderr;
  let patience = 0;
  process.once('exit', () => {
    patience = WAITS_AT_END;
  });
  const retryEAGAIN = () => patience-- > 0;
  const to = destination({ fd: STDERR, sync: true, maxLength: MAX_WAITING_BYTES, retryEAGAIN });
  to.on('error', () => undefined);
  return to;
}

/**
 * Writes the lines of one turn of the event loop with one call at its end: a call costs twice what a line does. Whatever ends
 * the process but a kill in the middle of a turn finds them written.
 */
export function together(to: DestinationStream): DestinationStream & { flushSync(): void } {
  let lines = '';
  const flush = () => {
    const written = lines;
    lines = '';
    to.write(written);
  };
  const flushSync = () => {
    if (lines !== '') flush();
  };
  // With nothing new as well: for what is left of before there may be room now.
  process.once('exit', flush);
  return {
    write: (line) => {
      if (lines === '') setImmediate(flushSync);
      lines += line;
    },
    flushSync,
  };
}

/**
 * Tells events to the log, each under its own name. What happens per request is `debug`; a line at `info` or above is a
 * change that somebody may ask about later.
 */
export function logTeller(logger: Logger, clock: Clock = systemClock): Tell {
  const isNews = seldom(clock);
  return (event) => {
    const level = levelOf(event, isNews);
    if (!logger.isLevelEnabled(level)) return;
    const { name, ...fields } = event;
    logger[level](bounded(fields), name);
  };
}

/** How members, cards and secrets are called wherever they are. */
const PRIVATE_NAMES: ReadonlySet<string> = new Set([
  'cardNo',
  'cardNumber',
  'authorization',
  'apiToken',
  'token',
  'secret',
  'password',
  'memberId',
  'userId',
]);

/** Where a private name is looked for: in a line's own fields, in theirs, and in theirs. */
const LEVELS = 3;

/** The fields with whatever stands under a private name struck out. */
function struckOut(fields: object, levels = LEVELS): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (PRIVATE_NAMES.has(name)) kept[name] = '****';
    else kept[name] = levels > 1 ? struckOutInside(value, levels - 1) : value;
  }
  return kept;
}

function struckOutInside(value: unknown, levels: number): unknown {
  if (Array.isArray(value)) return value.map((one) => struckOutInside(one, levels));
  // Anything but a plain object knows how it is written down.
  const isPlain =
    typeof value === 'object' &&
    value !== null &&
    Object.getPrototypeOf(value) === Object.prototype;
  return isPlain ? struckOut(value, levels) : value;
}

/** The same trouble with callbacks is a line once in this time: anybody can send them, as fast as they like. */
const SAME_TROUBLE_MS: DurationMs = MINUTE_MS;

function levelOf(event: Event, isNews: (what: string) => boolean): LogLevel {
  switch (event.name) {
    case 'daemon.started':
    case 'daemon.stopping':
    case 'daemon.stopped':
      return 'info';
    case 'order.created':
      return 'debug';
    case 'order.decided':
      if (event.outcome === 'refused') return 'warn';
      return event.changed && event.outcome === 'applied' ? 'info' : 'debug';
    case 'order.poisoned':
      return 'error';
    case 'sweep.started':
      return 'debug';
    case 'sweep.ended':
      return event.looked > 0 ? 'info' : 'debug';
    case 'sweep.failed':
      return 'error';
    case 'gateway.exchanged':
      return 'debug';
    case 'gateway.circuit':
      return event.state === 'open' ? 'warn' : 'info';
    case 'gateway.misconfigured':
      return 'error';
    case 'callback.received':
    case 'callback.matched':
      return callbackLevel(event, isNews);
    case 'payment.requested':
      return event.outcome === 'nobody_knows' ? 'warn' : 'info';
    case 'report.made':
      return event.tiesOut ? 'info' : 'error';
    case 'report.failed':
      return 'error';
    case 'notice':
      // A report comes every day; that its totals differ is told by `report.made`.
      if (event.topic === REPORT_TOPIC) return 'info';
      return TOPICS_FOR_PEOPLE.includes(event.topic) ? 'warn' : 'info';
    case 'delivery.attempted':
      return event.outcome === 'delivered' ? 'debug' : 'warn';
    case 'deliveries.abandoned':
      return 'warn';
    case 'store.committed':
      return 'debug';
    case 'store.failed':
    case 'pool.failed':
    case 'http.failed':
      return 'error';
    case 'pool.recovered':
    case 'store.upgrading':
      return 'info';
  }
}

function callbackLevel(event: CallbackEvent, isNews: (what: string) => boolean): LogLevel {
  switch (event.outcome) {
    case 'kept':
    case 'admitted':
    case 'duplicate':
    case 'unmatched':
      return 'debug';
    case 'invalid':
    case 'dropped':
    case 'failed':
      return isNews(troubleOf(event)) ? 'warn' : 'debug';
  }
}

function troubleOf(event: CallbackEvent): string {
  const cause = event.name === 'callback.received' ? event.cause : null;
  return `${event.gateway} ${cause ?? event.outcome}`;
}

type CallbackEvent = Extract<Event, { name: 'callback.received' | 'callback.matched' }>;

/** True when the same was not asked within `SAME_TROUBLE_MS`. There are as many keys as gateways times outcomes and their causes. */
function seldom(clock: Clock): (what: string) => boolean {
  const last = new Map<string, Instant>();
  return (what) => {
    const now = clock.monotonicMs();
    const before = last.get(what);
    if (before !== undefined && now - before < SAME_TROUBLE_MS) return false;
    last.set(what, now);
    return true;
  };
}

/** Words from elsewhere may quote anything: one line, bounded, card-like numbers masked. */
function bounded(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kept = { ...fields };
  for (const name of QUOTING) {
    const words = kept[name];
    if (typeof words === 'string') kept[name] = boundedText(words);
  }
  return kept;
}

const QUOTING = ['error', 'cause', 'detail'] as const;
