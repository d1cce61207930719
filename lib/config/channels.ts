import { z } from 'zod';
import type { ChannelKind } from '../channels/port.ts';
import { EFFECT_TOPICS, type EffectTopic, TOPICS_FOR_PEOPLE } from '../core/effect.ts';
import { closest } from './closest.ts';
import { asTable } from './file.ts';
import {
  choice,
  count,
  duration,
  flag,
  neededList,
  neededSecret,
  neededText,
  notes,
  secret,
  text,
  withStandard,
  wrong,
} from './forms.ts';
import { isHost, isLoopback, isMailAddress, isTarget } from './rules.ts';
import { type Relation, section } from './section.ts';

/** Where an e-mail server listens, by how the line to it is protected: the ports that the mail standards name. */
export const MAIL_PORTS = { tls: 465, starttls: 587, none: 25 } as const;

/** The settings of each kind of channel, in the order of the documentation. */
export function channelSchemas() {
  return {
    log: logSchema(),
    webhook: webhookSchema(),
    slack: slackSchema(),
    email: emailSchema(),
  } satisfies Record<ChannelKind, z.ZodObject>;
}

/** The settings of one channel: its `kind` says which there are. */
export function channelSchema() {
  const { log, webhook, slack, email } = channelSchemas();
  const kinds: readonly ChannelKind[] = [log, webhook, slack, email].map(
    ({ shape }) => shape.kind.value,
  );
  return z.discriminatedUnion('kind', [log, webhook, slack, email], {
    error: (issue) => {
      if (issue.code !== 'invalid_union') return wrong('a table', '{ }', true)(issue);
      return wrongWord('kind of channel', kinds)({ input: asTable(issue.input).kind });
    },
  });
}

function logSchema() {
  return section(
    "The daemon's own log.",
    {
      ...named('log'),
      topics: topics(TOPICS_FOR_PEOPLE, FOR_PEOPLE),
      digest: digest('0s'),
      max_in_flight: inFlight(1),
    },
    [TOPICS_ONCE],
  );
}

function webhookSchema() {
  return section(
    'A webhook as [Standard Webhooks](https://www.standardwebhooks.com) describes it, for systems.',
    {
      ...named('webhook'),
      topics: topics(EFFECT_TOPICS, 'all'),
      max_in_flight: inFlight(20),
      url: neededText({
        text: 'Where it is posted to.',
        form: 'an https:// or http:// address without user name or #',
        example: 'https://shop.example/hooks/reconciled',
        holds: isTarget,
        isPrivate: true,
      }),
      secrets: neededList({
        text: 'What signs: the newest first. Two or three while a receiver changes over to the next.',
        each: neededSecret({ text: 'One secret.', variable: 'SHOP_WEBHOOK_SECRET' }),
        of: 'secrets',
        example: '[{ env = "SHOP_WEBHOOK_SECRET" }]',
        most: 3,
        isPrivate: true,
      }),
      allow_private: flag({
        text: 'Lets it go to this machine and to private networks. Without it a slip in `url` cannot reach what is inside.',
        standard: false,
      }),
      timeout: timeout('15s'),
    },
    [
      TOPICS_ONCE,
      {
        at: 'url',
        holds: ({ url, allow_private }) =>
          allow_private ||
          !isText(url) ||
          !URL.canParse(url) ||
          !isLoopback(bareHost(new URL(url))),
        say: 'is on this machine. Write allow_private = true if that is meant.',
      },
    ],
  );
}

function slackSchema() {
  return section(
    'An incoming webhook of Slack.',
    {
      ...named('slack'),
      topics: topics(TOPICS_FOR_PEOPLE, FOR_PEOPLE),
      digest: digest('5m'),
      max_in_flight: inFlight(1),
      url: neededSecret({
        text: 'The address that Slack gave: who has it can post, so it is a secret.',
        variable: 'SLACK_WEBHOOK_URL',
      }),
      timeout: timeout('15s'),
    },
    [TOPICS_ONCE],
  );
}

function emailSchema() {
  return section(
    'A mail server that takes our messages.',
    {
      ...named('email'),
      topics: topics(TOPICS_FOR_PEOPLE, FOR_PEOPLE),
      digest: digest('5m'),
      max_in_flight: inFlight(2),
      ...mailServer(),
      from: neededText({ text: 'Who it comes from.', ...MAIL_ADDRESS }),
      to: optionalAddresses(),
      topic_to: topicAddresses(),
      timeout: timeout('30s'),
    },
    [
      TOPICS_ONCE,
      {
        at: 'user',
        holds: ({ user, password }) => !user || password !== undefined,
        say: 'needs a password. Write password = { env = "SMTP_PASSWORD" }, or leave user out.',
      },
      {
        at: 'password',
        holds: ({ user, password }) => user !== '' || password === undefined,
        say: 'needs a user. Write user = "…", or leave password out.',
      },
      {
        at: 'security',
        holds: ({ security, host, password }) =>
          security !== 'none' || password === undefined || !isText(host) || isLoopback(host),
        say: 'would send the password in the clear. Write "starttls" or "tls".',
      },
      {
        at: 'to',
        holds: ({ to, topics, topic_to }) =>
          to !== undefined ||
          !Array.isArray(topics) ||
          topics.every((topic) => topic_to?.[topic] !== undefined),
        say: 'missing. Write a list of addresses, or name every topic in topic_to.',
      },
      {
        at: 'topic_to',
        holds: ({ topics, topic_to }) =>
          !Array.isArray(topics) ||
          EFFECT_TOPICS.every((topic) => !topic_to?.[topic] || topics.includes(topic)),
        say: 'names a topic that is not among topics. Add it there, or leave it out here.',
      },
    ],
  );
}

function mailServer() {
  return {
    host: neededText({
      text: 'The mail server.',
      form: 'the name or address of a host, without port',
      example: 'smtp.shop.example',
      holds: isHost,
      // Somebody may write it as an address with user and password in it.
      isPrivate: true,
    }),
    port: portOrStandard(),
    security: choice({
      text: '`tls`: from the first byte; `starttls`: must be upgraded before anything is said; `none`: in the clear.',
      words: ['starttls', 'tls', 'none'],
      standard: 'starttls',
    }),
    verify_certificate: flag({
      text: 'False takes a certificate that nobody vouches for: for a server of your own in a network of your own.',
      standard: true,
    }),
    user: text({
      text: 'The name to sign in with.',
      form: 'a text of up to 200 characters on one line, or "" for none',
      example: 'reconciled',
      standard: '',
      holds: (value) => /^\P{Cc}{0,200}$/u.test(value),
    }),
    password: secret({
      text: 'The password to sign in with.',
      variable: 'SMTP_PASSWORD',
      standard: 'none',
    }),
  };
}

/** What every channel has first. */
function named<const Kind extends ChannelKind>(kind: Kind) {
  const literal = z.literal(kind);
  const rule: z.ZodType = literal;
  notes.add(rule, {
    text: 'What it is.',
    form: 'one of log, webhook, slack, email',
    example: JSON.stringify(kind),
    standard: null,
  });
  return {
    name: neededText({
      text: 'What it is called: in `reconciled notices`, in metrics.',
      form: 'up to 32 small letters, digits, - and _, a letter first, and not "all"',
      example: 'ops',
      holds: (value) => /^[a-z][a-z0-9_-]{0,31}$/.test(value) && value !== 'all',
    }),
    kind: literal,
  };
}

/** What a person has to act on, in words: the list is long, and `docs/topics.md` has it. */
const FOR_PEOPLE = 'what people have to act on';

function topics(standard: readonly EffectTopic[], words: string) {
  const each = z.enum(EFFECT_TOPICS, { error: wrongWord('topic', EFFECT_TOPICS) });
  const list = neededList({
    text: 'What it is told, out of [all topics](topics.md).',
    each,
    of: 'topics',
    example: '["order.held", "stock.low"]',
    most: EFFECT_TOPICS.length,
  });
  return withStandard(list, [...standard], words);
}

const TOPICS_ONCE: Relation<{ readonly topics: readonly EffectTopic[] }> = {
  at: 'topics',
  // More than there are is another mistake.
  holds: ({ topics: list }) =>
    !Array.isArray(list) ||
    list.length > EFFECT_TOPICS.length ||
    new Set(list).size === list.length,
  say: 'has a topic twice. Write each once.',
};

function digest(standard: string) {
  return duration({
    text: 'What one topic tells within so long makes one message with a table. "0s": each makes its own. Conditions always do.',
    standard,
    least: '0s',
    most: '24h',
  });
}

function inFlight(standard: number) {
  return count({ text: 'The most messages at one moment.', standard, least: 1, most: 100 });
}

function timeout(standard: string) {
  return duration({
    text: 'The longest that one attempt may take.',
    standard,
    least: '100ms',
    most: '2m',
  });
}

const MAIL_ADDRESS = {
  form: 'an address such as ops@shop.example or Shop <ops@shop.example>',
  example: 'reconciled <no-reply@shop.example>',
  holds: isMailAddress,
};

function addresses(about: string) {
  return neededList({
    text: about,
    each: neededText({ text: 'One address.', ...MAIL_ADDRESS }),
    of: 'addresses',
    example: '["ops@shop.example"]',
    most: 20,
  });
}

function optionalAddresses() {
  const rule = addresses('Who gets what `topic_to` does not name.');
  const known = notes.get(rule);
  const standard = 'none: write it, unless `topic_to` names every topic';
  if (known !== undefined) notes.add(rule, { ...known, standard });
  return rule.optional();
}

function topicAddresses() {
  const rule = z.partialRecord(z.enum(EFFECT_TOPICS), addresses('Who gets it.'), {
    error: wrong('a table', '{ "refund.due" = ["finance@shop.example"] }'),
  });
  const whole = rule.prefault({});
  return whole.register(notes, {
    text: 'Other addresses for single topics.',
    form: 'a table of topics in quotes, each with a list of addresses',
    example: '{ "refund.due" = ["finance@shop.example"] }',
    standard: 'none: all go to `to`',
  });
}

function portOrStandard() {
  const form = 'a whole number from 1 to 65535';
  const error = wrong(form, '587');
  const rule = z.int({ error }).min(1, { error }).max(65_535, { error }).optional();
  return rule.register(notes, {
    text: 'Its port.',
    form,
    example: '587',
    standard: `by security: ${Object.entries(MAIL_PORTS)
      .map(([security, port]) => `${security} ${port}`)
      .join(', ')}`,
  });
}

/** Says what was written and which word was probably meant. */
function wrongWord(what: string, words: readonly string[]) {
  return ({ input }: { readonly input?: unknown }): string => {
    const all = `There are ${words.join(', ')}.`;
    if (input === undefined) return `missing. ${all}`;
    const near = typeof input === 'string' ? closest(input, words) : null;
    const shown = typeof input === 'string' && input.length <= 60 ? JSON.stringify(input) : 'it';
    return `${shown} is no ${what}. ${near === null ? all : `Did you mean ${near}?`}`;
  };
}

/** The host without the brackets of IPv6. */
function bareHost({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}

/** A relation looks at values that may be wrong, too: that is another mistake. */
function isText(value: unknown): value is string {
  return typeof value === 'string';
}
