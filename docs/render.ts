import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { channelSchemas } from '../lib/config/channels.ts';
import { SMALLEST_FILE } from '../lib/config/file.ts';
import { notes } from '../lib/config/forms.ts';
import { configurationSchema } from '../lib/config/schema.ts';
import { FILE_VARIABLE, SIMPLE_SETTINGS, TOKEN_VARIABLE } from '../lib/config/simple.ts';
import { EFFECT_TOPICS, TOPICS_FOR_PEOPLE } from '../lib/core/effect.ts';
import { REASONS } from '../lib/core/reason.ts';
import { ERROR_CODES } from '../lib/errors.ts';
import { GATEWAY_KINDS } from '../lib/gateways/index.ts';
import { PROBLEMS } from '../lib/http/problem.ts';
import { createMetrics } from '../lib/observe/metrics.ts';
import { textsOf } from '../lib/texts.ts';
import { CHANNEL_EXAMPLES } from './channel-examples.ts';
import { EVENT_TEXTS } from './event-texts.ts';
import { TOPIC_TEXTS } from './topic-texts.ts';

/**
 * Renders the pages that say what the code says. `npm run docs` writes them; `node docs/render.ts --check` only compares, and
 * ends with 1 when a page is not what the code says.
 */
const pages: Readonly<Record<string, string>> = {
  'configuration.md': configurationPage(),
  'errors.md': errorsPage(),
  'reasons.md': reasonsPage(),
  'topics.md': topicsPage(),
  'events.md': await eventsPage(),
};

const stale = Object.entries(pages).filter(([name, content]) => readPage(name) !== content);
for (const [name, content] of stale) {
  if (process.argv.includes('--check')) {
    process.stderr.write(`docs/${name} is not what the code says. Type: npm run docs\n`);
    process.exitCode = 1;
  } else {
    writeFileSync(join(import.meta.dirname, name), content);
    process.stderr.write(`docs/${name} is written.\n`);
  }
}

function readPage(name: string): string | null {
  try {
    return readFileSync(join(import.meta.dirname, name), 'utf8');
  } catch {
    return null;
  }
}

function configurationPage(): string {
  const root = configurationSchema(GATEWAY_KINDS).shape;
  const { http, sweep, gateway, notify, channel: _, ...top } = root;
  const one = gateway.unwrap().element.shape;
  const { breaker, ...rest } = one;
  const variables = SIMPLE_SETTINGS.map(({ path, flag, variable }) => [
    code(path.join('.')),
    code(flag),
    code(variable),
  ]);
  return page('Configuration', [
    'Settings come from `reconciled.toml` in the working directory, or from the file that `--config` or',
    `\`${FILE_VARIABLE}\` names. Flags go before variables, variables before the file, the file before defaults.`,
    '`reconciled config check` names every mistake at once, `reconciled config show` prints what holds. The smallest file:',
    '',
    fenced('toml', SMALLEST_FILE),
    '',
    'Lengths of time are texts such as `"500ms"`, `"3s"`, `"10m"`, `"72h"`, `"1d"`. A secret never stands in the file: it is',
    '`{ env = "NAME" }` (a variable) or `{ file = "path" }` (a file that holds it; a relative path starts at the folder of',
    'the configuration file).',
    '',
    '## At the top',
    '',
    settings(top),
    '',
    '## [http]',
    '',
    settings(http.unwrap().shape),
    '',
    '## [sweep]',
    '',
    settings(sweep.unwrap().shape),
    '',
    '## [[gateway]]',
    '',
    'One table for each gateway. `name`, `kind`, `base_url` and `methods` have to be written.',
    '',
    settings(rest),
    '',
    '## breaker of a gateway',
    '',
    'Written as `breaker = { failures = 0.5, open = "30s" }`; what is left out has its default.',
    '',
    settings(breaker.unwrap().shape),
    '',
    '## [notify]',
    '',
    'How [notifications](notifications.md) are sent.',
    '',
    settings(notify.unwrap().shape),
    '',
    ...channelSections(),
    '## Flags and variables',
    '',
    table(['setting', 'flag', 'variable'], variables),
    '',
    `\`${TOKEN_VARIABLE}\` holds the bearer token and goes before \`http.api_token\`. An empty variable is like none; a`,
    '`RECONCILED_…` variable that is not known is refused.',
  ]);
}

function channelSections(): string[] {
  const kinds = Object.entries(channelSchemas()).flatMap(([kind, schema]) => {
    const { name: _, kind: __, ...rest } = schema.shape;
    const { text } = notes.get(schema) ?? { text: '' };
    const example = Object.entries(CHANNEL_EXAMPLES).find(([known]) => known === kind)?.[1] ?? '';
    return [`### kind = "${kind}"`, '', text, '', fenced('toml', example), '', settings(rest), ''];
  });
  const { name, kind } = channelSchemas().log.shape;
  return [
    '## [[channel]]',
    '',
    'One table for each channel, at most 20. Without any, the log of the daemon is the only one. Every kind has:',
    '',
    settings({ name, kind }),
    '',
    ...kinds,
  ];
}

function settings(shape: z.core.$ZodShape): string {
  return table(
    ['setting', 'what it is for', 'what may be written', 'default'],
    Object.entries(shape).map(([name, rule]) => {
      const known = notesOf(rule);
      if (known === undefined) throw new Error(`${name} has no notes`);
      const { text, form, standard } = known;
      return [code(name), text, form, standard === null ? 'none: write it' : defaultOf(standard)];
    }),
  );
}

/** The notes stand on the rule itself or on the one that it makes optional. */
function notesOf(rule: z.core.$ZodType) {
  const inner = rule instanceof z.ZodOptional ? rule.unwrap() : rule;
  return [rule, inner]
    .map((one) => (one instanceof z.ZodType ? notes.get(one) : undefined))
    .find((found) => found !== undefined);
}

function defaultOf(standard: string): string {
  return /^["[\d]|^(true|false)$/.test(standard) ? code(standard) : standard;
}

function errorsPage(): string {
  const codes = Object.entries(ERROR_CODES).map(([name, text]) => [code(name), text]);
  const problems = Object.entries(PROBLEMS).map(([name, { status, title }]) => [
    code(name),
    String(status),
    title,
  ]);
  return page('Errors', [
    'Trouble has a code for programs, a sentence that says what is wrong and where, and a hint that says what to do or to type.',
    '',
    '## On the command line',
    '',
    'Two lines on standard error, or with `--json` one: `{"error":{"code","message","hint"}}`. The process ends with 0 when all',
    'went well, 1 on trouble, 2 when the command line is off, 70 on a bug, 78 when the configuration is off.',
    '',
    table(['code', 'what it means'], codes),
    '',
    '## From the HTTP interface',
    '',
    'A problem (RFC 9457) with `code`, `detail`, `hint`, and `errors` for the fields that are wrong. Trouble with the database',
    'keeps its code from above and is a 503 with `Retry-After`.',
    '',
    table(['code', 'status', 'what it means'], problems),
  ]);
}

function reasonsPage(): string {
  const [en, ko] = [textsOf('en').reasons, textsOf('ko').reasons];
  return page('Reasons', [
    'Why an order or a payment is as it is: one word for each row of the decision table, never renamed. The words for people',
    'are in the language of the configuration (`locale`).',
    '',
    table(
      ['reason', 'English', '한국어'],
      REASONS.map((reason) => [code(reason), en[reason], ko[reason]]),
    ),
  ]);
}

function topicsPage(): string {
  const rows = (locale: 'en' | 'ko') =>
    EFFECT_TOPICS.map((topic) => {
      const isForPeople = TOPICS_FOR_PEOPLE.includes(topic);
      const [people, machines] = locale === 'en' ? ['people', 'webhook'] : ['담당자', '웹훅'];
      return [
        code(topic),
        textsOf(locale).topics[topic],
        TOPIC_TEXTS[topic][locale],
        isForPeople ? `${people}, ${machines}` : machines,
      ];
    });
  return page('Topics', [
    'What [notifications](notifications.md) tell: one word for each topic, never renamed. By default a `log`, `slack` or `email`',
    'channel is told what people have to act on, and a `webhook` everything; `topics` of the',
    '[channel](configuration.md#channel) says otherwise.',
    '',
    '## English',
    '',
    table(['topic', 'in messages', 'when', 'told by default to'], rows('en')),
    '',
    '## 한국어',
    '',
    table(['주제', '메시지의 이름', '언제', '기본 수신'], rows('ko')),
  ]);
}

async function eventsPage(): Promise<string> {
  const events = Object.entries(EVENT_TEXTS).map(([name, { text, fields }]) => [
    code(name),
    text,
    Object.entries(fields)
      .map(([field, meaning]) => `${code(field)}: ${meaning}`)
      .join('<br>'),
  ]);
  return page('Events and metrics', [
    'What the daemon tells about itself. None of it holds a card number, a secret or data of a member.',
    '',
    '## Events',
    '',
    'The log has them as JSON on standard error, a line each: the name is `msg`, the fields stand beside it. What happens',
    'with every request is at the level `debug`.',
    '',
    table(['event', 'what happened', 'fields'], events),
    '',
    '## Metrics',
    '',
    'At `GET /metrics`, in the text format of Prometheus, beside the usual ones of a Node process.',
    '',
    table(['metric', 'labels', 'type', 'what it is'], await metricRows()),
  ]);
}

async function metricRows(): Promise<string[][]> {
  const metrics = createMetrics({
    counts: () => Promise.reject(new Error('there is no database')),
    oldestDue: async () => null,
    ready: async () => false,
    utilization: () => ({}),
    now: () => 0,
    gateways: [],
    channels: [],
  });
  const [text, labels] = [await metrics.text(), metrics.labels()];
  return [...text.matchAll(/^# HELP (reconciled_\w+) (.*)\n# TYPE \w+ (\w+)$/gm)].map(
    ([, name = '', help = '', type = '']) => [
      code(name),
      labels.get(name)?.map(code).join(', ') ?? '',
      type,
      help,
    ],
  );
}

function page(title: string, lines: readonly string[]): string {
  return [
    `# ${title}`,
    '',
    '<!-- Rendered from the code by `npm run docs`. -->',
    '',
    ...lines,
    '',
  ].join('\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function code(text: string): string {
  return `\`${text}\``;
}

function fenced(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\`\`\``;
}
