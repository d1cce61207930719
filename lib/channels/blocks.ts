import type { IncomingWebhookSendArguments } from '@slack/webhook';
import { inColumns } from './columns.ts';
import type { Fact, Table, Wording } from './wording.ts';

/** The parts of a message in Slack. */
type Blocks = NonNullable<IncomingWebhookSendArguments['blocks']>;

/**
 * Lays a message out in blocks: a header, what happened, facts, the table of a digest, what to do, a link. What is embedded stands in plain
 * text, where `*` and `_` mean nothing, or in a preformatted table. Pure. Limits of docs.slack.dev/reference/block-kit/blocks: 50 blocks,
 * 150 characters in a header, 3,000 in a text, 2,000 in a field, ten fields.
 */
export function blocksOf(wording: Wording): Blocks {
  const { title, test, headline, facts, table, todo, link, footer } = wording;
  const mark = test === null ? '' : `[${test.mark}] `;
  return [
    { type: 'header', text: plainText(`${mark}${title}`, MOST_IN_HEADER) },
    { type: 'section', text: plainText(headline, MOST_IN_TEXT) },
    ...inGroups(facts, FACTS_IN_SECTION).map((group) => ({
      type: 'section' as const,
      fields: group.flatMap(factFields),
    })),
    ...(table === null ? [] : [{ type: 'section' as const, text: markdown(preformatted(table)) }]),
    ...(todo === null
      ? []
      : [
          {
            type: 'section' as const,
            text: plainText(`${todo.label}: ${todo.value}`, MOST_IN_TEXT),
          },
        ]),
    ...(link === null
      ? []
      : [{ type: 'section' as const, text: markdown(linkTo(link.url, link.text)) }]),
    {
      type: 'context',
      elements: [
        ...(test === null ? [] : [plainText(test.note, MOST_IN_TEXT)]),
        plainText(footer, MOST_IN_TEXT),
      ],
    },
  ];
}

/** `&`, `<` and `>` begin links, mentions and entities in every text of Slack: each becomes an entity. */
export function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

const MOST_IN_HEADER = 150;
const MOST_IN_TEXT = 3_000;
const MOST_IN_FIELD = 2_000;

/** Of ten fields each fact takes two, which stand beside each other: its name, and what it is. */
const FACTS_IN_SECTION = 5;

function factFields({ label, value }: Fact) {
  return [markdown(`*${escapeSlack(label)}*`), plainText(value, MOST_IN_FIELD)];
}

function plainText(text: string, most: number) {
  return { type: 'plain_text' as const, text: escapedWithin(text, most), emoji: false };
}

/** Only what is ours, or escaped. */
function markdown(text: string) {
  return { type: 'mrkdwn' as const, text, verbatim: true };
}

/** Cut before it is escaped: half an entity would be none. */
function escapedWithin(text: string, most: number): string {
  let letters = [...text];
  let escaped = escapeSlack(text);
  while (escaped.length > most) {
    letters = letters.slice(
      0,
      letters.length - Math.max(1, Math.ceil((escaped.length - most) / 5)),
    );
    escaped = escapeSlack(letters.join(''));
  }
  return escaped;
}

/** As many rows as there is room for; the others are counted. */
function preformatted(table: Table): string {
  for (let shown = table.rows.length; ; shown -= 1) {
    const lines = inColumns(table, table.rows.slice(0, shown));
    const more = table.more(shown);
    const rest = more === '' ? '' : `\n${escapeSlack(more)}`;
    // A back-tick in a name could end the table.
    const text = `\`\`\`\n${escapeSlack(lines.join('\n')).replaceAll('`', "'")}\n\`\`\`${rest}`;
    if (text.length <= MOST_IN_TEXT || shown === 0) return text;
  }
}

/** A bar would end the address, an angle bracket the link. */
function linkTo(url: string, text: string): string {
  return `<${escapeSlack(url).replaceAll('|', '%7C')}|${escapeSlack(text).replaceAll('|', '/')}>`;
}

function inGroups<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  const groups = Math.ceil(items.length / size);
  return Array.from({ length: groups }, (_, at) => items.slice(at * size, (at + 1) * size));
}
