import type { EffectTopic } from '../../core/effect.ts';
import { formatMoney } from '../../core/money.ts';
import { textsOf } from '../../texts.ts';
import { table } from '../table.ts';
import type { Alternatives } from './alternatives.ts';
import type { Check } from './checks.ts';
import type { ResultRow } from './results.ts';
import { CURRENCY } from './scenario.ts';
import { type Language, WORDS } from './words.ts';

/** All that a run came to. */
export interface Report {
  readonly orders: number;
  readonly seed: number;
  readonly rows: readonly ResultRow[];
  /** From the request for the sweep until the last order was committed. */
  readonly tookMs: number;
  /** The most lookups that the gateway had at once, as it counted them. */
  readonly maxInFlight: number;
  readonly alternatives: Alternatives;
  /** An order worth a look, told as `explain` tells it. */
  readonly story: { readonly orderId: string; readonly lines: readonly string[] };
  /** What the log told people: how often each topic, and one message of it. */
  readonly notices: readonly NoticesOfTopic[];
  readonly checks: readonly Check[];
}

/** The messages of one topic. */
interface NoticesOfTopic {
  readonly topic: EffectTopic;
  readonly count: number;
  /** The first of them. */
  readonly text: string;
}

/** The report as people read it. */
export function reportText(report: Report, language: Language): string {
  const words = WORDS[language];
  const { orders, tookMs, maxInFlight, alternatives: other, story, checks } = report;
  const failed = checks.filter(({ ok }) => !ok).length;
  return [
    resultTable(report.rows, language),
    '',
    words.took(orders, other.lookups, maxInFlight, words.seconds(tookMs)),
    words.instead(
      words.seconds(other.oneByOneMs),
      other.chunk,
      words.seconds(other.chunkByChunkMs),
    ),
    words.computed,
    '',
    words.why(story.orderId),
    ...story.lines.map((line) => `  ${line}`.trimEnd()),
    '',
    words.told,
    ...report.notices.map(({ count, text }) => `  ${String(count).padStart(3)} ×  ${text}`),
    '',
    words.checked,
    table(
      ['', '', ''],
      checks.map(({ name, ok, numbers }) => [
        `  ${ok ? words.ok : words.failed}`,
        words.checks[name],
        numbers,
      ]),
    ).replace(/^\s*\n/, ''),
    '',
    failed === 0 ? words.allRight : words.someWrong(failed),
  ].join('\n');
}

function resultTable(rows: readonly ResultRow[], language: Language): string {
  const { columns, truths, wrong } = WORDS[language];
  const { orderStates } = textsOf(language);
  return table(
    [columns.truth, columns.orders, columns.state, columns.reason, columns.refund, columns.right],
    rows.map(({ truth, orders, state, reason, refundDueMinor, right }) => [
      truths[truth],
      orders,
      orderStates[state],
      reason ?? '',
      refundDueMinor === 0 ? '' : formatMoney(refundDueMinor, CURRENCY, language),
      right === orders ? `${right}/${orders}` : `${right}/${orders} ${wrong}`,
    ]),
  );
}

/** The report as one JSON document. */
export function reportJson(report: Report): string {
  const { alternatives: other, checks, rows, ...rest } = report;
  return JSON.stringify(
    {
      ok: checks.every(({ ok }) => ok),
      orders: rest.orders,
      seed: rest.seed,
      results: rows,
      tookMs: rest.tookMs,
      maxInFlight: rest.maxInFlight,
      computed: other,
      explained: rest.story,
      notices: rest.notices,
      checks,
    },
    null,
    2,
  );
}
