import { type DatedEffect, type EffectTopic, REPORT_TOPIC } from '../core/effect.ts';
import { formatMoney } from '../core/money.ts';
import type { Reason } from '../core/reason.ts';
import { boundedText, oneLine, withoutTurns } from '../core/text.ts';
import type { Instant } from '../core/time.ts';
import { momentFormat } from '../texts/moment.ts';
import { type Texts, textsOf } from '../texts.ts';
import type { Message, Style } from './port.ts';
import { todoFor, todoForMany } from './todo.ts';

/**
 * What a message says to people, before any medium: lines of plain text, each bounded and without line breaks, nothing escaped
 * yet.
 */
export interface Wording {
  /** What it is about, in a few words: a subject, a header. At most `MAX_TITLE` characters. */
  readonly title: string;
  /** What happened, in a sentence or two. */
  readonly headline: string;
  readonly facts: readonly Fact[];
  /** Of a digest; `null`: it tells of one thing. */
  readonly table: Table | null;
  /** What a person does about it; `null`: nothing. */
  readonly todo: Fact | null;
  /** Where the order is looked at; `null`: nothing is configured, or there are many. */
  readonly link: Link | null;
  /** Says that nothing happened; `null`: it is no test. */
  readonly test: { readonly mark: string; readonly note: string } | null;
  readonly footer: string;
}

/** A name and what it is. */
export interface Fact {
  readonly label: string;
  readonly value: string;
}

/** The first of many, one a line. */
export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly Row[];
  /** Says that there are more than those that are shown; empty when there are not. */
  more(shown: number): string;
}

/** One line of a table, as wide as its head. */
export interface Row {
  readonly cells: readonly string[];
  readonly url: string | null;
}

/** An address from the configuration, http or https. */
interface Link {
  readonly url: string;
  readonly text: string;
}

/** The longest title: what Slack takes for a header, and a subject line that still shows what it is about. */
export const MAX_TITLE = 150;

/** Rows of a digest: a page that can be read at a glance; the rest is counted. */
export const MAX_ROWS = 20;

/** What is said, in the language and zone of the style. Pure. */
export function wordingOf(message: Message, style: Style): Wording {
  const teller = tellerFor(style);
  const { texts } = teller;
  const { notices } = texts;
  const { topic } = message;
  const effects = effectsOf(message);
  const [first, ...others] = effects;
  const told =
    first === undefined || others.length > 0
      ? digest(topic, effects, teller)
      : single(first, teller, topic);
  return {
    ...told,
    title: plain(capital(told.title), MAX_TITLE),
    headline: plain(told.headline),
    test: message.isTest ? { mark: notices.test, note: notices.testNote } : null,
    footer: notices.footer,
  };
}

/** All of it in one line, for a log: what happened, to which order, and why. */
export function sentenceOf(message: Message, style: Style): string {
  const { texts } = tellerFor(style);
  const { headline, test } = wordingOf(message, style);
  const effects = effectsOf(message);
  const [first, ...others] = effects;
  const why =
    first === undefined || others.length > 0
      ? names(effects, texts)
      : [reasonText(first.reason, texts), wordsOf(first)].filter((text) => text !== '').join(' ');
  const mark = test === null ? '' : `[${test.mark}] `;
  return plain(`${mark}${headline} ${why}`);
}

/**
 * An order that is held anew, for another reason, is one order all the same, and its amount one amount; so is a product one that ran low,
 * was restocked and ran low again. What was said last holds.
 */
function effectsOf({ topic, effects }: Message): readonly DatedEffect[] {
  if (topic !== 'order.held' && topic !== 'stock.low') return effects;
  const subject = topic === 'order.held' ? 'orderId' : 'productId';
  const last = new Map(effects.map((effect) => [effect[subject], effect]));
  return effects.filter((effect) => last.get(effect[subject]) === effect);
}

/** Everything that the sentences need. */
interface Teller {
  readonly texts: Texts;
  readonly style: Style;
  readonly money: (effect: DatedEffect) => string;
  readonly moment: (at: Instant) => string;
  readonly number: (count: number) => string;
}

function tellerFor(style: Style): Teller {
  const { locale, timezone } = style;
  return {
    texts: textsOf(locale),
    style,
    money: ({ amount, currency }) =>
      amount === null || currency === null ? NOTHING : formatMoney(amount, currency, locale),
    moment: momentFormat(timezone),
    number: (count) => new Intl.NumberFormat(locale).format(count),
  };
}

/** In the place of what is not known. */
const NOTHING = '—';

type Told = Omit<Wording, 'test' | 'footer'>;

// --- one

function single(effect: DatedEffect, teller: Teller, topic: EffectTopic): Told {
  const { texts, money, moment, number, style } = teller;
  const { notices, topics } = texts;
  const headline = notices.headlines[topic]({
    order: id(effect.orderId),
    amount: money(effect),
    product: `${productName(effect)} (${id(effect.productId)})`,
    left: effect.onHand === null ? NOTHING : number(effect.onHand),
    gateway: id(effect.gateway),
    since: moment(effect.since ?? effect.at),
    words: effect.text ?? NOTHING,
  });
  const todo = todoFor(effect, topic, texts, money(effect));
  const url = orderUrl(effect, style);
  return {
    title: notices.subject(topics[topic], aboutOf(effect, topic, teller)),
    headline,
    facts: factsOf(effect, topic, teller),
    table: null,
    todo: todo === null ? null : { label: notices.labels.todo, value: plain(todo) },
    link: url === null ? null : { url, text: notices.open },
  };
}

/** What it is about, for a subject line. */
function aboutOf(effect: DatedEffect, topic: EffectTopic, { money, moment }: Teller): string {
  if (topic === 'stock.low') return productName(effect);
  if (topic === REPORT_TOPIC) return moment(effect.since ?? effect.at).slice(0, DAY_LENGTH);
  if (effect.orderId === null) return effect.gateway === null ? 'reconciled' : id(effect.gateway);
  return effect.amount === null ? id(effect.orderId) : `${id(effect.orderId)} (${money(effect)})`;
}

/** `2026-11-23`: the day stands first in a moment. */
const DAY_LENGTH = 10;

function factsOf(effect: DatedEffect, topic: EffectTopic, teller: Teller): readonly Fact[] {
  const { texts, money, moment, number } = teller;
  const { labels } = texts.notices;
  const isStock = topic === 'stock.low';
  // A product's name and a report's sentence are in the headline.
  const isHeadline = isStock || topic === REPORT_TOPIC;
  const facts: readonly (readonly [string, string | null])[] = [
    [labels.product, isStock ? productName(effect) : null],
    [labels.productId, effect.productId === null ? null : id(effect.productId)],
    [labels.left, effect.onHand === null ? null : number(effect.onHand)],
    [labels.order, effect.orderId === null ? null : id(effect.orderId)],
    [labels.payment, effect.paymentId === null ? null : id(effect.paymentId)],
    [labels.amount, effect.amount === null ? null : money(effect)],
    [labels.gateway, effect.gateway === null ? null : id(effect.gateway)],
    [labels.reason, reasonText(effect.reason, texts)],
    [labels.words, isHeadline || effect.text === null ? null : boundedText(effect.text)],
    [labels.since, effect.since === null ? null : moment(effect.since)],
    [labels.at, moment(effect.at)],
  ];
  return facts.flatMap(([label, value]) => {
    // A text may be nothing but characters that are taken out, and Slack takes no empty field: the whole message would be refused.
    const line = value === null ? '' : plain(value);
    return line === '' ? [] : [{ label, value: line }];
  });
}

// --- many

function digest(topic: EffectTopic, effects: readonly DatedEffect[], teller: Teller): Told {
  const { texts, moment, number } = teller;
  const { notices } = texts;
  const { labels } = notices;
  const headline = notices.many[topic](number(effects.length));
  const span = notices.span(moment(effects.at(0)?.at ?? 0), moment(effects.at(-1)?.at ?? 0));
  const sums = sumsOf(effects, teller);
  const todo = todoForMany(topic, texts);
  const facts = [
    ...(effects.length === 0 ? [] : [{ label: labels.at, value: span }]),
    ...(sums === '' ? [] : [{ label: labels.amount, value: sums }]),
    ...countsOf(effects, teller),
  ];
  return {
    title: headline.replace(/\.$/, ''),
    headline,
    facts: facts.map(({ label, value }) => ({ label, value: plain(value) })),
    table: tableOf(topic, effects, teller),
    todo: todo === null ? null : { label: labels.todo, value: plain(todo) },
    link: null,
  };
}

/** How many for each reason, the most frequent first. */
function countsOf(effects: readonly DatedEffect[], { texts, number }: Teller): readonly Fact[] {
  const counts = new Map<Reason, number>();
  for (const { reason } of effects) {
    if (reason !== null) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts]
    .toSorted(([, one], [, other]) => other - one)
    .map(([reason, count]) => ({
      label: texts.notices.times(number(count)),
      value: `${texts.reasons[reason]} (${reason})`,
    }));
}

/** What it comes to, for each currency: exact, also where a plain number would not be. */
function sumsOf(effects: readonly DatedEffect[], { style }: Teller): string {
  const sums = new Map<string, bigint>();
  for (const { amount, currency } of effects) {
    if (amount === null || currency === null) continue;
    sums.set(currency, (sums.get(currency) ?? 0n) + BigInt(amount));
  }
  return [...sums].map(([code, sum]) => formatMoney(sum, code, style.locale)).join(' + ');
}

type Column =
  | 'at'
  | 'order'
  | 'payment'
  | 'amount'
  | 'reason'
  | 'product'
  | 'productId'
  | 'left'
  | 'gateway'
  | 'since'
  | 'words';

function tableOf(topic: EffectTopic, effects: readonly DatedEffect[], teller: Teller): Table {
  const { texts, number, style } = teller;
  const columns = columnsOf(topic);
  const rows = effects.slice(0, MAX_ROWS).map((effect) => ({
    cells: columns.map((column) => plain(cellOf(column, effect, teller), MAX_CELL)),
    url: orderUrl(effect, style),
  }));
  const more = (shown: number) =>
    shown >= effects.length ? '' : texts.notices.more(number(effects.length - shown));
  return {
    head: columns.map((column) => texts.notices.labels[column]),
    rows,
    more,
  };
}

/** The longest id, and enough of a product's name. */
const MAX_CELL = 64;

function columnsOf(topic: EffectTopic): readonly Column[] {
  switch (topic) {
    case 'order.completed':
    case 'order.failed':
    case 'order.held':
      return ['at', 'order', 'amount', 'reason'];
    case 'order.attention':
    case 'refund.due':
    case 'refund.done':
      return ['at', 'order', 'payment', 'amount', 'reason'];
    case 'stock.low':
      return ['at', 'product', 'productId', 'left'];
    case 'sweep.late':
    case 'callbacks.stopped':
    case 'gateway.down':
    case 'gateway.up':
    case 'gateway.misconfigured':
      return ['at', 'gateway', 'since'];
    case 'report.daily':
      return ['since', 'words'];
  }
}

function cellOf(column: Column, effect: DatedEffect, { money, moment, number }: Teller): string {
  switch (column) {
    case 'at':
      return moment(effect.at);
    case 'order':
      return id(effect.orderId);
    case 'payment':
      return id(effect.paymentId);
    case 'amount':
      return money(effect);
    case 'reason':
      return effect.reason ?? NOTHING;
    case 'product':
      return productName(effect);
    case 'productId':
      return id(effect.productId);
    case 'left':
      return effect.onHand === null ? NOTHING : number(effect.onHand);
    case 'gateway':
      return id(effect.gateway);
    case 'words':
      return effect.text ?? NOTHING;
    case 'since':
      return effect.since === null ? NOTHING : moment(effect.since);
  }
}

/** The first few that a digest is about. */
function names(effects: readonly DatedEffect[], { notices }: Texts): string {
  const all = effects.map(({ orderId, productId, gateway }) => orderId ?? productId ?? gateway);
  const named = all.filter((one) => one !== null).map((one) => id(one));
  const first = named.slice(0, MAX_NAMES).join(', ');
  const rest = named.length - MAX_NAMES;
  return rest > 0 ? notices.names(first, `${rest}`) : first;
}

/** With the longest ids still one line of a log. */
const MAX_NAMES = 5;

// --- parts

function reasonText(reason: Reason | null, texts: Texts): string {
  return reason === null ? '' : texts.reasons[reason];
}

function wordsOf({ topic, text }: DatedEffect): string {
  return text === null || topic === 'stock.low' || topic === REPORT_TOPIC
    ? ''
    : `(${boundedText(text)})`;
}

function orderUrl({ orderId }: DatedEffect, { orderUrl: pattern }: Style): string | null {
  if (orderId === null || pattern === null) return null;
  return pattern.replaceAll('{id}', () => encodeURIComponent(orderId.toWellFormed()));
}

function productName({ text, productId }: DatedEffect): string {
  const name = plain(text ?? '', MAX_NAME);
  return name === '' ? id(productId) : name;
}

/** More of a name is not said. */
const MAX_NAME = 100;

function id(value: string | null): string {
  return value === null ? NOTHING : plain(value, MAX_NAME);
}

/** One line, bounded, and nothing in it that turns the direction of what follows. */
function plain(text: string, limit?: number): string {
  return oneLine(withoutTurns(text), limit);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
